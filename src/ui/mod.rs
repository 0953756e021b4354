//! The web app: what people see, and the browser's side of being signed in.
//!
//! The same pages render on the server ([`app`]) and come alive in the browser (`hydrate`); their markup works as plain HTML too: forms
//! post to the paths of the server functions and come back with codes in the address. Logic stands apart from the
//! components: [`auth`] (the access token, its renewal, every call), [`devices`] (what the devices page does), [`activity`] (what an event means),
//! [`notice`] and [`mod@text`] (words), [`naming`], [`calendar`], [`links`]. Whatever needs a browser is called from
//! effects and event handlers only.

pub mod activity;
pub mod address;
pub mod app;
pub mod auth;
pub mod browser;
pub mod calendar;
pub mod clock;
pub mod components;
pub mod connection;
pub mod devices;
pub mod environment;
pub mod files;
pub mod form_result;
pub mod links;
pub mod messages;
pub mod naming;
pub mod notice;
pub mod page;
pub mod pages;
pub mod shell;
pub mod strength;
pub mod text;
pub mod time_zone;
pub mod typed;

pub use components::credentials_form::TypedUsername;
pub use environment::{PageEnvironment, RememberHint};
pub use shell::shell;
pub use text::text;

/// What must stand before a page comes alive in a browser.
pub fn prepare() {
    browser::survive_panics(connection::give_up);
    PageEnvironment::read();
}
