//! The page `/reauthenticate`: asks for the password where no dialog is available, such as without JavaScript.

use crate::api::problem::{Code, Problem};
use crate::api::{Secret, auth as calls, return_to};
use crate::ui::address::Address;
use crate::ui::components::field::{self, CodeField, PasswordField, WhosePassword};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::components::post_form::PostForm;
use crate::ui::links::{self, query};
use crate::ui::notice::{self, Notice};
use crate::ui::page::{Personal, ProofContent};
use crate::ui::submission::{Next, Submission};
use crate::ui::{browser, text};
use leptos::html;
use leptos::prelude::*;

/// The whole form is about the password, so its messages stand above it.
fn explain(problem: &Problem) -> Notice {
    Notice::general(match problem.code {
        Code::InvalidCredentials => text().problems().wrong_password.to_owned(),
        _ => notice::sentence(problem),
    })
}

/// The form for the password, before something that takes it.
pub fn reauthenticate(Personal { username, content }: Personal<ProofContent>) -> impl IntoView {
    let arrived = Address::expect();
    let return_to = return_to::page(arrived.parameter(query::RETURN_TO).as_deref());
    let (node, code) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let unrefused: Option<String> = None;
    let (destination, cancel) = (return_to.clone(), return_to.clone());
    let form = Submission::new(Notice::of_password_page(&arrived), [("password", node)]).explaining(explain);
    let send = move || {
        let destination = destination.clone();
        let second = content.second_factor.then(|| Secret::new(field::value(code)));
        form.send(calls::reauthenticate(Secret::new(field::value(node)), second), move |()| {
            browser::replace(&links::confirmed(&destination));
            Next::Leave
        });
    };

    view! {
        <Heading title=text().confirm().title />
        <p class="lead">{text().confirm().lead}</p>
            <Alert message=form.general() />
            <PostForm form action=Some(links::post::REAUTHENTICATE) send>
                <input type="hidden" name=query::RETURN_TO value=return_to />
                <WhosePassword username />
                <PasswordField
                    id="password"
                    label=text().enter().password
                    autocomplete="current-password"
                    node
                    problem=unrefused
                />
                {content.second_factor.then(|| view! { <CodeField node=code /> })}
                <button class="button button--primary button--wide" type="submit">
                    {text().confirm().confirm}
                </button>
            </PostForm>
            <p class="gate__other">
                <a href=cancel>
                    {text().devices().cancel}
                </a>
            </p>
    }
}
