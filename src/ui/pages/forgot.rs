//! The page `/forgot`: whom to ask for a link to choose a new password. It needs no hydration.

use crate::ui::components::heading::Heading;
use crate::ui::{links, text};
use leptos::either::Either;
use leptos::prelude::*;

/// The beginnings of addresses that become links. Any other text of the operator's is shown as it is.
const ADDRESSES: [&str; 3] = ["https://", "http://", "mailto:"];

/// Whom to ask, in the operator's own words if there are any.
pub fn forgot(contact: Option<String>) -> impl IntoView {
    let contact = contact.map(|contact| {
        let named = if ADDRESSES.iter().any(|begin| contact.starts_with(begin)) {
            let shown = contact.trim_start_matches("mailto:").to_owned();
            Either::Left(view! { <a href=contact rel="noreferrer">{shown}</a> })
        } else {
            Either::Right(contact)
        };
        view! {
            <p>{text().links().contact} " " <bdi>{named}</bdi></p>
        }
    });
    view! {
        <Heading title=text().enter().forgot />
        <p class="lead">{text().links().forgot_lead}</p>
        {contact}
        <p class="gate__other">
            <a href=links::LOGIN>{text().enter().sign_in}</a>
        </p>
    }
}
