//! Usernames and passwords: what is allowed, and when two names are the same (RFC 8265).

use super::legible::is_legible;
use super::weak_passwords::is_own_name;
use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// The fewest and the most code points of a username.
pub const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=64;
/// The most code points and the most bytes of a password.
pub const PASSWORD_MAX: usize = 1024;
pub const PASSWORD_MAX_BYTES: usize = 4096;

/// How often a name is prepared again until it stays the same (RFC 8264 section 7).
const PASSES_MAX: usize = 3;

/// A username, prepared and enforced by RFC 8265 `UsernameCaseMapped`: two names that differ only by case, form or the
/// white space around them are the same `Username`. Prepared again it stays what it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// [`UsernameError`] when it is not a name that one may sign up with.
    pub fn new(typed: &str) -> Result<Self, UsernameError> {
        let mut name = Self::prepared(typed)?;
        for _ in 0..PASSES_MAX {
            let again = Self::prepared(&name.0)?;
            if again == name {
                return if is_legible(&name.0) { Ok(name) } else { Err(UsernameError::Characters) };
            }
            name = again;
        }
        Err(UsernameError::Characters)
    }

    /// Prepared once.
    fn prepared(typed: &str) -> Result<Self, UsernameError> {
        // Checked before the preparation too, so that no long text is ever worked through.
        if typed.chars().take(USERNAME_LENGTH.end() * 4).count() == USERNAME_LENGTH.end() * 4 {
            return Err(UsernameError::TooLong);
        }
        // Keyboards of phones put a space behind a word that they complete.
        let typed = typed.trim();
        let name = UsernameCaseMapped::enforce(typed)
            .map_err(|_| if typed.is_empty() { UsernameError::TooShort } else { UsernameError::Characters })?;
        match name.chars().count() {
            few if few < *USERNAME_LENGTH.start() => Err(UsernameError::TooShort),
            many if many > *USERNAME_LENGTH.end() => Err(UsernameError::TooLong),
            _ => Ok(Self(name.into_owned())),
        }
    }

    /// The names under which the account of somebody who types `typed` may be stored; the likeliest first, none where
    /// there can be no such account. There are several only for names that are refused today: earlier versions stored
    /// names that were prepared once, which is not enough for all of them.
    pub fn stored_forms(typed: &str) -> Vec<Self> {
        let (stable, once) = (Self::new(typed), Self::prepared(typed));
        if stable.is_ok() && stable == once {
            return stable.into_iter().collect();
        }
        // As it is shown to its owner.
        let shown: String = typed.trim().chars().take(USERNAME_LENGTH.end() + 1).collect();
        let shown: String = shown.to_lowercase().nfc().collect();
        let is_name = USERNAME_LENGTH.contains(&shown.chars().count())
            && !shown.chars().any(|c| c.is_control() || c.is_whitespace());
        let mut forms: Vec<Self> = stable.into_iter().chain(once).chain(is_name.then_some(Self(shown))).collect();
        forms.dedup();
        forms
    }

    /// The text by which attempts on a name are counted: the same for all ways to type it.
    pub fn counted_as(typed: &str) -> String {
        let first = Self::stored_forms(typed).into_iter().next();
        first.map_or_else(|| typed.trim().to_lowercase(), |name| name.0)
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
    /// Some of them are none of a name, or hardly anything of it can be seen.
    #[error("A username is made of letters, digits and signs such as . - _ @, without spaces.")]
    Characters,
}

/// A password in clear, prepared as RFC 8265 `OpaqueString` says (spaces of all kinds are U+0020, then NFC; nothing
/// trimmed, nothing cut), but by today's Unicode, and with all characters that stay what they are: joiners and variation
/// selectors, of which emoji are made, and private ones too. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Prepares what was typed to be checked against a stored hash: bounded, but without the rules for new ones.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`] before any work is done on it; [`PasswordError::Characters`] for characters that
    /// control, that end a line, or that Unicode has not assigned yet; [`PasswordError::TooShort`] when empty.
    pub fn typed(text: &str) -> Result<Self, PasswordError> {
        if text.len() > PASSWORD_MAX_BYTES || text.chars().count() > PASSWORD_MAX {
            return Err(PasswordError::TooLong);
        }
        if text.is_empty() {
            return Err(PasswordError::TooShort { least: 1 });
        }
        if text.chars().any(is_unreliable) {
            return Err(PasswordError::Characters);
        }
        let is_space = |c: char| c.general_category() == GeneralCategory::SpaceSeparator;
        let spaced = text.chars().map(|c| if is_space(c) { ' ' } else { c });
        Ok(Self(spaced.nfc().collect()))
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

/// Whether a character is none of a password: no key types it, or a later Unicode may give it another form.
fn is_unreliable(c: char) -> bool {
    use GeneralCategory::{Control, LineSeparator, ParagraphSeparator, Unassigned};
    matches!(c.general_category(), Control | LineSeparator | ParagraphSeparator | Unassigned)
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
#[path = "credentials_tests.rs"]
mod tests;
