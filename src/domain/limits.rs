//! How often somebody may try. Only counted attempts use up a limit: failures where somebody proves who they are, and
//! successes where successes must be rare. An attempt in progress holds a place, so that many at once cannot exceed the
//! limit.

use super::time::Timestamp;
use std::time::Duration;

/// The wait after too many failures of one account. Each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// How long an account's failures are remembered after the last one.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
/// How far the clocks of several servers may be apart. A stored time further ahead than a limit could have set was
/// written while a clock was wrong, and is ignored.
const SKEW: Duration = Duration::from_secs(60);

/// What is stored about the attempts under one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// For [`LimitRule::PerMinute`]: until when the counted attempts use up the limit. For [`LimitRule::Failures`]:
    /// until when no further attempt is allowed.
    pub until: Timestamp,
    /// For [`LimitRule::Failures`]: the number of failures.
    pub count: u32,
    /// When this tally no longer counts.
    pub expires_at: Timestamp,
}

/// A limit.
///
/// ```
/// use latchkey::domain::limits::LimitRule;
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, second) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(1));
///
/// let rule = LimitRule::Failures(2);
/// let once = rule.count(None, now)?;
/// assert_eq!(rule.places(Some(once), now), Ok(1));
/// let twice = rule.count(Some(once), now)?;
/// assert_eq!(rule.places(Some(twice), now), Err(second));
/// // One more failure after the wait doubles it.
/// let thrice = rule.count(Some(twice), now + second)?;
/// assert_eq!(rule.places(Some(thrice), now + second), Err(2 * second));
/// # Ok::<(), Duration>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitRule {
    /// This many at once, and this many per minute after that.
    PerMinute(u32),
    /// This many failures, then waits that double up to 15 minutes.
    Failures(u32),
}

impl LimitRule {
    /// How many attempts may be in progress at `now`; at least one.
    ///
    /// # Errors
    /// How long to wait if none is allowed.
    pub fn places(self, tally: Option<Tally>, now: Timestamp) -> Result<u32, Duration> {
        let Tally { until, count, .. } = self.believed(tally, now);
        let wait = until.since(now);
        match self {
            Self::PerMinute(most) => {
                let each = MINUTE / most.max(1);
                let room = each * most.saturating_sub(1);
                let left = room.checked_sub(wait).ok_or_else(|| wait.saturating_sub(room))?;
                let places = left.as_nanos() / each.as_nanos().max(1) + 1;
                Ok(u32::try_from(places).unwrap_or(u32::MAX))
            }
            Self::Failures(_) if !wait.is_zero() => Err(wait),
            Self::Failures(most) => Ok(most.saturating_sub(count).max(1)),
        }
    }

    /// Counts one attempt at `now`, and returns the new tally.
    ///
    /// # Errors
    /// How long to wait if the attempt is not allowed. It is not counted.
    pub fn count(self, tally: Option<Tally>, now: Timestamp) -> Result<Tally, Duration> {
        self.places(tally, now)?;
        let Tally { until, count, .. } = self.believed(tally, now);
        match self {
            Self::PerMinute(most) => {
                let until = until.max(now) + MINUTE / most.max(1);
                Ok(Tally { until, count: 0, expires_at: until })
            }
            Self::Failures(most) => {
                let count = count.saturating_add(1);
                let until = match count.checked_sub(most) {
                    None => now,
                    Some(beyond) => now + (FIRST_WAIT * 2u32.saturating_pow(beyond.min(16))).min(LONGEST_WAIT),
                };
                Ok(Tally { until, count, expires_at: now + MEMORY })
            }
        }
    }

    /// The tally as it counts at `now`: empty if it has expired, and without a wait that no limit could have set.
    /// Failures stay counted, whatever the clock did.
    fn believed(self, tally: Option<Tally>, now: Timestamp) -> Tally {
        let Some(tally) = tally.filter(|tally| now < tally.expires_at) else { return Tally::default() };
        match self {
            Self::PerMinute(_) if tally.until.since(now) > MINUTE + SKEW => Tally::default(),
            Self::Failures(_)
                if tally.expires_at.since(now) > MEMORY + SKEW || tally.until.since(now) > LONGEST_WAIT + SKEW =>
            {
                Tally { until: now, ..tally }
            }
            Self::PerMinute(_) | Self::Failures(_) => tally,
        }
    }

    /// Whether this tally is the first that makes further attempts wait.
    pub fn begins_to_block(self, tally: &Tally) -> bool {
        matches!(self, Self::Failures(most) if tally.count == most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_123);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn at(secs: u64) -> Timestamp {
        START + Duration::from_secs(secs)
    }

    /// How many of `tries` attempts at `now` are counted.
    fn counted(rule: LimitRule, tally: &mut Option<Tally>, now: Timestamp, tries: u32) -> u32 {
        let mut counted = 0;
        for _ in 0..tries {
            if let Ok(more) = rule.count(*tally, now) {
                *tally = Some(more);
                counted += 1;
            }
        }
        counted
    }

    #[test]
    fn five_at_once_and_then_five_a_minute() {
        let (rule, mut tally) = (LimitRule::PerMinute(5), None);
        assert_eq!(counted(rule, &mut tally, START, 50), 5);
        assert_eq!(rule.count(tally, START), Err(Duration::from_secs(12)));
        assert_eq!(counted(rule, &mut tally, at(11), 50), 0);
        assert_eq!(counted(rule, &mut tally, at(12), 50), 1);
        assert_eq!(counted(rule, &mut tally, at(72), 50), 5);
        assert_eq!(counted(rule, &mut tally, at(1_000), 50), 5);
    }

    #[test]
    fn there_are_as_many_places_as_may_still_be_counted() {
        for rule in [
            LimitRule::PerMinute(5),
            LimitRule::PerMinute(1),
            LimitRule::PerMinute(60),
            LimitRule::Failures(10),
            LimitRule::Failures(1),
        ] {
            let (mut tally, mut now) = (None, START);
            for step in 0..40 {
                match rule.places(tally, now) {
                    Ok(places) => {
                        assert_eq!(counted(rule, &mut tally.clone(), now, places + 1), places, "{rule:?} {step}");
                        tally = Some(rule.count(tally, now).unwrap());
                    }
                    Err(wait) => {
                        assert_eq!(rule.count(tally, now), Err(wait));
                        now = now + wait;
                    }
                }
            }
        }
    }

    #[test]
    fn after_ten_failures_waits_double_up_to_a_quarter_of_an_hour() {
        let (rule, mut tally) = (LimitRule::Failures(10), None);
        assert_eq!(counted(rule, &mut tally, START, 50), 10);
        assert!(rule.begins_to_block(&tally.unwrap()));
        let (mut now, mut waits) = (START, Vec::new());
        for _ in 0..13 {
            let wait = rule.count(tally, now).unwrap_err();
            waits.push(wait.as_secs());
            now = now + wait;
            assert_eq!(counted(rule, &mut tally, now, 50), 1);
            assert!(!rule.begins_to_block(&tally.unwrap()));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }

    #[test]
    fn failures_are_forgotten_a_day_after_the_last() {
        let (rule, mut tally) = (LimitRule::Failures(10), None);
        counted(rule, &mut tally, START, 9);
        assert_eq!(rule.count(tally, at(86_399)).unwrap().count, 10);
        assert_eq!(rule.count(tally, at(86_400)).unwrap().count, 1);
    }

    #[test]
    fn a_clock_that_was_ahead_makes_nobody_wait_afterwards() {
        for ahead in [DAY / 24, DAY, DAY * 400] {
            for rule in [LimitRule::PerMinute(5), LimitRule::Failures(10)] {
                let mut tally = None;
                counted(rule, &mut tally, START + ahead, 50);
                assert!(rule.places(tally, START + ahead).is_err());
                assert!(rule.places(tally, START).is_ok(), "{rule:?} {ahead:?}");
            }
        }
        // Those failures still count: a clock that steps is no way to guess more often.
        let (rule, mut tally) = (LimitRule::Failures(10), None);
        counted(rule, &mut tally, START + DAY, 50);
        assert_eq!(rule.count(tally, START).map(|tally| tally.count), Ok(11));
        tally = rule.count(tally, START).ok();
        assert_eq!(rule.places(tally, START), Err(Duration::from_secs(2)));
    }

    #[test]
    fn servers_whose_clocks_are_a_little_apart_believe_each_other() {
        for rule in [LimitRule::PerMinute(5), LimitRule::Failures(10)] {
            let mut tally = None;
            counted(rule, &mut tally, at(30), 50);
            assert!(rule.places(tally, START).is_err(), "{rule:?}");
        }
    }

    #[test]
    fn no_number_of_failures_overflows() {
        let tally = Tally { until: START, count: u32::MAX, expires_at: at(10) };
        let counted = LimitRule::Failures(1).count(Some(tally), START).unwrap();
        assert_eq!((counted.count, counted.until), (u32::MAX, at(900)));
    }
}
