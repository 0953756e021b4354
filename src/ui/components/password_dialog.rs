//! The dialog that asks for the password again before a request is carried out.

use super::confirm_dialog;
use super::dialog::Dialog;
use super::field::{self, PasswordField, WhosePassword};
use super::post_form::PostForm;
use crate::api::problem::{Code, Problem};
use crate::api::{Secret, auth as calls};
use crate::ui::devices::Devices;
use crate::ui::notice::{self, Notice};
use crate::ui::submission::{Next, Submission};
use crate::ui::text;
use leptos::html;
use leptos::prelude::*;

/// The dialog has one field, and all messages stand beside it.
fn explain(problem: &Problem) -> Notice {
    let sentence = match problem.code {
        Code::InvalidCredentials => text().problems().wrong_password.to_owned(),
        _ => notice::sentence(problem),
    };
    Notice::field("password", sentence)
}

/// Shown while a request waits for the password. Carries it out when the password was right.
#[component]
pub fn PasswordDialog(devices: Devices, username: String) -> impl IntoView {
    let open = Memo::new(move |_| devices.locked.with(Option::is_some));
    let ending = confirm_dialog::last(devices.locked);
    let node = NodeRef::<html::Input>::new();
    let form = Submission::new(Notice::default(), [("password", node)]).explaining(explain);
    let empty = move || {
        form.clear();
        field::clear(node);
    };
    let cancel = move || {
        devices.locked.set(None);
        empty();
    };
    let send = move || {
        form.send(calls::reauthenticate(Secret::new(field::value(node)), None), move |()| {
            let locked = devices.locked.try_get_untracked().flatten();
            devices.locked.try_set(None);
            empty();
            if let Some(ending) = locked {
                devices.end(ending);
            }
            Next::Stay
        });
    };

    view! {
        <Dialog open on_close=Callback::new(move |()| cancel()) title_id="password-title" text_id="password-text">
            <PostForm form send>
                <h2 id="password-title">{move || confirm_dialog::question(ending)}</h2>
                <p id="password-text">{text().confirm().lead}</p>
                <WhosePassword username />
                <PasswordField
                    id="confirm-password"
                    label=text().enter().password
                    autocomplete="current-password"
                    node
                    problem=form.problem("password")
                />
                <div class="dialog__actions">
                    <button class="button" type="button" on:click=move |_| cancel()>
                        {text().devices().cancel}
                    </button>
                    <button class="button button--danger" type="submit">
                        {text().devices().sign_out}
                    </button>
                </div>
            </PostForm>
        </Dialog>
    }
}
