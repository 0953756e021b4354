//! Usernames and passwords: what is allowed, and when two names are the same (RFC 8265).

use precis_profiles::precis_core::profile::PrecisFastInvocation;
use precis_profiles::{OpaqueString, UsernameCaseMapped};

/// The fewest and the most code points of a username.
pub const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=64;
/// The most code points and the most bytes of a password.
pub const PASSWORD_MAX: usize = 1024;
pub const PASSWORD_MAX_BYTES: usize = 4096;

/// A password that takes fewer guesses than these, as a power of ten, is too common: it is on a list of 30,000, or made of
/// little more than one of them, of a run along the keyboard, a date, a short piece repeated.
pub const COMMON_LOG10: f64 = 6.0;
/// How much of a password is looked at for that, in characters: what is longer is not judged by its end.
pub const LOOKED_AT: usize = 64;

/// A username, prepared and enforced by RFC 8265 `UsernameCaseMapped`: two names that differ only by case or form are
/// the same `Username`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// [`UsernameError`] when it is not a name that one may sign up with.
    pub fn new(typed: &str) -> Result<Self, UsernameError> {
        // Checked before the preparation too, so that no long text is ever worked through.
        if typed.chars().take(USERNAME_LENGTH.end() * 4).count() == USERNAME_LENGTH.end() * 4 {
            return Err(UsernameError::TooLong);
        }
        let name = UsernameCaseMapped::enforce(typed)
            .map_err(|_| if typed.is_empty() { UsernameError::TooShort } else { UsernameError::Characters })?;
        match name.chars().count() {
            few if few < *USERNAME_LENGTH.start() => Err(UsernameError::TooShort),
            many if many > *USERNAME_LENGTH.end() => Err(UsernameError::TooLong),
            _ => Ok(Self(name.into_owned())),
        }
    }

    /// From storage, where only enforced names are.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a username is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    #[error("A username has at least 2 characters.")]
    TooShort,
    #[error("A username has at most 64 characters.")]
    TooLong,
    #[error("A username is made of letters, digits and signs such as . - _ @, without spaces.")]
    Characters,
}

/// A password in clear, prepared by RFC 8265 `OpaqueString` (NFC; nothing trimmed, nothing cut). `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Prepares what was typed to be checked against a stored hash: bounded, but without the rules for new ones.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`] before any work is done on it; [`PasswordError::Characters`] for control characters
    /// and the like; [`PasswordError::TooShort`] when empty.
    pub fn typed(text: &str) -> Result<Self, PasswordError> {
        if text.len() > PASSWORD_MAX_BYTES || text.chars().count() > PASSWORD_MAX {
            return Err(PasswordError::TooLong);
        }
        if text.is_empty() {
            return Err(PasswordError::TooShort { least: 1 });
        }
        OpaqueString::enforce(text).map(|prepared| Self(prepared.into_owned())).map_err(|_| PasswordError::Characters)
    }

    /// Checks a new password: long enough, not the user's own name. `is_common` is the list of too common ones.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn new(
        text: &str,
        least: usize,
        username: &Username,
        is_common: impl Fn(&str) -> bool,
    ) -> Result<Self, PasswordError> {
        let password = Self::typed(text).map_err(|error| match error {
            PasswordError::TooShort { .. } => PasswordError::TooShort { least },
            other => other,
        })?;
        if password.0.chars().count() < least {
            return Err(PasswordError::TooShort { least });
        }
        if is_own_name(&password.0, username.as_str()) {
            return Err(PasswordError::ContainsUsername);
        }
        if is_common(&password.0) {
            return Err(PasswordError::TooCommon);
        }
        Ok(password)
    }

    /// The text itself; the name marks each place where it is taken out.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether a password is little but the user's own name (in lower case): the name itself, or the name repeated, or with a
/// few characters around it.
pub fn is_own_name(password: &str, username: &str) -> bool {
    let folded = password.to_lowercase();
    let rest = folded.replace(username, "");
    rest.len() < folded.len() && rest.chars().count() < 8
}

/// The words that somebody who guesses passwords of a site would try first: the product's name, the host's, and each
/// part of that.
pub fn words_of_the_site(host: &str) -> Vec<String> {
    let parts = host.split('.').filter(|part| part.chars().count() > 2);
    let mut words: Vec<String> = ["latchkey", host].into_iter().chain(parts).map(str::to_owned).collect();
    words.retain(|word| !word.is_empty());
    words
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("A password has at least {least} characters. A few words in a row are fine.")]
    TooShort { least: usize },
    #[error("A password has at most 1,024 characters.")]
    TooLong,
    #[error("This password holds characters that cannot be typed reliably.")]
    Characters,
    #[error("This password is among the first that others would guess. Choose another.")]
    TooCommon,
    #[error("This is the password that you have now. Choose another.")]
    Unchanged,
    #[error("This password is little more than the username. Choose another.")]
    ContainsUsername,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(typed: &str) -> Result<String, UsernameError> {
        Username::new(typed).map(|name| name.0)
    }

    #[test]
    fn names_that_differ_by_case_or_form_are_the_same() {
        assert_eq!(name("Zoë").unwrap(), name("zoe\u{308}").unwrap());
        assert_eq!(name("ALICE@example.org").unwrap(), "alice@example.org");
        // Full-width forms map to ASCII (RFC 8265 section 3.3.2).
        assert_eq!(name("ａｄａ").unwrap(), "ada");
    }

    #[test]
    fn names_are_bounded_and_made_of_identifier_characters() {
        assert_eq!(name("a"), Err(UsernameError::TooShort));
        assert_eq!(name(""), Err(UsernameError::TooShort));
        assert_eq!(name(&"a".repeat(65)), Err(UsernameError::TooLong));
        assert_eq!(name(&"a".repeat(100_000)), Err(UsernameError::TooLong));
        assert!(name(&"a".repeat(64)).is_ok());
        for bad in ["two words", "tab\there", "nul\0", "zero\u{200b}width"] {
            assert_eq!(name(bad), Err(UsernameError::Characters), "{bad:?}");
        }
    }

    fn password(text: &str) -> Result<Password, PasswordError> {
        Password::new(text, 15, &Username::new("margaret").unwrap(), |p| p == "passwordpassword")
    }

    #[test]
    fn a_password_is_measured_in_characters_and_never_trimmed() {
        assert_eq!(password("ééééééé ééééééé").unwrap().expose(), "ééééééé ééééééé");
        assert_eq!(password("  four words of mine  ").unwrap().expose(), "  four words of mine  ");
        assert_eq!(password("fourteen chars"), Err(PasswordError::TooShort { least: 15 }));
        assert!(password(&"é".repeat(1024)).is_ok());
        assert_eq!(password(&"é".repeat(1025)), Err(PasswordError::TooLong));
        assert_eq!(password(&"🐘".repeat(1024)).map(|_| ()), Ok(()));
        assert_eq!(password(&"a".repeat(4097)), Err(PasswordError::TooLong));
    }

    #[test]
    fn forms_of_the_same_text_are_the_same_password() {
        assert_eq!(Password::typed("cafe\u{301}"), Password::typed("café"));
    }

    #[test]
    fn common_ones_and_the_own_name_are_refused() {
        assert_eq!(password("passwordpassword"), Err(PasswordError::TooCommon));
        assert_eq!(password("margaretmargaret"), Err(PasswordError::ContainsUsername));
        assert_eq!(password("1234Margaret123"), Err(PasswordError::ContainsUsername));
        assert!(password("margaret rode two horses").is_ok());
        // Eight characters beside the name are enough.
        assert!(password("1234margaret1234").is_ok());
        assert!(Password::new("brief", 1, &Username::new("margaret").unwrap(), |_| false).is_ok());
    }

    #[test]
    fn the_words_of_a_site_are_its_product_its_host_and_the_parts_of_that() {
        let words = words_of_the_site("id.quokkaworks.example");
        assert_eq!(words, ["latchkey", "id.quokkaworks.example", "quokkaworks", "example"]);
        assert_eq!(words_of_the_site(""), ["latchkey"]);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", password("violet kettle under snow").unwrap()), "[redacted]");
    }
}
