//! The app: its routes, and what all pages share.

use super::auth::live::Changes;
use super::auth::{self, Presence};
use super::clock::Clock;
use super::connection::Offline;
use super::pages::account::AccountPage;
use super::pages::activity::ActivityPage;
use super::pages::devices::DevicesPage;
use super::pages::entrance::{LoginPage, SignupPage};
use super::pages::home::HomePage;
use super::pages::missing::MissingPage;
use super::pages::reauthenticate::ReauthenticatePage;
use super::pages::signed_in::SignedIn;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

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
        clock.start();
        offline.follow();
        // For tests and styles: from here on clicks are handled here.
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-alive", "");
        }
    });

    // Pages arrive complete: nothing is sent before what they show is known.
    view! {
        <Router>
            <Routes fallback=MissingPage>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async />
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async />
                <Route path=path!("/signup") view=SignupPage ssr=SsrMode::Async />
                <Route path=path!("/reauthenticate") view=ReauthenticatePage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=SignedIn ssr=SsrMode::Async>
                    <Route path=path!("/devices") view=DevicesPage ssr=SsrMode::Async />
                    <Route path=path!("/activity") view=ActivityPage ssr=SsrMode::Async />
                    <Route path=path!("/account") view=AccountPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
