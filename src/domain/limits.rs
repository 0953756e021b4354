//! How often somebody may try. Attempts count when they begin, so that many at once slip nobody past; those that succeed
//! are given back, and those that were never judged taken back.

use super::time::Timestamp;
use std::time::Duration;

/// The first wait after too many failures of one account; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// How long failures of an account are remembered after the last.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);

/// What is kept of the attempts under one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Of a [`Rule::PerMinute`]: until when what was tried is used up. Of a [`Rule::Failures`]: before when nothing more
    /// may be tried.
    pub until: Timestamp,
    /// Of a [`Rule::Failures`]: how many there were.
    pub count: u32,
    /// When all of this is as if it had never been.
    pub expires_at: Timestamp,
}

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// So many at once, and so many a minute after that.
    PerMinute(u32),
    /// So many failures, then waits that double up to 15 minutes.
    Failures(u32),
}

impl Rule {
    /// Begins an attempt at `now`: what is kept of it.
    ///
    /// # Errors
    /// How long to wait if it may not be made; then nothing changes.
    pub fn begin(self, tally: Option<Tally>, now: Timestamp) -> Result<Tally, Duration> {
        let tally = tally.filter(|tally| now < tally.expires_at).unwrap_or_default();
        match self {
            Self::PerMinute(most) => {
                let each = MINUTE / most.max(1);
                let used = tally.until.max(now);
                let room = each * most.saturating_sub(1);
                if used.since(now) > room {
                    return Err(used.since(now).saturating_sub(room));
                }
                Ok(Tally { until: used + each, count: 0, expires_at: used + each })
            }
            Self::Failures(most) => {
                if now < tally.until {
                    return Err(tally.until.since(now));
                }
                let count = tally.count.saturating_add(1);
                let until = match count.checked_sub(most) {
                    None => now,
                    Some(beyond) => now + (FIRST_WAIT * 2u32.saturating_pow(beyond.min(16))).min(LONGEST_WAIT),
                };
                Ok(Tally { until, count, expires_at: now + MEMORY })
            }
        }
    }

    /// The attempt that was begun succeeded: what is kept now, if anything.
    pub fn succeeded(self, tally: Tally, now: Timestamp) -> Option<Tally> {
        match self {
            Self::PerMinute(most) => {
                let until = tally.until - MINUTE / most.max(1);
                (now < until).then_some(Tally { until, count: 0, expires_at: until })
            }
            Self::Failures(_) => None,
        }
    }

    /// The attempt that was begun as `begun` was never judged, by a fault of ours: what is kept now, if anything. Only
    /// this one is taken back; what others began or failed at meanwhile still counts.
    pub fn undone(self, tally: Tally, begun: Tally, now: Timestamp) -> Option<Tally> {
        match self {
            Self::PerMinute(_) => self.succeeded(tally, now),
            Self::Failures(_) => {
                let count = tally.count.saturating_sub(1);
                // Whoever could begin had waited: the wait that began with it goes, unless a later one took its place.
                let until = if tally.until == begun.until { begun.expires_at - MEMORY } else { tally.until };
                (count > 0).then_some(Tally { until, count, ..tally })
            }
        }
    }

    /// Whether a tally is the first that makes others wait.
    pub fn begins_to_block(self, tally: &Tally) -> bool {
        matches!(self, Self::Failures(most) if tally.count == most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_millis(1_800_000_000_123);

    fn at(secs: u64) -> Timestamp {
        START + Duration::from_secs(secs)
    }

    /// How many attempts of `tries` at `now` may be made.
    fn made(rule: Rule, tally: &mut Option<Tally>, now: Timestamp, tries: u32) -> u32 {
        let mut made = 0;
        for _ in 0..tries {
            if let Ok(begun) = rule.begin(*tally, now) {
                *tally = Some(begun);
                made += 1;
            }
        }
        made
    }

    #[test]
    fn five_at_once_and_then_five_a_minute() {
        let (rule, mut tally) = (Rule::PerMinute(5), None);
        assert_eq!(made(rule, &mut tally, START, 50), 5);
        assert_eq!(rule.begin(tally, START), Err(Duration::from_secs(12)));
        assert_eq!(made(rule, &mut tally, at(11), 50), 0);
        assert_eq!(made(rule, &mut tally, at(12), 50), 1);
        assert_eq!(made(rule, &mut tally, at(72), 50), 5);
        assert_eq!(made(rule, &mut tally, at(1_000), 50), 5);
    }

    #[test]
    fn what_succeeds_is_given_back() {
        let (rule, mut tally) = (Rule::PerMinute(5), None);
        for _ in 0..50 {
            let begun = rule.begin(tally, START).unwrap();
            tally = rule.succeeded(begun, START);
        }
        assert_eq!(tally, None);
        let one = rule.begin(None, START).unwrap();
        let two = rule.begin(Some(one), START).unwrap();
        assert_eq!(rule.succeeded(two, START), Some(one));
    }

    #[test]
    fn after_ten_failures_waits_double_up_to_a_quarter_of_an_hour() {
        let (rule, mut tally) = (Rule::Failures(10), None);
        assert_eq!(made(rule, &mut tally, START, 50), 10);
        assert!(rule.begins_to_block(&tally.unwrap()));
        let (mut now, mut waits) = (START, Vec::new());
        for _ in 0..13 {
            let wait = rule.begin(tally, now).unwrap_err();
            waits.push(wait.as_secs());
            now = now + wait;
            assert_eq!(made(rule, &mut tally, now, 50), 1);
            assert!(!rule.begins_to_block(&tally.unwrap()));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }

    #[test]
    fn failures_are_forgotten_by_a_success_and_a_day_after_the_last() {
        let (rule, mut tally) = (Rule::Failures(10), None);
        made(rule, &mut tally, START, 9);
        assert_eq!(rule.succeeded(tally.unwrap(), START), None);
        assert_eq!(rule.begin(tally, at(86_399)).unwrap().count, 10);
        assert_eq!(rule.begin(tally, at(86_400)).unwrap().count, 1);
    }

    #[test]
    fn what_was_never_judged_leaves_things_as_they_were() {
        for (rule, failures) in
            [(Rule::Failures(3), 0), (Rule::Failures(3), 2), (Rule::Failures(3), 3), (Rule::PerMinute(5), 2)]
        {
            let mut before = None;
            assert_eq!(made(rule, &mut before, START, failures), failures);
            let now = at(5);
            let begun = rule.begin(before, now).unwrap();
            let after = rule.undone(begun, begun, now);
            assert_eq!(rule.begin(after, now), Ok(begun), "{rule:?} after {failures}");
        }
    }

    #[test]
    fn what_is_taken_back_clears_no_failure_and_no_wait_of_others() {
        let rule = Rule::Failures(3);
        let one = rule.begin(None, START).unwrap();
        let two = rule.begin(Some(one), START).unwrap();
        let three = rule.begin(Some(two), START).unwrap();
        // The first of the three was not judged; the other two failed.
        let left = rule.undone(three, one, START).unwrap();
        assert_eq!((left.count, left.until), (2, three.until));
        // Nothing is left to take back after a success.
        assert_eq!(rule.undone(Tally::default(), one, START), None);
        // However often it is tried, those that were judged add up.
        let mut tally = None;
        for _ in 0..3 {
            let begun = rule.begin(tally, START).unwrap();
            tally = rule.undone(begun, begun, START);
            tally = Some(rule.begin(tally, START).unwrap());
        }
        assert!(rule.begin(tally, START).is_err());
    }

    #[test]
    fn no_number_of_failures_overflows() {
        let tally = Tally { until: START, count: u32::MAX, expires_at: at(10) };
        let begun = Rule::Failures(1).begin(Some(tally), START).unwrap();
        assert_eq!((begun.count, begun.until), (u32::MAX, at(900)));
    }
}
