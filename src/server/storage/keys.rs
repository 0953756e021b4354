//! Signing and HMAC keys, sealed.

use super::database::{Database, from_json};
use super::rows::KeyRow;
use super::sql::{Sql, sql};
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use crate::server::ports::{DecideKeys, KeyChanges, Keys, StoreError, StoredKey};
use async_trait::async_trait;
use serde::Serialize;

const ALL: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('id', k.id, 'purpose', k.purpose, 'algorithm', k.algorithm, \
     'sealed', k.sealed, 'created_at', k.created_at, 'active_at', k.active_at, 'expires_at', k.expires_at) AS o \
     FROM keys k ORDER BY k.active_at, k.created_at, k.id) t"
);
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
/// Makes servers that change keys at the same time wait for each other.
const LOCK: &str = "LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE";

#[derive(Serialize)]
struct Expiry {
    id: KeyId,
    expires_at: Timestamp,
}

fn stored(text: &str) -> Result<Vec<StoredKey>, StoreError> {
    from_json::<KeyRow>(text)?.into_iter().map(StoredKey::try_from).collect()
}

#[async_trait]
impl Keys for Database {
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        stored(&self.read(ALL).fetch_one(&self.readers).await?)
    }

    async fn change_keys(&self, decide: DecideKeys) -> Result<Vec<StoredKey>, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK, &[]).await?;
        let keys = stored(&write.scalar(ALL).fetch_one(write.connection()).await?)?;
        let KeyChanges { add, expire } = decide(&keys);
        if add.is_empty() && expire.is_empty() {
            return Ok(keys);
        }
        let added: Vec<KeyRow> = add.iter().map(KeyRow::from).collect();
        write.apply(ADD, &added).await?;
        let expiries: Vec<Expiry> = expire.into_iter().map(|(id, expires_at)| Expiry { id, expires_at }).collect();
        write.apply(EXPIRE, &expiries).await?;
        let keys = stored(&write.scalar(ALL).fetch_one(write.connection()).await?)?;
        write.commit().await?;
        Ok(keys)
    }
}
