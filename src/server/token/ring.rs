//! The key ring: all opened keys of this installation. It knows which of them signs now.

use super::base64url;
use super::factor_key::{self, FactorKey};
use super::jws::VerifyingKey;
use super::keys::{self, KeyError, KeyPurpose};
use super::secret::{InstallationSecret, SecretError};
use crate::domain::id::KeyId;
use crate::domain::key_schedule::{Times, signing};
use crate::domain::time::Timestamp;
use crate::server::ports::{StoreError, StoredKey};
use aws_lc_rs::hmac;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use zeroize::Zeroizing;

/// Why there is no key ring. A server with one of these errors does not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum RingError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no {0} key that may sign")]
    Empty(&'static str),
}

impl From<SecretError> for RingError {
    fn from(error: SecretError) -> Self {
        Self::Key(error.into())
    }
}

/// A key that signs access tokens.
pub struct AccessKey {
    /// Its `kid` (RFC 7515 section 4.1.4).
    pub id: KeyId,
    /// Its `alg` (RFC 7515 section 4.1.1).
    pub algorithm: Algorithm,
    /// What signs.
    pub encoding: EncodingKey,
    /// When it is removed; `None` while it may sign.
    pub expires_at: Option<Timestamp>,
    decoding: DecodingKey,
    jwk: Jwk,
    active_at: Timestamp,
}

impl AccessKey {
    /// The time from which it signs tokens.
    pub fn active_at(&self) -> Timestamp {
        self.active_at
    }

    /// The key in the form in which it verifies tokens.
    pub fn verifying(&self) -> VerifyingKey<'_> {
        VerifyingKey { key: &self.decoding, algorithm: self.algorithm }
    }
}

/// A key that authenticates refresh tokens.
pub struct RefreshKey {
    /// Its `kid` (RFC 7515 section 4.1.4).
    pub id: KeyId,
    /// What signs.
    pub encoding: EncodingKey,
    /// What verifies.
    pub decoding: DecodingKey,
    /// The key itself, for the HMAC of `jti`.
    pub bytes: Zeroizing<Vec<u8>>,
    times: Times,
}

impl RefreshKey {
    /// The time from which it signs tokens.
    pub fn active_at(&self) -> Timestamp {
        self.times.active_at
    }
}

/// All keys, opened.
pub struct KeyRing {
    access: Vec<AccessKey>,
    refresh: Vec<RefreshKey>,
    factors: Option<FactorKey>,
}

impl KeyRing {
    /// Opens all stored keys.
    ///
    /// # Errors
    /// [`KeyError`] when a key was not sealed with `secret`, or is not of its stated kind.
    pub fn open(stored: &[StoredKey], secret: &InstallationSecret) -> Result<Self, KeyError> {
        let mut ring = Self { access: Vec::new(), refresh: Vec::new(), factors: None };
        for key in stored {
            if key.purpose == factor_key::PURPOSE {
                ring.factors = Some(FactorKey::open(key, secret)?);
                continue;
            }
            let (algorithm, encoding, bytes) = keys::open(key, secret)?;
            let StoredKey { id, active_at, expires_at, .. } = key.clone();
            if key.purpose == KeyPurpose::Refresh.as_str() {
                let decoding = DecodingKey::from_secret(&bytes);
                let times = Times { active_at, expires_at };
                ring.refresh.push(RefreshKey { id, encoding, decoding, bytes, times });
                continue;
            }
            let unusable = |_| KeyError::Unusable(key.id.clone(), key.algorithm.clone());
            let mut jwk = Jwk::from_encoding_key(&encoding, algorithm).map_err(unusable)?;
            jwk.common.key_id = Some(key.id.to_string());
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            let decoding = DecodingKey::from_jwk(&jwk).map_err(unusable)?;
            ring.access.push(AccessKey { id, algorithm, encoding, expires_at, decoding, jwk, active_at });
        }
        Ok(ring)
    }

    /// The key that signs access tokens now.
    ///
    /// # Errors
    /// [`RingError::Empty`] when no key may sign.
    pub fn signing(&self, now: Timestamp) -> Result<&AccessKey, RingError> {
        let times = |key: &AccessKey| Times { active_at: key.active_at, expires_at: key.expires_at };
        signing(self.access.iter().map(|key| (key, times(key))), now).ok_or(RingError::Empty("access"))
    }

    /// The key that signs new refresh tokens.
    ///
    /// # Errors
    /// [`RingError::Empty`] when there is no key.
    pub fn newest_refresh(&self, now: Timestamp) -> Result<&RefreshKey, RingError> {
        signing(self.refresh.iter().map(|key| (key, key.times)), now).ok_or(RingError::Empty("refresh"))
    }

    /// The key of this id, if it is still kept.
    pub fn refresh(&self, id: &KeyId) -> Option<&RefreshKey> {
        self.refresh.iter().find(|key| key.id == *id)
    }

    /// All refresh keys: the current one, and one for each rotation within the longest life of a session.
    pub fn keys_of_refresh(&self) -> impl Iterator<Item = &RefreshKey> {
        self.refresh.iter()
    }

    /// The key that seals the secrets of second factors, once there is one.
    pub fn factors(&self) -> Option<&FactorKey> {
        self.factors.as_ref()
    }

    /// A digest of `text` that cannot be computed without our keys: for counters by name that do not store names. It
    /// changes with the newest key, so counts under the old digest are lost then.
    pub fn pseudonym(&self, kind: &str, text: &str) -> String {
        let newest = self.refresh.iter().max_by_key(|key| key.times.active_at);
        let mac = hmac::Key::new(hmac::HMAC_SHA256, newest.map_or(&[][..], |key| &key.bytes));
        let mut context = hmac::Context::with_key(&mac);
        for part in ["latchkey limit", kind, text] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        base64url(context.sign().as_ref())
    }

    /// The access key named `kid`, while it is published.
    pub fn verifying(&self, kid: &str, now: Timestamp) -> Option<&AccessKey> {
        self.published(now).find(|key| key.id.as_str() == kid)
    }

    /// The published keys (RFC 7517): the signing key, the next one, and former ones whose tokens may still be
    /// presented.
    pub fn jwks(&self, now: Timestamp) -> JwkSet {
        JwkSet { keys: self.published(now).map(|key| key.jwk.clone()).collect() }
    }

    fn published(&self, now: Timestamp) -> impl Iterator<Item = &AccessKey> {
        self.access.iter().filter(move |key| key.expires_at.is_none_or(|end| end > now))
    }
}
