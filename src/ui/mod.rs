//! The web app: what people see, and the browser's side of being signed in.
//!
//! The same [`App`] renders on the server and comes alive in the browser; its markup works as plain HTML too: forms
//! post to the paths of the server functions and come back with codes in the address. Logic stands apart from the
//! components: [`auth`] (the access token, its renewal, every call), [`devices`] (what the devices page does), [`activity`] (what an event means),
//! [`notice`] and [`mod@text`] (words), [`naming`], [`calendar`], [`links`]. Whatever needs a browser is called from
//! effects and event handlers only.

pub mod activity;
pub mod app;
pub mod auth;
pub mod browser;
pub mod calendar;
pub mod clock;
pub mod components;
pub mod connection;
pub mod devices;
pub mod environment;
pub mod links;
pub mod naming;
pub mod notice;
pub mod pages;
pub mod shell;
pub mod strength;
pub mod text;
pub mod whole;

pub use app::App;
pub use components::credentials_form::TypedUsername;
pub use environment::Environment;
pub use shell::shell;
pub use text::text;

/// What must stand before the app comes alive in a browser: how calls travel, and how faults are reported.
pub fn prepare() {
    browser::report_panics();
    Environment::read();
    crate::api::transport::install(std::rc::Rc::new(auth::transport::Fetch));
}
