//! The pages `/login` and `/signup`.

use crate::ui::address::Address;
use crate::ui::components::credentials_form::{CredentialsForm, Entrance};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Done;
use crate::ui::environment::Environment;
use crate::ui::links::query;
use crate::ui::{links, text};
use leptos::either::Either;
use leptos::prelude::*;

pub fn sign_in() -> impl IntoView {
    let deleted = Address::expect().parameter(query::DONE).is_some_and(|done| done == "deleted");
    view! {
        <Heading title=text().enter().sign_in />
        {if deleted {
            Either::Left(view! { <Done message=Signal::stored(Some(text().enter().deleted.to_owned())) /> })
        } else {
            Either::Right(view! { <p class="lead">{text().enter().sign_in_lead}</p> })
        }}
        <CredentialsForm entrance=Entrance::SignIn />
    }
}

pub fn sign_up() -> impl IntoView {
    view! {
        <Heading title=text().enter().sign_up />
        <p class="lead">{text().enter().sign_up_lead}</p>
        {if Environment::current().sign_up_open {
            Either::Left(view! { <CredentialsForm entrance=Entrance::SignUp /> })
        } else {
            Either::Right(
                view! {
                    <p>{text().enter().closed}</p>
                    <p class="gate__other">
                        <a href=links::LOGIN>{text().enter().sign_in}</a>
                    </p>
                },
            )
        }}
    }
}
