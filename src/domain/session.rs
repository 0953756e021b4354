//! A session: one sign-in on one device, and the family of its refresh tokens. A session is one row, however often its
//! refresh token is rotated.

use super::client::{ClientKind, TokenTransport};
use super::device::Device;
use super::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use super::second_factor::AuthenticatedBy;
use super::time::Timestamp;
use std::time::Duration;

/// A session as it is stored, with the state of its user that decides whether the session may be used.
///
/// ```
/// use latchkey::domain::id::{ClientId, KeyId, SessionId, TokenDigest, UserId};
/// use latchkey::domain::session::{Lifetime, Reason, Revocation, Session};
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
///
/// let lifetime = Lifetime::start(now, 14 * day, 30 * day, true);
/// let (id, user_id) = (SessionId::new("s1"), UserId::new("u1"));
/// let unminted = Session::start(id, user_id, ClientId::web(), lifetime, KeyId::new("k1"), "random".into());
/// // The server computes the first refresh token from `unminted.token_input()`.
/// let session = unminted.minted(TokenDigest::new("digest of the token"));
/// assert!(session.is_alive(now) && !session.is_alive(now + 14 * day));
///
/// let ended = Session { revoked: Some(Revocation { at: now, reason: Reason::SignedOut }), ..session };
/// assert!(!ended.is_alive(now));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names the session (`sid`), and the family of its refresh tokens.
    pub id: SessionId,
    /// Whose session it is.
    pub user_id: UserId,
    /// The client that signed in.
    pub client_id: ClientId,
    /// The current refresh token and its predecessor.
    pub rotation: Rotation,
    /// When the session ends.
    pub lifetime: Lifetime,
    /// When the user last proved who they are (`auth_time`).
    pub authenticated_at: Timestamp,
    /// How the user signed in.
    pub authenticated_by: AuthenticatedBy,
    /// When the user last proved a second factor, if ever.
    pub second_factor_at: Option<Timestamp>,
    /// When the server last saw a token of it.
    pub last_seen_at: Timestamp,
    /// That it was ended, and why.
    pub revoked: Option<Revocation>,
    /// When the session's user was disabled. A disabled user gets no token.
    pub user_disabled_at: Option<Timestamp>,
    /// What the devices page shows of it.
    pub label: Label,
}

/// The position of a session in its chain of refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How often the refresh token was replaced. The current token carries this number.
    pub generation: u64,
    /// Digest of the current refresh token.
    pub digest: TokenDigest,
    /// The token before the current one, if there was one.
    pub parent: Option<Parent>,
    /// Tokens before the parent that were exchanged so recently that a request with one of them may still be on its
    /// way.
    pub overtaken: Vec<Exchanged>,
    /// When the current token was created.
    pub rotated_at: Timestamp,
    /// When the current token, or an access token issued with it, was first seen.
    pub confirmed_at: Option<Timestamp>,
    /// The HMAC key that signed the current token.
    pub key_id: KeyId,
    /// Randomness of this session in the `jti` of its refresh tokens: a leaked key alone is not enough to create one.
    pub nonce: String,
}

/// The predecessor of the current refresh token, and the browser that exchanged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its number in the chain; not always one less than the current one, after a recovery.
    pub generation: u64,
    /// Digest of the token.
    pub digest: TokenDigest,
    /// Digest of the User-Agent of the request that exchanged it.
    pub agent: AgentDigest,
}

/// The exchange of one of a session's refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Exchanged {
    /// The number of the token that was exchanged.
    pub generation: u64,
    /// When it was first exchanged.
    pub at: Timestamp,
}

/// How long a session lives.
///
/// ```
/// use latchkey::domain::session::Lifetime;
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
///
/// let mut lifetime = Lifetime::start(now, 14 * day, 30 * day, true);
/// assert_eq!(lifetime.end(), now + 14 * day);
/// // A rotation moves the idle end, but never past the absolute one.
/// lifetime.idle_expires_at = lifetime.token_end(now + 20 * day);
/// assert_eq!(lifetime.end(), now + 30 * day);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// When the user signed in.
    pub created_at: Timestamp,
    /// The absolute end; it never moves.
    pub expires_at: Timestamp,
    /// The end if the session is not used; each rotation moves it.
    pub idle_expires_at: Timestamp,
    /// By how much a rotation moves it.
    pub idle: Duration,
    /// "Keep me signed in": whether the browser keeps the cookies when it is closed.
    pub remember: bool,
}

/// Longest step to which [`Lifetime::rounded_end`] rounds.
const END_STEP: Duration = Duration::from_secs(60 * 60);

impl Lifetime {
    /// The lifetime of a session that starts `now`.
    pub fn start(now: Timestamp, idle: Duration, absolute: Duration, remember: bool) -> Self {
        let expires_at = now + absolute;
        Self { created_at: now, expires_at, idle_expires_at: (now + idle).min(expires_at), idle, remember }
    }

    /// When a refresh token created at `at` expires: after the idle time, but not after the absolute end.
    pub fn token_end(&self, at: Timestamp) -> Timestamp {
        (at + self.idle).min(self.expires_at)
    }

    /// The earlier of the two ends.
    pub fn end(&self) -> Timestamp {
        self.idle_expires_at.min(self.expires_at)
    }

    /// The earlier of the two ends, rounded for holders of the session's tokens. The idle end moves with each rotation,
    /// so a thief who read it exactly could tell when the owner renews, and renew in step. It is therefore rounded down
    /// to the hour, or to a tenth of the idle time if that is shorter.
    pub fn rounded_end(&self, now: Timestamp) -> Timestamp {
        let step = END_STEP.min(self.idle / 10);
        self.idle_expires_at.rounded_down(step).max(now).min(self.expires_at)
    }
}

/// What a refresh token is computed from, beside the key's bytes and the issuer.
#[derive(Clone, Copy, Debug)]
pub struct TokenInput<'a> {
    /// The session.
    pub sid: &'a SessionId,
    /// Its user.
    pub user_id: &'a UserId,
    /// The number of the token in the chain.
    pub generation: u64,
    /// The session's randomness.
    pub nonce: &'a str,
    /// The key that signs the token.
    pub key_id: &'a KeyId,
    /// When the token is created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A session that has started or whose refresh token was exchanged, and whose current token is still to be computed. A
/// [`Session`] always has the digest of its current token.
#[derive(Clone, Debug)]
pub struct Unminted(Session);

impl Unminted {
    /// A session whose token was computed before, as it is without the token.
    pub(super) fn of(session: Session) -> Self {
        Self(session)
    }

    /// What to compute the current token from.
    pub fn token_input(&self) -> TokenInput<'_> {
        self.0.token_input()
    }

    /// The session with the digest of its current token.
    pub fn minted(self, digest: TokenDigest) -> Session {
        Session { rotation: Rotation { digest, ..self.0.rotation }, ..self.0 }
    }
}

impl Session {
    /// A session that starts with a sign-in, when its lifetime does, and has no label yet. `key_id` names the key of
    /// its first token, `nonce` is 16 random bytes as base64url.
    pub fn start(
        id: SessionId,
        user_id: UserId,
        client_id: ClientId,
        lifetime: Lifetime,
        key_id: KeyId,
        nonce: String,
    ) -> Unminted {
        let now = lifetime.created_at;
        let rotation = Rotation {
            generation: 0,
            digest: TokenDigest::new(""),
            parent: None,
            overtaken: Vec::new(),
            rotated_at: now,
            confirmed_at: None,
            key_id,
            nonce,
        };
        Unminted(Self {
            id,
            user_id,
            client_id,
            rotation,
            lifetime,
            authenticated_at: now,
            authenticated_by: AuthenticatedBy::password(),
            second_factor_at: None,
            last_seen_at: now,
            revoked: None,
            user_disabled_at: None,
            label: Label::default(),
        })
    }

    /// What the current token was computed from.
    pub fn token_input(&self) -> TokenInput<'_> {
        let Rotation { generation, nonce, key_id, rotated_at, .. } = &self.rotation;
        TokenInput {
            sid: &self.id,
            user_id: &self.user_id,
            generation: *generation,
            nonce,
            key_id,
            created_at: *rotated_at,
            expires_at: self.lifetime.token_end(*rotated_at),
        }
    }

    /// How its client carries the refresh token.
    pub fn token_transport(&self) -> TokenTransport {
        ClientKind::of(&self.client_id).token_transport()
    }

    /// Whether the session may be used at `now`: it is not revoked, it has reached neither end, and its user is not
    /// disabled.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.user_disabled_at.is_none() && now < self.lifetime.end()
    }
}

/// When and why a session was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When it was ended.
    pub at: Timestamp,
    /// Why it was ended.
    pub reason: Reason,
}

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them, in the order of their definition.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The text that is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The inverse of `as_str`.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use text_enum;

text_enum! {
    /// Why a session was ended.
    ///
    /// ```
    /// use latchkey::domain::session::Reason;
    ///
    /// assert_eq!(Reason::SignedOut.as_str(), "signed_out");
    /// assert_eq!(Reason::from_text("reused"), Some(Reason::Reused));
    /// ```
    Reason {
        /// Its user signed out in it.
        SignedOut = "signed_out",
        /// Its user ended it from another session.
        EndedByUser = "ended_by_user",
        /// The same browser signed in again.
        Replaced = "replaced",
        /// Its refresh token was used twice.
        Reused = "reused",
        /// The password was changed elsewhere.
        PasswordChanged = "password_changed",
        /// The user had too many sessions, and this one was chosen to end (see [`crowding`](super::crowding)).
        TooMany = "too_many",
        /// The operator ended it, or disabled the user.
        Operator = "operator",
    }
}

/// What the devices page shows for a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The name that the user gave it.
    pub name: Option<String>,
    /// What it is, as far as its requests say.
    pub device: Device,
    /// The User-Agent header, bounded. Kept to tell the two sides of a reuse apart.
    pub user_agent: String,
    /// The last address. Erased some time after the session's end.
    pub ip: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const START: Timestamp = Timestamp::from_millis(1_800_000_000_123);

    #[test]
    fn a_session_lives_until_the_nearer_end_unless_it_or_its_user_was_stopped() {
        let lifetime = Lifetime::start(START, HOUR, 2 * HOUR, true);
        let (id, user_id, key_id) = (SessionId::new("s"), UserId::new("u"), KeyId::new("k"));
        let started = Session::start(id, user_id, ClientId::web(), lifetime, key_id, "n".into());
        let started = started.minted(TokenDigest::new("d"));
        let session = |revoked, user_disabled_at| Session { revoked, user_disabled_at, ..started.clone() };
        let alive = session(None, None);
        assert!(alive.is_alive(START) && alive.is_alive(START + HOUR - Duration::from_millis(1)));
        assert!(!alive.is_alive(START + HOUR) && !alive.is_alive(START + 3 * HOUR));
        let revoked = Revocation { at: START, reason: Reason::SignedOut };
        for stopped in [session(Some(revoked), None), session(None, Some(START))] {
            assert!(!stopped.is_alive(START) && !stopped.is_alive(START + 3 * HOUR));
        }
    }

    #[test]
    fn the_end_that_is_told_does_not_tell_when_the_token_was_rotated() {
        let mut lifetime = Lifetime::start(START, 24 * HOUR, 72 * HOUR, true);
        let ends: Vec<Timestamp> = (0..12)
            .map(|renewal| {
                let at = START + Duration::from_secs(450) * renewal;
                lifetime.idle_expires_at = lifetime.token_end(at);
                lifetime.rounded_end(at)
            })
            .collect();
        let mut distinct = ends.clone();
        distinct.dedup();
        assert_eq!(distinct.len(), 2, "twelve renewals in an hour and a half: {ends:?}");
    }

    #[test]
    fn the_end_that_is_told_is_never_over_nor_later_than_the_absolute_one() {
        let lifetime = Lifetime::start(START, Duration::from_secs(10), HOUR, true);
        let late = START + Duration::from_millis(9_999);
        assert_eq!(lifetime.rounded_end(late), late);
        assert!(START + Duration::from_secs(9) <= lifetime.rounded_end(START));
        let near = Lifetime { idle_expires_at: START + 24 * HOUR, ..Lifetime::start(START, 24 * HOUR, HOUR, true) };
        assert_eq!(near.rounded_end(START), START + HOUR);
    }
}
