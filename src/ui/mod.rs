//! The web app: its pages, and the browser's side of being signed in.
//!
//! The server renders the pages ([`app`]), and the browser hydrates them (`hydrate`). Their markup also works as plain
//! HTML: forms post to the paths of the server functions, and the answer redirects back with a code in the address.
//! Logic is kept apart from the components: [`auth`] (the access token, its renewal, every call), [`devices`] (the
//! actions of the devices page), [`submission`] (sending forms), [`activity`] (the meaning of events), [`notice`] and
//! [`mod@text`] (texts), [`naming`], [`calendar`], [`links`]. Functions that need a browser are called only from
//! effects and event handlers.

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
pub mod submission;
pub mod text;
pub mod time_zone;
pub mod typed;

pub use components::credentials_form::TypedUsername;
pub use environment::{PageEnvironment, RememberHint};
pub use shell::shell;
pub use text::text;

/// Prepares the browser before a page is hydrated.
pub fn prepare() {
    browser::survive_panics(connection::give_up);
    PageEnvironment::read();
}
