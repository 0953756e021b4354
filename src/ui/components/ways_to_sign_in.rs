//! The part of the account page about the second factor. Its forms are plain ones: the next page shows secrets, which stay
//! out of the app.

use super::message::Done;
use super::relative_time::{RelativeTime, TimeFormat};
use crate::api::data::SecondFactorInfo;
use crate::ui::address::Address;
use crate::ui::links::{self, query};
use crate::ui::text;
use leptos::either::Either;
use leptos::prelude::*;

/// How many recovery codes are so few that the page says so.
const FEW: u32 = 2;

fn form(action: &'static str, class: &'static str, words: &'static str) -> impl IntoView {
    view! {
        <form class="form" method="post" action=action>
            <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
            <div>
                <button class=class type="submit">
                    {words}
                </button>
            </div>
        </form>
    }
}

/// The authenticator app and the recovery codes, each with its state and what can be done.
#[component]
pub fn WaysToSignIn(second_factor: Option<SecondFactorInfo>) -> impl IntoView {
    let words = text().factors();
    let confirmed = Address::expect().parameter(query::CONFIRMED).map(|_| words.confirmed.to_owned());
    let content = match second_factor {
        None => Either::Left(view! {
            <p class="section__lead">{words.app_off} " " {words.set_up_lead}</p>
            {form(links::post::TOTP, "button", words.set_up)}
        }),
        Some(SecondFactorInfo { totp_since, recovery_codes_left }) => Either::Right(view! {
            <dl class="facts facts--inner">
                <div>
                    <dt>{words.app}</dt>
                    <dd>
                        {words.app_since} " " <RelativeTime at=totp_since telling=TimeFormat::Day />
                    </dd>
                </div>
                <div>
                    <dt>{words.codes}</dt>
                    <dd>{(words.codes_left)(u64::from(recovery_codes_left))}</dd>
                </div>
            </dl>
            {(recovery_codes_left <= FEW).then(|| view! { <p class="done">{words.codes_few}</p> })}
            <p class="section__lead">{words.codes_lead}</p>
            {form(links::post::RECOVERY_CODES, "button", words.codes_new)}
            <details class="more">
                <summary class="button button--warning">{words.remove_open}</summary>
                <p class="section__lead">{words.remove_lead}</p>
                {form(links::post::TOTP_REMOVE, "button button--danger", words.remove)}
            </details>
        }),
    };
    view! {
        <section class="card section" id="ways">
            <h2>{words.title}</h2>
            <p class="section__lead">{words.lead}</p>
            <Done message=Signal::stored(confirmed) />
            {content}
        </section>
    }
}
