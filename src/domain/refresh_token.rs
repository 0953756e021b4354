//! The content of a refresh token. It is a function of the session and its generation, so the server can compute a
//! successor again and answer a repeated request with the same bytes.

use super::id::{AgentDigest, SessionId, TokenDigest};
use super::session::TokenInput;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The `typ` header of refresh tokens (RFC 8725 section 3.11: explicit typing).
pub const TYP: &str = "rt+jwt";

/// The claims of a refresh token. The order of the fields is the order of the bytes: never change it.
///
/// ```
/// use latchkey::domain::refresh_token::RefreshClaims;
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
/// let claims = RefreshClaims::of(session.token_input(), "https://id.example", "hmac".into());
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
    /// The claims of a token. `jti` is an HMAC over the session, its nonce and the generation.
    pub fn of(input: TokenInput<'_>, issuer: &str, jti: String) -> Self {
        Self {
            iss: issuer.to_owned(),
            sub: input.user_id.to_string(),
            sid: input.sid.clone(),
            jti,
            generation: input.generation,
            iat: input.created_at.as_secs(),
            exp: input.expires_at.as_secs_up(),
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
    /// Digest of the presented token.
    pub digest: TokenDigest,
    /// Digest of the User-Agent of the request.
    pub agent: AgentDigest,
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
