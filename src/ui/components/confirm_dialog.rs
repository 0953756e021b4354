//! The dialog that asks before sessions are ended, and says what will happen.

use super::dialog::Dialog;
use super::relative_time;
use crate::ui::clock::PageClock;
use crate::ui::devices::{Devices, EndRequest};
use crate::ui::{calendar, naming, text};
use leptos::prelude::*;

/// How many sessions of several are named.
const NAMED: usize = 6;

/// The last request, so that the texts stay while a dialog closes.
pub fn last(asked: RwSignal<Option<EndRequest>>) -> Memo<Option<EndRequest>> {
    Memo::new(move |last: Option<&Option<EndRequest>>| asked.get().or_else(|| last.cloned().flatten()))
}

/// The question of the dialog.
pub fn question(ending: Memo<Option<EndRequest>>) -> String {
    ending.with(|ending| match ending {
        Some(EndRequest::One(one)) => (text().devices().end_one_title)(&naming::mention(one)),
        Some(EndRequest::Several(several)) => (text().devices().end_several_title)(several.len() as u64),
        Some(EndRequest::Others) => text().devices().end_others_title.to_owned(),
        Some(EndRequest::Everywhere) => text().devices().end_everywhere_title.to_owned(),
        None => String::new(),
    })
}

/// Shown while a request waits for confirmation.
#[component]
pub fn ConfirmDialog(devices: Devices) -> impl IntoView {
    let open = Memo::new(move |_| devices.asked.with(Option::is_some));
    let ending = last(devices.asked);
    let consequence = move || match ending.get() {
        Some(EndRequest::One(_)) => text().devices().end_one.to_owned(),
        Some(EndRequest::Several(_)) => text().devices().end_several.to_owned(),
        Some(EndRequest::Others) => (text().devices().end_others)(devices.others() as u64),
        Some(EndRequest::Everywhere) => text().devices().end_everywhere.to_owned(),
        None => String::new(),
    };
    // Sessions that ended in the meantime are removed from the request.
    Effect::new(move || {
        devices.rows.track();
        if let Some(asked) = devices.asked.get_untracked() {
            let left = devices.still(asked.clone());
            if left.as_ref() != Some(&asked) {
                devices.asked.set(left);
            }
        }
    });
    // The affected sessions, with details that tell apart those of one name.
    let known = move || match ending.get() {
        Some(EndRequest::One(one)) => {
            let now = PageClock::of_page().map(PageClock::now_untracked).unwrap_or_default();
            let seen = calendar::ago(one.last_seen_at, now).unwrap_or_else(|| relative_time::day(one.last_seen_at));
            Some(
                view! {
                    <p class="dialog__known">
                        <span>{text().devices().last_active} " " {seen}</span>
                        {one.ip.map(|address| view! { <span class="device__address">{address}</span> })}
                    </p>
                }
                .into_any(),
            )
        }
        Some(EndRequest::Several(several)) => Some(
            view! {
                <ul class="dialog__several" role="list">
                    {several.iter().take(NAMED).map(|one| view! { <li>{naming::mention(one)}</li> }).collect_view()}
                    {(several.len() > NAMED).then(|| view! { <li>"…"</li> })}
                </ul>
            }
            .into_any(),
        ),
        _ => None,
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
            <h2 id="confirm-title">{move || question(ending)}</h2>
            <div id="confirm-text">
                {known}
                <p>{consequence}</p>
            </div>
            // Cancel is first and so has the focus: pressing Enter must be harmless.
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
