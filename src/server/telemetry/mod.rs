//! The log: structured, to standard error, never with a secret in it. It stops and slows nothing: lines that cannot be
//! written are counted, and what one source can make it say is bounded.

mod budget;
mod filter;
mod json;
mod queue;
mod rarely;

use super::config::ConfigError;
use budget::Budget;
use json::JsonLines;
use queue::LogQueue;
pub use rarely::Rarely;
use std::io::IsTerminal as _;
use std::panic::{self, PanicHookInfo};
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The target of the audit trail: what happened to an account or a session. Of it nothing is ever left out.
pub const AUDIT: &str = "latchkey::audit";

/// How long the end of the program waits for the last lines to be written.
const LAST_LINES: Duration = Duration::from_secs(3);

/// The running log. Dropped, it writes what is left, if that is possible within three seconds.
#[derive(Debug)]
#[must_use]
pub struct Log {
    queue: LogQueue,
    budget: Budget,
}

/// Starts logging. `LATCHKEY_LOG` chooses what is logged, otherwise `default`; lines are JSON unless a person watches.
///
/// # Errors
/// [`ConfigError::Environment`] when `LATCHKEY_LOG` is not understood.
pub fn start(default: &str) -> Result<Log, ConfigError> {
    let filter = filter::from_environment(default)?;
    // Whoever asks for more than `info` wants it all.
    let is_bounded = filter.max_level_hint().is_some_and(|level| level <= LevelFilter::INFO);
    let (queue, budget) = (LogQueue::default(), Budget::new(is_bounded));
    let lines = queue.clone();
    let lines = fmt::layer().with_writer(move || lines.clone()).log_internal_errors(false);
    let lines = if std::io::stderr().is_terminal() {
        lines.boxed()
    } else {
        lines.fmt_fields(JsonFields::new()).event_format(JsonLines).boxed()
    };
    // A second start, in a test, changes nothing.
    let _ = tracing_subscriber::registry().with(filter).with(budget.clone()).with(lines).try_init();
    panic::set_hook(Box::new(panicked));
    let (writer, ticking) = (queue.clone(), budget.clone());
    let thread = std::thread::Builder::new().name("log".into());
    // Without the thread the program still runs: the queue fills up, and lines are lost.
    let _ = thread.spawn(move || writer.run(std::io::stderr(), lines_were_lost, || ticking.log_dropped(false)));
    Ok(Log { queue, budget })
}

/// Says once that it works again how much is missing.
fn lines_were_lost(lost: u64) {
    tracing::error!(lost, "lines of the log could not be written, so many since the start");
}

impl Log {
    /// Writes a line for the operator as it is.
    pub fn print(&self, line: &str) {
        self.queue.push(format!("{line}\n").as_bytes());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.budget.log_dropped(true);
        self.queue.wait_until_written(LAST_LINES);
        self.queue.close();
    }
}

/// Says where something panicked, within the request that it was for. What a panic itself says is kept from everybody:
/// it may quote whatever was at hand, secrets too.
fn panicked(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "something panicked: a fault of ours");
}
