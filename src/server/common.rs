//! Passwords that are too common to be of use, whatever their length.

/// How much of a password is looked at, in characters: what is longer is not judged by its end.
const LOOKED_AT: usize = 64;

/// Fewer guesses than these, as a power of ten, make a password too common: it is on the list of 30,000, or made of
/// little more than one of them, of a run along the keyboard, a date, a short piece repeated.
const GUESSES_LOG10: f64 = 6.0;

/// Whether a password is too common, by the estimate of zxcvbn (Wheeler, USENIX Security 2016) and its lists. It may
/// take tens of milliseconds for what was made to take long.
pub fn is_common(password: &str) -> bool {
    let looked_at: String = password.chars().take(LOOKED_AT).collect();
    zxcvbn::zxcvbn(&looked_at, &[]).guesses_log10() < GUESSES_LOG10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_passwords_repetitions_and_runs_are_common_and_phrases_are_not() {
        for common in [
            "password",
            "Passw0rd!",
            "iloveyou1",
            "zaq12wsx",
            "aaaaaaaaaaaaaaa",
            "passwordpassword",
            "123123123123123",
            "qwertyuiopasdfgh",
            "abcdefghijklmno",
            "1234567890123456",
            "9876543210987654",
            "qwerty1234567890",
            "Password123456789",
            "trustno1trustno1",
        ] {
            assert!(is_common(common), "{common}");
        }
        let hundred = "a".repeat(1024);
        assert!(is_common(&hundred));
        for fine in ["correct horse battery", "hijklm is a nice run", "määrä on suuri tänään", "test-password-123456"]
        {
            assert!(!is_common(fine), "{fine}");
        }
    }
}
