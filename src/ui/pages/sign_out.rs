//! The page `/devices/sign-out`: asks before sessions are ended where no dialog is available. It is plain HTML.

use crate::ui::links;
use crate::ui::page::Asked;
use crate::ui::{calendar, environment::PageEnvironment, naming, text};
use leptos::either::EitherOf3;
use leptos::prelude::*;

/// The question, the consequence, and the two answers.
pub fn sign_out(asked: Asked) -> impl IntoView {
    let words = text().devices();
    let (question, consequence) = match &asked {
        Asked::One(one) => ((words.end_one_title)(&naming::mention(one)), words.end_one.to_owned()),
        Asked::Others(others) => (words.end_others_title.to_owned(), (words.end_others)(*others)),
        Asked::Everywhere => (words.end_everywhere_title.to_owned(), words.end_everywhere.to_owned()),
    };
    let known = match &asked {
        Asked::One(one) => {
            let ago = calendar::ago(one.last_seen_at, PageEnvironment::current().now);
            let seen = ago.unwrap_or_else(|| calendar::day(one.last_seen_at));
            let address = one.ip.clone();
            Some(view! {
                <p class="dialog__known">
                    <span>{words.last_active} " " {seen}</span>
                    {address.map(|address| view! { <span class="device__address">{address}</span> })}
                </p>
            })
        }
        _ => None,
    };
    let (action, fields) = match asked {
        Asked::One(one) => {
            (links::post::REVOKE, EitherOf3::A(view! { <input type="hidden" name="sid" value=one.sid.to_string() /> }))
        }
        Asked::Others(_) => {
            (links::post::LOGOUT_ALL, EitherOf3::B(view! { <input type="hidden" name="keepCurrent" value="true" /> }))
        }
        Asked::Everywhere => (links::post::LOGOUT_ALL, EitherOf3::C(())),
    };
    view! {
        <h1>{question}</h1>
        <div class="lead">{known} <p>{consequence}</p></div>
        <form class="form" method="post" action=action>
            {fields}
            <button class="button button--danger button--wide" type="submit">
                {words.sign_out}
            </button>
        </form>
        <p class="gate__other">
            <a href=links::DEVICES>{words.cancel}</a>
        </p>
    }
}
