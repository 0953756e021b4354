//! The app: its routes, and what all pages share.

use super::auth::live::Changes;
use super::auth::{self, Presence};
use super::clock::Clock;
use super::connection::Offline;
use super::pages::entrance::{LoginPage, SignupPage};
use super::pages::home::HomePage;
use super::pages::missing::MissingPage;
use super::pages::reauthenticate::ReauthenticatePage;
use super::pages::signed_in_page::{self, SignedInPage};
use super::whole::IntoWhole as _;
use super::{browser, links};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::provide_meta_context;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};
use std::time::Duration;

/// Loads what the present page needs beyond what all have: a page comes alive at once, in the order in which it was
/// rendered. If that cannot be had, the page stays as the server made it, which works too.
pub async fn is_loaded() -> bool {
    !links::is_page(&browser::here()) || signed_in_page::load().await.is_ok()
}

/// The root of the app.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let clock = Clock::provide();
    let presence = Presence::provide();
    let changes = Changes::provide();
    let offline = Offline::provide();

    Effect::new(move || {
        auth::follow(presence, changes);
        // A task of its own: a slow device answers its user in between.
        spawn_local(async move {
            browser::sleep(Duration::ZERO).await;
            clock.start();
            offline.follow();
            // For tests and styles: from here on clicks are handled here.
            if let Some(body) = document().body() {
                let _ = body.set_attribute("data-alive", "");
            }
        });
    });

    // Pages arrive complete: nothing is sent before what they show is known.
    view! {
        <Router>
            <Routes fallback=|| MissingPage().into_whole()>
                <Route path=path!("/") view=|| HomePage().into_whole() ssr=SsrMode::Async />
                <Route path=path!("/login") view=|| LoginPage().into_whole() ssr=SsrMode::Async />
                <Route path=path!("/signup") view=|| SignupPage().into_whole() ssr=SsrMode::Async />
                <Route path=path!("/reauthenticate") view=|| ReauthenticatePage().into_whole() ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=SignedInPage::Frame ssr=SsrMode::Async>
                    <Route path=path!("/devices") view=SignedInPage::Devices ssr=SsrMode::Async />
                    <Route path=path!("/activity") view=SignedInPage::Activity ssr=SsrMode::Async />
                    <Route path=path!("/account") view=SignedInPage::Account ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
