//! HTTP: one router, and what stands before all of it. Rules are elsewhere; here is only how they are said.

pub mod account;
pub mod auth;
mod client;
mod context;
mod cookies;
mod forms;
mod headers;
mod live;
mod origin;
mod pages;
pub mod preferences;
mod problem;
mod return_to;
mod router;
mod rpc;
mod web_session;
mod well_known;

pub use client::TrustedProxies;
pub use router::{App, router};
pub use web_session::WebSessions;
