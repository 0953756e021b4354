//! The browser's side of being signed in: the access token in memory ([`memory`]), its renewal ([`renewal`], at
//! moments that [`timing`] chooses, one tab after the other by [`turn`]), every call to the server ([`transport`]), what
//! the server tells by itself ([`live`]), and what tabs tell each other ([`tabs`]). All of it is one per page and runs in
//! the browser only.

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
use crate::api::transport::install;
use crate::domain::time::Timestamp;
use crate::ui::pages::LEAVING;
use leptos::prelude::{document, window};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// What a page shows of a signed-in person: nothing yet, something, or nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    Nothing,
    Someone,
    /// The page is being left: what it showed is gone already.
    Leaving,
}

/// For how long another tab's end of the session explains what happens here: the tab may have been closed meanwhile.
const ENDING_LASTS: Duration = Duration::from_secs(60);

thread_local! {
    static SHOWING: Cell<Showing> = const { Cell::new(Showing::Nothing) };
    /// When another tab began to end the session, since its user wants that.
    static ENDING: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

fn showing() -> Showing {
    SHOWING.get()
}

/// Drops everything and leaves for `path`, so that nothing of this page comes back.
fn leave(path: &str) {
    // Once: what comes later must not take the place of the reason.
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

/// Begins: from here on calls carry an access token.
pub fn begin() {
    install(Rc::new(transport::Authorized));
}

/// The page shows something of who is signed in: begins to follow what happens to it and in other tabs.
pub fn follow() {
    SHOWING.set(Showing::Someone);
    tabs::open(|news| match (news, showing()) {
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
    // A page that may come back by Back comes back empty, and is loaded anew.
    browser::listen::<web_sys::PageTransitionEvent>(&window, "pagehide", |event| {
        if event.persisted() && showing() == Showing::Someone {
            drop_everything();
        }
    });
    browser::reload_when_back();
}

/// This browser was signed out by its user.
pub fn signed_out() {
    tabs::post(tabs::TabMessage::SignedOut);
    leave(links::LOGIN);
}

/// The user has deleted the account.
pub fn deleted() {
    tabs::post(tabs::TabMessage::SignedOut);
    leave(links::LOGIN);
}

/// The server no longer knows this session: leaves for the sign-in page, which says why, if that is not what the user
/// wanted. A page that never showed anybody has nothing to explain.
fn ended(code: Code) {
    browser::spawn(async move {
        if !stays().await {
            return;
        }
        let is_wanted = ENDING.get().is_some_and(|since| browser::now().since(since) < ENDING_LASTS);
        if is_wanted && code != Code::RefreshReused {
            return leave(links::LOGIN);
        }
        // The sign-in page clears the cookie that all tabs have: from then on the server cannot tell the others why.
        match code {
            Code::SessionRevoked => tabs::post(tabs::TabMessage::Revoked),
            Code::RefreshReused => tabs::post(tabs::TabMessage::Reused),
            _ => {}
        }
        let told = code != Code::InvalidToken || showing() == Showing::Someone;
        leave_for_sign_in(told.then_some(code));
    });
}

/// Whether this page stays, once it has the answer to what was to end the session: that knows best what happened.
async fn stays() -> bool {
    while transport::is_ending() {
        browser::sleep(timing::LOOK).await;
    }
    showing() != Showing::Leaving
}

/// Leaves for the sign-in page, which says why, and leads back here.
fn leave_for_sign_in(code: Option<Code>) {
    let error = code.map(|code| code.to_string());
    let back = links::return_path(Some(&browser::here()));
    let path = links::with_query(
        links::LOGIN,
        &[(links::query::ERROR, error.as_deref()), (links::query::RETURN_TO, Some(&back))],
    );
    leave(&path);
}
