//! Everything that runs only on the server. Only this module knows all of the others.

pub mod common;
pub mod config;
pub mod liveness;
pub mod password;
pub mod ports;
pub mod service;
pub mod storage;
pub mod system;
pub mod token;
