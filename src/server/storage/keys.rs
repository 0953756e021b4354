//! Signing and HMAC keys, sealed.

use super::columns::from_row;
use super::database::Database;
use super::error::impossible;
use super::sql::{Sql, sql};
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use crate::server::ports::{DecideKeys, KeyChanges, Keys, StoreError, StoredKey};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

from_row!(KeyRow, key_columns, "k": id, purpose, algorithm, sealed, created_at, active_at, expires_at);
const ALL: Sql = sql!("SELECT " (key_columns!()) " FROM keys k ORDER BY k.active_at, k.created_at, k.id");
const ADD: Sql = sql!(
    "INSERT INTO keys (id, purpose, algorithm, sealed, created_at, active_at, expires_at) \
     SELECT j.value ->> 'id', j.value ->> 'purpose', j.value ->> 'algorithm', j.value ->> 'sealed', \
     CAST(j.value ->> 'created_at' AS BIGINT), CAST(j.value ->> 'active_at' AS BIGINT), \
     CAST(j.value ->> 'expires_at' AS BIGINT) FROM " rows
);
const EXPIRE: Sql = sql!(
    "UPDATE keys SET expires_at = CAST(j.value ->> 'expires_at' AS BIGINT) FROM " rows " \
     WHERE keys.id = j.value ->> 'id'"
);
const RESEAL: Sql = sql!(
    "UPDATE keys SET sealed = j.value ->> 'sealed' FROM " rows " WHERE keys.id = j.value ->> 'id'"
);
/// Makes servers that change keys at the same time wait for each other.
const LOCK: &str = "LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE";

#[derive(Serialize)]
struct Expiry {
    id: KeyId,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Resealed {
    id: KeyId,
    sealed: String,
}

fn stored(rows: Vec<KeyRow>) -> Result<Vec<StoredKey>, StoreError> {
    rows.into_iter().map(StoredKey::try_from).collect()
}

/// A row of `keys`.
#[derive(Serialize)]
struct KeyRow {
    id: KeyId,
    purpose: String,
    algorithm: String,
    sealed: String,
    created_at: Timestamp,
    active_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl From<&StoredKey> for KeyRow {
    fn from(key: &StoredKey) -> Self {
        Self {
            id: key.id.clone(),
            purpose: key.purpose.clone(),
            algorithm: key.algorithm.clone(),
            sealed: URL_SAFE_NO_PAD.encode(&key.sealed),
            created_at: key.created_at,
            active_at: key.active_at,
            expires_at: key.expires_at,
        }
    }
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let sealed = URL_SAFE_NO_PAD.decode(row.sealed).map_err(|_| impossible("key", row.id.as_str(), "sealed"))?;
        let KeyRow { id, purpose, algorithm, created_at, active_at, expires_at, .. } = row;
        Ok(Self { id, purpose, algorithm, sealed, created_at, active_at, expires_at })
    }
}

#[async_trait]
impl Keys for Database {
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        stored(self.read(ALL).fetch_all(&self.readers).await?)
    }

    async fn change_keys(&self, decide: DecideKeys) -> Result<Vec<StoredKey>, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK, &[]).await?;
        let keys = stored(write.read(ALL).fetch_all(write.connection()).await?)?;
        let KeyChanges { add, expire, reseal } = decide(&keys);
        if add.is_empty() && expire.is_empty() && reseal.is_empty() {
            return Ok(keys);
        }
        let added: Vec<KeyRow> = add.iter().map(KeyRow::from).collect();
        write.apply(ADD, &added).await?;
        let expiries: Vec<Expiry> = expire.into_iter().map(|(id, expires_at)| Expiry { id, expires_at }).collect();
        write.apply(EXPIRE, &expiries).await?;
        let resealed = reseal.into_iter().map(|(id, sealed)| Resealed { id, sealed: URL_SAFE_NO_PAD.encode(sealed) });
        write.apply(RESEAL, &resealed.collect::<Vec<_>>()).await?;
        let keys = stored(write.read(ALL).fetch_all(write.connection()).await?)?;
        write.commit().await?;
        Ok(keys)
    }
}
