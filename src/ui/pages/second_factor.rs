//! The pages of the second factor: `/second-factor`, `/account/authenticator` and `/account/recovery-codes`. They are plain
//! HTML: the secrets on them never enter the app.

use crate::api::return_to;
use crate::ui::address::Address;
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::links::{self, query};
use crate::ui::notice::Notice;
use crate::ui::page::AppContent;
use crate::ui::text;
use leptos::prelude::*;

/// What went wrong with the form before.
fn failure() -> Option<String> {
    Notice::from_query(&Address::expect()).and_then(|notice| notice.general)
}

/// A field for a code. `numeric`: phones show digits only.
fn code_field(id: &'static str, name: &'static str, label: &'static str, numeric: bool) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field__label" for=id>
                {label}
            </label>
            <input
                class="input input--code"
                id=id
                name=name
                type="text"
                inputmode=numeric.then_some("numeric")
                autocomplete=if numeric { "one-time-code" } else { "off" }
                autocapitalize="none"
                spellcheck="false"
                maxlength="32"
                required
                autofocus=numeric
            />
        </div>
    }
}

/// Asks for the second factor of a sign-in. `recovery`: whether recovery codes are left.
pub fn second_factor(recovery: bool) -> impl IntoView {
    let back = Address::expect().parameter(query::RETURN_TO).map(|path| return_to::page(Some(&path)));
    let (words, field_back) = (text().factor_pages(), back.clone());
    let hidden =
        |back: Option<String>| back.map(|path| view! { <input type="hidden" name=query::RETURN_TO value=path /> });
    view! {
        <Heading title=words.enter_title />
        <p class="lead">{words.enter_lead}</p>
        <Alert message=failure() />
        <form class="form" method="post" action=links::post::SECOND_FACTOR>
            {hidden(field_back)}
            {code_field("code", "code", words.code, true)}
            <button class="button button--primary button--wide" type="submit">
                {text().enter().sign_in}
            </button>
        </form>
        {recovery
            .then(|| {
                view! {
                    <details class="more more--gate">
                        <summary class="link">{words.recovery_open}</summary>
                        <form class="form" method="post" action=links::post::SECOND_FACTOR>
                            {hidden(back.clone())}
                            {code_field("recovery-code", "recoveryCode", words.recovery_code, false)}
                            <button class="button button--wide" type="submit">
                                {text().enter().sign_in}
                            </button>
                        </form>
                    </details>
                }
            })}
        <p class="gate__other">
            <a href=links::with_query(links::LOGIN, &[(query::RETURN_TO, back.as_deref())])>{words.start_again}</a>
        </p>
    }
}

fn back_to_account() -> impl IntoView {
    view! {
        <p class="gate__other">
            <a href=links::ACCOUNT>{text().devices().cancel}</a>
        </p>
    }
}

/// Sets up an authenticator app: first the offer, then its secret and the form for the first code.
pub fn authenticator_app(begun: Option<AppContent>) -> impl IntoView {
    let words = text().factor_pages();
    let form = match begun {
        None => view! {
            <p class="lead">{text().factors().set_up_lead} " " {words.start_lead}</p>
            <form class="form" method="post" action=links::post::TOTP>
                <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
                <button class="button button--primary button--wide" type="submit">
                    {words.start}
                </button>
            </form>
        }
        .into_any(),
        Some(AppContent { secret, size, path }) => view! {
            <p class="lead">{words.scan_lead}</p>
            <Alert message=failure() />
            <svg class="qr" role="img" aria-label=words.picture viewBox=format!("0 0 {size} {size}") shape-rendering="crispEdges">
                <path fill="#fff" d=format!("M0,0h{size}v{size}h-{size}z") />
                <path fill="#000" d=path />
            </svg>
            <p>{words.by_hand}</p>
            <p class="key" translate="no">{secret}</p>
            <p>{words.then}</p>
            <form class="form" method="post" action=links::post::TOTP_CONFIRM>
                <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
                {code_field("code", "code", words.code, true)}
                <button class="button button--primary button--wide" type="submit">
                    {words.turn_on}
                </button>
            </form>
        }
        .into_any(),
    };
    view! {
        <Heading title=text().factors().set_up />
        {form}
        {back_to_account()}
    }
}

/// Shows new recovery codes, once; without any, offers them.
pub fn recovery_codes(codes: Vec<String>) -> impl IntoView {
    let words = text().factor_pages();
    let content = if codes.is_empty() {
        view! {
            <p class="lead">{words.codes_offer}</p>
            <form class="form" method="post" action=links::post::RECOVERY_CODES>
                <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
                <button class="button button--primary button--wide" type="submit">
                    {words.codes_show}
                </button>
            </form>
            {back_to_account()}
        }
        .into_any()
    } else {
        let codes: Vec<_> = codes.into_iter().map(|code| view! { <li>{code}</li> }).collect();
        view! {
            <p class="lead">{words.codes_lead}</p>
            <ol class="codes" translate="no">
                {codes}
            </ol>
            <p>
                <a class="button button--primary button--wide" href=links::ACCOUNT>
                    {words.codes_kept}
                </a>
            </p>
        }
        .into_any()
    };
    view! {
        <Heading title=words.codes_title />
        {content}
    }
}
