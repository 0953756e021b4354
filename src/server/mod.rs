//! The server: everything that the browser's half does not contain. [`application`] ties the modules together.

pub mod application;
mod cli;
mod common_passwords;
pub mod config;
mod connections;
mod files;
pub mod http;
mod hyper_errors;
mod listening;
mod liveness;
pub mod metrics;
mod monitoring;
mod password;
pub mod ports;
mod process;
pub mod readiness;
pub mod service;
mod serving;
pub mod session_changes;
mod session_ends;
pub mod site;
pub mod storage;
pub mod system;
mod systemd;
pub mod telemetry;
mod tls;
pub mod token;

pub use cli::main;
