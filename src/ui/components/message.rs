//! What went wrong, said at once to everybody.

use crate::ui::address::Address;
use crate::ui::links::query;
use crate::ui::{browser, text};
use leptos::prelude::*;
use std::time::Duration;

/// A message that is read out when it appears. Nothing is there while there is nothing to say.
#[component]
pub fn Alert(
    #[prop(into)] message: Signal<Option<String>>,
    /// An address behind the message.
    #[prop(optional, into)]
    link: MaybeProp<String>,
) -> impl IntoView {
    move || {
        message.get().map(|sentence| {
            view! {
                <div class="alert" role="alert">
                    <svg class="alert__icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
                        <circle cx="10" cy="10" r="8.25" fill="none" stroke="currentColor" stroke-width="1.5" />
                        <path d="M10 5.75v5.25M10 14h.01" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" />
                    </svg>
                    <p>{sentence} {link.get().map(|url| view! { " " <a href=url.clone()>{url.clone()}</a> })}</p>
                </div>
            }
        })
    }
}

/// Something that was done, seen and said.
#[component]
pub fn Done(#[prop(into)] message: Signal<Option<String>>) -> impl IntoView {
    view! {
        <div class="done" role="status">
            {move || message.get()}
        </div>
    }
}

/// What to tell somebody who comes back after giving the password again, for what is still to be done.
pub fn confirmed(arrived: &Address) -> Option<String> {
    arrived.parameter(query::CONFIRMED).map(|_| text().confirm().confirmed.to_owned())
}

/// How long it is seen.
const BRIEFLY: Duration = Duration::from_secs(6);

/// Says what has just happened.
#[component]
pub fn Announcer(news: RwSignal<Option<String>>) -> impl IntoView {
    let turns = StoredValue::new(0_u32);
    Effect::new(move || {
        if news.with(Option::is_none) {
            return;
        }
        turns.update_value(|turns| *turns += 1);
        let turn = turns.try_get_value();
        browser::spawn(async move {
            browser::sleep(BRIEFLY).await;
            if turns.try_get_value() == turn {
                news.try_set(None);
            }
        });
    });
    view! {
        <p class="toast toast--brief" role="status">
            {move || news.get()}
        </p>
    }
}
