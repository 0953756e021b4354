//! What stands around the pages of somebody who is signed in: header, and the way to being signed in where the
//! server could not tell.

use crate::api::account;
use crate::api::data::Me;
use crate::api::problem::Problem;
use crate::ui::auth::renewal::{self, Outcome};
use crate::ui::auth::{Presence, live, timing};
use crate::ui::browser;
use crate::ui::components::brand::Brand;
use crate::ui::components::message::Alert;
use crate::ui::components::preferences_form::PreferencesForm;
use crate::ui::components::sign_out_form::SignOutForm;
use crate::ui::connection::Offline;
use crate::ui::whole::IntoWhole as _;
use crate::ui::{links, notice, text};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{A, Outlet};

/// Header and page. Nothing of either is left once the page is being left.
#[component]
pub fn SignedIn() -> impl IntoView {
    let presence = Presence::expect();
    let me = Resource::new_blocking(|| (), |()| account::me());
    view! {
        <Show when=move || !presence.is_leaving() fallback=|| view! { <Waiting words=text().frame.signing_out /> }>
            <Transition fallback=|| view! { <Waiting words=text().frame.loading /> }>
                {move || Suspend::new(async move {
                    match me.await {
                        Ok(me) => view! { <Frame me /> }.into_whole(),
                        Err(problem) if notice::is_over(problem.code) => view! { <Resuming me /> }.into_whole(),
                        Err(problem) => view! { <Failed problem me /> }.into_whole(),
                    }
                })}
            </Transition>
        </Show>
    }
}

#[component]
fn Frame(me: Me) -> impl IntoView {
    let presence = Presence::expect();
    let failure = RwSignal::new(None);
    let offline = Offline::expect();
    provide_context(me.clone());
    Effect::new(move || {
        presence.shows_someone();
        renewal::begin();
        live::begin();
    });
    view! {
        // Not the router's: it would scroll there, and leave the focus where it is.
        <a class="skip" href="#content" rel="external">
            {text().skip_to_content}
        </a>
        <header class="header">
            <div class="header__inner">
                <a class="header__home" href=links::DEVICES aria-label=text::PRODUCT>
                    <Brand />
                </a>
                <p class="header__user" title=format!("{} {}", text().frame.signed_in_as, me.username)>
                    <span class="visually-hidden">{text().frame.signed_in_as} " "</span>
                    <span class="header__name">{me.username.clone()}</span>
                </p>
                <SignOutForm failure />
            </div>
        </header>
        <nav class="tabs" aria-label=text().frame.navigation>
            <A href=links::DEVICES>{text().frame.devices}</A>
            <A href=links::ACTIVITY>{text().frame.activity}</A>
            <A href=links::ACCOUNT>{text().frame.account}</A>
        </nav>
        <main class="page" id="content" tabindex="-1">
            <p class="offline" role="status">
                {move || offline.get().then_some(text().frame.offline)}
            </p>
            <Alert message=failure />
            <Outlet />
        </main>
        <PreferencesForm />
    }
}

/// The server could not tell who this is, but the browser may hold the strict cookie that was withheld: asks for a
/// token, and either shows the page or (see [`renewal`]) leads to the sign-in page.
#[component]
fn Resuming(me: Resource<Result<Me, Problem>>) -> impl IntoView {
    let unreachable = RwSignal::new(false);
    Effect::new(move || {
        spawn_local(async move {
            let mut attempt = 0;
            loop {
                match renewal::renew().await {
                    Outcome::Renewed => break me.refetch(),
                    Outcome::Ended(_) => break,
                    Outcome::Unreachable => {
                        unreachable.try_set(true);
                        attempt += 1;
                        browser::sleep(timing::backoff(attempt, browser::chance(), None)).await;
                    }
                }
            }
        });
    });
    view! {
        {move || {
            let words = if unreachable.get() { text().frame.unreachable } else { text().frame.resuming };
            view! { <Waiting words sign_in=true /> }
        }}
    }
}

/// Something that passes: says so, and offers to try again.
#[component]
fn Failed(problem: Problem, me: Resource<Result<Me, Problem>>) -> impl IntoView {
    view! {
        <main class="waiting">
            <Brand />
            <p role="alert">{notice::sentence(&problem)}</p>
            <button class="button" type="button" on:click=move |_| me.refetch()>
                {text().frame.retry}
            </button>
        </main>
    }
}

/// A quiet page for a moment; with a way on for whom it would last, without JavaScript.
#[component]
fn Waiting(words: &'static str, #[prop(optional)] sign_in: bool) -> impl IntoView {
    view! {
        <main class="waiting">
            <Brand />
            <p role="status">{words}</p>
            {sign_in
                .then(|| {
                    view! {
                        <a href=links::LOGIN rel="external">
                            {text().enter.sign_in}
                        </a>
                    }
                })}
        </main>
    }
}
