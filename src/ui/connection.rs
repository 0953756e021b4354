//! Whether the page can reach the server. While it cannot, the page says so, and its links and forms do nothing.

use super::{browser, environment, text};
use leptos::prelude::*;
use std::cell::Cell;
use web_sys::Event;

/// The id of the element with this message on pages for visitors.
pub const STATUS: &str = "connection";

/// The root has this attribute while the page is cut off. The styles use it, since the content may be outdated.
const ATTRIBUTE: &str = "data-away";

/// Links to other pages.
const LINKS: &str = "a[href]:not([href^='#'])";

/// Why the page cannot reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The device has no network.
    Offline,
    /// The server does not answer.
    Unreachable,
}

impl Cause {
    fn now() -> Option<Self> {
        if !browser::is_online() { Some(Self::Offline) } else { UNREACHABLE.get().then_some(Self::Unreachable) }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Offline => text().frame().offline,
            Self::Unreachable => text().frame().unreachable,
        }
    }
}

thread_local! {
    static UNREACHABLE: Cell<bool> = const { Cell::new(false) };
    static GIVEN_UP: Cell<bool> = const { Cell::new(false) };
    static OF_PAGE: Cell<Option<Reachability>> = const { Cell::new(None) };
}

/// The state of the connection, for views. Until hydration the server counts as reachable.
#[derive(Clone, Copy)]
pub struct Reachability(RwSignal<Option<Cause>>);

impl Reachability {
    /// Makes it for a page, and gives it to all views of it.
    pub fn provide() -> Self {
        let connection = Self(RwSignal::new(None));
        provide_context(connection);
        connection
    }

    /// That of the page that the view is in.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Starts to follow the connection. For the browser only.
    pub fn follow(self) {
        OF_PAGE.set(Some(self));
        show();
    }

    /// Whether the page cannot reach the server.
    pub fn is_cut_off(self) -> bool {
        let Self(cause) = self;
        cause.with(Option::is_some)
    }

    /// The message about the connection.
    pub fn words(self) -> Option<&'static str> {
        let Self(cause) = self;
        cause.get().map(Cause::words)
    }
}

/// Notes whether the server answers.
pub fn set_reachable(reachable: bool) {
    if UNREACHABLE.replace(!reachable) == reachable {
        show();
    }
}

/// Whether the server did not answer the last time.
pub fn is_unreachable() -> bool {
    UNREACHABLE.get()
}

/// The app has stopped: links and forms work again.
pub fn give_up() {
    GIVEN_UP.set(true);
}

/// Whether the device has no network; `false` on the server.
pub fn is_offline() -> bool {
    environment::is_in_browser() && !browser::is_online()
}

fn show() {
    let cause = Cause::now();
    browser::mark_root(ATTRIBUTE, cause.is_some());
    match OF_PAGE.get() {
        Some(Reachability(shown)) => drop(shown.try_set(cause)),
        None => browser::set_text(STATUS, cause.map_or("", Cause::words)),
    }
}

/// While the server cannot be reached, keeps the page: a link or a form would lead to the browser's own error page.
pub fn hold_page() {
    for event in ["online", "offline"] {
        browser::listen::<Event>(&window(), event, |_| show());
    }
    browser::listen(&document(), "click", |event: Event| {
        if browser::closest(&event, LINKS) {
            hold(&event);
        }
    });
    browser::listen(&document(), "submit", |event: Event| hold(&event));
    show();
}

fn hold(event: &Event) {
    if event.default_prevented() || GIVEN_UP.get() || Cause::now().is_none() {
        return;
    }
    event.prevent_default();
    // Clears the message first, so that screen readers read it again.
    if let Some(Reachability(shown)) = OF_PAGE.get() {
        shown.try_set(None);
    }
    browser::spawn(async {
        browser::pause().await;
        show();
    });
}
