//! The content of a refresh token. It is a function of the session and its generation, so the server can compute a
//! successor again and answer a repeated request with the same bytes.

use super::id::SessionId;
use super::session::{Rotation, Session};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The `typ` header of refresh tokens (RFC 8725 section 3.11: explicit typing).
pub const TYP: &str = "rt+jwt";

/// The claims of a refresh token. The order of the fields is the order of the bytes: never change it.
///
/// ```
/// use latchkey::domain::refresh_token::RefreshClaims;
/// # use latchkey::domain::id::{ClientId, KeyId, SessionId, UserId};
/// # use latchkey::domain::session::{Lifetime, Rotation, Session};
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
/// # let rotation = Rotation::first(now, KeyId::new("k1"), "random".into());
/// # let lifetime = Lifetime::start(now, 14 * day, 30 * day, true);
/// # let session = Session::start(SessionId::new("s1"), UserId::new("u1"), ClientId::web(), rotation, lifetime);
///
/// let claims = RefreshClaims::of(&session, "https://id.example", "hmac".into());
/// assert_eq!((claims.sid, claims.generation), (session.id, 0));
/// assert_eq!(claims.exp, session.lifetime.idle_expires_at.as_secs());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// The issuer: the public URL of the service.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The session that the token belongs to.
    pub sid: SessionId,
    /// HMAC over (sid, gen, nonce). It cannot be computed without the session's row.
    pub jti: String,
    /// How often the session's token had been replaced when this one was made.
    #[serde(rename = "gen")]
    pub generation: u64,
    /// When it was made, in seconds since the Unix epoch.
    pub iat: i64,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
}

impl RefreshClaims {
    /// The claims of the session's current token.
    pub fn of(session: &Session, issuer: &str, jti: String) -> Self {
        let Rotation { generation, rotated_at, .. } = session.rotation;
        Self {
            iss: issuer.to_owned(),
            sub: session.user_id.to_string(),
            sid: session.id.clone(),
            jti,
            generation,
            iat: rotated_at.as_secs(),
            exp: session.lifetime.token_end(rotated_at).as_secs_up(),
        }
    }
}

/// A refresh token whose signature is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The session that the token names.
    pub sid: SessionId,
    /// The generation that the token names.
    pub generation: u64,
    /// SHA-256 of the presented token, as base64url.
    pub digest: String,
    /// Digest of the User-Agent of the request.
    pub agent: String,
    /// When the request arrived. Expiry and grace are measured at this time: the request may have waited in the server.
    pub at: Timestamp,
    /// When the request is decided, by the same clock. An exchange takes place at this time.
    pub decided_at: Timestamp,
    /// Whether the token's key is at least as new as the key of the session's current token. This holds for every later
    /// token.
    pub may_be_later: bool,
    /// Whether the client shares the token with others that may exchange it too, as the tabs of a browser do, and asks
    /// to be told when another one was faster.
    pub shared: bool,
}
