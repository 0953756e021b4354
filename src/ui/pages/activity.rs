//! The page `/activity`: the user's own security events in plain words. What is shown is in the address, so that it
//! works without JavaScript too, and Back leads back.

use crate::api::data::ActivityEvent;
use crate::domain::activity::Filter;
use crate::domain::id::SessionId;
use crate::ui::activity;
use crate::ui::address::Address;
use crate::ui::auth::live;
use crate::ui::components::heading::Heading;
use crate::ui::components::message::{self, Alert, Done};
use crate::ui::components::moment::{Moment, Telling};
use crate::ui::connection::Connection;
use crate::ui::links::{self, query};
use crate::ui::notice::Notice;
use crate::ui::page::Activity;
use crate::ui::text;
use leptos::either::Either;
use leptos::prelude::*;

#[component]
pub fn ActivityPage(shown: Activity) -> impl IntoView {
    let Activity { page: shown, others } = shown;
    let address = Address::expect();
    let filter = activity::filter_of(address.parameter(query::SHOW).as_deref());
    let is_first = address.parameter(query::BEFORE).is_none();
    // Where a session was to be ended and could not be.
    let failure = Notice::from_query(&address).and_then(|notice| notice.general);
    let next = shown.next;
    let none = shown.events.is_empty();
    let has_news = RwSignal::new(false);
    if is_first {
        let newest = StoredValue::new(shown.events.first().map(activity::identity));
        Effect::new(move || live::on_change(move || activity::look_for_news(filter, newest.get_value(), has_news)));
    }
    let connection = Connection::expect();
    view! {
        <Heading title=text().activity().title />
        <p class="lead">{text().activity().lead}</p>
        <Done message=Signal::stored(message::confirmed(&address)) />
        <Alert message=failure />
        <nav class="filters" aria-label=text().activity().filter>
            {Filter::ALL
                .map(|one| {
                    view! {
                        <a
                            class="filters__one"
                            href=activity::address(one, None)
                            aria-current=(filter == one).then_some("true")
                        >
                            {activity::filter_words(one)}
                        </a>
                    }
                })
                .into_iter()
                .collect_view()}
        </nav>
        <ul class="card events" role="list" aria-label=text().activity().title hidden=none>
            {shown
                .events
                .into_iter()
                .map(|event| {
                    let signed_in = event.sid.clone().filter(|sid| others.contains(sid));
                    view! { <Row event signed_in /> }
                })
                .collect_view()}
        </ul>
        {none.then(|| view! { <p class="events__none">{text().activity().none}</p> })}
        <p class="toast" role="status">
            {move || {
                (has_news.get() && !connection.is_cut_off())
                    .then(|| {
                        view! {
                            {text().activity().news}
                            " "
                            <a href=activity::address(filter, None)>{text().activity().show_news}</a>
                        }
                    })
            }}
        </p>
        <p class="pages">
            {(!is_first)
                .then(|| view! { <a href=activity::address(filter, None)>{text().activity().newest}</a> })}
            {next.map(|next| view! { <a href=activity::address(filter, Some(next))>{text().activity().older}</a> })}
        </p>
    }
}

/// One event; `signed_in`: its session, if that can still be ended.
#[component]
fn Row(event: ActivityEvent, signed_in: Option<SessionId>) -> impl IntoView {
    let warns = event.kind.warns();
    let other = event.other.clone().map(|other| {
        view! {
            <p class="event__line">
                {text().activity().other_side} " " <Moment at=other.at telling=Telling::Exactly />
                {other.ip.map(|ip| view! { <span class="device__address">{ip}</span> })}
                <span>{other.user_agent}</span>
            </p>
        }
    });
    view! {
        <li class="event" class:event--warning=warns>
            <p class="event__title">
                <span>{activity::words(&event)}</span>
                {warns.then(|| view! { <span class="badge badge--warning">{text().activity().warning}</span> })}
            </p>
            <p class="event__line">
                <Moment at=event.at telling=Telling::Ago />
                {activity::device(&event).map(|device| view! { <span>{device}</span> })}
                {event.ip.clone().map(|ip| view! { <span class="device__address">{ip}</span> })}
            </p>
            {other}
            {activity::can_be_disowned(event.kind).then(|| view! { <Disown signed_in /> })}
        </li>
    }
}

/// The way out when it was somebody else: ends the session, if there is one to end, and leads to a new password. A plain
/// form, with or without JavaScript.
#[component]
fn Disown(signed_in: Option<SessionId>) -> impl IntoView {
    match signed_in {
        Some(sid) => Either::Left(view! {
            <form class="event__line" method="post" action=links::post::REVOKE>
                <input type="hidden" name="sid" value=sid.to_string() />
                <input type="hidden" name=query::NOT_ME value="true" />
                <input type="hidden" name=query::RETURN_TO value=links::ACTIVITY />
                <button class="link" type="submit">
                    {text().activity().not_me}
                </button>
            </form>
        }),
        None => Either::Right(view! {
            <p class="event__line">
                <a href=links::DISOWN>{text().activity().not_me}</a>
            </p>
        }),
    }
}
