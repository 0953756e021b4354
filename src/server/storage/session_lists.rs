//! Lists of a user's live sessions. Each reads the columns that it shows: `sqlx::Any` copies every column of a row.

use super::columns::from_row;
use super::database::Database;
use super::error::impossible;
use super::session_row::{listed_name, stored_lifetime};
use super::sql::{Sql, sql};
use crate::domain::device::{Device, DeviceKind};
use crate::domain::id::{SessionId, UserId};
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::time::Timestamp;
use crate::server::ports::{ListedSession, SessionLists, SessionNames, StoreError};
use async_trait::async_trait;

struct ListedRow {
    id: SessionId,
    name: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    kind: String,
    ip: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
    idle_expires_at: Timestamp,
    idle_ms: i64,
    remember: i64,
    last_seen_at: Timestamp,
    authenticated_by: AuthenticatedBy,
}

from_row!(
    ListedRow, listed_columns, "s": id, name, browser, os, kind, ip, created_at, expires_at, idle_expires_at, idle_ms,
    remember, last_seen_at, authenticated_by,
);

/// The live sessions of the user `$1` at `$2`.
macro_rules! live {
    ($columns:expr) => {
        sql!(
            "SELECT " ($columns) " FROM sessions s JOIN users u ON u.id = s.user_id \
             WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2 \
             AND u.disabled_at IS NULL"
        )
    };
}

const LISTED: Sql = live!(listed_columns!());
const NAMES: Sql = live!("s.id, s.name");

impl TryFrom<ListedRow> for ListedSession {
    type Error = StoreError;

    fn try_from(row: ListedRow) -> Result<Self, StoreError> {
        let bad = |column| impossible("session", row.id.as_str(), column);
        let ends = (row.expires_at, row.idle_expires_at);
        let lifetime = stored_lifetime(row.created_at, ends, row.idle_ms, row.remember).map_err(bad)?;
        Ok(Self {
            name: listed_name(row.name),
            device: Device { browser: row.browser, os: row.os, kind: DeviceKind::from_text(&row.kind) },
            ip: row.ip,
            lifetime,
            last_seen_at: row.last_seen_at,
            authenticated_by: row.authenticated_by,
            id: row.id,
        })
    }
}

#[async_trait]
impl SessionLists for Database {
    async fn listed_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError> {
        let query = self.read::<ListedRow>(LISTED).bind(user_id.as_str()).bind(now.as_millis());
        query.fetch_all(&self.readers).await?.into_iter().map(ListedSession::try_from).collect()
    }

    async fn session_names(&self, user_id: &UserId, now: Timestamp) -> Result<SessionNames, StoreError> {
        let query = self.read::<(SessionId, Option<String>)>(NAMES).bind(user_id.as_str()).bind(now.as_millis());
        let rows = query.fetch_all(&self.readers).await?;
        Ok(rows.into_iter().map(|(id, name)| (id, listed_name(name))).collect())
    }
}
