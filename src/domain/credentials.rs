//! Usernames and passwords: which ones are allowed, and when two names are the same (RFC 8265).

use super::legible::is_legible;
use super::weak_passwords::is_own_name;
use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// The minimum and maximum length of a username, in code points.
pub const USERNAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=64;
/// The maximum length of a password, in code points and in bytes.
pub const PASSWORD_MAX: usize = 1024;
/// The most bytes of a password, whatever they spell.
pub const PASSWORD_MAX_BYTES: usize = 4096;

/// How often the preparation of a name is repeated until the name no longer changes (RFC 8264 section 7).
const PASSES_MAX: usize = 3;

/// A username, prepared and enforced by RFC 8265 `UsernameCaseMapped`: two names that differ only by case, Unicode form
/// or surrounding white space are the same `Username`. Preparing it again does not change it.
///
/// ```
/// use latchkey::domain::credentials::{Username, UsernameError};
///
/// let name = Username::new(" Ada ")?;
/// assert_eq!(name.as_str(), "ada");
/// assert_eq!(Username::new("ADA")?, name);
/// assert_eq!(Username::new("a"), Err(UsernameError::TooShort));
/// assert_eq!(Username::new("ada lovelace"), Err(UsernameError::Characters));
/// # Ok::<(), UsernameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// [`UsernameError`] when nobody may sign up with the name.
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

    /// The name after one preparation.
    fn prepared(typed: &str) -> Result<Self, UsernameError> {
        // Also checked before the preparation, so that no long text is processed.
        if typed.chars().take(USERNAME_LENGTH.end() * 4).count() == USERNAME_LENGTH.end() * 4 {
            return Err(UsernameError::TooLong);
        }
        // Phone keyboards add a space after a completed word.
        let typed = typed.trim();
        let name = UsernameCaseMapped::enforce(typed)
            .map_err(|_| if typed.is_empty() { UsernameError::TooShort } else { UsernameError::Characters })?;
        match name.chars().count() {
            few if few < *USERNAME_LENGTH.start() => Err(UsernameError::TooShort),
            many if many > *USERNAME_LENGTH.end() => Err(UsernameError::TooLong),
            _ => Ok(Self(name.into_owned())),
        }
    }

    /// The names under which the account of somebody who types `typed` may be stored, the most likely first; none if no
    /// such account can exist. There are several only for names that are refused today: earlier versions stored names
    /// after one preparation, which is not enough for all of them.
    pub fn stored_forms(typed: &str) -> Vec<Self> {
        let (stable, once) = (Self::new(typed), Self::prepared(typed));
        if stable.is_ok() && stable == once {
            return stable.into_iter().collect();
        }
        // The form in which the name is shown to its owner.
        let shown: String = typed.trim().chars().take(USERNAME_LENGTH.end() + 1).collect();
        let shown: String = shown.to_lowercase().nfc().collect();
        let is_name = USERNAME_LENGTH.contains(&shown.chars().count())
            && !shown.chars().any(|c| c.is_control() || c.is_whitespace());
        let mut forms: Vec<Self> = stable.into_iter().chain(once).chain(is_name.then_some(Self(shown))).collect();
        forms.dedup();
        forms
    }

    /// The key under which sign-in attempts on a name are counted: the same however the name is typed.
    pub fn counted_as(typed: &str) -> String {
        let first = Self::stored_forms(typed).into_iter().next();
        first.map_or_else(|| typed.trim().to_lowercase(), |name| name.0)
    }

    /// A name from storage, which holds only enforced names.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The prepared name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a username is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Fewer code points than [`USERNAME_LENGTH`] allows.
    #[error("A username has at least 2 characters.")]
    TooShort,
    /// More code points than [`USERNAME_LENGTH`] allows.
    #[error("A username has at most 64 characters.")]
    TooLong,
    /// Some characters are not allowed in a name, or hardly any of it is visible.
    #[error("A username is made of letters, digits and signs such as . - _ @, without spaces.")]
    Characters,
}

/// A password in clear text, prepared like RFC 8265 `OpaqueString`: spaces of all kinds become U+0020, then NFC;
/// nothing is trimmed or cut. Unlike there, the rules are those of today's Unicode, and every character that
/// normalisation leaves unchanged is allowed: joiners and variation selectors, which emoji need, and private-use
/// characters. `Debug` is redacted.
///
/// ```
/// use latchkey::domain::credentials::{Password, PasswordError, Username};
///
/// let name = Username::new("ada")?;
/// let new = |text: &str| Password::new(text, 15, &name, |text| text == "password password");
/// assert!(new("violet kettle under snowfall").is_ok());
/// assert_eq!(new("violet"), Err(PasswordError::TooShort { least: 15 }));
/// assert_eq!(new("password password"), Err(PasswordError::TooCommon));
///
/// // Whoever signs in has typed it already: no rule for new ones counts.
/// assert_eq!(format!("{:?}", Password::typed("violet")?), "[redacted]");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Prepares a typed password for the check against a stored hash: its length is bounded, but the rules for new
    /// passwords do not apply.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`] before any other work; [`PasswordError::Characters`] for control characters, line
    /// ends and unassigned code points; [`PasswordError::TooShort`] when empty.
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

    /// Checks a new password: long enough, not too common (`is_common` decides), and not the user's own name.
    ///
    /// # Errors
    /// The first broken rule.
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

    /// The clear text. The name makes every use easy to find.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether a character is not allowed in a password: no key types it, or a later Unicode version may normalise it
/// differently.
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
    /// Fewer characters than a new password needs; of one that is typed to sign in, none.
    #[error("A password has at least {least} characters. A few words in a row are fine.")]
    TooShort {
        /// How many it needs.
        least: usize,
    },
    /// More than [`PASSWORD_MAX`] code points or [`PASSWORD_MAX_BYTES`] bytes.
    #[error("A password has at most 1,024 characters.")]
    TooLong,
    /// It has characters that no keyboard types, or that Unicode has not assigned yet.
    #[error("This password holds characters that cannot be typed reliably.")]
    Characters,
    /// Others would try it first.
    #[error("This password is among the first that others would guess. Choose another.")]
    TooCommon,
    /// It is the one that the account has.
    #[error("This is the password that you have now. Choose another.")]
    Unchanged,
    /// It is little more than the username.
    #[error("This password is little more than the username. Choose another.")]
    ContainsUsername,
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
