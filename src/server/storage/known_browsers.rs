//! Browsers known to accounts.

use super::columns::from_row;
use super::database::{Database, Write};
use super::sql::{Sql, sql};
use crate::domain::id::{BrowserDigest, UserId};
use crate::domain::time::Timestamp;
use crate::server::ports::{KnownBrowser, KnownBrowsers, StoreError};
use async_trait::async_trait;

const USERS: Sql = sql!("SELECT b.user_id FROM known_browsers b WHERE b.digest = $1");
from_row!(KnownBrowser, known_browser_columns, "b": created_at, last_used_at);
const OF_USER: Sql = sql!(
    "SELECT " (known_browser_columns!()) " FROM known_browsers b WHERE b.user_id = $1 \
     ORDER BY b.last_used_at DESC, b.digest"
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

/// See [`KnownBrowsers::know_browser`].
pub(super) async fn know_browser(
    write: &mut Write,
    digest: &BrowserDigest,
    user_id: &UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let known = write.query(KNOW).bind(digest.as_str()).bind(user_id.as_str()).bind(now.as_millis());
    if known.execute(write.connection()).await?.rows_affected() > 0 {
        let crowd = write.query(CROWD_OUT).bind(user_id.as_str()).bind(MOST);
        crowd.execute(write.connection()).await?;
    }
    Ok(())
}

#[async_trait]
impl KnownBrowsers for Database {
    async fn users_of_browser(&self, digest: &BrowserDigest) -> Result<Vec<UserId>, StoreError> {
        let rows = self.read::<(UserId,)>(USERS).bind(digest.as_str()).fetch_all(&self.readers).await?;
        Ok(rows.into_iter().map(|(user_id,)| user_id).collect())
    }

    async fn known_browsers(&self, user_id: &UserId) -> Result<Vec<KnownBrowser>, StoreError> {
        Ok(self.read(OF_USER).bind(user_id.as_str()).fetch_all(&self.readers).await?)
    }

    async fn know_browser(&self, digest: &BrowserDigest, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        know_browser(&mut write, digest, user_id, now).await?;
        write.commit().await
    }
}
