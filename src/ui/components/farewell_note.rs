//! The note about the session that this browser had. The server renders it, and it is not hydrated.

use super::message::AlertIcon;
use crate::domain::farewell::{Farewell, Why};
use crate::ui::environment::PageEnvironment;
use crate::ui::{calendar, naming, text};
use leptos::either::Either;
use leptos::prelude::*;

fn sentence(why: Why) -> &'static str {
    let words = text().farewells();
    match why {
        Why::SignedOut => words.signed_out,
        Why::SignedOutEverywhere => words.signed_out_everywhere,
        Why::Deleted => words.deleted,
        Why::EndedByUser => words.ended_by_user,
        Why::Replaced => words.replaced,
        Why::Reused => words.reused,
        Why::PasswordChanged => words.password_changed,
        Why::TooMany => words.too_many,
        Why::Operator => words.operator,
        Why::Disabled => words.disabled,
        Why::Expired => words.expired,
        Why::Gone => words.gone,
    }
}

/// The note: a confirmation or a warning, with the time and the device that ended the session.
#[component]
pub fn FarewellNote(farewell: Farewell) -> impl IntoView {
    let words = sentence(farewell.why);
    if farewell.is_wanted() {
        return Either::Left(view! {
            <div class="done" role="status">
                {words}
            </div>
        });
    }
    let when = farewell.at.map(|at| {
        let words = calendar::ago(at, PageEnvironment::current().now).unwrap_or_else(|| calendar::day(at));
        view! { <time datetime=calendar::iso(at)>{words}</time> }
    });
    let device = naming::kind(farewell.browser.as_deref(), farewell.os.as_deref());
    let device = device.map(|device| (text().farewells().by)(&device));
    let known = when.is_some() || device.is_some();
    Either::Right(view! {
        <div class="alert" role="alert">
            <AlertIcon />
            <div>
                <p>{words}</p>
                {known
                    .then(|| {
                        view! {
                            <p class="alert__known">
                                {when}
                                {device.map(|device| view! { <span>{device}</span> })}
                            </p>
                        }
                    })}
                {farewell.is_of_another_device().then(|| view! { <p>{text().farewells().not_you}</p> })}
            </div>
        </div>
    })
}
