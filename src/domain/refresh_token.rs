//! What a refresh token says. It is a function of the session and its generation, so the server can compute the
//! successor again and give the same bytes to whoever asks twice.

use super::id::SessionId;
use super::session::{Rotation, Session};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The `typ` header of our refresh tokens (RFC 8725 section 3.11: explicit typing).
pub const TYP: &str = "rt+jwt";

/// The claims of a refresh token. The order of the fields is the order of the bytes: never change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshClaims {
    pub iss: String,
    pub sub: String,
    pub sid: SessionId,
    /// HMAC over (sid, gen, nonce): without the session's row nobody can compute it.
    pub jti: String,
    #[serde(rename = "gen")]
    pub generation: u64,
    pub iat: i64,
    pub exp: i64,
}

impl RefreshClaims {
    /// The claims of the token of the session's current generation.
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

/// A refresh token whose signature was found to be ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub sid: SessionId,
    pub generation: u64,
    /// SHA-256 of the token as presented, as base64url.
    pub digest: String,
    /// Digest of the User-Agent that presented it.
    pub agent: String,
    /// When its request arrived. Whether it is too late is judged by this: it may have waited here while others moved on.
    pub at: Timestamp,
    /// When it is decided, by the same clock. What an exchange brings dates from then.
    pub decided_at: Timestamp,
    /// Whether its key is at least as new as that of the session's current token: whatever is made later has such a one.
    pub may_be_later: bool,
    /// Whether who presents it shares it with others that may exchange it meanwhile, as the tabs of a browser do, and
    /// wants to be told when one was faster.
    pub shared: bool,
}
