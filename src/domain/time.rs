//! Points in time, in milliseconds: rules never compare times that were rounded to seconds.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds since the Unix epoch, UTC.
///
/// ```
/// use latchkey::domain::time::Timestamp;
/// use std::time::Duration;
///
/// let time = Timestamp::from_secs(1_700_000_000) + Duration::from_millis(250);
/// assert_eq!(time.as_millis(), 1_700_000_000_250);
/// assert_eq!((time.as_secs(), time.as_secs_up()), (1_700_000_000, 1_700_000_001));
/// // A clock that stepped back counts as no time.
/// assert_eq!(time.since(time + Duration::from_secs(5)), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// As milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// From a `NumericDate` (RFC 7519 section 2).
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// As a `NumericDate`, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// As a `NumericDate`, rounded up. Ends are rounded up so that the written end is never before the real one.
    pub const fn as_secs_up(self) -> i64 {
        self.0.saturating_add(999).div_euclid(1000)
    }

    /// The last multiple of `step` that is not later than this time; this time itself if `step` is under a millisecond.
    pub fn rounded_down(self, step: Duration) -> Self {
        Self(self.0 - self.0.rem_euclid(millis(step).max(1)))
    }

    /// The time since `earlier`; zero if `earlier` is later than this time (clocks may step back).
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_rounded_up_and_a_start_down() {
        let time = Timestamp::from_millis(1_001);
        assert_eq!((time.as_secs(), time.as_secs_up()), (1, 2));
        assert_eq!(Timestamp::from_millis(2_000).as_secs_up(), 2);
    }

    #[test]
    fn adding_and_taking_away_are_exact_and_stop_at_the_ends() {
        let (time, step) = (Timestamp::from_millis(1_500), Duration::from_millis(250));
        assert_eq!(((time + step).as_millis(), (time - step).as_millis()), (1_750, 1_250));
        assert_eq!((Timestamp::from_millis(i64::MAX) + step).as_millis(), i64::MAX);
        assert_eq!((Timestamp::from_millis(i64::MIN) - step).as_millis(), i64::MIN);
    }

    #[test]
    fn a_clock_that_stepped_back_counts_as_no_time() {
        assert_eq!(Timestamp::from_millis(5).since(Timestamp::from_millis(9)), Duration::ZERO);
    }
}
