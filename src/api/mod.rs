//! The wire contract between the app and the server, compiled for both targets: the calls ([`auth`], [`second_factor`], [`account`]),
//! their data ([`data`], [`problem`], [`return_to`]), and their encoding and transport ([`wire`], [`transport`],
//! [`json`]).

pub mod account;
pub mod auth;
pub mod data;
mod form;
pub mod json;
pub mod preferences;
pub mod problem;
pub mod return_to;
pub mod second_factor;
pub mod transport;
pub mod wire;

pub use form::{Flag, Secret, from_form};
