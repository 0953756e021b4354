//! The page `/account`: changing the password, exporting one's data, deleting the account.

use crate::api::data::Account;
use crate::api::{Secret, account as reads, auth as calls};
use crate::ui::address::Address;
use crate::ui::auth::{self, transport};
use crate::ui::components::field::{self, PasswordField, WhosePassword};
use crate::ui::components::heading::Heading;
use crate::ui::components::message::{Alert, Done};
use crate::ui::components::post_form::PostForm;
use crate::ui::components::relative_time::{RelativeTime, TimeFormat};
use crate::ui::components::ways_to_sign_in::WaysToSignIn;
use crate::ui::environment::PageEnvironment;
use crate::ui::links::{self, query};
use crate::ui::notice::Notice;
use crate::ui::submission::{Next, Submission};
use crate::ui::{browser, text};
use leptos::html;
use leptos::prelude::*;

#[component]
pub(super) fn AccountPage(known: Account) -> impl IntoView {
    let (username, second_factor) = (known.username.clone(), known.second_factor);
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
        <WaysToSignIn second_factor />
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

#[component]
fn ChangePassword(username: String, on_change: Callback<()>) -> impl IntoView {
    let arrived = Address::expect();
    let judged_for = Callback::new({
        let username = username.clone();
        move |()| username.clone()
    });
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
    let current = NodeRef::<html::Input>::new();
    let new = NodeRef::<html::Input>::new();
    // Without JavaScript the error is in the address.
    let fields = [("newPassword", new), ("currentPassword", current)];
    let form = Submission::new(Notice::of_password_page(&arrived), fields)
        .explaining(|problem| Notice::with_password(problem, "currentPassword"));
    let send = move || {
        done.set(None);
        let (old_password, new_password) = (Secret::new(field::value(current)), Secret::new(field::value(new)));
        form.send(calls::change_password(old_password, new_password), move |()| {
            field::clear(current);
            field::clear(new);
            done.try_set(Some(text().account().changed.to_owned()));
            on_change.try_run(());
            Next::Stay
        });
    };
    view! {
        <section class="card section" id="password">
            <h2>{text().account().change_password}</h2>
            <p class="section__lead">{text().account().change_lead}</p>
            <Alert message=form.general() />
            <Done message=done />
            <PostForm form action=Some(links::post::PASSWORD) send>
                <WhosePassword username />
                <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
                <PasswordField
                    id="current-password"
                    name="currentPassword"
                    label=text().account().current
                    autocomplete="current-password"
                    node=current
                    problem=form.problem("currentPassword")
                />
                <PasswordField
                    id="new-password"
                    username=Some(judged_for)
                    name="newPassword"
                    label=text().account().new
                    autocomplete="new-password"
                    node=new
                    problem=form.problem("newPassword")
                    hint=Some((text().enter().password_rule)(PageEnvironment::current().password_min))
                />
                <div>
                    <button class="button button--primary" type="submit">
                        {text().account().change_password}
                    </button>
                </div>
            </PostForm>
        </section>
    }
}

/// The export of one's data to a file. It needs the access token, so it works with JavaScript only.
#[component]
fn Data() -> impl IntoView {
    let form = Submission::new(Notice::default(), []);
    let download = move |_| {
        form.send(reads::export_as_text(), |export| {
            browser::download(text().account().file, "application/json", &browser::spaced_json(export));
            Next::Stay
        });
    };
    view! {
        <section class="card section hydrated-only">
            <h2>{text().account().data}</h2>
            <p class="section__lead">{text().account().data_lead}</p>
            <Alert message=form.general() />
            <button class="button" type="button" on:click=download aria-busy=move || form.is_busy().to_string()>
                {text().account().download}
            </button>
        </section>
    }
}

#[component]
fn DeleteAccount(username: String) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let form = Submission::new(Notice::default(), [("password", node)])
        .explaining(|problem| Notice::with_password(problem, "password"));
    let send = move || {
        let call = calls::delete_account(Secret::new(field::value(node)));
        form.send(transport::alone(Box::pin(call)), |()| {
            auth::deleted();
            Next::Leave
        });
    };
    view! {
        <section class="card section section--danger">
            <h2>{text().account().delete}</h2>
            <p class="section__lead">{text().account().delete_lead}</p>
            <details class="more">
                <summary class="button button--warning">{text().account().delete_open}</summary>
                <Alert message=form.general() />
                <PostForm form action=Some(links::post::DELETE_ACCOUNT) send>
                    <WhosePassword username />
                    <input type="hidden" name=query::RETURN_TO value=links::ACCOUNT />
                    <PasswordField
                        id="delete-password"
                        label=text().account().delete_password
                        autocomplete="current-password"
                        node
                        problem=form.problem("password")
                    />
                    <div>
                        <button class="button button--danger" type="submit">
                            {text().account().delete_button}
                        </button>
                    </div>
                </PostForm>
            </details>
        </section>
    }
}
