//! Limits how often a line is written that repeats quickly.

use crate::server::system::monotonic;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The shortest interval between two such lines.
const INTERVAL: Duration = Duration::from_secs(60);

/// Allows a line once a minute.
#[derive(Debug)]
pub struct Rarely(Mutex<LimiterState>);

impl Default for Rarely {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct LimiterState {
    times: u64,
    written: Option<Duration>,
}

impl Rarely {
    /// A line that is due the first time.
    pub const fn new() -> Self {
        Self(Mutex::new(LimiterState { times: 0, written: None }))
    }

    /// Counts one occurrence. If the line is due, returns the number of occurrences since it was last written.
    pub fn count(&self) -> Option<u64> {
        self.count_at(monotonic())
    }

    fn count_at(&self, now: Duration) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.times += 1;
        let is_due = state.written.is_none_or(|written| now.saturating_sub(written) >= INTERVAL);
        is_due.then(|| {
            state.written = Some(now);
            std::mem::take(&mut state.times)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_once_a_minute_with_how_often_it_happened() {
        let (rarely, second) = (Rarely::new(), Duration::from_secs(1));
        assert_eq!(rarely.count_at(second), Some(1));
        for now in 2..61 {
            assert_eq!(rarely.count_at(second * now), None);
        }
        assert_eq!(rarely.count_at(second * 61), Some(60));
    }
}
