//! The pages `/login` and `/signup`. Only the server renders what is above the form.

use crate::api::problem::Code;
use crate::domain::farewell::Farewell;
use crate::domain::registration::Registration;
use crate::ui::address::Address;
use crate::ui::components::credentials_form::{CredentialsForm, Entrance};
use crate::ui::components::farewell_note::FarewellNote;
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::environment::PageEnvironment;
use crate::ui::{links, notice, text};
use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;

/// Above the form of `/login`: the note about the session that this browser had.
pub fn sign_in_head(farewell: Option<Farewell>) -> impl IntoView {
    let is_over = notice::says_it_is_over(&Address::expect());
    view! {
        <Heading title=text().enter().sign_in />
        {match farewell {
            Some(farewell) => EitherOf3::A(view! { <FarewellNote farewell /> }),
            // The reason is only in the address, which anybody may have written, so no more is said.
            None if is_over => {
                let message = Signal::stored(Some(text().problem(Code::InvalidToken).to_owned()));
                EitherOf3::B(view! { <Alert message /> })
            }
            None => EitherOf3::C(view! { <p class="lead">{text().enter().sign_in_lead}</p> }),
        }}
    }
}

/// The form to sign in.
pub fn sign_in() -> impl IntoView {
    view! { <CredentialsForm entrance=Entrance::SignIn /> }
}

/// Above the form of `/signup`, or instead of it.
pub fn sign_up_head() -> impl IntoView {
    let words = text().enter();
    let (title, lead) = match PageEnvironment::current().registration {
        Registration::Open => (words.sign_up, words.sign_up_lead),
        Registration::Invite => (words.invited_title, words.invited_lead),
        Registration::Closed => (words.closed_title, words.closed_lead),
    };
    view! {
        <Heading title />
        <p class="lead">{lead}</p>
    }
}

/// The form to sign up.
pub fn sign_up() -> impl IntoView {
    if PageEnvironment::current().is_sign_up_open() {
        Either::Left(view! { <CredentialsForm entrance=Entrance::SignUp /> })
    } else {
        Either::Right(view! {
            <p class="gate__other">
                <a href=links::LOGIN>{text().enter().sign_in}</a>
            </p>
        })
    }
}
