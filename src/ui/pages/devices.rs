//! The page `/devices`: every session of the user, and the ways to end them.

use crate::api::account;
use crate::api::data::SessionInfo;
use crate::api::problem::Problem;
use crate::ui::auth::live::Changes;
use crate::ui::components::confirm_dialog::ConfirmDialog;
use crate::ui::components::device_row::DeviceRow;
use crate::ui::components::heading::Heading;
use crate::ui::components::message::{Alert, Announcer};
use crate::ui::components::password_dialog::PasswordDialog;
use crate::ui::devices::{Devices, Ending, HEADING};
use crate::ui::links::{self, query};
use crate::ui::notice::{self, Notice};
use crate::ui::text;
use crate::ui::whole::IntoWhole as _;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use web_sys::SubmitEvent;

#[component]
pub fn DevicesPage() -> impl IntoView {
    let sessions = Resource::new_blocking(|| (), |()| account::sessions());
    view! {
        <Heading title=text().devices.title id=HEADING />
        <p class="lead">{text().devices.lead}</p>
        <Transition fallback=|| view! { <p class="loading" role="status">{text().frame.loading}</p> }>
            {move || Suspend::new(async move {
                match sessions.await {
                    Ok(rows) => view! { <DeviceList rows /> }.into_whole(),
                    Err(problem) => view! { <NoList problem sessions /> }.into_whole(),
                }
            })}
        </Transition>
    }
}

#[component]
fn DeviceList(rows: Vec<SessionInfo>) -> impl IntoView {
    let arrived = use_query_map().get_untracked();
    let failure = Notice::from_query(&arrived)
        .and_then(|notice| notice.general.or_else(|| notice.fields.into_iter().next().map(|(_, sentence)| sentence)));
    let renaming = arrived.get(query::RENAME);
    let devices = Devices::new(rows, failure);
    let Changes(changes) = Changes::expect();
    Effect::new(move || {
        if changes.get() > 0 {
            devices.look_again();
        }
    });
    view! {
        <Alert message=devices.failure />
        <Announcer news=devices.news />
        <SelectSeveral devices />
        <ul class="card devices" role="list" aria-label=text().devices.list>
            <For each=move || devices.rows.get() key=|row| row.sid.clone() let:session>
                <DeviceRow renaming=renaming.as_deref() == Some(session.sid.as_str()) session devices />
            </For>
        </ul>
        {move || {
            if devices.selected.with(Option::is_some) {
                view! { <EndChosen devices /> }.into_whole()
            } else {
                view! { <EndMany devices /> }.into_whole()
            }
        }}
        <ConfirmDialog devices />
        <PasswordDialog devices />
    }
}

/// Begins or ends choosing several. It works with JavaScript only.
#[component]
fn SelectSeveral(devices: Devices) -> impl IntoView {
    let selecting = Memo::new(move |_| devices.selected.with(Option::is_some));
    let of_use = move || selecting.get() || devices.others() > 1;
    view! {
        <p class="select-several when-alive" hidden=move || !of_use()>
            <button class="button button--quiet" type="button" on:click=move |_| devices.toggle_selecting()>
                {move || if selecting.get() { text().devices.select_done } else { text().devices.select }}
            </button>
        </p>
    }
}

/// The button that ends those chosen.
#[component]
fn EndChosen(devices: Devices) -> impl IntoView {
    let chosen = Memo::new(move |_| devices.chosen());
    view! {
        <div class="ends">
            <button
                class="button button--danger"
                type="button"
                disabled=move || chosen.with(Vec::is_empty)
                on:click=move |_| devices.ask(Ending::Several(chosen.get_untracked()))
            >
                {move || (text().devices.sign_out_selected)(chosen.with(Vec::len) as u64)}
            </button>
        </div>
    }
}

/// The buttons that end more than one.
#[component]
fn EndMany(devices: Devices) -> impl IntoView {
    let ask = move |ending: Ending| {
        move |event: SubmitEvent| {
            event.prevent_default();
            devices.ask(ending.clone());
        }
    };
    let any_others = Memo::new(move |_| devices.others() > 0);
    view! {
        <div class="ends">
            {move || {
                if any_others.get() {
                    view! {
                        <form method="post" action=links::post::LOGOUT_ALL on:submit=ask(Ending::Others)>
                            <input type="hidden" name="keepCurrent" value="true" />
                            <button class="button" type="submit">
                                {text().devices.sign_out_others}
                            </button>
                        </form>
                    }
                        .into_whole()
                } else {
                    view! { <p class="ends__none">{text().devices.only_this}</p> }.into_whole()
                }
            }}
            <form method="post" action=links::post::LOGOUT_ALL on:submit=ask(Ending::Everywhere)>
                <button class="button button--warning" type="submit">
                    {text().devices.sign_out_everywhere}
                </button>
            </form>
        </div>
    }
}

/// The list could not be had.
#[component]
fn NoList(problem: Problem, sessions: Resource<Result<Vec<SessionInfo>, Problem>>) -> impl IntoView {
    view! {
        <Alert message=Some(notice::sentence(&problem)) />
        <p>
            <button class="button" type="button" on:click=move |_| sessions.refetch()>
                {text().frame.retry}
            </button>
        </p>
    }
}
