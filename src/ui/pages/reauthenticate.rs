//! The page `/reauthenticate`: asks for the password where no dialog is available, such as without JavaScript.

use crate::api::problem::{Code, Problem};
use crate::api::{Secret, auth as calls, return_to};
use crate::ui::address::Address;
use crate::ui::components::field::{self, PasswordField, WhosePassword};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::links::{self, query};
use crate::ui::notice::{self, Notice};
use crate::ui::page::Personal;
use crate::ui::{browser, text};
use leptos::html;
use leptos::prelude::*;
use web_sys::SubmitEvent;

fn sentence(problem: &Problem) -> String {
    match problem.code {
        Code::InvalidCredentials => text().problems().wrong_password.to_owned(),
        _ => notice::sentence(problem),
    }
}

/// The form for the password, before something that takes it.
pub fn reauthenticate(Personal { username, .. }: Personal<()>) -> impl IntoView {
    let arrived = Address::expect();
    let return_to = return_to::page(arrived.parameter(query::RETURN_TO).as_deref());
    let message = if notice::arrived_with(&arrived, Code::InvalidCredentials) {
        Some(text().problems().wrong_password.to_owned())
    } else if notice::arrived_with(&arrived, Code::ReauthenticationRequired) {
        // The page says this anyway.
        None
    } else {
        Notice::from_query(&arrived).and_then(|notice| notice.general)
    };
    let failure = RwSignal::new(message);
    let busy = RwSignal::new(false);
    let node = NodeRef::<html::Input>::new();
    let unrefused: Option<String> = None;
    let destination = return_to.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let (password, destination) = (Secret::new(field::value(node)), destination.clone());
        browser::spawn(async move {
            match calls::reauthenticate(password).await {
                Ok(()) => browser::replace(&links::confirmed(&destination)),
                Err(problem) => {
                    busy.try_set(false);
                    failure.try_set(Some(sentence(&problem)));
                    field::focus(node);
                }
            }
        });
    };

    view! {
        <Heading title=text().confirm().title />
        <p class="lead">{text().confirm().lead}</p>
            <Alert message=failure />
            <form
                class="form"
                method="post"
                action=links::post::REAUTHENTICATE
                on:submit=submit
                aria-busy=move || busy.get().to_string()
            >
                <input type="hidden" name=query::RETURN_TO value=return_to.clone() />
                <WhosePassword username />
                <PasswordField
                    id="password"
                    label=text().enter().password
                    autocomplete="current-password"
                    node
                    problem=unrefused
                />
                <button class="button button--primary button--wide" type="submit">
                    {text().confirm().confirm}
                </button>
            </form>
            <p class="gate__other">
                <a href=return_to>
                    {text().devices().cancel}
                </a>
            </p>
    }
}
