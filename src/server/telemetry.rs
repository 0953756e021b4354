//! The log: structured, to standard error, never with a secret in it.

mod filter;

use super::config::ConfigError;
use std::io::IsTerminal as _;
use std::panic::{self, PanicHookInfo};

/// Starts logging. `LATCHKEY_LOG` chooses what is logged, otherwise `default`; lines are JSON unless a person watches.
///
/// # Errors
/// [`ConfigError::Environment`] when `LATCHKEY_LOG` is not understood.
pub fn start(default: &str) -> Result<(), ConfigError> {
    let filter = filter::from_environment(default)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, in a test, changes nothing.
    let _ = if std::io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    };
    panic::set_hook(Box::new(panicked));
    Ok(())
}

/// Says where something panicked, within the request that it was for. What a panic itself says is kept from everybody:
/// it may quote whatever was at hand, secrets too.
fn panicked(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "something panicked: a fault of ours");
}
