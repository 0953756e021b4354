//! The dialogs that ask before sessions are ended. Their code is a separate part, which loads when they are about to be
//! needed.

use super::confirm_dialog::ConfirmDialog;
use super::password_dialog::PasswordDialog;
use crate::ui::browser;
use crate::ui::devices::Devices;
use leptos::mount::mount_to;
use leptos::prelude::*;
use std::cell::Cell;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// The id of the element that holds the dialogs.
const PLACE: &str = "dialogs";

thread_local! {
    static MADE: Cell<bool> = const { Cell::new(false) };
}

/// The element that will hold the dialogs.
#[component]
pub fn Dialogs() -> impl IntoView {
    view! { <div id=PLACE></div> }
}

/// Whether the dialogs exist.
pub fn are_made() -> bool {
    MADE.get()
}

/// Loads the code of the dialogs in the background.
pub fn load_ahead() {
    browser::spawn(async {
        // If it fails, it is tried again when it is needed.
        let _ = load().await;
    });
}

/// Creates the dialogs, unless they exist.
///
/// # Errors
/// When their code cannot be loaded.
#[wasm_split(dialogs, fallible, preload(load))]
pub fn make(devices: Devices, username: String) -> Result<(), SplitLoaderError> {
    if let Some(place) = browser::element(PLACE).filter(|_| !MADE.replace(true)) {
        let dialogs = mount_to(place, move || {
            view! {
                <ConfirmDialog devices />
                <PasswordDialog devices username />
            }
        });
        dialogs.forget();
    }
    Ok(())
}
