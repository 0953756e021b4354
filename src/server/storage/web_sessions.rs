//! The web sessions of tower-sessions: a random id and an opaque record.

use super::database::{Database, Write};
use super::sql::{Sql, sql};
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use crate::server::ports::{NewWebSession, StoreError, WebSessions};
use async_trait::async_trait;

const READ: Sql = sql!("SELECT w.data FROM web_sessions w WHERE w.id = $1 AND w.expires_at > $2");
const ADD: Sql =
    sql!("INSERT INTO web_sessions (id, data, expires_at, sid) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING");
const REPLACE: Sql = sql!("DELETE FROM web_sessions WHERE sid = $1");
const SAVE: Sql = sql!(
    "INSERT INTO web_sessions (id, data, expires_at) VALUES ($1, $2, $3) \
     ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at"
);
/// Fails if the id is taken: somebody else would be signed in by it.
const START: Sql = sql!("INSERT INTO web_sessions (id, data, expires_at, sid) VALUES ($1, $2, $3, $4)");
const DELETE: Sql = sql!("DELETE FROM web_sessions WHERE id = $1");

/// Adds the web session of the session `of`, which starts in the same transaction.
pub(super) async fn start_web_session(
    write: &mut Write,
    web: &NewWebSession,
    of: &SessionId,
) -> Result<(), StoreError> {
    if let Some(replaced) = &web.replaces {
        write.query(DELETE).bind(replaced.clone()).execute(write.connection()).await?;
    }
    let query = write.query(START).bind(web.id.clone()).bind(web.data.clone()).bind(web.expires_at.as_millis());
    query.bind(of.to_string()).execute(write.connection()).await?;
    Ok(())
}

#[async_trait]
impl WebSessions for Database {
    async fn web_session(&self, id: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let query = self.read::<(String,)>(READ).bind(id.to_owned()).bind(now.as_millis());
        Ok(query.fetch_optional(&self.readers).await?.map(|(data,)| data))
    }

    async fn add_web_session(
        &self,
        id: &str,
        data: &str,
        expires_at: Timestamp,
        of: Option<&SessionId>,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if let Some(sid) = of {
            write.query(REPLACE).bind(sid.to_string()).execute(write.connection()).await?;
        }
        let query = write.query(ADD).bind(id.to_owned()).bind(data.to_owned()).bind(expires_at.as_millis());
        let written = query.bind(of.map(ToString::to_string)).execute(write.connection()).await?;
        write.commit().await?;
        Ok(written.rows_affected() > 0)
    }

    async fn save_web_session(&self, id: &str, data: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let query = write.query(SAVE).bind(id.to_owned()).bind(data.to_owned()).bind(expires_at.as_millis());
        query.execute(write.connection()).await?;
        write.commit().await
    }

    async fn delete_web_session(&self, id: &str) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.query(DELETE).bind(id.to_owned()).execute(write.connection()).await?;
        write.commit().await
    }
}
