//! The real clock and the real randomness: the only place where they are asked.

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

/// The system's generator of random bytes.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn fill(&self, bytes: &mut [u8]) {
        // The generator fails only when the system has none at all: then nothing of ours may go on.
        if aws_lc_rs::rand::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

/// Time since this was first asked, for intervals that must pass whatever becomes of the system's clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
