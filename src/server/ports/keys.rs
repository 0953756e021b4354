//! Signing and HMAC keys.

use super::StoreError;
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// A signing or HMAC key as stored; `sealed` is encrypted under the installation's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    pub id: KeyId,
    /// `access`, `refresh` or `factors`.
    pub purpose: String,
    /// `EdDSA`, `ES256`, `RS256`, `HS512` or `A256GCM` (RFC 7518, RFC 8037).
    pub algorithm: String,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// From when on it signs; it is published before.
    pub active_at: Timestamp,
    /// When all that it signed has expired and it is forgotten; `None` while it may sign.
    pub expires_at: Option<Timestamp>,
}

/// What changes about the keys, all in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChanges {
    pub add: Vec<StoredKey>,
    /// When these expire, in place of what was said before.
    pub expire: Vec<(KeyId, Timestamp)>,
    /// What is `sealed` of these, in place of what it was: the same keys under another secret.
    pub reseal: Vec<(KeyId, Vec<u8>)>,
}

/// Looks at all keys inside a write transaction, which no other may enter meanwhile, and says what changes.
pub type DecideKeys = Box<dyn FnOnce(&[StoredKey]) -> KeyChanges + Send>;

/// Keys as they are kept, sealed.
#[async_trait]
pub trait Keys: Send + Sync {
    /// All keys, by when they become active.
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError>;
    /// One write transaction, one at a time over all servers: loads all keys, lets `decide` decide, writes what it
    /// says, commits. Returns all keys as they are then.
    async fn change_keys(&self, decide: DecideKeys) -> Result<Vec<StoredKey>, StoreError>;
}
