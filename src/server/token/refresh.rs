//! Creates and verifies refresh tokens: JWTs signed with HS512, which are a function of the session's row and the key.

use super::jws::{self, Invalid, SignError, VerifyingKey};
use super::ring::{KeyRing, RefreshKey};
use super::{base64url, digest};
use crate::domain::id::{KeyId, TokenDigest};
use crate::domain::refresh_token::{RefreshClaims, TYP};
use crate::domain::session::{Session, TokenInput};
use crate::domain::time::Timestamp;
use aws_lc_rs::hmac;
use jsonwebtoken::Algorithm;

/// A refresh token in clear text, to be sent to its owner. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    token: String,
    /// When it expires if it is not used.
    pub expires_at: Timestamp,
}

impl Minted {
    /// The clear text. The name makes every use easy to find.
    pub fn expose(&self) -> &str {
        &self.token
    }

    /// The digest that is stored.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::new(digest(&self.token))
    }
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Computes a token. The same input gives the same bytes.
///
/// # Errors
/// [`SignError`] when the token's key is no longer in the ring, or signing fails.
pub fn mint(input: TokenInput<'_>, ring: &KeyRing, issuer: &str) -> Result<Minted, SignError> {
    let key = ring.refresh(input.key_id).ok_or(SignError)?;
    let claims = RefreshClaims::of(input, issuer, jti(input, key));
    let token = jws::sign(TYP, key.id.as_str(), Algorithm::HS512, &claims, &key.encoding)?;
    Ok(Minted { token, expires_at: input.expires_at })
}

/// Verifies a presented token: its signature is valid, and it has not expired by its own claims.
///
/// # Errors
/// [`Invalid`] with the first failed check.
pub fn read(token: &str, ring: &KeyRing, issuer: &str, now: Timestamp) -> Result<RefreshClaims, Invalid> {
    let claims: RefreshClaims = jws::verify(token, TYP, |kid| {
        let key = ring.refresh(&KeyId::new(kid))?;
        Some(VerifyingKey { key: &key.decoding, algorithm: Algorithm::HS512 })
    })?;
    if claims.iss != issuer {
        return Err(Invalid::Claims);
    }
    if now.as_secs() >= claims.exp { Err(Invalid::Time) } else { Ok(claims) }
}

/// Whether `claims` belong to this session. Their `jti` can be computed only with the session's nonce: the keys alone
/// are not enough.
pub fn belongs(claims: &RefreshClaims, session: &Session, ring: &KeyRing) -> bool {
    claims.sid == session.id
        && claims.sub == session.user_id.as_str()
        && ring.keys_of_refresh().any(|key| made_with(key, claims, session))
}

/// Whether `claims`, which belong to the session, may be newer than its current token: the key of a newer token is
/// never older.
pub fn may_be_later(claims: &RefreshClaims, session: &Session, ring: &KeyRing) -> bool {
    let mut keys = ring.keys_of_refresh();
    let made_with = keys.find(|key| made_with(key, claims, session));
    let current = ring.refresh(&session.rotation.key_id);
    made_with.is_some_and(|key| current.is_none_or(|current| key.active_at() >= current.active_at()))
}

fn made_with(key: &RefreshKey, claims: &RefreshClaims, session: &Session) -> bool {
    jti(TokenInput { generation: claims.generation, ..session.token_input() }, key) == claims.jti
}

/// HMAC over the session, the generation and the session's nonce.
fn jti(input: TokenInput<'_>, key: &RefreshKey) -> String {
    let mac = hmac::Key::new(hmac::HMAC_SHA256, &key.bytes);
    let mut context = hmac::Context::with_key(&mac);
    for part in ["latchkey jti", input.sid.as_str(), &input.generation.to_string(), input.nonce] {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    base64url(context.sign().as_ref())
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;
