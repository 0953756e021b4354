//! The page `/activity`: the user's security events as sentences. The address says which events are shown, so that the
//! page works without JavaScript and with the Back button.

use crate::domain::activity::Filter;
use crate::domain::history::Outcome;
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use crate::ui::activity::{self, WayOut};
use crate::ui::address::Address;
use crate::ui::auth::live;
use crate::ui::components::heading::Heading;
use crate::ui::components::message::{self, Alert, Done};
use crate::ui::components::relative_time::{DayHeading, RelativeTime, TimeFormat};
use crate::ui::connection::Reachability;
use crate::ui::links::{self, query};
use crate::ui::notice::Notice;
use crate::ui::page::{ActivityContent, ActivityEntry};
use crate::ui::text;
use leptos::either::Either;
use leptos::prelude::*;

#[component]
pub(super) fn ActivityPage(shown: ActivityContent) -> impl IntoView {
    let ActivityContent { entries, newest, next, current, others } = shown;
    let address = Address::expect();
    let filter = activity::filter_of(address.parameter(query::SHOW).as_deref());
    let is_first = address.parameter(query::BEFORE).is_none();
    // A session could not be ended.
    let failure = Notice::from_query(&address).and_then(|notice| notice.general);
    let none = entries.is_empty();
    let has_news = RwSignal::new(false);
    if is_first {
        let newest = StoredValue::new(newest);
        Effect::new(move || live::on_change(move || activity::look_for_news(filter, newest.get_value(), has_news)));
    }
    let connection = Reachability::expect();
    let mut newer = None;
    let rows = entries.into_iter().map(|entry| {
        let is_in = |sid: &&SessionId| **sid == current || others.contains(sid);
        let device = DeviceColumn {
            is_this: activity::came_from(&entry.event) == Some(&current),
            row: entry.event.sid.as_ref().filter(is_in).map(links::device),
        };
        let way_out = activity::way_out(&entry, &others);
        let newer = newer.replace(entry.event.at);
        view! { <Row entry newer device way_out /> }
    });
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
            {rows.collect_view()}
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

/// The device column of an event.
struct DeviceColumn {
    /// Whether the current session caused the event.
    is_this: bool,
    /// The address of the session's row on the devices page, if it is alive.
    row: Option<String>,
}

/// An entry. `newer` is the time of the entry above it.
#[component]
fn Row(entry: ActivityEntry, newer: Option<Timestamp>, device: DeviceColumn, way_out: Option<WayOut>) -> impl IntoView {
    let words = activity::words(&entry);
    let ActivityEntry { event, wrong, warns } = entry;
    let other = event.other.clone().map(|other| {
        view! {
            <p class="event__line">
                {text().activity().other_side} " " <RelativeTime at=other.at telling=TimeFormat::Exactly />
                {other.ip.map(|ip| view! { <span class="device__address">{ip}</span> })}
                <span>{other.user_agent}</span>
            </p>
        }
    });
    let since = wrong.filter(|wrong| wrong.outcome != Outcome::SignedIn && wrong.count > 1).map(|wrong| wrong.since);
    let is_done_to = event.kind.is_done_to_a_session();
    let DeviceColumn { is_this, row } = device;
    // For an action on a session, the title links to that session; otherwise the device links to the session that
    // caused the event.
    let (title_row, device_row) = if is_done_to { (row, None) } else { (None, row) };
    view! {
        <li class="event" class:event--warning=warns>
            <DayHeading at=event.at newer class="event__day" />
            <p class="event__title">
                <span>{linked(words, title_row)}</span>
                {warns.then(|| view! { <span class="badge badge--warning">{text().activity().warning}</span> })}
            </p>
            <p class="event__line">
                <span class="event__time" class:event__time--range=since.is_some()>
                    {since.map(|since| view! { <RelativeTime at=since telling=TimeFormat::Time /> "\u{2013}" })}
                    <RelativeTime at=event.at telling=TimeFormat::Time />
                </span>
                {activity::device(&event).map(|device| view! { <span>{linked(device, device_row)}</span> })}
                {is_this.then(|| view! { <span class="badge">{text().devices().this_device}</span> })}
                {event.ip.clone().map(|ip| view! { <span class="device__address">{ip}</span> })}
            </p>
            {other}
            {way_out.map(|way_out| view! { <WayOutOf way_out /> })}
        </li>
    }
}

/// Text, as a link if there is an address.
fn linked(words: String, to: Option<String>) -> impl IntoView {
    match to {
        Some(to) => Either::Left(view! { <a href=to>{words}</a> }),
        None => Either::Right(words),
    }
}

/// What to do if the event was caused by somebody else: go to the page that ends the session, if it is alive, otherwise
/// change the password. A plain form that needs no JavaScript.
#[component]
fn WayOutOf(way_out: WayOut) -> impl IntoView {
    match way_out {
        WayOut::End(sid) => Either::Left(view! {
            <form class="event__line" method="post" action=links::post::NOT_MINE>
                <input type="hidden" name="sid" value=sid.to_string() />
                <input type="hidden" name=query::RETURN_TO value=links::ACTIVITY />
                <button class="link" type="submit">
                    {text().activity().not_me}
                </button>
            </form>
        }),
        WayOut::Guessed => Either::Right(view! {
            <p class="event__line">
                <a href=links::GUESSED>{text().activity().not_me}</a>
            </p>
        }),
        WayOut::Copied => Either::Right(view! {
            <p class="event__line">
                <a href=links::DISOWN>{text().account().change_password}</a>
            </p>
        }),
    }
}
