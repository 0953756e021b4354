//! The second factor of a sign-in: which methods there are, what somebody typed, and the sign-in that waits for it.

use super::client::ClientKind;
use super::id::{ClientId, UserId};
use super::recovery_code::RecoveryCode;
use super::session::text_enum;
use super::time::Timestamp;
use super::totp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a sign-in waits for its second factor.
pub const WAIT: Duration = Duration::from_secs(5 * 60);
/// How many answers a sign-in that waits may have.
pub const TRIES_MAX: u32 = 5;
/// How long an authenticator app may take to be set up, from the showing of its secret to its first code.
pub const SET_UP_TIME: Duration = Duration::from_secs(30 * 60);

text_enum! {
    /// A second factor.
    FactorMethod {
        /// A code of an authenticator app (RFC 6238).
        Totp = "totp",
        /// A recovery code.
        RecoveryCode = "recovery_code",
    }
}

/// What somebody typed as second factor.
///
/// ```
/// use latchkey::domain::second_factor::{FactorAnswer, FactorMethod};
///
/// assert_eq!(FactorAnswer::typed("123 456").map(|answer| answer.method()), Some(FactorMethod::Totp));
/// assert_eq!(FactorAnswer::typed("0a1b2-c3d4e").map(|answer| answer.method()), Some(FactorMethod::RecoveryCode));
/// assert!(FactorAnswer::typed("I have none").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorAnswer {
    /// A code of an authenticator app.
    Code(totp::TotpCode),
    /// A recovery code.
    RecoveryCode(RecoveryCode),
}

impl FactorAnswer {
    /// Reads either kind: they differ in length. `None` if it can be neither.
    pub fn typed(text: &str) -> Option<Self> {
        let code = totp::TotpCode::typed(text).map(Self::Code);
        code.or_else(|| RecoveryCode::typed(text).map(Self::RecoveryCode))
    }

    /// The method that it answers.
    pub const fn method(&self) -> FactorMethod {
        match self {
            Self::Code(_) => FactorMethod::Totp,
            Self::RecoveryCode(_) => FactorMethod::RecoveryCode,
        }
    }
}

/// How the user of a session signed in: the names of the methods, joined by `+`. A later version may add methods, so a
/// stored text may have names that this one does not know.
///
/// ```
/// use latchkey::domain::second_factor::{AuthenticatedBy, FactorMethod};
///
/// let alone = AuthenticatedBy::password();
/// assert!(alone.is_password_alone() && alone.amr().is_empty());
/// let both = alone.and(FactorMethod::Totp);
/// assert_eq!((both.as_str(), both.amr()), ("password+totp", vec!["pwd", "otp", "mfa"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthenticatedBy(String);

/// The first factor, and the only one of most sessions.
const PASSWORD: &str = "password";

impl Default for AuthenticatedBy {
    fn default() -> Self {
        Self::password()
    }
}

impl AuthenticatedBy {
    /// By the password alone.
    pub fn password() -> Self {
        Self(PASSWORD.to_owned())
    }

    /// As it is stored.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same, and a second factor.
    #[must_use]
    pub fn and(&self, method: FactorMethod) -> Self {
        Self(format!("{}+{}", self.0, method.as_str()))
    }

    /// The text, as it is stored and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there was no second factor.
    pub fn is_password_alone(&self) -> bool {
        self.0 == PASSWORD
    }

    /// Whether this method was one of them.
    pub fn includes(&self, method: FactorMethod) -> bool {
        self.0.split('+').any(|name| name == method.as_str())
    }

    /// The claim `amr` of an access token (RFC 8176 section 2): empty, and left out, for the password alone. A recovery
    /// code has no value of its own there, and shows as `mfa`.
    pub fn amr(&self) -> Vec<&'static str> {
        if self.is_password_alone() {
            return Vec::new();
        }
        let names = || self.0.split('+');
        let has = |wanted: &str| names().any(|name| name == wanted);
        let mut values = Vec::new();
        values.extend(has(PASSWORD).then_some("pwd"));
        values.extend(has(FactorMethod::Totp.as_str()).then_some("otp"));
        values.extend((names().count() > 1).then_some("mfa"));
        values
    }
}

/// A sign-in whose password was right, and that waits for the second factor. It is bound to the password: a change ends
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingSignIn {
    /// Who signs in.
    pub user_id: UserId,
    /// The client that signs in.
    pub client_id: ClientId,
    /// "Keep me signed in".
    pub remember: bool,
    /// Since when the password counts that was shown.
    pub password_changed_at: Timestamp,
    /// When it has waited for too long.
    pub expires_at: Timestamp,
    /// How many answers it has had.
    pub tries: u32,
}

impl WaitingSignIn {
    /// Whether it may have another answer at `now`, from a client of this kind.
    pub fn is_open(&self, kind: ClientKind, now: Timestamp) -> bool {
        now < self.expires_at && self.tries < TRIES_MAX && ClientKind::of(&self.client_id) == kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn a_sign_in_waits_for_five_minutes_and_five_answers_of_its_own_client() {
        let waiting = |tries, client: &str| WaitingSignIn {
            user_id: UserId::new("u"),
            client_id: ClientId::new(client),
            remember: true,
            password_changed_at: NOW,
            expires_at: NOW + WAIT,
            tries,
        };
        assert!(waiting(4, "web").is_open(ClientKind::Web, NOW + WAIT - Duration::from_millis(1)));
        assert!(!waiting(4, "web").is_open(ClientKind::Web, NOW + WAIT));
        assert!(!waiting(5, "web").is_open(ClientKind::Web, NOW));
        assert!(!waiting(0, "web").is_open(ClientKind::Native, NOW), "what is bound to a browser");
        assert!(!waiting(0, "phone").is_open(ClientKind::Web, NOW), "what is bound to a value in a body");
    }

    #[test]
    fn methods_of_a_later_version_do_not_hide_those_that_are_known() {
        let later = AuthenticatedBy::stored("password+carrier_pigeon");
        assert_eq!(later.amr(), ["pwd", "mfa"]);
        assert!(!later.includes(FactorMethod::Totp));
        assert_eq!(AuthenticatedBy::password().and(FactorMethod::RecoveryCode).amr(), ["pwd", "mfa"]);
        for method in FactorMethod::ALL {
            assert!(AuthenticatedBy::password().and(method).includes(method));
            assert_eq!(FactorMethod::from_text(method.as_str()), Some(method));
            assert_eq!(serde_json::to_string(&method).unwrap(), format!("\"{}\"", method.as_str()));
        }
    }
}
