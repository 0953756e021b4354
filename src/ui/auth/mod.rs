//! The browser's side of being signed in: the access token in memory ([`memory`]), its renewal ([`renewal`], at times
//! chosen by [`timing`], one tab at a time by [`turn`]), calls to the server ([`transport`]), changes that the server
//! reports ([`live`]), and messages between tabs ([`tabs`]). The state exists once per page, and in the browser only.

pub mod entrance;
pub mod live;
pub mod memory;
pub mod renewal;
pub mod resuming;
pub mod tabs;
pub mod timing;
pub mod transport;
pub mod turn;

use super::{browser, connection, links};
use crate::api::problem::Code;
use crate::api::return_to;
use crate::api::transport::install;
use crate::domain::time::Timestamp;
use crate::ui::pages::LEAVING;
use leptos::prelude::{document, window};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Whether the page shows a signed-in user's data: not yet, now, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    /// Nothing about anybody yet.
    Nothing,
    /// What belongs to a signed-in person.
    Someone,
    /// The browser is leaving the page, and its content is already removed.
    Leaving,
}

/// How long another tab's announcement that it ends the session explains a lost session here. That tab may have been
/// closed since.
const ENDING_LASTS: Duration = Duration::from_secs(60);

thread_local! {
    static SHOWING: Cell<Showing> = const { Cell::new(Showing::Nothing) };
    /// When another tab started to end the session by order of its user.
    static ENDING: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

fn showing() -> Showing {
    SHOWING.get()
}

/// Removes all content and loads `path`, so that nothing of this page is restored later.
fn leave(path: &str) {
    // Only once: a later call must not replace the reason.
    if showing() != Showing::Leaving {
        drop_everything();
        browser::replace(path);
    }
}

fn drop_everything() {
    memory::forget();
    if SHOWING.replace(Showing::Leaving) == Showing::Someone {
        browser::show_instead(LEAVING);
    }
}

/// Installs the transport that adds the access token to calls.
pub fn begin() {
    install(Rc::new(transport::Authorized));
}

/// Starts to follow the session and the other tabs, because the page shows a signed-in user's data.
pub fn follow() {
    SHOWING.set(Showing::Someone);
    tabs::open(|message| match (message, showing()) {
        (tabs::TabMessage::SignedOut, Showing::Someone) => leave(links::LOGIN),
        (tabs::TabMessage::Ending, _) => ENDING.set(Some(browser::now())),
        (tabs::TabMessage::NotEnded, _) => ENDING.set(None),
        (tabs::TabMessage::Changed, Showing::Someone) => live::changed(),
        (tabs::TabMessage::Doubt, Showing::Someone) => live::doubt(),
        (tabs::TabMessage::Revoked, Showing::Someone) => leave_for_sign_in(Some(Code::SessionRevoked)),
        (tabs::TabMessage::Reused, Showing::Someone) => leave_for_sign_in(Some(Code::RefreshReused)),
        (tabs::TabMessage::Unreachable, Showing::Someone) => live::lost_elsewhere(),
        (tabs::TabMessage::Reachable, _) => connection::set_reachable(true),
        (tabs::TabMessage::Looked, _) => live::wake_if_listening(),
        (tabs::TabMessage::SignedIn, Showing::Someone) => {
            drop_everything();
            browser::reload();
        }
        _ => {}
    });
    let window = window();
    let wake = || {
        renewal::wake();
        live::wake();
    };
    browser::listen::<web_sys::Event>(&window, "online", move |_| wake());
    browser::listen::<web_sys::Event>(&document(), "visibilitychange", move |_| {
        if browser::is_visible() {
            wake();
        }
    });
    // A page that goes into the back/forward cache is emptied. It is loaded again when it is restored.
    browser::listen::<web_sys::PageTransitionEvent>(&window, "pagehide", |event| {
        if event.persisted() && showing() == Showing::Someone {
            drop_everything();
        }
    });
    browser::reload_when_back();
}

/// The user has signed out in this browser.
pub fn signed_out() {
    tabs::post(tabs::TabMessage::SignedOut);
    leave(links::LOGIN);
}

/// The user has deleted the account.
pub fn deleted() {
    tabs::post(tabs::TabMessage::SignedOut);
    leave(links::LOGIN);
}

/// The server no longer accepts this session. Leaves for the sign-in page, which gives the reason, unless the user
/// ended the session. If the page has not shown anybody's data yet, no reason is given.
fn ended(code: Code) {
    browser::spawn(async move {
        if !stays().await {
            return;
        }
        let is_wanted = ENDING.get().is_some_and(|since| browser::now().since(since) < ENDING_LASTS);
        if is_wanted && code != Code::RefreshReused {
            return leave(links::LOGIN);
        }
        // The sign-in page clears the cookie of all tabs, and then the server can no longer tell the other tabs the
        // reason.
        match code {
            Code::SessionRevoked => tabs::post(tabs::TabMessage::Revoked),
            Code::RefreshReused => tabs::post(tabs::TabMessage::Reused),
            _ => {}
        }
        let has_reason = code != Code::InvalidToken || showing() == Showing::Someone;
        leave_for_sign_in(has_reason.then_some(code));
    });
}

/// Whether this page stays. Waits for the answer to a call that may end the session, since that answer gives the right
/// reason.
async fn stays() -> bool {
    while transport::is_ending() {
        browser::sleep(timing::LOOK).await;
    }
    showing() != Showing::Leaving
}

/// Leaves for the sign-in page, which gives the reason, and returns here afterwards.
fn leave_for_sign_in(code: Option<Code>) {
    let error = code.map(|code| code.to_string());
    let back = return_to::page(Some(&browser::here()));
    let path = links::with_query(
        links::LOGIN,
        &[(links::query::ERROR, error.as_deref()), (links::query::RETURN_TO, Some(&back))],
    );
    leave(&path);
}
