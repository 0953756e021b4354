//! The page `/devices`: the user's sessions, and the buttons to end them.

use crate::ui::address::Address;
use crate::ui::auth::live;
use crate::ui::components::device_row::DeviceRow;
use crate::ui::components::dialogs::{self, Dialogs};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::{self, Alert, Done};
use crate::ui::devices::{Devices, EndRequest, HEADING};
use crate::ui::links::{self, query};
use crate::ui::notice::Notice;
use crate::ui::page::DevicesContent;
use crate::ui::{browser, text};
use leptos::either::Either;
use leptos::prelude::*;
use web_sys::SubmitEvent;

/// The part above the page, which only the server renders.
pub fn devices_head() -> impl IntoView {
    view! {
        <Heading title=text().devices().title id=HEADING />
        <p class="lead">{text().devices().lead}</p>
    }
}

#[component]
pub(super) fn DevicesPage(shown: DevicesContent, username: String) -> impl IntoView {
    let arrived = Address::expect();
    let failure = Notice::from_query(&arrived)
        .and_then(|notice| notice.general.or_else(|| notice.fields.into_iter().next().map(|(_, sentence)| sentence)));
    let renaming = arrived.parameter(query::RENAME);
    let DevicesContent { sessions, version } = shown;
    let devices = Devices::new(sessions, username, failure, message::confirmed(&arrived));
    Effect::new(move || {
        live::shows(version.clone());
        live::on_change(move || devices.look_again());
        for near in ["pointerover", "focusin"] {
            browser::listen_once(near, dialogs::load_ahead);
        }
    });
    view! {
        <Done message=devices.confirmed />
        <Alert message=devices.failure />
        <SelectSeveral devices />
        <ul class="card devices" role="list" aria-label=text().devices().list>
            <For each=move || devices.rows.get() key=|row| row.sid.clone() let:session>
                <DeviceRow renaming=renaming.as_deref() == Some(session.sid.as_str()) session devices />
            </For>
        </ul>
        {move || {
            if devices.selected.with(Option::is_some) {
                Either::Left(view! { <EndChosen devices /> })
            } else {
                Either::Right(view! { <EndMany devices /> })
            }
        }}
        <Dialogs />
    }
}

/// Starts or cancels choosing several sessions. Works with JavaScript only.
#[component]
fn SelectSeveral(devices: Devices) -> impl IntoView {
    let selecting = Memo::new(move |_| devices.selected.with(Option::is_some));
    let of_use = move || selecting.get() || devices.others() > 1;
    view! {
        <p class="select-several hydrated-only" hidden=move || !of_use()>
            <button class="button button--quiet" type="button" on:click=move |_| devices.toggle_selecting()>
                {move || if selecting.get() { text().devices().select_done } else { text().devices().select }}
            </button>
        </p>
    }
}

/// The button that ends the chosen sessions.
#[component]
fn EndChosen(devices: Devices) -> impl IntoView {
    let chosen = Memo::new(move |_| devices.chosen());
    view! {
        <div class="ends ends--chosen">
            <button
                class="button button--danger"
                type="button"
                disabled=move || chosen.with(Vec::is_empty)
                on:click=move |_| devices.ask(EndRequest::of(chosen.get_untracked()), None)
            >
                {move || (text().devices().sign_out_selected)(chosen.with(Vec::len) as u64)}
            </button>
        </div>
    }
}

/// The buttons that end several sessions.
#[component]
fn EndMany(devices: Devices) -> impl IntoView {
    let ask = move |ending: EndRequest| {
        move |event: SubmitEvent| {
            event.prevent_default();
            devices.ask(ending.clone(), browser::form_of(&event));
        }
    };
    let any_others = Memo::new(move |_| devices.others() > 0);
    view! {
        <div class="ends">
            {move || {
                if any_others.get() {
                    Either::Left(
                        view! {
                            <form method="get" action=links::SIGN_OUT on:submit=ask(EndRequest::Others)>
                                <input type="hidden" name=query::WHICH value=links::which::OTHERS />
                                <button class="button" type="submit">
                                    {text().devices().sign_out_others}
                                </button>
                            </form>
                        },
                    )
                } else {
                    Either::Right(view! { <p class="ends__none">{text().devices().only_this}</p> })
                }
            }}
            <form method="get" action=links::SIGN_OUT on:submit=ask(EndRequest::Everywhere)>
                <input type="hidden" name=query::WHICH value=links::which::EVERYWHERE />
                <button class="button button--warning" type="submit">
                    {text().devices().sign_out_everywhere}
                </button>
            </form>
        </div>
    }
}
