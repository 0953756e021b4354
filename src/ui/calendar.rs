//! Formats points in time, in the reader's time zone if it is known, otherwise in UTC. `components::relative_time`
//! formats them in the reader's own locale once the page is hydrated.

use super::{text, time_zone};
use crate::domain::time::Timestamp;

/// A date and a time of day.
struct Civil {
    year: i64,
    /// 1 to 12.
    month: i64,
    day: i64,
    seconds: i64,
}

impl Civil {
    /// Howard Hinnant's `civil_from_days`: eras of 400 years, each year beginning in March.
    fn from(time: Timestamp) -> Self {
        let seconds = time.as_secs();
        let days = seconds.div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
            seconds: seconds.rem_euclid(86_400),
        }
    }

    /// The time in the reader's zone, and a suffix: empty, or `UTC` if the zone is unknown.
    fn local(time: Timestamp) -> (Self, &'static str) {
        match time_zone::offset(time) {
            Some(offset) => (Self::from(Timestamp::from_secs(time.as_secs() + offset)), ""),
            None => (Self::from(time), " UTC"),
        }
    }

    fn month_name(&self) -> &'static str {
        usize::try_from(self.month - 1).ok().and_then(|index| text().dates().months.get(index)).unwrap_or(&"")
    }

    fn hour(&self) -> i64 {
        self.seconds / 3_600
    }

    fn minute(&self) -> i64 {
        self.seconds / 60 % 60
    }
}

/// In machine-readable form: `2026-11-23T11:38:57Z` (RFC 3339).
pub fn iso(time: Timestamp) -> String {
    let civil = Civil::from(time);
    let (year, month, day) = (civil.year, civil.month, civil.day);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", civil.hour(), civil.minute(), civil.seconds % 60)
}

/// In the language of the page: `23 Nov 2026, 12:38`, or `23 Nov 2026, 11:38 UTC`.
pub fn date_and_time(time: Timestamp) -> String {
    (text().dates().date_and_time)(&day(time), &time_of_day(time))
}

/// The time of day: `12:38`, or `11:38 UTC`.
pub fn time_of_day(time: Timestamp) -> String {
    let (civil, zone) = Civil::local(time);
    format!("{:02}:{:02}{zone}", civil.hour(), civil.minute())
}

/// The date: `23 Nov 2026`.
pub fn day(time: Timestamp) -> String {
    let (civil, _) = Civil::local(time);
    (text().dates().date)(civil.day, civil.month_name(), civil.year)
}

/// The number of the day that contains `time`, where clocks are `ahead` seconds ahead of UTC.
pub fn day_number(time: Timestamp, ahead: i64) -> i64 {
    (time.as_secs() + ahead).div_euclid(86_400)
}

/// A day as a heading: today, yesterday, or the text of `date`.
pub fn day_words(day: i64, today: i64, date: impl FnOnce() -> String) -> String {
    match today - day {
        0 => text().dates().today.to_owned(),
        1 => text().dates().yesterday.to_owned(),
        _ => date(),
    }
}

/// How long ago something was. `None` if it is more than a week ago: then a date is clearer. A time in the future,
/// which differing clocks can cause, counts as just now.
pub fn ago(then: Timestamp, now: Timestamp) -> Option<String> {
    let seconds = now.since(then).as_secs();
    let ago = text().dates();
    match seconds {
        0..60 => Some(ago.now.to_owned()),
        60..3_600 => Some((ago.minutes)(seconds / 60)),
        3_600..86_400 => Some((ago.hours)(seconds / 3_600)),
        86_400..604_800 => Some((ago.days)(seconds / 86_400)),
        _ => None,
    }
}

/// How far ahead something is, rounded, in the largest unit of which there are at least two.
pub fn ahead(then: Timestamp, now: Timestamp) -> String {
    let seconds = then.since(now).as_secs();
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    let ahead = text().dates();
    match (rounded(86_400), rounded(3_600)) {
        (days @ 2.., _) => (ahead.in_days)(days),
        (_, hours @ 2..) => (ahead.in_hours)(hours),
        _ => (ahead.in_minutes)(rounded(60).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        let time = Timestamp::from_secs(1_795_433_937);
        assert_eq!(iso(time), "2026-11-23T11:38:57Z");
        assert_eq!(date_and_time(time), "23 Nov 2026, 11:38 UTC");
        assert_eq!(time_of_day(time), "11:38 UTC");
        assert_eq!(iso(Timestamp::default()), "1970-01-01T00:00:00Z");
        assert_eq!(iso(Timestamp::from_secs(951_782_400)), "2000-02-29T00:00:00Z");
        assert_eq!(iso(Timestamp::from_secs(-1)), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_day_begins_where_the_reader_is() {
        const HOUR: i64 = 3_600;
        let evening = Timestamp::from_secs(23 * 3_600);
        assert_eq!(day_number(evening, 0), 0);
        assert_eq!(day_number(evening, 2 * HOUR), 1, "in Berlin it is tomorrow");
        assert_eq!(day_number(Timestamp::from_secs(3_600), -5 * HOUR), -1, "in New York it is yesterday");
        let words = |day| day_words(day, 20, || "a date".to_owned());
        assert_eq!([words(20), words(19), words(18), words(21)], ["Today", "Yesterday", "a date", "a date"]);
    }

    #[test]
    fn the_past_is_told_in_its_largest_unit() {
        let now = Timestamp::from_secs(1_000_000_000);
        let before = |seconds: i64| ago(Timestamp::from_secs(1_000_000_000 - seconds), now);
        assert_eq!(before(59).as_deref(), Some("just now"));
        assert_eq!(before(60).as_deref(), Some("1 minute ago"));
        assert_eq!(before(7_199).as_deref(), Some("1 hour ago"));
        assert_eq!(before(86_400).as_deref(), Some("yesterday"));
        assert_eq!(before(172_800).as_deref(), Some("2 days ago"));
        assert_eq!(before(604_800), None);
        assert_eq!(before(-500).as_deref(), Some("just now"), "a clock that is behind");
    }

    #[test]
    fn what_lies_ahead_is_told_in_the_largest_unit_of_which_there_are_two() {
        let now = Timestamp::from_secs(1_000_000_000);
        let after = |seconds: i64| ahead(Timestamp::from_secs(1_000_000_000 + seconds), now);
        for (seconds, expected) in [
            (0, "in 1 minute"),
            (5_000, "in 83 minutes"),
            (11 * 3_600 + 2_000, "in 12 hours"),
            (86_400, "in 24 hours"),
            (1_207_000, "in 14 days"),
        ] {
            assert_eq!(after(seconds), expected);
        }
    }
}
