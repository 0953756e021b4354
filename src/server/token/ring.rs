//! The key ring: all keys of this installation, opened, and which of them signs now.

use super::jws::VerifyingKey;
use super::keys::{self, KeyError, Purpose};
use super::secret::{Secret, SecretError};
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use crate::server::ports::{Entropy, Store, StoreError, StoredKey};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use std::collections::HashMap;
use std::path::Path;
use zeroize::Zeroizing;

/// Why there is no key ring. Each of these stops the start.
#[derive(Debug, thiserror::Error)]
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
    pub id: KeyId,
    pub algorithm: Algorithm,
    pub encoding: EncodingKey,
    decoding: DecodingKey,
    jwk: Jwk,
    active_at: Timestamp,
    expires_at: Option<Timestamp>,
}

/// A key that authenticates refresh tokens.
pub struct RefreshKey {
    pub id: KeyId,
    pub encoding: EncodingKey,
    pub decoding: DecodingKey,
    pub bytes: Zeroizing<Vec<u8>>,
    active_at: Timestamp,
}

/// All keys, opened.
pub struct KeyRing {
    access: Vec<AccessKey>,
    refresh: HashMap<KeyId, RefreshKey>,
}

impl KeyRing {
    /// Loads the ring; on the first start of an empty database makes the secret file and the first keys.
    ///
    /// # Errors
    /// [`RingError`]; a secret that is missing, damaged or foreign is one, and nothing is made anew then.
    pub async fn load(
        store: &dyn Store,
        secret_file: &Path,
        algorithm: Algorithm,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Self, RingError> {
        let stored = store.keys().await?;
        let secret = match Secret::load(secret_file)? {
            Some(secret) => secret,
            None if stored.is_empty() => Secret::create(secret_file, entropy)?,
            None => return Err(SecretError::Missing(secret_file.to_owned()).into()),
        };
        let signs = |purpose: Purpose, algorithm: Algorithm| {
            stored.iter().any(|key| {
                key.purpose == purpose.as_str() && key.algorithm == format!("{algorithm:?}") && key.expires_at.is_none()
            })
        };
        let mut missing = Vec::new();
        for (purpose, algorithm) in [(Purpose::Access, algorithm), (Purpose::Refresh, Algorithm::HS512)] {
            if !signs(purpose, algorithm) {
                missing.push(keys::generate(purpose, algorithm, &secret, entropy, now, now)?);
            }
        }
        if missing.is_empty() {
            return Self::open(&stored, &secret, algorithm);
        }
        store.add_first_keys(&missing).await?;
        Self::open(&store.keys().await?, &secret, algorithm)
    }

    fn open(stored: &[StoredKey], secret: &Secret, algorithm: Algorithm) -> Result<Self, RingError> {
        let mut ring = Self { access: Vec::new(), refresh: HashMap::new() };
        for key in stored {
            let (own, encoding, bytes) = keys::open(key, secret)?;
            if key.purpose == Purpose::Refresh.as_str() {
                let decoding = DecodingKey::from_secret(&bytes);
                let entry = RefreshKey { id: key.id.clone(), encoding, decoding, bytes, active_at: key.active_at };
                ring.refresh.insert(key.id.clone(), entry);
                continue;
            }
            let unusable = |_| KeyError::Unusable(key.id.clone(), key.algorithm.clone());
            let mut jwk = Jwk::from_encoding_key(&encoding, own).map_err(unusable)?;
            jwk.common.key_id = Some(key.id.to_string());
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            let decoding = DecodingKey::from_jwk(&jwk).map_err(unusable)?;
            ring.access.push(AccessKey {
                id: key.id.clone(),
                algorithm: own,
                encoding,
                decoding,
                jwk,
                active_at: key.active_at,
                expires_at: key.expires_at,
            });
        }
        // The one of the configured algorithm that became active last signs; the others only verify.
        ring.access.sort_by_key(|key| (key.algorithm == algorithm, key.active_at));
        Ok(ring)
    }

    /// The key that signs access tokens now.
    ///
    /// # Errors
    /// [`RingError::Empty`] when none may.
    pub fn signing(&self, now: Timestamp) -> Result<&AccessKey, RingError> {
        let may = |key: &&AccessKey| key.active_at <= now && key.expires_at.is_none();
        self.access.iter().rev().find(may).ok_or(RingError::Empty("access"))
    }

    /// The key that new refresh tokens are made with.
    ///
    /// # Errors
    /// [`RingError::Empty`] when there is none.
    pub fn newest_refresh(&self, now: Timestamp) -> Result<&RefreshKey, RingError> {
        let active = self.refresh.values().filter(|key| key.active_at <= now);
        active.max_by_key(|key| key.active_at).ok_or(RingError::Empty("refresh"))
    }

    pub fn refresh(&self, id: &KeyId) -> Option<&RefreshKey> {
        self.refresh.get(id)
    }

    /// All refresh keys; usually one, two around a rotation of keys.
    pub fn keys_of_refresh(&self) -> impl Iterator<Item = &RefreshKey> {
        self.refresh.values()
    }

    /// The key that verifies access tokens of `kid`, as long as it is published.
    pub fn verifying(&self, kid: &str, now: Timestamp) -> Option<VerifyingKey<'_>> {
        let key = self.access.iter().find(|key| key.id.as_str() == kid)?;
        let over = key.expires_at.is_some_and(|end| end <= now);
        (!over).then_some(VerifyingKey { key: &key.decoding, algorithm: key.algorithm })
    }

    /// The published keys (RFC 7517).
    pub fn jwks(&self, now: Timestamp) -> JwkSet {
        let published = self.access.iter().filter(|key| key.expires_at.is_none_or(|end| end > now));
        JwkSet { keys: published.map(|key| key.jwk.clone()).collect() }
    }
}
