//! The rules of sign-in, sessions and tokens, as pure functions and types: no async, I/O, clock, randomness, HTTP or
//! SQL. Callers pass in the time and any random values.

pub mod access_token;
pub mod activity;
pub mod client;
pub mod credentials;
pub mod crowding;
pub mod device;
pub mod farewell;
pub mod history;
pub mod id;
pub mod key_schedule;
pub mod legible;
pub mod limits;
pub mod log_budget;
pub mod network;
pub mod one_time_link;
pub mod preferences;
pub mod recognition;
pub mod recovery_code;
pub mod redeem;
pub mod refresh_token;
pub mod registration;
pub mod scope;
pub mod second_factor;
pub mod session;
pub mod succession;
pub mod time;
pub mod totp;
pub mod turns;
pub mod weak_passwords;

pub use redeem::redeem;
