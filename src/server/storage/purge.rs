//! Deletes expired rows in batches, so that nobody waits long for the one writer.

use super::activity::in_one_text;
use super::database::Database;
use super::sql::{Sql, sql};
use crate::domain::activity::{EVENTS_MAX, Kind, LASTING_MAX};
use crate::domain::second_factor::SET_UP_TIME;
use crate::domain::time::Timestamp;
use crate::server::ports::{StoreError, Upkeep};
use async_trait::async_trait;
use serde::Serialize;
use sqlx::Row;
use std::time::Duration;

const BATCH: i64 = 500;

const REVOKED: Sql = sql!(
    "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s WHERE s.revoked_at < $1 LIMIT $2" skip ") \
     RETURNING id, user_id"
);
/// The idle end moves with each rotation, so no index holds it; it is never after the absolute end, which one does.
const EXPIRED: Sql = sql!(
    "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s \
     WHERE s.expires_at < $3 AND s.idle_expires_at < $1 LIMIT $2" skip ") RETURNING id, user_id"
);
/// The most ended sessions kept for each user, so that repeated sign-ins do not fill the disk. The newest are kept.
const ENDED_MAX: i64 = 500;
/// Looks only at the users of the newest ended sessions: only they can have exceeded the limit since the last time.
const CROWDED_SESSIONS: Sql = sql!(
    "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s WHERE s.id IN (SELECT p.id FROM \
     (SELECT e.id, ROW_NUMBER() OVER (PARTITION BY e.user_id ORDER BY e.revoked_at DESC, e.id DESC) AS place \
     FROM sessions e WHERE e.revoked_at IS NOT NULL AND e.user_id IN (SELECT DISTINCT n.user_id FROM \
     (SELECT r.user_id FROM sessions r WHERE r.revoked_at IS NOT NULL ORDER BY r.revoked_at DESC LIMIT $2) n)) p \
     WHERE p.place > $1) LIMIT $2" skip ") RETURNING id, user_id"
);
/// Erases the addresses of a deleted session's events.
const ADDRESSES: Sql = sql!(
    "UPDATE activity SET ip = NULL, other_ip = NULL WHERE user_id IN (SELECT j.value ->> 'user_id' FROM " rows ") \
     AND sid IN (SELECT j.value ->> 'id' FROM " rows ") AND (ip IS NOT NULL OR other_ip IS NOT NULL)"
);
/// The events of a session that had to go before its time are events without one: their addresses stay as long as
/// those.
const LEFT_ALONE: Sql = sql!(
    "UPDATE activity SET sid = NULL WHERE user_id IN (SELECT j.value ->> 'user_id' FROM " rows ") \
     AND sid IN (SELECT j.value ->> 'id' FROM " rows ")"
);
const WEB_SESSIONS_OF: Sql = sql!("DELETE FROM web_sessions WHERE sid IN (SELECT j.value ->> 'id' FROM " rows ")");
/// Erases the addresses of old events without a session.
const LONE_ADDRESSES: Sql = sql!(
    "UPDATE activity SET ip = NULL, other_ip = NULL WHERE id IN \
     (SELECT a.id FROM activity a WHERE a.at < $1 AND a.sid IS NULL AND a.ip IS NOT NULL LIMIT $2)"
);
const WEB_SESSIONS: Sql = sql!(
    "DELETE FROM web_sessions WHERE id IN (SELECT s.id FROM web_sessions s WHERE s.expires_at <= $1 LIMIT $2" skip ")"
);
const LINKS: Sql = sql!(
    "DELETE FROM one_time_links WHERE digest IN \
     (SELECT s.digest FROM one_time_links s WHERE s.expires_at <= $1 LIMIT $2" skip ")"
);
const WAITING_SIGN_INS: Sql = sql!(
    "DELETE FROM waiting_sign_ins WHERE digest IN \
     (SELECT s.digest FROM waiting_sign_ins s WHERE s.expires_at <= $1 LIMIT $2" skip ")"
);
/// Authenticator apps that nobody finished setting up.
const UNCONFIRMED_TOTP: Sql = sql!(
    "DELETE FROM totp WHERE user_id IN \
     (SELECT s.user_id FROM totp s WHERE s.confirmed_at IS NULL AND s.created_at <= $1 LIMIT $2" skip ")"
);
/// Also deletes rows that end in more than two days: no limit is that long, so a clock was wrong.
const LIMITS: Sql = sql!(
    "DELETE FROM limits WHERE key IN (SELECT s.key FROM limits s \
     WHERE s.expires_at <= $1 OR s.expires_at > $1 + 172800000 LIMIT $2" skip ")"
);
/// The most rows kept. Beyond that, those that end first are deleted, so that attempts under ever new names and
/// addresses do not fill the disk.
const LIMITS_MAX: i64 = 100_000;
const CROWDED_LIMITS: Sql =
    sql!("DELETE FROM limits WHERE key IN (SELECT s.key FROM limits s ORDER BY s.expires_at DESC LIMIT $2 OFFSET $1)");
/// How long a browser stays known: as long as it may keep a cookie (draft-ietf-httpbis-rfc6265bis section 5.5).
const BROWSERS_KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);
const BROWSERS: Sql = sql!(
    "DELETE FROM known_browsers WHERE (digest, user_id) IN \
     (SELECT s.digest, s.user_id FROM known_browsers s WHERE s.last_used_at < $1 LIMIT $2" skip ")"
);
/// How long events are kept: a year, and some time to look back at it.
const EVENTS_KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Events come in the order of their time: the oldest of all tell whether there are any to delete.
const OLD_EVENTS: Sql = sql!(
    "DELETE FROM activity WHERE id IN (SELECT o.id FROM (SELECT a.id, a.at FROM activity a ORDER BY a.id LIMIT $2) o \
     WHERE o.at < $1)"
);
/// Only who did something lately can have more than before: those of the newest events are looked at. Of these the
/// first `$3` of each of the kinds `$4` come first, then the newest of all.
const CROWDED_EVENTS: Sql = sql!(
    "WITH crowded AS MATERIALIZED (SELECT u.user_id FROM (SELECT DISTINCT n.user_id FROM \
     (SELECT a.user_id FROM activity a ORDER BY a.id DESC LIMIT $2) n) u WHERE EXISTS (SELECT 1 FROM activity b \
     WHERE b.user_id = u.user_id ORDER BY b.id DESC LIMIT 1 OFFSET $1)), \
     ranked AS (SELECT a.id, a.user_id, CASE WHEN $4 LIKE '%,' || a.kind || ',%' AND ROW_NUMBER() OVER \
     (PARTITION BY a.user_id, a.kind ORDER BY a.id DESC) <= $3 THEN 0 ELSE 1 END AS class \
     FROM crowded c JOIN activity a ON a.user_id = c.user_id), \
     placed AS (SELECT r.id, ROW_NUMBER() OVER (PARTITION BY r.user_id ORDER BY r.class, r.id DESC) AS place FROM ranked r) \
     DELETE FROM activity WHERE id IN (SELECT p.id FROM placed p WHERE p.place > $1 LIMIT $2)"
);
/// A key whose end was set when sessions were meant to be shorter stays while one that is made with it lives.
const KEYS: Sql = sql!(
    "DELETE FROM keys WHERE expires_at <= $1 AND (purpose = 'access' OR NOT EXISTS (SELECT 1 FROM sessions s \
     WHERE s.key_id = keys.id AND s.revoked_at IS NULL AND s.expires_at > $1 AND s.idle_expires_at > $1))"
);

#[derive(Serialize)]
struct Deleted {
    id: String,
    user_id: String,
}

/// Deletes batches until one is not full.
macro_rules! all {
    ($batch:expr) => {
        async {
            while $batch.await? == BATCH {}
            Ok::<(), StoreError>(())
        }
    };
}

impl Database {
    async fn purge_keys(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.query(KEYS).bind(now.as_millis()).execute(write.connection()).await?;
        write.commit().await
    }

    /// One batch, with what hangs on it; how many it were. `events`: what becomes of the sessions' events.
    async fn purge_sessions(
        &self,
        sql: Sql,
        before: Timestamp,
        now: Option<Timestamp>,
        events: Sql,
    ) -> Result<i64, StoreError> {
        let mut write = self.write().await?;
        let mut query = write.query(sql).bind(before.as_millis()).bind(BATCH);
        if let Some(now) = now {
            query = query.bind(now.as_millis());
        }
        let rows = query.fetch_all(write.connection()).await?;
        let deleted = rows
            .iter()
            .map(|row| Ok(Deleted { id: row.try_get(0)?, user_id: row.try_get(1)? }))
            .collect::<sqlx::Result<Vec<_>>>()?;
        write.apply(events, &deleted).await?;
        write.apply(WEB_SESSIONS_OF, &deleted).await?;
        write.commit().await?;
        Ok(i64::try_from(deleted.len()).unwrap_or(BATCH))
    }

    /// One batch of the events that a user has too many of; how many it were.
    async fn purge_events(&self) -> Result<i64, StoreError> {
        let mut write = self.write().await?;
        let query = write.query(CROWDED_EVENTS).bind(EVENTS_MAX).bind(BATCH).bind(LASTING_MAX);
        let done = query.bind(in_one_text(&Kind::LASTING)).execute(write.connection()).await?;
        write.commit().await?;
        Ok(i64::try_from(done.rows_affected()).unwrap_or(BATCH))
    }

    async fn purge_rows(&self, sql: Sql, before: Timestamp) -> Result<i64, StoreError> {
        let mut write = self.write().await?;
        let query = write.query(sql).bind(before.as_millis()).bind(BATCH);
        let done = query.execute(write.connection()).await?;
        write.commit().await?;
        Ok(i64::try_from(done.rows_affected()).unwrap_or(BATCH))
    }
}

#[async_trait]
impl Upkeep for Database {
    async fn purge(&self, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let (ended_max, limits_max) = (Timestamp::from_millis(ENDED_MAX), Timestamp::from_millis(LIMITS_MAX));
        // Each by itself: one that fails keeps nothing else from being deleted.
        let done = [
            all!(self.purge_sessions(REVOKED, before, None, ADDRESSES)).await,
            all!(self.purge_sessions(EXPIRED, before, Some(now), ADDRESSES)).await,
            all!(self.purge_sessions(CROWDED_SESSIONS, ended_max, None, LEFT_ALONE)).await,
            all!(self.purge_rows(LONE_ADDRESSES, before)).await,
            all!(self.purge_rows(OLD_EVENTS, now - EVENTS_KEPT)).await,
            all!(self.purge_events()).await,
            all!(self.purge_rows(WEB_SESSIONS, now)).await,
            all!(self.purge_rows(BROWSERS, now - BROWSERS_KEPT)).await,
            all!(self.purge_rows(LINKS, now)).await,
            all!(self.purge_rows(WAITING_SIGN_INS, now)).await,
            all!(self.purge_rows(UNCONFIRMED_TOTP, now - SET_UP_TIME)).await,
            all!(self.purge_rows(LIMITS, now)).await,
            all!(self.purge_rows(CROWDED_LIMITS, limits_max)).await,
            self.purge_keys(now).await,
        ];
        done.into_iter().collect()
    }
}
