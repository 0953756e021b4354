//! Tests that tell the stories of users and rules, against the real server: real HTTP, real databases, an injected
//! clock.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on fails, and says where"
)]

mod account;
mod activity;
mod architecture;
mod at_rest;
mod commands;
mod commits;
mod connections;
mod devices;
mod doctor;
mod fairness;
mod farewell;
mod faults;
mod files;
mod forged;
mod form_results;
mod forms;
mod gate;
mod history;
mod housekeeping;
mod html;
mod injection;
mod keys;
mod limits;
mod listening;
mod live;
mod log_output;
mod logs;
mod losses;
mod lost_answers;
mod metrics;
mod model;
mod names;
mod not_me;
mod one_server;
mod one_time_links;
mod operator;
mod pages;
mod panics;
mod plain_words;
mod preferences;
mod property;
mod proxies;
mod races;
mod refresh;
mod rehash;
mod requests;
mod scopes;
mod second_factor;
mod seed_flow;
mod servers;
mod sessions;
mod settings;
mod sign_in;
mod sign_up;
mod starting;
mod store;
mod support;
mod tls;
mod tokens;
mod upgrades;
mod vectors;
