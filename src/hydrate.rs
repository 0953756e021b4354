//! The app in the browser: how a page that the server wrote comes alive. A link leads to another document: pages share no
//! memory, and each loads only the code that it needs.

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

/// Room that stays empty. Where `wasm-split` gives data to the parts that use it, alignment may take more of it than
/// before; without room it would leave all data in the one part that every page loads.
#[used]
static ROOM: [u8; 1024] = [1; 1024];

/// Where it starts.
#[wasm_bindgen]
pub fn hydrate() {
    ui::prepare();
    browser::spawn(hydrate_page());
}

/// Brings the present page to life. What cannot be, for want of its code, stays as the server wrote it, which works too.
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
        Page::Resuming => resuming::begin(),
        Page::SignOut | Page::Missing | Page::Failed => {
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

// Three pages, one part: with more parts there is more that any two of them share, each such piece a file of its own.
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

/// A page that anybody may see.
fn for_anybody<V: IntoView>(page: impl FnOnce() -> V + 'static) {
    entrance::begin();
    mount(page);
}

/// A page of who is signed in: its calls carry an access token.
fn for_someone<T: DeserializeOwned + 'static, V: IntoView + 'static>(page: fn(Personal<T>) -> V) {
    auth::begin();
    if let Some(personal) = page::take() {
        mount(move || page(personal));
    }
}

fn mount<V: IntoView>(page: impl FnOnce() -> V + 'static) {
    let Some(root) = browser::element(ROOT) else { return };
    browser::spawn(async {
        // Getting the code ready was a task, coming alive is another: a slow device answers its user in between.
        browser::pause().await;
        // What somebody rewrote meanwhile stays as it is: its forms and links do without the app.
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

/// What all pages have, and the end of coming alive.
fn settle() {
    connection::hold_page();
    preferences_form::hydrate();
    typed::restore();
    time_zone::store();
    browser::spawn(async {
        browser::pause().await;
        // For tests and styles: from here on clicks are handled here.
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "");
        }
    });
}
