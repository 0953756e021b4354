//! What asks before sessions are ended. Its code is a part of its own, which loads when somebody comes near to asking.

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

/// Where the dialogs will be.
#[component]
pub fn Dialogs() -> impl IntoView {
    view! { <div id=PLACE></div> }
}

/// Whether they are there.
pub fn are_made() -> bool {
    MADE.get()
}

/// Loads their code, without waiting for it.
pub fn load_ahead() {
    browser::spawn(async {
        // What failed is tried again when it is needed.
        let _ = load().await;
    });
}

/// Makes them, if they are not there yet.
///
/// # Errors
/// When their code cannot be had.
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
