//! The pages of one-time links: `/reset/{token}` and `/invite/{token}`. Their form is a plain one that needs no cookie;
//! its token is the last part of the address.

use crate::api::problem::Problem;
use crate::api::{Secret, auth as calls};
use crate::domain::one_time_link::Purpose;
use crate::ui::address::Address;
use crate::ui::components::field::{self, PasswordField, WhosePassword};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::environment::PageEnvironment;
use crate::ui::links;
use crate::ui::notice::Notice;
use crate::ui::page::LinkContent;
use crate::ui::{browser, naming, text};
use leptos::html;
use leptos::prelude::*;
use web_sys::SubmitEvent;

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
async fn send(purpose: Purpose, token: Secret, password: Secret) -> Result<(), Problem> {
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
    let notice = RwSignal::new(Notice::from_query(&arrived).unwrap_or_default());
    let busy = RwSignal::new(false);
    let node = NodeRef::<html::Input>::new();
    let judged_for = username.clone();
    let presented = token.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        notice.set(Notice::default());
        let (token, password) = (Secret::new(presented.clone()), Secret::new(field::value(node)));
        browser::spawn(async move {
            match send(purpose, token, password).await {
                // The token leaves the address and the history with this page.
                Ok(()) => browser::replace(done),
                Err(problem) => {
                    busy.try_set(false);
                    notice.try_set(Notice::from(&problem));
                    field::focus(node);
                }
            }
        });
    };
    view! {
        <Alert
            message=Signal::derive(move || notice.with(|notice| notice.general.clone()))
            link=Signal::derive(move || notice.with(|notice| notice.link.clone()))
        />
        <form class="form" method="post" action=action on:submit=submit aria-busy=move || busy.get().to_string()>
            <input type="hidden" name="token" value=token />
            <WhosePassword username />
            <PasswordField
                id="new-password"
                name="newPassword"
                label
                autocomplete="new-password"
                node
                problem=Signal::derive(move || notice.with(|notice| notice.of("newPassword")))
                hint=Some((text().enter().password_rule)(PageEnvironment::current().password_min))
                username=Some(Callback::new(move |()| judged_for.clone()))
            />
            <button class="button button--primary button--wide" type="submit">
                {button}
            </button>
        </form>
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
