//! Links that work once: whoever holds one may do one thing, without signing in. An address of the web app carries the
//! token; the server keeps its digest.

use super::credentials::Username;
use super::id::UserId;
use super::session::text_enum;
use super::time::Timestamp;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest life of a link.
pub const LIFE_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The shortest life of a link.
pub const LIFE_MIN: Duration = Duration::from_secs(1);

/// The random bytes of a token.
pub const TOKEN_BYTES: usize = 32;
/// The characters of a token: [`TOKEN_BYTES`] as base64url without padding.
const TOKEN_LENGTH: usize = 43;

text_enum! {
    /// What a link is for. A link of one purpose does nothing for another.
    Purpose {
        /// Its user chooses a new password.
        Reset = "reset",
        /// Its holder creates the account of a name.
        Invite = "invite",
    }
}

impl Purpose {
    /// How long a link lives if nobody says otherwise.
    pub const fn default_life(self) -> Duration {
        match self {
            Self::Reset => HOUR,
            Self::Invite => Duration::from_secs(7 * DAY.as_secs()),
        }
    }

    /// The life of a link: what was asked for, or the default.
    ///
    /// ```
    /// use latchkey::domain::one_time_link::{LIFE_MAX, LifeError, Purpose};
    /// # use std::time::Duration;
    ///
    /// assert_eq!(Purpose::Reset.life(None), Ok(Duration::from_secs(3_600)));
    /// assert_eq!(Purpose::Invite.life(Some(LIFE_MAX)), Ok(LIFE_MAX));
    /// assert_eq!(Purpose::Invite.life(Some(LIFE_MAX + Duration::from_secs(1))), Err(LifeError));
    /// ```
    ///
    /// # Errors
    /// [`LifeError`] outside of [`LIFE_MIN`] and [`LIFE_MAX`].
    pub fn life(self, asked: Option<Duration>) -> Result<Duration, LifeError> {
        let life = asked.unwrap_or(self.default_life());
        if (LIFE_MIN..=LIFE_MAX).contains(&life) { Ok(life) } else { Err(LifeError) }
    }
}

/// The life that was asked for is too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A link lives between 1 second and 30 days.")]
pub struct LifeError;

/// Whom a link is for, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A user.
    User {
        /// The user's id.
        id: UserId,
        /// The user's name.
        name: Username,
        /// That the user was disabled.
        disabled_at: Option<Timestamp>,
        /// Since when the user's password counts.
        password_changed_at: Timestamp,
    },
    /// Whoever creates the account of this name.
    Nobody(Username),
}

impl Recipient {
    /// The name of the account.
    pub const fn name(&self) -> &Username {
        match self {
            Self::User { name, .. } | Self::Nobody(name) => name,
        }
    }
}

/// A link as it is stored. It is deleted when it is used, and when a newer one of its purpose replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeLink {
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it is for.
    pub recipient: Recipient,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl OneTimeLink {
    /// Whether the link may be used for `purpose` at `now`: it is made for that, it has not expired, and its user is
    /// not disabled.
    pub fn is_good_for(&self, purpose: Purpose, now: Timestamp) -> bool {
        let is_disabled = matches!(&self.recipient, Recipient::User { disabled_at: Some(_), .. });
        self.purpose == purpose && now < self.expires_at && !is_disabled
    }
}

/// Whether a text can be the token of a link. Anything else needs no look into the database.
///
/// ```
/// use latchkey::domain::one_time_link::is_well_formed;
///
/// assert!(is_well_formed("n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"));
/// assert!(!is_well_formed("n4bQgYhMfWWaL-qgxVrQFaO/TxsrC4Is0V1sFbDwCgg") && !is_well_formed("done"));
/// ```
pub fn is_well_formed(token: &str) -> bool {
    token.len() == TOKEN_LENGTH && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn link(disabled_at: Option<Timestamp>) -> OneTimeLink {
        let name = Username::stored("ada".into());
        let recipient = Recipient::User { id: UserId::new("u"), name, disabled_at, password_changed_at: NOW };
        OneTimeLink { purpose: Purpose::Reset, recipient, expires_at: NOW + HOUR }
    }

    #[test]
    fn a_link_is_good_for_its_purpose_until_it_expires() {
        let last = NOW + HOUR - Duration::from_millis(1);
        assert!(link(None).is_good_for(Purpose::Reset, last));
        assert!(!link(None).is_good_for(Purpose::Reset, NOW + HOUR));
        assert!(!link(None).is_good_for(Purpose::Invite, NOW));
    }

    #[test]
    fn a_disabled_user_has_no_use_for_a_link() {
        assert!(!link(Some(NOW)).is_good_for(Purpose::Reset, NOW));
    }

    #[test]
    fn every_default_is_within_the_bounds() {
        for purpose in [Purpose::Reset, Purpose::Invite] {
            assert_eq!(purpose.life(None), Ok(purpose.default_life()));
            assert_eq!(purpose.life(Some(Duration::ZERO)), Err(LifeError));
        }
        assert!(Purpose::Reset.default_life() < Purpose::Invite.default_life());
    }
}
