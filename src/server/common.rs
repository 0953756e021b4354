//! Passwords that are too common to be of use, whatever their length.

use crate::domain::weak_passwords::{self, COMMON_LOG10, is_mostly_known, judged};

/// Words that are common where `public_url` is known.
pub fn words_of_the_site(public_url: &str) -> Vec<String> {
    let url = public_url.parse::<http::Uri>().ok();
    weak_passwords::words_of_the_site(url.as_ref().and_then(http::Uri::host).unwrap_or_default())
}

/// Whether a password is too common, by what everybody knows, and by the estimate of zxcvbn (Wheeler, USENIX Security
/// 2016) and its lists, in which `words` come first. It may take tens of milliseconds for what was made to take long.
pub fn is_common(password: &str, words: &[String]) -> bool {
    if is_mostly_known(password, words) {
        return true;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    zxcvbn::zxcvbn(&judged(password), &words).guesses_log10() < COMMON_LOG10
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
            "iloveyou iloveyou",
            "iloveyou, iloveyou!",
            "correct horse battery staple",
            "localhost localhost",
        ] {
            assert!(is_common(common, &[]), "{common}");
        }
        let hundred = "a".repeat(1024);
        assert!(is_common(&hundred, &[]));
        for fine in
            ["violet kettle under snow", "hijklm is a nice run", "määrä on suuri tänään", "test-password-123456"]
        {
            assert!(!is_common(fine, &[]), "{fine}");
        }
    }

    #[test]
    fn the_names_of_product_and_site_are_common_here_and_not_elsewhere() {
        let words = words_of_the_site("https://signin.quokkaworks.example:8443");
        assert_eq!(words, ["latchkey", "signin.quokkaworks.example", "signin", "quokkaworks", "example"]);
        for common in ["signin.quokkaworks.example", "QuokkaWorks12345", "quokkaworksquokkaworks", "latchkeylatchkey"] {
            assert!(is_common(common, &words), "{common}");
        }
        assert!(!is_common("QuokkaWorks12345", &words_of_the_site("http://localhost:3000")));
        assert!(!is_common("a quokka works in the latchkey factory", &words));
    }
}
