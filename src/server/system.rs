//! The system's clock and random generator. No other module uses them directly.

use super::ports::{Clock, Entropy};
use crate::domain::time::Timestamp;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }
}

/// The system's random generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn fill(&self, bytes: &mut [u8]) {
        // This fails only if the system has no random generator. Nothing may go on then.
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

/// The time since the first call, for intervals that must not depend on changes of the system's clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
