//! Signing and HMAC keys, sealed.

use super::database::{Database, from_json};
use super::rows::KeyRow;
use super::sql::{Sql, sql};
use crate::server::ports::{StoreError, StoredKey};

const ALL: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('id', k.id, 'purpose', k.purpose, 'algorithm', k.algorithm, \
     'sealed', k.sealed, 'created_at', k.created_at, 'active_at', k.active_at, 'expires_at', k.expires_at) AS o \
     FROM keys k ORDER BY k.active_at, k.created_at, k.id) t"
);
/// Where there is a key of the same purpose and algorithm which may still sign, none is added.
const ADD_FIRST: Sql = sql!(
    "INSERT INTO keys (id, purpose, algorithm, sealed, created_at, active_at, expires_at) \
     SELECT j.value ->> 'id', j.value ->> 'purpose', j.value ->> 'algorithm', j.value ->> 'sealed', \
     CAST(j.value ->> 'created_at' AS BIGINT), CAST(j.value ->> 'active_at' AS BIGINT), \
     CAST(j.value ->> 'expires_at' AS BIGINT) FROM " rows " \
     WHERE NOT EXISTS (SELECT 1 FROM keys k WHERE k.purpose = j.value ->> 'purpose' \
     AND k.algorithm = j.value ->> 'algorithm' AND k.expires_at IS NULL)"
);
/// Two servers that start at once come one after the other.
const LOCK: &str = "LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE";

impl Database {
    pub(super) async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let text = self.read(ALL).fetch_one(&self.readers).await?;
        from_json::<KeyRow>(&text)?.into_iter().map(StoredKey::try_from).collect()
    }

    pub(super) async fn add_first_keys(&self, keys: &[StoredKey]) -> Result<(), StoreError> {
        let rows: Vec<KeyRow> = keys.iter().map(KeyRow::from).collect();
        let mut write = self.write().await?;
        write.lock(LOCK, &[]).await?;
        write.apply(ADD_FIRST, &rows).await?;
        write.commit().await
    }
}
