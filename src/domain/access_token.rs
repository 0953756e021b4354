//! The content of an access token (RFC 9068), and the conditions on its times.

use super::id::{ClientId, SessionId, UserId};
use super::scope::Scopes;
use super::session::Session;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The `typ` header of access tokens (RFC 9068 section 2.1).
pub const TYP: &str = "at+jwt";

/// How far the clocks of issuer and verifier may differ.
pub const LEEWAY: Duration = Duration::from_secs(5);

/// The claims of an access token. They have no personal data.
///
/// ```
/// use latchkey::domain::access_token::{AccessClaims, Issue};
/// use latchkey::domain::scope::{Scope, Scopes};
/// # use latchkey::domain::id::{ClientId, KeyId, SessionId, TokenDigest, UserId};
/// # use latchkey::domain::session::{Lifetime, Session};
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
/// # let lifetime = Lifetime::start(now, 14 * day, 30 * day, true);
/// # let (id, user_id) = (SessionId::new("s1"), UserId::new("u1"));
/// # let session = Session::start(id, user_id, ClientId::web(), lifetime, KeyId::new("k1"), "random".into());
/// # let session = session.minted(TokenDigest::new("d0"));
///
/// let ttl = Duration::from_secs(600);
/// let (issuer, audience) = ("https://id.example", "https://id.example");
/// let scope = Scopes::of_sessions();
/// let claims = AccessClaims::issue(&session, &Issue { issuer, audience, scope, nonce: "n", now, ttl });
/// assert_eq!(claims.exp - claims.iat, 600);
/// assert_eq!(claims.generation(), Some(0));
/// assert!(claims.scope.allow(Scope::Account));
/// assert!(claims.is_timely(now, ttl) && !claims.is_timely(now + 2 * ttl, ttl));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The issuer: the public URL of the service (RFC 7519 section 4.1.1).
    pub iss: String,
    /// The user.
    pub sub: UserId,
    /// For whom the token is (RFC 9068 section 3).
    pub aud: String,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// Names the token: the generation that it was issued with, a dot, and randomness.
    pub jti: String,
    /// The session, so that ending it ends the token.
    pub sid: SessionId,
    /// The client that the token was issued to (OpenID Connect Core section 2).
    pub azp: ClientId,
    /// The same client, by the name of RFC 9068 section 2.2.
    pub client_id: ClientId,
    /// What the token allows (RFC 6749 section 3.3).
    pub scope: Scopes,
    /// When the user last proved who they are, in seconds since the Unix epoch.
    pub auth_time: i64,
    /// How (RFC 8176); left out for the password alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

/// The values that a new access token needs beside its session.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    /// The public URL of the service.
    pub issuer: &'a str,
    /// For whom the token is.
    pub audience: &'a str,
    /// What it allows.
    pub scope: Scopes,
    /// Randomness that makes the token's `jti` unique.
    pub nonce: &'a str,
    /// When it is issued.
    pub now: Timestamp,
    /// The token's lifetime, already shortened by the jitter.
    pub ttl: Duration,
}

impl AccessClaims {
    /// The claims of a token for `session`. It does not outlive the session's absolute end.
    ///
    /// `jti` carries the generation that the token was issued with: seeing the token confirms that generation.
    pub fn issue(session: &Session, issue: &Issue<'_>) -> Self {
        let iat = issue.now.as_secs();
        let ttl = i64::try_from(issue.ttl.as_secs()).unwrap_or(i64::MAX);
        Self {
            iss: issue.issuer.to_owned(),
            sub: session.user_id.clone(),
            aud: issue.audience.to_owned(),
            exp: iat.saturating_add(ttl).min(session.lifetime.expires_at.as_secs_up()),
            iat,
            jti: format!("{}.{}", session.rotation.generation, issue.nonce),
            sid: session.id.clone(),
            azp: session.client_id.clone(),
            client_id: session.client_id.clone(),
            scope: issue.scope.clone(),
            auth_time: session.authenticated_at.as_secs(),
            amr: session.authenticated_by.amr().into_iter().map(ToOwned::to_owned).collect(),
        }
    }

    /// The generation that the token was issued with.
    pub fn generation(&self) -> Option<u64> {
        self.jti.split_once('.').and_then(|(generation, _)| generation.parse().ok())
    }

    /// Whether the token may be used at `now`, and its lifetime is not longer than `longest`, the longest that we
    /// issue.
    pub fn is_timely(&self, now: Timestamp, longest: Duration) -> bool {
        let leeway = i64::try_from(LEEWAY.as_secs()).unwrap_or(0);
        let longest = i64::try_from(longest.as_secs()).unwrap_or(i64::MAX);
        let now = now.as_secs();
        let life = self.exp.saturating_sub(self.iat);
        (0..=longest).contains(&life) && self.iat <= now.saturating_add(leeway) && now < self.exp.saturating_add(leeway)
    }
}

/// Shortens `ttl` by a random part between 0 and `jitter`, so that tabs and devices do not all refresh at once.
/// `chance` is uniform over all of `u64`.
///
/// ```
/// use latchkey::domain::access_token::jittered;
/// use std::time::Duration;
///
/// let ttl = Duration::from_secs(600);
/// assert_eq!(jittered(ttl, 0.05, 0), ttl);
/// assert_eq!(jittered(ttl, 0.05, u64::MAX).as_secs_f64().round(), 570.0);
/// ```
pub fn jittered(ttl: Duration, jitter: f64, chance: u64) -> Duration {
    let part = chance as f64 / u64::MAX as f64;
    ttl.mul_f64(1.0 - jitter.clamp(0.0, 1.0) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_only_ever_shortens_and_never_by_more_than_its_part() {
        let ttl = Duration::from_secs(600);
        assert_eq!(jittered(ttl, 0.05, 0), ttl);
        assert_eq!(jittered(ttl, 0.05, u64::MAX), Duration::from_secs(570));
        assert_eq!(jittered(ttl, 0.0, u64::MAX), ttl);
    }

    fn claims(iat: i64, exp: i64) -> AccessClaims {
        AccessClaims {
            iss: "i".into(),
            sub: UserId::new("u"),
            aud: "i".into(),
            exp,
            iat,
            jti: "7.abc".into(),
            sid: SessionId::new("s"),
            azp: ClientId::web(),
            client_id: ClientId::web(),
            scope: Scopes::of_sessions(),
            auth_time: iat,
            amr: Vec::new(),
        }
    }

    #[test]
    fn a_token_is_timely_between_its_times_with_five_seconds_of_leeway() {
        let token = claims(1_000, 1_600);
        let longest = Duration::from_secs(900);
        for (now, timely) in [(994, false), (995, true), (1_604, true), (1_605, false)] {
            assert_eq!(token.is_timely(Timestamp::from_secs(now), longest), timely, "at {now}");
        }
    }

    #[test]
    fn a_life_longer_than_we_issue_is_refused() {
        let longest = Duration::from_secs(900);
        assert!(!claims(1_000, 1_901).is_timely(Timestamp::from_secs(1_000), longest));
        assert!(!claims(1_000, 999).is_timely(Timestamp::from_secs(999), longest));
    }

    #[test]
    fn the_generation_is_read_from_the_jti() {
        assert_eq!(claims(0, 1).generation(), Some(7));
        assert_eq!(AccessClaims { jti: "abc".into(), ..claims(0, 1) }.generation(), None);
    }
}
