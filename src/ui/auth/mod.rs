//! The browser's side of being signed in: the access token in memory ([`memory`]), its renewal ([`renewal`], at
//! moments that [`timing`] chooses, one tab after the other by [`turn`]), every call to the server ([`transport`]), what
//! the server tells by itself ([`live`]), and what tabs tell each other ([`tabs`]). All of it is one per page and runs in the browser only; views see it through
//! [`Presence`].

pub mod live;
pub mod memory;
pub mod renewal;
pub mod tabs;
pub mod timing;
pub mod transport;
pub mod turn;

use super::{browser, links, notice};
use crate::api::data::Tokens;
use crate::api::problem::Code;
use leptos::prelude::*;
use std::cell::Cell;

/// What a page shows of a signed-in person: nothing yet, something, or nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    Nothing,
    Someone,
    /// The page is being left: what it showed is gone already.
    Leaving,
}

/// What the page shows, for views to follow.
#[derive(Clone, Copy)]
pub struct Presence(RwSignal<Showing>);

impl Presence {
    pub fn provide() -> Self {
        let presence = Self(RwSignal::new(Showing::Nothing));
        provide_context(presence);
        presence
    }

    pub fn expect() -> Self {
        expect_context()
    }

    pub fn is_leaving(self) -> bool {
        self.0.get() == Showing::Leaving
    }

    /// The page now shows something of the person who is signed in.
    pub fn shows_someone(self) {
        if self.0.get_untracked() == Showing::Nothing {
            self.0.set(Showing::Someone);
        }
    }
}

thread_local! {
    static PRESENCE: Cell<Option<Presence>> = const { Cell::new(None) };
}

fn showing() -> Showing {
    PRESENCE.get().map_or(Showing::Nothing, |presence| presence.0.get_untracked())
}

/// Drops everything and leaves for `path`, so that nothing of this page comes back.
fn leave(path: &str) {
    drop_everything();
    browser::replace(path);
}

fn drop_everything() {
    memory::forget();
    if let Some(Presence(showing)) = PRESENCE.get() {
        showing.set(Showing::Leaving);
    }
}

/// Begins to follow what happens to the page and in other tabs.
pub fn follow(presence: Presence, changes: live::Changes) {
    PRESENCE.set(Some(presence));
    live::count_in(changes);
    tabs::open(|news| match (news, showing()) {
        (tabs::News::SignedOut, Showing::Someone) => leave(links::LOGIN),
        (tabs::News::Changed, Showing::Someone) => live::changed(),
        (tabs::News::Doubt, Showing::Someone) => live::doubt(),
        (tabs::News::Revoked, Showing::Someone) => leave_for_sign_in(Some(Code::SessionRevoked)),
        (tabs::News::Reused, Showing::Someone) => leave_for_sign_in(Some(Code::RefreshReused)),
        (tabs::News::SignedIn, Showing::Someone) => {
            drop_everything();
            browser::reload();
        }
        // The server leads on who is signed in.
        (tabs::News::SignedIn, Showing::Nothing) if links::leads_to_entrance(&browser::here()) => browser::reload(),
        _ => {}
    });
    let window = window();
    browser::listen::<web_sys::Event>(&window, "online", |_| renewal::wake());
    browser::listen::<web_sys::Event>(&document(), "visibilitychange", |_| {
        if browser::is_visible() {
            renewal::wake();
        }
    });
    // A page that may come back by Back comes back empty, and is loaded anew.
    browser::listen::<web_sys::PageTransitionEvent>(&window, "pagehide", |event| {
        if event.persisted() && showing() == Showing::Someone {
            drop_everything();
        }
    });
    browser::listen::<web_sys::PageTransitionEvent>(&window, "pageshow", |event| {
        if event.persisted() {
            browser::reload();
        }
    });
}

/// A sign-in or a sign-up has succeeded in this tab.
pub fn signed_in(tokens: Tokens) {
    renewal::keep(tokens);
    tabs::tell(tabs::News::SignedIn);
}

/// This browser was signed out by its user.
pub fn signed_out() {
    tabs::tell(tabs::News::SignedOut);
    leave(links::LOGIN);
}

/// The server no longer knows this session: leaves for the sign-in page, which says why. A page that never showed
/// anybody has nothing to explain.
fn ended(code: Code) {
    if showing() == Showing::Leaving {
        return;
    }
    // The sign-in page clears the cookie that all tabs have: from then on the server cannot tell the others why.
    match code {
        Code::SessionRevoked => tabs::tell(tabs::News::Revoked),
        Code::RefreshReused => tabs::tell(tabs::News::Reused),
        _ => {}
    }
    let told = code != Code::InvalidToken || showing() == Showing::Someone;
    leave_for_sign_in(told.then_some(code));
}

/// Leaves for the sign-in page, which says why, and leads back here.
fn leave_for_sign_in(code: Option<Code>) {
    let error = code.and_then(notice::code_name);
    let here = browser::here();
    let back = links::return_path(Some(&here));
    let path = links::with_query(
        links::LOGIN,
        &[(links::query::ERROR, error.as_deref()), (links::query::RETURN_TO, Some(back))],
    );
    leave(&path);
}
