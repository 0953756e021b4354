//! The wire contract, compiled for both targets: what is said ([`data`], [`problem`]), how ([`wire`], [`transport`], [`json`]),
//! and which calls there are ([`auth`], [`account`]).

pub mod account;
pub mod auth;
pub mod data;
mod form;
pub mod json;
pub mod preferences;
pub mod problem;
pub mod transport;
pub mod wire;

pub use form::{Flag, Secret};
