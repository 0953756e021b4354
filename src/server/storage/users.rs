//! Users.

use super::activity::insert_events;
use super::columns::from_row;
use super::database::{Database, Write};
use super::one_time_links::{end_links_of, use_link};
use super::sessions::{EndCondition, end, ended_events, lock_sessions_of};
use super::sql::{Sql, sql};
use crate::domain::activity::{Event, Kind};
use crate::domain::credentials::Username;
use crate::domain::id::{BrowserDigest, SessionId, UserId};
use crate::domain::one_time_link::Purpose;
use crate::domain::session::Reason;
use crate::domain::time::Timestamp;
use crate::server::ports::{PasswordChange, Selection, StoreError, User, UserEndings, Users};
use async_trait::async_trait;

const ADD: Sql = sql!(
    "INSERT INTO users (id, username, password_hash, created_at, password_changed_at, disabled_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (username) DO NOTHING"
);
from_row!(User, user_columns, "u": id, username, password_hash, created_at, password_changed_at, disabled_at);
const BY_ID: Sql = sql!("SELECT " (user_columns!()) " FROM users u WHERE u.id = $1");
const BY_NAME: Sql = sql!("SELECT " (user_columns!()) " FROM users u WHERE u.username = $1");
/// No name is empty, so each one follows that.
const PAGE: Sql = sql!("SELECT " (user_columns!()) " FROM users u WHERE u.username > $1 ORDER BY u.username LIMIT $2");
const RENAME: Sql = sql!("UPDATE users SET username = $2 WHERE id = $1");
const REHASH: Sql = sql!("UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2");
/// The time is a later one with each change, whatever the clock says: by it a sign-in knows its password from the next.
/// `$5`: 1 if a disabled user may not do it.
const CHANGE_PASSWORD: Sql = sql!(
    "UPDATE users SET password_hash = $3, password_changed_at = CASE WHEN password_changed_at < $4 THEN $4 \
     ELSE password_changed_at + 1 END \
     WHERE id = $1 AND password_changed_at = $2 AND (CAST($5 AS BIGINT) = 0 OR disabled_at IS NULL)"
);
const RENEW_KEPT: Sql =
    sql!("UPDATE sessions SET authenticated_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL");
/// All but `$2`.
const FORGET_BROWSERS: Sql = sql!("DELETE FROM known_browsers WHERE user_id = $1 AND digest <> $2");
/// The time that a user was first disabled stays.
const SET_DISABLED: Sql = sql!(
    "UPDATE users SET disabled_at = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN NULL ELSE coalesce(disabled_at, $2) END \
     WHERE id = $1"
);
const UN_ENDED: Sql = sql!("SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL");
const DELETE: Sql = sql!("DELETE FROM users WHERE id = $1");
/// Keeps other writers of this user away, but not those who only refer to it.
pub(super) const LOCK_USER: &str = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE";

impl Database {
    async fn one_user(&self, sql: Sql, key: &str) -> Result<Option<User>, StoreError> {
        Ok(self.read(sql).bind(key).fetch_optional(&self.readers).await?)
    }
}

/// Adds a user; `false` if the name is taken.
pub(super) async fn insert_user(write: &mut Write, user: &User) -> Result<bool, StoreError> {
    let added = write
        .query(ADD)
        .bind(user.id.as_str())
        .bind(user.username.as_str())
        .bind(user.password_hash.as_str())
        .bind(user.created_at.as_millis())
        .bind(user.password_changed_at.as_millis())
        .bind(user.disabled_at.map(Timestamp::as_millis))
        .execute(write.connection())
        .await?;
    Ok(added.rows_affected() > 0)
}

#[async_trait]
impl Users for Database {
    async fn add_user(&self, user: &User, event: Option<&Event>) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if !insert_user(&mut write, user).await? {
            return Ok(false);
        }
        insert_events(&mut write, event).await?;
        write.commit().await?;
        Ok(true)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.one_user(BY_ID, id.as_str()).await
    }

    async fn user_by_name(&self, name: &Username) -> Result<Option<User>, StoreError> {
        self.one_user(BY_NAME, name.as_str()).await
    }

    async fn users(&self, after: Option<&Username>, limit: u32) -> Result<Vec<User>, StoreError> {
        let page = self.read(PAGE).bind(after.map_or("", Username::as_str)).bind(i64::from(limit));
        Ok(page.fetch_all(&self.readers).await?)
    }

    async fn rename_user(&self, id: &UserId, name: &Username) -> Result<Option<bool>, StoreError> {
        let mut write = self.write().await?;
        let query = write.query(RENAME).bind(id.as_str()).bind(name.as_str());
        match query.execute(write.connection()).await {
            Ok(renamed) if renamed.rows_affected() == 0 => Ok(None),
            Ok(_) => write.commit().await.map(|()| Some(true)),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Some(false)),
            Err(error) => Err(error.into()),
        }
    }

    async fn rehash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.query(REHASH).bind(id.as_str()).bind(old).bind(new).execute(write.connection()).await?;
        write.commit().await
    }
}

#[async_trait]
impl UserEndings for Database {
    async fn change_password(&self, change: PasswordChange<'_>) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut write = self.write().await?;
        let changed = write
            .query(CHANGE_PASSWORD)
            .bind(change.user_id.as_str())
            .bind(change.password_changed_at.as_millis())
            .bind(change.new_hash)
            .bind(change.at.as_millis())
            .bind(i64::from(change.link.is_some()))
            .execute(write.connection())
            .await?;
        if changed.rows_affected() == 0 {
            return Ok(None);
        }
        if let Some(link) = change.link
            && !use_link(&mut write, link, Purpose::Reset, Some(change.user_id), change.at).await?
        {
            return Ok(None);
        }
        end_links_of(&mut write, change.user_id).await?;
        lock_sessions_of(&mut write, change.user_id, None).await?;
        if let Some(keep) = change.keep {
            write
                .query(RENEW_KEPT)
                .bind(keep.as_str())
                .bind(change.user_id.as_str())
                .bind(change.at.as_millis())
                .execute(write.connection())
                .await?;
        }
        let forget = write
            .query(FORGET_BROWSERS)
            .bind(change.user_id.as_str())
            .bind(change.browser.map_or("", BrowserDigest::as_str));
        forget.execute(write.connection()).await?;
        let which = change.keep.map_or(Selection::All, |keep| Selection::AllBut(keep.clone()));
        let ending =
            EndCondition { user_id: change.user_id, which: &which, reason: Reason::PasswordChanged, at: change.at };
        let ended = end(&mut write, ending).await?;
        insert_events(&mut write, [change.event]).await?;
        insert_events(&mut write, &ended_events(&ended, Reason::PasswordChanged, change.event)).await?;
        write.commit().await?;
        Ok(Some(ended))
    }

    async fn set_disabled(
        &self,
        id: &UserId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut write = self.write().await?;
        let set = write
            .query(SET_DISABLED)
            .bind(id.as_str())
            .bind(at.map(Timestamp::as_millis))
            .execute(write.connection())
            .await?;
        if set.rows_affected() == 0 {
            return Ok(None);
        }
        let mut ended = Vec::new();
        if at.is_some() {
            end_links_of(&mut write, id).await?;
            lock_sessions_of(&mut write, id, None).await?;
            let ending = EndCondition { user_id: id, which: &Selection::All, reason: Reason::Operator, at: now };
            ended = end(&mut write, ending).await?;
            insert_events(
                &mut write,
                &ended_events(&ended, Reason::Operator, &Event::new(id, Kind::SessionEnded, now)),
            )
            .await?;
        }
        write.commit().await?;
        Ok(Some(ended))
    }

    async fn delete_user(&self, id: &UserId) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK_USER, &[id.as_str()]).await?;
        lock_sessions_of(&mut write, id, None).await?;
        let ids = write.scalars(UN_ENDED).bind(id.as_str()).fetch_all(write.connection()).await?;
        let deleted = write.query(DELETE).bind(id.as_str()).execute(write.connection()).await?;
        write.commit().await?;
        Ok((deleted.rows_affected() > 0).then_some(ids))
    }
}
