//! The page `/account`: changing the password, exporting one's data, deleting the account.

use crate::api::data::Account;
use crate::api::problem::{Code, Problem};
use crate::api::{Secret, account as reads, auth as calls};
use crate::ui::address::Address;
use crate::ui::auth::{self, transport};
use crate::ui::components::field::{self, PasswordField, WhosePassword};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::{Alert, Done};
use crate::ui::components::relative_time::{RelativeTime, TimeFormat};
use crate::ui::environment::PageEnvironment;
use crate::ui::links::{self, query};
use crate::ui::notice::{self, Notice};
use crate::ui::{browser, text};
use leptos::html;
use leptos::prelude::*;
use web_sys::SubmitEvent;

#[component]
pub(super) fn AccountPage(known: Account) -> impl IntoView {
    let username = known.username.clone();
    let known = RwSignal::new(known);
    let look_again = Callback::new(move |()| {
        browser::spawn(async move {
            if let Ok(now) = reads::account().await {
                known.try_set(now);
            }
        });
    });
    view! {
        <Heading title=text().account().title />
        {move || view! { <Facts known=known.get() /> }}
        <ChangePassword username=username.clone() on_change=look_again />
        <Data />
        <DeleteAccount username />
    }
}

#[component]
fn Facts(known: Account) -> impl IntoView {
    view! {
        <dl class="card facts">
            <div>
                <dt>{text().enter().username}</dt>
                <dd><bdi>{known.username}</bdi></dd>
            </div>
            <div>
                <dt>{text().account().since}</dt>
                <dd>
                    <RelativeTime at=known.created_at telling=TimeFormat::Day />
                </dd>
            </div>
            <div>
                <dt>{text().account().password_changed}</dt>
                <dd>
                    <RelativeTime at=known.password_changed_at telling=TimeFormat::Ago />
                </dd>
            </div>
        </dl>
    }
}

/// The message of a form on this page. A wrong password is shown beside its field.
fn notice_for(problem: &Problem, password: &str) -> Notice {
    match problem.code {
        Code::InvalidCredentials => Notice::field(password, text().problems().wrong_password),
        _ => Notice::from(problem),
    }
}

#[component]
fn ChangePassword(username: String, on_change: Callback<()>) -> impl IntoView {
    // Without JavaScript the error is in the address.
    let arrived = Address::expect();
    let came_back = if notice::arrived_with(&arrived, Code::InvalidCredentials) {
        Some(Notice::general(text().problems().wrong_password))
    } else {
        Notice::from_query(&arrived)
    };
    let judged_for = Callback::new({
        let username = username.clone();
        move |()| username.clone()
    });
    let notice = RwSignal::new(came_back.unwrap_or_default());
    let disowned = arrived.parameter(query::NOT_ME).map(|how| {
        let account = text().account();
        let words = match how.as_str() {
            "ended" => account.not_me_ended,
            "guessed" => account.not_me_guessed,
            _ => account.not_me_over,
        };
        words.to_owned()
    });
    let done = RwSignal::new(disowned);
    let busy = RwSignal::new(false);
    let current = NodeRef::<html::Input>::new();
    let new = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        notice.set(Notice::default());
        done.set(None);
        let (old_password, new_password) = (Secret::new(field::value(current)), Secret::new(field::value(new)));
        browser::spawn(async move {
            let result = calls::change_password(old_password, new_password).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    field::clear(current);
                    field::clear(new);
                    done.try_set(Some(text().account().changed.to_owned()));
                    on_change.try_run(());
                }
                Err(problem) => {
                    let refused = notice_for(&problem, "currentPassword");
                    let node = if refused.of("newPassword").is_some() { new } else { current };
                    notice.try_set(refused);
                    field::focus(node);
                }
            }
        });
    };
    view! {
        <section class="card section" id="password">
            <h2>{text().account().change_password}</h2>
            <p class="section__lead">{text().account().change_lead}</p>
            <Alert message=Signal::derive(move || notice.with(|notice| notice.general.clone())) />
            <Done message=done />
            <form
                class="form"
                method="post"
                action=links::post::PASSWORD
                on:submit=submit
                aria-busy=move || busy.get().to_string()
            >
                <WhosePassword username />
                <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
                <PasswordField
                    id="current-password"
                    name="currentPassword"
                    label=text().account().current
                    autocomplete="current-password"
                    node=current
                    problem=Signal::derive(move || notice.with(|notice| notice.of("currentPassword")))
                />
                <PasswordField
                    id="new-password"
                    username=Some(judged_for)
                    name="newPassword"
                    label=text().account().new
                    autocomplete="new-password"
                    node=new
                    problem=Signal::derive(move || notice.with(|notice| notice.of("newPassword")))
                    hint=Some((text().enter().password_rule)(PageEnvironment::current().password_min))
                />
                <div>
                    <button class="button button--primary" type="submit">
                        {text().account().change_password}
                    </button>
                </div>
            </form>
        </section>
    }
}

/// The export of one's data to a file. It needs the access token, so it works with JavaScript only.
#[component]
fn Data() -> impl IntoView {
    let failure = RwSignal::new(None);
    let busy = RwSignal::new(false);
    let download = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        browser::spawn(async move {
            let result = reads::export_as_text().await;
            busy.try_set(false);
            match result {
                Ok(export) => {
                    browser::download(text().account().file, "application/json", &browser::spaced_json(export));
                }
                Err(problem) => drop(failure.try_set(Some(notice::sentence(&problem)))),
            }
        });
    };
    view! {
        <section class="card section hydrated-only">
            <h2>{text().account().data}</h2>
            <p class="section__lead">{text().account().data_lead}</p>
            <Alert message=failure />
            <button class="button" type="button" on:click=download aria-busy=move || busy.get().to_string()>
                {text().account().download}
            </button>
        </section>
    }
}

#[component]
fn DeleteAccount(username: String) -> impl IntoView {
    let notice = RwSignal::new(Notice::default());
    let busy = RwSignal::new(false);
    let node = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        notice.set(Notice::default());
        let password = Secret::new(field::value(node));
        browser::spawn(async move {
            match transport::alone(Box::pin(calls::delete_account(password))).await {
                Ok(()) => auth::deleted(),
                Err(problem) => {
                    busy.try_set(false);
                    notice.try_set(notice_for(&problem, "password"));
                    field::focus(node);
                }
            }
        });
    };
    view! {
        <section class="card section section--danger">
            <h2>{text().account().delete}</h2>
            <p class="section__lead">{text().account().delete_lead}</p>
            <details class="more">
                <summary class="button button--warning">{text().account().delete_open}</summary>
                <Alert message=Signal::derive(move || notice.with(|notice| notice.general.clone())) />
                <form
                    class="form"
                    method="post"
                    action=links::post::DELETE_ACCOUNT
                    on:submit=submit
                    aria-busy=move || busy.get().to_string()
                >
                    <WhosePassword username />
                    <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
                    <PasswordField
                        id="delete-password"
                        label=text().account().delete_password
                        autocomplete="current-password"
                        node
                        problem=Signal::derive(move || notice.with(|notice| notice.of("password")))
                    />
                    <div>
                        <button class="button button--danger" type="submit">
                            {text().account().delete_button}
                        </button>
                    </div>
                </form>
            </details>
        </section>
    }
}
