//! The time for views: the reader's clock, corrected by the server's if it is wrong. On the server and until hydration
//! it is the time at which the page was rendered, so that both sides render the same markup.

use super::browser;
use super::environment::PageEnvironment;
use crate::domain::time::Timestamp;
use leptos::prelude::*;
use std::cell::Cell;
use std::time::Duration;

/// How often relative times are updated.
const TICK: Duration = Duration::from_secs(20);

/// A smaller difference is not corrected: an answer takes a while to arrive, and its time is in whole seconds.
const TOLERANCE_MILLIS: i64 = 30_000;

thread_local! {
    /// How far this device's clock is behind, in milliseconds.
    static BEHIND: Cell<i64> = const { Cell::new(0) };
    static OF_PAGE: Cell<Option<PageClock>> = const { Cell::new(None) };
}

/// The current time, and whether it advances. It stands still until the page is hydrated.
#[derive(Clone, Copy)]
pub struct PageClock {
    now: RwSignal<Timestamp>,
    alive: RwSignal<bool>,
}

impl PageClock {
    /// Makes the clock of a page, and gives it to all views of it.
    pub fn provide() -> Self {
        let clock = Self { now: RwSignal::new(PageEnvironment::current().now), alive: RwSignal::new(false) };
        provide_context(clock);
        clock
    }

    /// The clock of the page that the view is in.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Starts the clock. For the browser only.
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

    /// The time; a view that asks is drawn again when it moves.
    pub fn now(self) -> Timestamp {
        self.now.get()
    }

    /// The time, without being drawn again.
    pub fn now_untracked(self) -> Timestamp {
        self.now.get_untracked()
    }

    /// The clock of the page, for views that are mounted separately after hydration.
    pub fn of_page() -> Option<Self> {
        OF_PAGE.get()
    }

    /// Whether the page is hydrated.
    pub fn is_alive(self) -> bool {
        self.alive.get()
    }
}

/// Corrects the clock. `server_time` is the server's time in an answer that has just arrived.
pub fn compare(server_time: Timestamp) {
    let behind = server_time.as_millis() - browser::now().as_millis();
    let behind = if behind.abs() < TOLERANCE_MILLIS { 0 } else { behind };
    let changed = (behind - BEHIND.replace(behind)).abs() >= TOLERANCE_MILLIS;
    if let Some(clock) = OF_PAGE.get().filter(|_| changed) {
        clock.tick();
    }
}
