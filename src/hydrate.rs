//! The app in the browser: hydrates the page that the server rendered. Links lead to other documents, so pages share no
//! memory, and each page loads only the code that it needs.

use crate::ui::address::Address;
use crate::ui::app::ROOT;
use crate::ui::auth::{self, entrance, resuming};
use crate::ui::components::preferences_form;
use crate::ui::page::{self, Page, Personal};
use crate::ui::{self, browser, connection, pages, time_zone, typed};
use leptos::mount::hydrate_from;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// Padding. When `wasm-split` moves data to the parts that use it, alignment may need more space than before; without
/// padding it would leave all data in the part that every page loads.
#[used]
static ROOM: [u8; 1024] = [1; 1024];

/// The entry point.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn hydrate() {
    ui::prepare();
    browser::spawn(hydrate_page());
}

/// Hydrates the current page. If its code cannot be loaded, the page stays as the server rendered it, and still works.
async fn hydrate_page() {
    let Some(page) = page::here() else { return };
    match page {
        Page::SignIn => for_anybody(pages::sign_in),
        Page::SignUp => for_anybody(pages::sign_up),
        Page::Reauthenticate => {
            entrance::follow();
            for_someone(pages::reauthenticate);
        }
        Page::Devices => drop(devices().await),
        Page::Activity => drop(activity().await),
        Page::Account => drop(account().await),
        Page::NotMe => {
            entrance::follow();
            drop(not_me().await);
        }
        Page::Reset | Page::Invite => {
            entrance::begin();
            drop(link().await);
        }
        Page::Resuming => resuming::begin(),
        Page::SecondFactor
        | Page::AuthenticatorApp
        | Page::RecoveryCodes
        | Page::SignOut
        | Page::Forgot
        | Page::ResetDone
        | Page::InviteDone
        | Page::LinkInvalid
        | Page::Missing
        | Page::Failed => {
            entrance::begin();
            settle();
        }
    }
}

#[wasm_split(devices, fallible)]
fn devices() -> Result<(), SplitLoaderError> {
    for_someone(pages::devices);
    Ok(())
}

// These pages share one part: with more parts, more code would be shared by any two of them, and each such piece
// becomes a file.
#[wasm_split(account, fallible)]
fn activity() -> Result<(), SplitLoaderError> {
    for_someone(pages::activity);
    Ok(())
}

#[wasm_split(account, fallible)]
fn account() -> Result<(), SplitLoaderError> {
    for_someone(pages::account);
    Ok(())
}

#[wasm_split(account, fallible)]
fn not_me() -> Result<(), SplitLoaderError> {
    for_someone(pages::not_me);
    Ok(())
}

#[wasm_split(account, fallible)]
fn link() -> Result<(), SplitLoaderError> {
    if let Some(content) = page::take() {
        mount(move || pages::link(content));
    }
    Ok(())
}

/// Hydrates a page that anybody may see.
fn for_anybody<V: IntoView>(page: impl FnOnce() -> V + 'static) {
    entrance::begin();
    mount(page);
}

/// Hydrates a page for a signed-in user: its calls carry an access token.
fn for_someone<T: DeserializeOwned + 'static, V: IntoView + 'static>(page: fn(Personal<T>) -> V) {
    auth::begin();
    if let Some(personal) = page::take() {
        mount(move || page(personal));
    }
}

fn mount<V: IntoView>(page: impl FnOnce() -> V + 'static) {
    let Some(root) = browser::element(ROOT) else { return };
    browser::spawn(async {
        // A pause between loading the code and hydrating: on slow devices the browser can respond to its user in
        // between.
        browser::pause().await;
        // A page that a browser extension has changed is not hydrated. Its forms and links work without the app.
        if !browser::is_as_written(&root) {
            return;
        }
        let alive = hydrate_from(root, || {
            Address::here().provide();
            page()
        });
        alive.forget();
        settle();
    });
}

/// Sets up the features that all pages have, and marks the page as hydrated.
fn settle() {
    connection::hold_page();
    preferences_form::hydrate();
    typed::restore();
    time_zone::store();
    browser::spawn(async {
        browser::pause().await;
        // For tests and styles: from now on the app handles clicks.
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "");
        }
    });
}
