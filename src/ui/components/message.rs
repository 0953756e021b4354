//! Messages that are also read out: errors and confirmations.

use crate::ui::address::Address;
use crate::ui::links::query;
use crate::ui::{messages, text};
use leptos::prelude::*;

/// An error that is read out when it appears. Nothing is rendered without a message.
#[component]
pub fn Alert(
    #[prop(into)] message: Signal<Option<String>>,
    /// A link after the message.
    #[prop(optional, into)]
    link: MaybeProp<String>,
) -> impl IntoView {
    move || {
        message.get().map(|sentence| {
            view! {
                <div class="alert" role="alert">
                    <AlertIcon />
                    <p>{sentence} {link.get().map(|url| view! { " " <a href=url.clone()>{url.clone()}</a> })}</p>
                </div>
            }
        })
    }
}

/// The sign of a warning; what it warns of is said beside it.
#[component]
pub fn AlertIcon() -> impl IntoView {
    view! {
        <svg class="alert__icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
            <circle cx="10" cy="10" r="8.25" fill="none" stroke="currentColor" stroke-width="1.5" />
            <path d="M10 5.75v5.25M10 14h.01" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" />
        </svg>
    }
}

/// A confirmation, shown and read out.
#[component]
pub fn Done(#[prop(into)] message: Signal<Option<String>>) -> impl IntoView {
    view! {
        <div class="done" role="status">
            {move || message.get()}
        </div>
    }
}

/// The message for a user who returns after entering the password again: the action still has to be done.
pub fn confirmed(arrived: &Address) -> Option<String> {
    arrived.parameter(query::CONFIRMED).map(|_| text().confirm().confirmed.to_owned())
}

/// The list for short messages, and the template of a message (see [`messages`]). Only the server renders it.
#[component]
pub fn Messages() -> impl IntoView {
    view! {
        <div class="messages" id=messages::PLACE role="status" aria-atomic="false"></div>
        <template id=messages::PATTERN>
            <div class="message">
                <p></p>
                <a></a>
                <button class="message__close" type="button" aria-label=text().frame().close>
                    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
                        <path d="M5.5 5.5l9 9M14.5 5.5l-9 9" />
                    </svg>
                </button>
            </div>
        </template>
    }
}
