//! Parses durations as people write them: `500ms`, `10s`, `15m`, `12h`, `14d`.

use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// Parses a number with its unit.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration; write 10s, 15m, 12h or 14d");
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// For `#[serde(deserialize_with)]`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_reads_and_nothing_else() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs_f64());
        assert_eq!(seconds("500ms"), Ok(0.5));
        assert_eq!(seconds("10s"), Ok(10.0));
        assert_eq!(seconds("15m"), Ok(900.0));
        assert_eq!(seconds("12h"), Ok(43_200.0));
        assert_eq!(seconds("14d"), Ok(1_209_600.0));
        for bad in ["", "10", "s", "10 s", "-1s", "1.5h", "10x", "99999999999999999999d", "99999999999999999d"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
