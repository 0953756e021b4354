//! The pages of one-time links: `/reset/{token}` and `/invite/{token}`. Their form is a plain one that needs no cookie;
//! its token is the last part of the address.

use crate::api::problem::Problem;
use crate::api::{Secret, auth as calls};
use crate::domain::one_time_link::Purpose;
use crate::ui::address::Address;
use crate::ui::components::field::{self, PasswordField, WhosePassword};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::components::post_form::PostForm;
use crate::ui::environment::PageEnvironment;
use crate::ui::links;
use crate::ui::notice::Notice;
use crate::ui::page::LinkContent;
use crate::ui::submission::{Next, Submission};
use crate::ui::{browser, naming, text};
use leptos::html;
use leptos::prelude::*;

/// Above the form: whose password it is.
pub fn link_head(LinkContent { purpose, username }: &LinkContent) -> impl IntoView {
    let name = naming::isolated(username.clone());
    let (title, lead) = match purpose {
        Purpose::Reset => (text().links().reset_title, (text().links().reset_lead)(&name)),
        Purpose::Invite => (text().enter().sign_up, (text().links().invite_lead)(&name)),
    };
    view! {
        <Heading title />
        <p class="lead">{lead}</p>
    }
}

/// Sends the token and the password.
async fn use_link(purpose: Purpose, token: Secret, password: Secret) -> Result<(), Problem> {
    match purpose {
        Purpose::Reset => calls::reset_password(token, password).await,
        Purpose::Invite => calls::accept_invitation(token, password).await,
    }
}

/// The form for the new password.
pub fn link(LinkContent { purpose, username }: LinkContent) -> impl IntoView {
    let arrived = Address::expect();
    let token = arrived.last_part().to_owned();
    let (action, done, label, button) = match purpose {
        Purpose::Reset => {
            (links::post::RESET, links::RESET_DONE, text().account().new, text().account().change_password)
        }
        Purpose::Invite => {
            (links::post::INVITE, links::INVITE_DONE, text().enter().password, text().enter().sign_up_button)
        }
    };
    let node = NodeRef::<html::Input>::new();
    let form = Submission::new(Notice::from_query(&arrived).unwrap_or_default(), [("newPassword", node)]);
    let judged_for = username.clone();
    let presented = token.clone();
    let send = move || {
        let (token, password) = (Secret::new(presented.clone()), Secret::new(field::value(node)));
        form.send(use_link(purpose, token, password), move |()| {
            // The token leaves the address and the history with this page.
            browser::replace(done);
            Next::Leave
        });
    };
    view! {
        <Alert message=form.general() link=form.link() />
        <PostForm form action=Some(action) send>
            <input type="hidden" name="token" value=token />
            <WhosePassword username />
            <PasswordField
                id="new-password"
                name="newPassword"
                label
                autocomplete="new-password"
                node
                problem=form.problem("newPassword")
                hint=Some((text().enter().password_rule)(PageEnvironment::current().password_min))
                username=Some(Callback::new(move |()| judged_for.clone()))
            />
            <button class="button button--primary button--wide" type="submit">
                {button}
            </button>
        </PostForm>
    }
}

/// After a link was used: what it did, and the way to sign in. It needs no hydration.
pub fn link_used(purpose: Purpose) -> impl IntoView {
    let words = text().links();
    let (title, lead) = match purpose {
        Purpose::Reset => (words.reset_done_title, words.reset_done),
        Purpose::Invite => (words.invite_done_title, words.invite_done),
    };
    view! {
        <Heading title />
        <p class="lead">{lead}</p>
        <p>
            <a class="button button--primary button--wide" href=links::LOGIN>
                {text().enter().sign_in}
            </a>
        </p>
    }
}

/// Instead of a link that cannot be used, whatever the reason: what to do next. It needs no hydration.
pub fn link_invalid(purpose: Purpose) -> impl IntoView {
    let words = text().links();
    let (lead, next, page) = match purpose {
        Purpose::Reset => (words.reset_invalid, text().enter().forgot, links::FORGOT),
        Purpose::Invite => (words.invite_invalid, text().enter().sign_in, links::LOGIN),
    };
    view! {
        <Heading title=words.invalid_title />
        <p class="lead">{lead}</p>
        <p class="gate__other">
            <a href=page>{next}</a>
        </p>
    }
}
