//! Issues and verifies access tokens (RFC 9068, RFC 8725).

use super::jws::{self, Invalid};
use super::keys::KeyError;
use super::ring::{KeyRing, RingError};
use super::{base64url, jws::SignError};
use crate::domain::access_token::{AccessClaims, Issue, TYP, jittered};
use crate::domain::scope::Scopes;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::Entropy;
use quick_cache::sync::Cache;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How many verified tokens are remembered; each takes about a kilobyte.
const CACHE: usize = 10_000;

/// The settings that access tokens depend on.
#[derive(Clone, Debug)]
pub struct AccessSettings {
    /// The public URL of the service.
    pub issuer: String,
    /// How long a token lives.
    pub ttl: Duration,
    /// The largest part of its life that chance takes off: 0.05 is 5 %.
    pub jitter: f64,
    /// The longest lifetime that any of our tokens may have.
    pub longest: Duration,
}

/// A fresh access token.
pub struct Issued {
    /// The token, as it is sent.
    pub token: String,
    /// Seconds from now until it expires.
    pub expires_in: u64,
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    settings: AccessSettings,
    current: RwLock<Arc<Current>>,
}

/// The key ring, and the tokens verified with it. A new ring starts with no verified tokens: a request that still uses
/// the old ring cannot add a token of a withdrawn key to them.
struct Current {
    ring: Arc<KeyRing>,
    /// Tokens whose signature was verified. Their `exp`, their key's end and liveness are checked on each use.
    verified: Cache<String, VerifiedToken>,
}

impl Current {
    fn new(ring: KeyRing) -> Arc<Self> {
        Arc::new(Self { ring: Arc::new(ring), verified: Cache::new(CACHE) })
    }
}

#[derive(Clone)]
struct VerifiedToken {
    claims: Arc<AccessClaims>,
    key_expires_at: Option<Timestamp>,
}

/// A token could not be issued.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum IssueError {
    #[error(transparent)]
    Ring(#[from] RingError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl AccessTokens {
    /// Issues with the ring's signing key, and verifies with all of its keys.
    pub fn new(settings: AccessSettings, ring: KeyRing) -> Self {
        Self { settings, current: RwLock::new(Current::new(ring)) }
    }

    /// The current key ring.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.current().ring.clone()
    }

    fn current(&self) -> Arc<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Issues a token for `session`.
    ///
    /// # Errors
    /// [`IssueError`] when no key may sign, or signing fails.
    pub fn issue(&self, session: &Session, entropy: &dyn Entropy, now: Timestamp) -> Result<Issued, IssueError> {
        let mut chance = [0; 24];
        entropy.fill(&mut chance);
        let (jitter, nonce) = chance.split_at(8);
        let jitter = jitter.iter().fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
        let claims = AccessClaims::issue(
            session,
            &Issue {
                issuer: &self.settings.issuer,
                audience: &self.settings.issuer,
                scope: Scopes::of_sessions(),
                nonce: &base64url(nonce),
                now,
                ttl: jittered(self.settings.ttl, self.settings.jitter, jitter),
            },
        );
        let ring = self.ring();
        let key = ring.signing(now)?;
        let token = jws::sign(TYP, key.id.as_str(), key.algorithm, &claims, &key.encoding)?;
        Ok(Issued { token, expires_in: u64::try_from(claims.exp - claims.iat).unwrap_or(0) })
    }

    /// Verifies everything about a token except that its session is alive, and that its scopes are enough.
    ///
    /// # Errors
    /// [`Invalid`] with the first failed check.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<AccessClaims>, Invalid> {
        let current = self.current();
        let VerifiedToken { claims, key_expires_at } = match current.verified.get(token) {
            Some(verified) => verified,
            None => {
                let mut key_expires_at = None;
                let claims: Arc<AccessClaims> = Arc::new(jws::verify(token, TYP, |kid| {
                    let key = current.ring.verifying(kid, now)?;
                    key_expires_at = key.expires_at;
                    Some(key.verifying())
                })?);
                let own = claims.iss == self.settings.issuer
                    && claims.aud == self.settings.issuer
                    && claims.azp == claims.client_id;
                if !own {
                    return Err(Invalid::Claims);
                }
                let verified = VerifiedToken { claims, key_expires_at };
                current.verified.insert(token.to_owned(), verified.clone());
                verified
            }
        };
        if key_expires_at.is_some_and(|end| end <= now) {
            return Err(Invalid::Kid);
        }
        if claims.is_timely(now, self.settings.longest) { Ok(claims) } else { Err(Invalid::Time) }
    }

    /// Replaces the key ring, and forgets the tokens verified with the old one.
    pub fn replace_ring(&self, ring: KeyRing) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Current::new(ring);
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
