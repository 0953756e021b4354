//! The web sessions of tower-sessions: a random id and an opaque record.

use super::database::Database;
use super::sql::{Sql, sql};
use crate::domain::time::Timestamp;
use crate::server::ports::StoreError;

const READ: Sql = sql!("SELECT w.data FROM web_sessions w WHERE w.id = $1 AND w.expires_at > $2");
const ADD: Sql =
    sql!("INSERT INTO web_sessions (id, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING");
const SAVE: Sql = sql!(
    "INSERT INTO web_sessions (id, data, expires_at) VALUES ($1, $2, $3) \
     ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at"
);
const DELETE: Sql = sql!("DELETE FROM web_sessions WHERE id = $1");

impl Database {
    pub(super) async fn web_session(&self, id: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let query = self.read(READ).bind(id.to_owned()).bind(now.as_millis());
        Ok(query.fetch_optional(&self.readers).await?)
    }

    /// Writes with one of the inserting statements; whether a row was written.
    async fn write_web_session(
        &self,
        sql: Sql,
        id: &str,
        data: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let query = write.query(sql).bind(id.to_owned()).bind(data.to_owned()).bind(expires_at.as_millis());
        let written = query.execute(write.connection()).await?;
        write.commit().await?;
        Ok(written.rows_affected() > 0)
    }

    pub(super) async fn add_web_session(
        &self,
        id: &str,
        data: &str,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write_web_session(ADD, id, data, expires_at).await
    }

    pub(super) async fn save_web_session(&self, id: &str, data: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        self.write_web_session(SAVE, id, data, expires_at).await.map(drop)
    }

    pub(super) async fn delete_web_session(&self, id: &str) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.query(DELETE).bind(id.to_owned()).execute(write.connection()).await?;
        write.commit().await
    }
}
