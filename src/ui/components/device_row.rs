//! A row of the devices page: one session.

use super::device_icon::DeviceIcon;
use super::relative_time::{RelativeTime, TimeFormat};
use super::rename_form::RenameForm;
use crate::api::data::SessionInfo;
use crate::domain::id::SessionId;
use crate::ui::clock::PageClock;
use crate::ui::devices::{Devices, EndRequest};
use crate::ui::links::{self, query};
use crate::ui::{browser, calendar, naming, text};
use leptos::either::Either;
use leptos::html;
use leptos::prelude::*;
use web_sys::SubmitEvent;

/// The row. `renaming` opens it with the rename form (without JavaScript, by a parameter of the address).
#[component]
pub fn DeviceRow(session: SessionInfo, devices: Devices, renaming: bool) -> impl IntoView {
    let editing = RwSignal::new(renaming);
    let sid = session.sid.clone();
    let rename_button = format!("rename-{sid}");
    let first = session.clone();
    // The current state of the row: its name may change.
    let now = Memo::new(move |_| {
        devices.rows.with(|rows| rows.iter().find(|row| row.sid == sid).cloned()).unwrap_or_else(|| first.clone())
    });
    let done = Callback::new({
        let rename_button = rename_button.clone();
        move |()| {
            editing.set(false);
            let rename_button = rename_button.clone();
            browser::spawn(async move {
                browser::pause().await;
                browser::focus(&rename_button);
            });
        }
    });

    view! {
        <li class="device" class:device--current=session.current id=links::device_row(&session.sid)>
            {
                let sid = session.sid.clone();
                let kind = session.kind;
                let offered = !session.current;
                move || {
                    if offered && devices.selected.with(Option::is_some) {
                        Either::Left(view! { <Pick sid=sid.clone() now devices /> })
                    } else {
                        Either::Right(
                            view! {
                                <div class="device__icon">
                                    <DeviceIcon kind />
                                </div>
                            },
                        )
                    }
                }
            }
            {move || {
                if editing.get() {
                    // Untracked, so that changes elsewhere do not reset what is being typed.
                    let session = now.get_untracked();
                    Either::Left(
                        view! {
                            <div class="device__editor">
                                <RenameForm session devices on_done=done />
                            </div>
                        },
                    )
                } else {
                    let session = now.get();
                    let rename_button = rename_button.clone();
                    Either::Right(view! {
                        <DeviceFacts session=session.clone() />
                        <div class="device__actions">
                            <form method="get" action=links::DEVICES on:submit=move |event: SubmitEvent| {
                                event.prevent_default();
                                editing.set(true);
                            }>
                                <input type="hidden" name=query::RENAME value=session.sid.to_string() />
                                <button
                                    class="button button--quiet"
                                    type="submit"
                                    id=rename_button
                                    aria-label=(text().devices().rename_one)(&naming::mention(&session))
                                >
                                    {text().devices().rename}
                                </button>
                            </form>
                            {(!session.current).then(|| view! { <EndForm session devices /> })}
                        </div>
                    })
                }
            }}
        </li>
    }
}

/// The checkbox that chooses the session while several are being chosen.
#[component]
fn Pick(sid: SessionId, now: Memo<SessionInfo>, devices: Devices) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    // It may be chosen already, by an earlier request that failed.
    let chosen = devices.selected.with_untracked(|selected| selected.as_ref().is_some_and(|all| all.contains(&sid)));
    let choose = move |_| {
        if let Some(checkbox) = node.get_untracked() {
            devices.select(&sid, checkbox.checked());
        }
    };
    view! {
        <label class="device__icon device__pick">
            <input
                class="checkbox__box"
                type="checkbox"
                aria-label=move || now.with(|session| (text().devices().select_one)(&naming::mention(session)))
                checked=chosen
                node_ref=node
                on:change=choose
            />
        </label>
    }
}

/// The details of the session.
#[component]
fn DeviceFacts(session: SessionInfo) -> impl IntoView {
    let clock = PageClock::expect();
    view! {
        <div class="device__facts">
            <p class="device__title">
                <bdi class="device__name">{naming::title(&session)}</bdi>
                {session.current.then(|| view! { <span class="badge">{text().devices().this_device}</span> })}
            </p>
            {naming::subtitle(&session).map(|known| view! { <p class="device__line">{known}</p> })}
            <p class="device__line">
                {if session.current {
                    Either::Left(view! { <span class="device__now">{text().devices().active_now}</span> })
                } else {
                    Either::Right(
                        view! {
                            <span>
                                {text().devices().last_active} " " <RelativeTime at=session.last_seen_at telling=TimeFormat::Ago />
                            </span>
                        },
                    )
                }}
                {session
                    .ip
                    .clone()
                    .map(|address| {
                        view! {
                            <span class="device__address">
                                <span class="visually-hidden">{text().devices().address} " "</span>
                                {address}
                            </span>
                        }
                    })}
            </p>
            <p class="device__line device__line--faint">
                <span>
                    {text().devices().signed_in} " "
                    <RelativeTime at=session.created_at telling=TimeFormat::between(session.created_at, clock.now_untracked()) />
                    {naming::signed_in_with(&session.authenticated_by).map(|words| view! { " " {words} })}
                </span>
                <Ends session=session.clone() />
            </p>
            {(!session.current).then(|| view! { <NotMineForm session /> })}
        </div>
    }
}

/// When the session ends: if it is not used, and at the latest.
#[component]
fn Ends(session: SessionInfo) -> impl IntoView {
    let now = PageClock::expect().now_untracked();
    let words = text().devices();
    let (unused, latest) =
        (calendar::ahead(session.expires_at, now), calendar::ahead(session.absolute_expires_at, now));
    let ends = if unused == latest { (words.ends)(&latest) } else { (words.ends_unused)(&unused, &latest) };
    view! { <span>{ends}</span> }
}

/// Leads to the page that ends a session which somebody else started. A plain form that needs no JavaScript.
#[component]
fn NotMineForm(session: SessionInfo) -> impl IntoView {
    let words = text().activity().not_me;
    view! {
        <form class="device__line device__line--faint" method="post" action=links::post::NOT_MINE>
            <input type="hidden" name="sid" value=session.sid.to_string() />
            <button class="link" type="submit" aria-label=format!("{words}: {}", naming::mention(&session))>
                {words}
            </button>
        </form>
    }
}

/// The button that ends the session.
#[component]
fn EndForm(session: SessionInfo, devices: Devices) -> impl IntoView {
    let label = (text().devices().sign_out_one)(&naming::mention(&session));
    let sid = session.sid.to_string();
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        devices.ask(EndRequest::One(Box::new(session.clone())), browser::form_of(&event));
    };
    view! {
        <form method="get" action=links::SIGN_OUT on:submit=ask>
            <input type="hidden" name=query::DEVICE value=sid />
            <button class="button button--quiet-danger" type="submit" aria-label=label>
                {text().devices().sign_out}
            </button>
        </form>
    }
}
