//! Asks once before sessions are ended, and says what will happen.

use super::dialog::Dialog;
use crate::ui::devices::{Devices, Ending};
use crate::ui::{naming, text};
use leptos::prelude::*;

/// Shown while something was asked for.
#[component]
pub fn ConfirmDialog(devices: Devices) -> impl IntoView {
    let open = Memo::new(move |_| devices.asked.with(Option::is_some));
    // The words stay while the dialog closes.
    let ending =
        Memo::new(move |last: Option<&Option<Ending>>| devices.asked.get().or_else(|| last.cloned().flatten()));
    let title = move || {
        ending.with(|ending| match ending {
            Some(Ending::One(one)) => (text().devices().end_one_title)(&naming::title(one)),
            Some(Ending::Several(several)) => (text().devices().end_several_title)(several.len() as u64),
            Some(Ending::Others) => text().devices().end_others_title.to_owned(),
            Some(Ending::Everywhere) => text().devices().end_everywhere_title.to_owned(),
            None => String::new(),
        })
    };
    let consequence = move || match ending.get() {
        Some(Ending::One(_)) => text().devices().end_one.to_owned(),
        Some(Ending::Several(_)) => text().devices().end_several.to_owned(),
        Some(Ending::Others) => (text().devices().end_others)(devices.others() as u64),
        Some(Ending::Everywhere) => text().devices().end_everywhere.to_owned(),
        None => String::new(),
    };
    let cancel = move || devices.asked.set(None);
    let confirm = move |_| {
        let asked = devices.asked.get_untracked();
        devices.asked.set(None);
        if let Some(ending) = asked {
            devices.end(ending);
        }
    };

    view! {
        <Dialog
            open
            on_close=Callback::new(move |()| cancel())
            title_id="confirm-title"
            text_id="confirm-text"
            role="alertdialog"
        >
            <h2 id="confirm-title">{title}</h2>
            <p id="confirm-text">{consequence}</p>
            // Cancel comes first, so it has the focus: what Enter does must be harmless.
            <div class="dialog__actions">
                <button class="button" type="button" on:click=move |_| cancel()>
                    {text().devices().cancel}
                </button>
                <button class="button button--danger" type="button" on:click=confirm>
                    {text().devices().sign_out}
                </button>
            </div>
        </Dialog>
    }
}
