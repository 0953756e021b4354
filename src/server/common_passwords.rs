//! Recognises passwords that are too common, whatever their length.

use crate::domain::weak_passwords::{self, COMMON_LOG10, is_mostly_known, judged};

/// Words that an attacker would try first at `public_url`.
pub(super) fn words_of_the_site(public_url: &str) -> Vec<String> {
    let url = public_url.parse::<http::Uri>().ok();
    weak_passwords::words_of_the_site(url.as_ref().and_then(http::Uri::host).unwrap_or_default())
}

/// Whether a password is too common, by our own lists and by the estimate of zxcvbn (Wheeler, USENIX Security 2016), in
/// whose dictionaries `words` come first. It takes tens of milliseconds at most, even for passwords made to be slow.
pub(super) fn is_common(password: &str, words: &[String]) -> bool {
    if is_mostly_known(password, words) {
        return true;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let guesses_log10 = |piece: String| zxcvbn::zxcvbn(&piece, &words).guesses_log10();
    pieces(&judged(password)).into_iter().map(guesses_log10).sum::<f64>() < COMMON_LOG10
}

/// Characters that zxcvbn reads as letters, by letter.
const LOOKALIKES: [&[char]; 12] = [
    &['4', '@'],
    &['8'],
    &['(', '{', '[', '<'],
    &['3'],
    &['6', '9'],
    &['1', '!', '|'],
    &['1', '|', '7'],
    &['0'],
    &['$', '5'],
    &['+', '7'],
    &['%'],
    &['2'],
];
/// How many readings of a text zxcvbn may try. Its time grows with this number, which nearly every second such
/// character doubles.
const READINGS: usize = 128;

/// An upper bound of the readings that zxcvbn tries for a text: one character for each letter, and one letter for each
/// character.
fn readings(text: &str) -> usize {
    let signs_of = |signs: &[char]| signs.iter().copied().filter(|sign| text.contains(*sign)).collect::<Vec<_>>();
    let mut seen = Vec::new();
    let mut readings = 1;
    for signs in LOOKALIKES.map(signs_of).iter().filter(|signs| !signs.is_empty()) {
        // A character that can stand for another letter too is tried as either.
        readings *= signs.iter().map(|sign| if seen.contains(sign) { 2 } else { 1 }).sum::<usize>();
        seen.extend(signs);
    }
    readings
}

/// Splits a text into the longest pieces with few readings each. Nearly every text is one piece.
fn pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for character in text.chars() {
        piece.push(character);
        if readings(&piece) > READINGS {
            piece.pop();
            pieces.push(std::mem::replace(&mut piece, character.to_string()));
        }
    }
    pieces.push(piece);
    pieces
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

    /// The time depends on the number of readings, not on the length.
    #[test]
    fn no_password_has_many_readings() {
        let made_for_it = "d@((7!<32|1!-1$5+604t2({[s36911|795+%54@8({i<3s9o!|2.5e%13@8({[{";
        assert!(readings(made_for_it) > 1_000);
        let pieces_of_it = pieces(made_for_it);
        assert_eq!(pieces_of_it.concat(), made_for_it);
        assert!(pieces_of_it.iter().all(|piece| readings(piece) <= READINGS), "{pieces_of_it:?}");
        assert!(!is_common(made_for_it, &[]));
        for usual in ["correct horse battery", "P@ssw0rd!1P@ssw0rd!1", "zaq12wsx", "0123456789", "määrä on suuri"] {
            assert_eq!(pieces(usual), [usual]);
        }
        for common in ["1234567890!@#$%^", "!@#$%^&*()_+1234", "p@$$w0rdp@$$w0rd", "0987654321)(*&^%"] {
            assert!(is_common(common, &[]), "{common}");
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
