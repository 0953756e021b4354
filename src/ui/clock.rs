//! The reader's clock, for views. Empty on the server and in the first paint, so that both write the same markup.

use super::browser;
use crate::domain::time::Timestamp;
use leptos::prelude::*;
use std::time::Duration;

/// How often relative times move on.
const TICK: Duration = Duration::from_secs(20);

/// What the reader's clock says; `None` until the app has come alive.
#[derive(Clone, Copy)]
pub struct Clock(RwSignal<Option<Timestamp>>);

impl Clock {
    pub fn provide() -> Self {
        let clock = Self(RwSignal::new(None));
        provide_context(clock);
        clock
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// Starts to go; in the browser only.
    pub fn start(self) {
        self.0.set(Some(browser::now()));
        set_interval(move || self.0.set(Some(browser::now())), TICK);
    }

    pub fn now(self) -> Option<Timestamp> {
        self.0.get()
    }

    /// Whether the app has come alive: what only works with JavaScript may be offered.
    pub fn is_alive(self) -> bool {
        self.0.with(Option::is_some)
    }

    /// The same, asked once.
    pub fn was_alive(self) -> bool {
        self.0.with_untracked(Option::is_some)
    }
}
