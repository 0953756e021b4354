//! When to renew, and how long to wait. Pure functions: randomness is an argument, from 0 to 1,000.

use std::time::Duration;

/// How often a tab checks whether something that it waits for has happened.
pub const LOOK: Duration = Duration::from_millis(150);

/// How long to wait for the answer to a renewal. It is less than the server's grace, in which a tab that got no answer
/// may ask again: an answer after that could bring back an older cookie. There is a minimum, because no network is fast
/// enough for a very short grace.
pub fn patience(grace: Duration) -> Duration {
    const LEAST: Duration = Duration::from_secs(2);
    const LONGEST: Duration = Duration::from_secs(8);
    (grace * 4 / 5).clamp(LEAST, LONGEST)
}

/// The time until the next renewal: random between 60 and 90 % of the access token's life. This window is many times
/// the server's grace, so that somebody who uses a stolen token in step cannot hit it every time.
pub fn renewal(life: Duration, chance: u32) -> Duration {
    life / 10_000 * (6_000 + 3 * chance.min(1_000))
}

/// How long to wait before an attempt (1 is the first repetition): doubling from 2 s up to a minute. Up to half of it
/// is random, so that many tabs do not come at once. It is never shorter than the server asked for.
pub fn backoff(attempt: u32, chance: u32, asked: Option<Duration>) -> Duration {
    let doubled = Duration::from_secs(1 << attempt.clamp(1, 6)).min(Duration::from_secs(60));
    (doubled / 2_000 * (1_000 + chance.min(1_000))).max(asked.unwrap_or_default())
}

/// How often a visible tab makes the listening tab look for a server that does not answer.
pub const WATCHED: Duration = Duration::from_millis(1_500);

/// How long to wait before listening again, after this many failures in a row. It is short while somebody looks at a
/// page that cannot reach the server (`is_watched`), otherwise it grows.
pub fn reconnection(failures: u32, chance: u32, is_watched: bool) -> Duration {
    match failures {
        0 => Duration::from_millis(u64::from(chance.min(1_000)) / 2),
        _ if is_watched => WATCHED / 2_000 * (1_000 + chance.min(1_000)),
        _ => backoff(failures, chance, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_at_a_page_that_is_cut_off_waits_for_no_more_than_a_moment() {
        for failures in [1, 5, 100] {
            assert!(reconnection(failures, 1_000, true) <= WATCHED);
            assert!(reconnection(failures, 0, true) >= WATCHED / 2);
        }
        assert_eq!(reconnection(100, 1_000, false), Duration::from_secs(60));
        assert!(reconnection(0, 1_000, false) < Duration::from_secs(1));
    }

    #[test]
    fn a_renewal_comes_between_60_and_90_percent_of_the_life() {
        let life = Duration::from_secs(600);
        assert_eq!(renewal(life, 0).as_secs(), 360);
        assert_eq!(renewal(life, 500).as_secs(), 450);
        assert_eq!(renewal(life, 1_000).as_secs(), 540);
        assert_eq!(renewal(life, 7_000).as_secs(), 540);
    }

    #[test]
    fn no_answer_is_waited_for_longer_than_the_grace_of_the_server() {
        for grace in [3, 5, 9, 10, 11, 60].map(Duration::from_secs) {
            assert!(patience(grace) < grace, "{grace:?}");
        }
        assert_eq!(patience(Duration::from_secs(10)), Duration::from_secs(8));
        assert_eq!(patience(Duration::from_secs(60)), Duration::from_secs(8));
        assert_eq!(patience(Duration::ZERO), Duration::from_secs(2));
    }

    #[test]
    fn waiting_grows_is_bounded_and_heeds_the_server() {
        assert_eq!(backoff(1, 1_000, None), Duration::from_secs(2));
        assert_eq!(backoff(1, 0, None), Duration::from_secs(1));
        assert_eq!(backoff(3, 1_000, None), Duration::from_secs(8));
        assert_eq!(backoff(40, 1_000, None), Duration::from_secs(60));
        assert_eq!(backoff(1, 0, Some(Duration::from_secs(30))), Duration::from_secs(30));
    }
}
