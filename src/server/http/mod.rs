//! The HTTP server: one router, the layers around it, and the handlers. Handlers translate between HTTP and the use
//! cases in `server::service`; they hold no rules.

pub(crate) mod account;
pub(crate) mod auth;
pub mod client;
mod context;
pub mod cookies;
mod device;
mod document;
mod export;
mod farewell;
mod form_result;
mod forms;
mod forwarded;
pub(super) mod headers;
mod live;
pub(crate) mod one_time_links;
pub mod origin;
mod pages;
mod peer;
pub(crate) mod preferences;
mod problem;
mod qr_code;
mod router;
mod rpc;
mod scopes;
pub(crate) mod second_factors;
pub(super) mod site;
mod trace;
mod web_session;
mod well_known;

pub use client::TrustedProxies;
pub use context::bearer;
pub use peer::Peer;
pub use router::{App, AppParts, counted_routes, router, routes};
pub use web_session::WebSessionStore;
