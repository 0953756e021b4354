//! The page `/activity`: the user's own security events in plain words. What is shown is in the address, so that it
//! works without JavaScript too, and Back leads back.

use crate::api::account as reads;
use crate::api::data::{ActivityEvent, ActivityPage as Events};
use crate::domain::activity::Filter;
use crate::ui::activity;
use crate::ui::components::heading::Heading;
use crate::ui::components::message::Alert;
use crate::ui::components::moment::{Moment, Telling};
use crate::ui::links::{self, query};
use crate::ui::whole::IntoWhole as _;
use crate::ui::{notice, text};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

#[component]
pub fn ActivityPage() -> impl IntoView {
    let address = use_query_map();
    let before = Memo::new(move |_| address.with(|query| query.get(query::BEFORE)?.parse::<i64>().ok()));
    let filter = Memo::new(move |_| address.with(|query| activity::filter_of(query.get(query::SHOW).as_deref())));
    let events = Resource::new_blocking(
        move || (filter.get(), before.get()),
        |(filter, before)| reads::activity(Some(filter), before),
    );
    view! {
        <Heading title=text().activity.title />
        <p class="lead">{text().activity.lead}</p>
        <nav class="filters" aria-label=text().activity.filter>
            {Filter::ALL
                .map(|one| {
                    view! {
                        <a
                            class="filters__one"
                            href=activity::address(one, None)
                            aria-current=move || (filter.get() == one).then_some("true")
                        >
                            {activity::filter_words(one)}
                        </a>
                    }
                })
                .into_iter()
                .collect_view()}
        </nav>
        <Transition fallback=|| view! { <p class="loading" role="status">{text().frame.loading}</p> }>
            {move || {
                let (filter, first) = (filter.get(), before.get().is_none());
                Suspend::new(async move {
                    match events.await {
                        Ok(page) => view! { <List page filter first /> }.into_whole(),
                        Err(problem) => view! { <Alert message=Some(notice::sentence(&problem)) /> }.into_whole(),
                    }
                })
            }}
        </Transition>
    }
}

#[component]
fn List(page: Events, filter: Filter, first: bool) -> impl IntoView {
    let next = page.next;
    let none = page.events.is_empty();
    view! {
        <ul class="card events" role="list" aria-label=text().activity.title hidden=none>
            {page.events.into_iter().map(|event| view! { <Row event /> }).collect_view()}
        </ul>
        {none.then(|| view! { <p class="events__none">{text().activity.none}</p> })}
        <p class="pages">
            {(!first)
                .then(|| view! { <A href=activity::address(filter, None)>{text().activity.newest}</A> })}
            {next.map(|next| view! { <A href=activity::address(filter, Some(next))>{text().activity.older}</A> })}
        </p>
    }
}

#[component]
fn Row(event: ActivityEvent) -> impl IntoView {
    let warns = event.kind.warns();
    let other = event.other.clone().map(|other| {
        view! {
            <p class="event__line">
                {text().activity.other_side} " " <Moment at=other.at telling=Telling::Exactly />
                {other.ip.map(|ip| view! { <span class="device__address">{ip}</span> })}
                <span>{other.user_agent}</span>
            </p>
        }
    });
    view! {
        <li class="event" class:event--warning=warns>
            <p class="event__title">
                <span>{activity::words(event.kind, event.detail.as_deref())}</span>
                {warns.then(|| view! { <span class="badge badge--warning">{text().activity.warning}</span> })}
            </p>
            <p class="event__line">
                <Moment at=event.at telling=Telling::Ago />
                {activity::device(&event).map(|device| view! { <span>{device}</span> })}
                {event.ip.clone().map(|ip| view! { <span class="device__address">{ip}</span> })}
            </p>
            {other}
            {activity::can_be_disowned(event.kind)
                .then(|| {
                    view! {
                        <p class="event__line">
                            <a href=links::NOT_ME rel="external">
                                {text().activity.not_me}
                            </a>
                        </p>
                    }
                })}
        </li>
    }
}
