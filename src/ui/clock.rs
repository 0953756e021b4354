//! The time, for views: the reader's clock, corrected by what the server's answers say where it is wrong. On the server
//! and in the first paint it is the moment at which the page was made, so that both write the same markup.

use super::browser;
use super::environment::PageEnvironment;
use crate::domain::time::Timestamp;
use leptos::prelude::*;
use std::cell::Cell;
use std::time::Duration;

/// How often relative times move on.
const TICK: Duration = Duration::from_secs(20);

/// A clock that is off by less is taken for right: an answer is under way for a while, and tells whole seconds.
const TOLERANCE_MILLIS: i64 = 30_000;

thread_local! {
    /// By how much this device's clock is behind, in milliseconds.
    static BEHIND: Cell<i64> = const { Cell::new(0) };
    static OF_PAGE: Cell<Option<PageClock>> = const { Cell::new(None) };
}

/// What time it is, and whether it goes: it stands still until the app has come alive.
#[derive(Clone, Copy)]
pub struct PageClock {
    now: RwSignal<Timestamp>,
    alive: RwSignal<bool>,
}

impl PageClock {
    pub fn provide() -> Self {
        let clock = Self { now: RwSignal::new(PageEnvironment::current().now), alive: RwSignal::new(false) };
        provide_context(clock);
        clock
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// Starts to go; in the browser only.
    pub fn start(self) {
        OF_PAGE.set(Some(self));
        self.tick();
        self.alive.set(true);
        browser::spawn(async move {
            loop {
                browser::sleep(TICK).await;
                self.tick();
            }
        });
    }

    fn tick(self) {
        let now = browser::now().as_millis() + BEHIND.get();
        self.now.set(Timestamp::from_millis(now));
    }

    pub fn now(self) -> Timestamp {
        self.now.get()
    }

    pub fn now_untracked(self) -> Timestamp {
        self.now.get_untracked()
    }

    /// For what is mounted by itself, once the app has come alive.
    pub fn of_page() -> Option<Self> {
        OF_PAGE.get()
    }

    /// Whether the app has come alive.
    pub fn is_alive(self) -> bool {
        self.alive.get()
    }
}

/// An answer of the server has just arrived, and says that it is `told` there.
pub fn compare(told: Timestamp) {
    let behind = told.as_millis() - browser::now().as_millis();
    let behind = if behind.abs() < TOLERANCE_MILLIS { 0 } else { behind };
    let changed = (behind - BEHIND.replace(behind)).abs() >= TOLERANCE_MILLIS;
    if let Some(clock) = OF_PAGE.get().filter(|_| changed) {
        clock.tick();
    }
}
