//! Browsers known to accounts.

use super::database::{Database, from_json};
use super::sql::{Sql, sql};
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::server::ports::{KnownBrowser, KnownBrowsers, StoreError};
use async_trait::async_trait;
use serde::Deserialize;

const USERS: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('user_id', b.user_id) AS o FROM known_browsers b WHERE b.digest = $1) t"
);
const OF_USER: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('created_at', b.created_at, 'last_used_at', b.last_used_at) AS o \
     FROM known_browsers b WHERE b.user_id = $1 ORDER BY b.last_used_at DESC, b.digest) t"
);
/// Updates the time at most once a day.
const KNOW: Sql = sql!(
    "INSERT INTO known_browsers (digest, user_id, created_at, last_used_at) \
     SELECT CAST($1 AS TEXT), u.id, CAST($3 AS BIGINT), CAST($3 AS BIGINT) FROM users u WHERE u.id = $2 \
     ON CONFLICT (digest, user_id) DO UPDATE SET last_used_at = excluded.last_used_at \
     WHERE known_browsers.last_used_at < excluded.last_used_at - 86400000"
);
/// Deletes all but the `$2` most recently used.
const CROWD_OUT: Sql = sql!(
    "DELETE FROM known_browsers WHERE user_id = $1 AND digest IN (SELECT b.digest FROM known_browsers b \
     WHERE b.user_id = $1 ORDER BY b.last_used_at DESC, b.digest LIMIT 1000000 OFFSET $2)"
);
/// The most browsers that an account knows.
const MOST: i64 = 50;

#[derive(Deserialize)]
struct Of {
    user_id: UserId,
}

#[derive(Deserialize)]
struct KnownBrowserRow {
    created_at: Timestamp,
    last_used_at: Timestamp,
}

#[async_trait]
impl KnownBrowsers for Database {
    async fn users_of_browser(&self, digest: &str) -> Result<Vec<UserId>, StoreError> {
        let text = self.read(USERS).bind(digest).fetch_one(&self.readers).await?;
        Ok(from_json::<Of>(&text)?.into_iter().map(|row| row.user_id).collect())
    }

    async fn known_browsers(&self, user_id: &UserId) -> Result<Vec<KnownBrowser>, StoreError> {
        let text = self.read(OF_USER).bind(user_id.as_str()).fetch_one(&self.readers).await?;
        let known = |KnownBrowserRow { created_at, last_used_at }| KnownBrowser { created_at, last_used_at };
        Ok(from_json::<KnownBrowserRow>(&text)?.into_iter().map(known).collect())
    }

    async fn know_browser(&self, digest: &str, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let known = write.query(KNOW).bind(digest).bind(user_id.as_str()).bind(now.as_millis());
        if known.execute(write.connection()).await?.rows_affected() > 0 {
            let crowd = write.query(CROWD_OUT).bind(user_id.as_str()).bind(MOST);
            crowd.execute(write.connection()).await?;
        }
        write.commit().await
    }
}
