//! Latchkey: a self-hosted sign-in service with its own web app.
//!
//! People sign in with a browser or a native client, see every device that is signed in, and end any of them. Services
//! behind it trust short-lived access tokens, which they check by themselves against published keys.
//!
//! # Layout
//!
//! | module | content | may use |
//! |---|---|---|
//! | [`domain`] | the rules: pure functions and types, no I/O, no clock, no randomness | nothing of ours |
//! | [`api`] | the wire contract: data, problems, server functions; compiled for both targets | `domain` |
//! | [`ui`] | the web app: pages, components, the client's side of sign-in | `api`, `domain` |
//! | `hydrate` | where the browser's WebAssembly starts (feature `hydrate`) | `ui`, `api`, `domain` |
//! | `server` | everything that runs only on the server (feature `ssr`) | all but `hydrate` |
//!
//! A test (`src/tests/architecture.rs`) reads the sources and enforces these dependencies.
//!
//! # Invariants
//!
//! * A session has one row, however often its refresh token was rotated; one pure function decides what a presented
//!   token means ([`domain::redeem()`]).
//! * Whatever was answered with success is durable; once a revocation was answered, no token of that session is
//!   accepted again.
//! * The access token lives in the memory of the hydrated app only; the refresh token in an `HttpOnly` cookie only.

// A view is one type that contains the types of all its parts.
#![recursion_limit = "256"]

pub mod api;
pub mod domain;
#[cfg(feature = "hydrate")]
mod hydrate;
#[cfg(feature = "ssr")]
pub mod server;
pub mod ui;
