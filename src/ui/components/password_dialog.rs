//! The dialog that asks for the password again before a request is carried out.

use super::confirm_dialog;
use super::dialog::Dialog;
use super::field::{self, PasswordField, WhosePassword};
use crate::api::problem::Code;
use crate::api::{Secret, auth as calls};
use crate::ui::devices::Devices;
use crate::ui::{browser, notice, text};
use leptos::html;
use leptos::prelude::*;
use web_sys::SubmitEvent;

/// Shown while a request waits for the password. Carries it out when the password was right.
#[component]
pub fn PasswordDialog(devices: Devices, username: String) -> impl IntoView {
    let open = Memo::new(move |_| devices.locked.with(Option::is_some));
    let ending = confirm_dialog::last(devices.locked);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let node = NodeRef::<html::Input>::new();
    let empty = move || {
        problem.set(None);
        field::clear(node);
    };
    let cancel = move || {
        devices.locked.set(None);
        empty();
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let password = Secret::new(field::value(node));
        browser::spawn(async move {
            let result = calls::reauthenticate(password).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    let locked = devices.locked.try_get_untracked().flatten();
                    devices.locked.try_set(None);
                    empty();
                    if let Some(ending) = locked {
                        devices.end(ending);
                    }
                }
                Err(refused) => {
                    let sentence = match refused.code {
                        Code::InvalidCredentials => text().problems().wrong_password.to_owned(),
                        _ => notice::sentence(&refused),
                    };
                    problem.try_set(Some(sentence));
                    field::focus(node);
                }
            }
        });
    };

    view! {
        <Dialog open on_close=Callback::new(move |()| cancel()) title_id="password-title" text_id="password-text">
            <form class="form" on:submit=submit aria-busy=move || busy.get().to_string()>
                <h2 id="password-title">{move || confirm_dialog::question(ending)}</h2>
                <p id="password-text">{text().confirm().lead}</p>
                <WhosePassword username />
                <PasswordField
                    id="confirm-password"
                    label=text().enter().password
                    autocomplete="current-password"
                    node
                    problem
                />
                <div class="dialog__actions">
                    <button class="button" type="button" on:click=move |_| cancel()>
                        {text().devices().cancel}
                    </button>
                    <button class="button button--danger" type="submit">
                        {text().devices().sign_out}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
