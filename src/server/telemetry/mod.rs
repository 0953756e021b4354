//! The log: structured lines on standard error, without secrets. Logging never blocks or fails a caller: lines that
//! cannot be written are counted, and the lines that one source can cause are limited.

mod budget;
mod filter;
mod json;
mod queue;
mod rarely;

use super::config::ConfigError;
use budget::Budget;
use json::{JsonLines, JsonMembers};
use queue::LogQueue;
pub use rarely::Rarely;
use std::io::IsTerminal as _;
use std::panic::{self, PanicHookInfo};
use std::time::Duration;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The target of the audit trail: events of accounts and sessions. These lines are never left out.
pub const AUDIT: &str = "latchkey::audit";

/// How long the program waits at its end for the last lines to be written.
const LAST_LINES: Duration = Duration::from_secs(3);

/// The running log. Dropping it writes the remaining lines, for up to three seconds.
#[derive(Debug)]
#[must_use]
pub struct Log {
    queue: LogQueue,
    budget: Budget,
}

/// Starts the log. `LATCHKEY_LOG` sets the filter, otherwise `default`. Lines are JSON unless standard error is a
/// terminal.
///
/// # Errors
/// [`ConfigError::Environment`] when `LATCHKEY_LOG` cannot be parsed.
pub fn start(default: &str) -> Result<Log, ConfigError> {
    let filter = filter::from_environment(default)?;
    // A level above `info` is for debugging: nothing is left out.
    let is_bounded = filter.max_level_hint().is_some_and(|level| level <= LevelFilter::INFO);
    let (queue, budget) = (LogQueue::default(), Budget::new(is_bounded));
    let lines = queue.clone();
    let lines = fmt::layer().with_writer(move || lines.clone()).log_internal_errors(false);
    let lines = if std::io::stderr().is_terminal() {
        lines.boxed()
    } else {
        lines.fmt_fields(JsonMembers).event_format(JsonLines).boxed()
    };
    // A second start, in tests, changes nothing.
    let _ = tracing_subscriber::registry().with(filter).with(budget.clone()).with(lines).try_init();
    panic::set_hook(Box::new(panicked));
    let (writer, ticking) = (queue.clone(), budget.clone());
    let thread = std::thread::Builder::new().name("log".into());
    // If the thread cannot start, the program still runs: the queue fills up, and lines are lost.
    let _ = thread.spawn(move || writer.run(std::io::stderr(), lines_were_lost, || ticking.log_dropped(false)));
    Ok(Log { queue, budget })
}

/// Logs how many lines were lost, once writing works again.
fn lines_were_lost(lost: u64) {
    tracing::error!(lost, "lines of the log could not be written; the number counts from the start");
}

/// What is missing in the log. It is there for the metrics.
#[derive(Clone, Debug)]
pub struct LogGaps {
    queue: LogQueue,
    budget: Budget,
}

impl LogGaps {
    /// The lines that could not be written since the start.
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// The lines that were left out since the start, because one source caused too many.
    pub fn left_out(&self) -> u64 {
        self.budget.left_out()
    }
}

impl Log {
    /// What is missing in it.
    pub fn gaps(&self) -> LogGaps {
        LogGaps { queue: self.queue.clone(), budget: self.budget.clone() }
    }

    /// Writes a line for the operator, unformatted.
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

/// Logs where a panic happened, within the span of its request. The panic's message is not logged: it may quote any
/// value, secrets too.
fn panicked(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "something panicked: a fault of ours");
}
