//! Whether the device is online, for views.

use super::browser;
use leptos::prelude::*;

/// Whether the device says that it is offline; `false` until the app has come alive.
#[derive(Clone, Copy)]
pub struct Offline(RwSignal<bool>);

impl Offline {
    pub fn provide() -> Self {
        let offline = Self(RwSignal::new(false));
        provide_context(offline);
        offline
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// Begins to follow it; in the browser only.
    pub fn follow(self) {
        let Self(offline) = self;
        offline.set(!browser::is_online());
        for event in ["online", "offline"] {
            browser::listen::<web_sys::Event>(&window(), event, move |_| offline.set(!browser::is_online()));
        }
    }

    pub fn get(self) -> bool {
        self.0.get()
    }
}
