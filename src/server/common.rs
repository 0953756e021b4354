//! Passwords that are too common to be of use, whatever their length.

/// Whether a password, in lower case, is little more than a short piece repeated, or a run along the keyboard or the
/// alphabet: what attackers try first once short ones are refused.
pub fn is_common(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    let repeats = (1..=8).any(|length| {
        characters.len() > length && characters.iter().zip(characters.iter().skip(length)).all(|(a, b)| a == b)
    });
    repeats || is_run(&characters)
}

const RUNS: [&str; 5] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
];

/// Whether it is made of few pieces of well-known runs, forwards or backwards.
fn is_run(characters: &[char]) -> bool {
    let follows = |pair: &[char]| {
        let (forwards, backwards): (String, String) = (pair.iter().collect(), pair.iter().rev().collect());
        RUNS.iter().any(|run| run.contains(&forwards) || run.contains(&backwards))
    };
    let pairs = characters.len().saturating_sub(1);
    pairs > 0 && characters.windows(2).filter(|pair| follows(pair)).count() * 10 >= pairs * 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_and_runs_are_common_and_phrases_are_not() {
        for common in [
            "aaaaaaaaaaaaaaa",
            "passwordpassword",
            "123123123123123",
            "qwertyuiopasdfgh",
            "abcdefghijklmno",
            "1234567890123456",
            "9876543210987654",
            "qwerty1234567890",
        ] {
            assert!(is_common(common), "{common}");
        }
        for fine in ["correct horse battery", "hijklm is a nice run", "määrä on suuri tänään"] {
            assert!(!is_common(fine), "{fine}");
        }
    }
}
