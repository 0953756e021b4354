//! The users' own security events.

use super::columns::from_row;
use super::database::{Database, Write};
use super::error::impossible;
use super::sql::{Sql, sql};
use crate::domain::activity::{Event, Kind, Names, Party};
use crate::domain::credentials::Username;
use crate::domain::id::{SessionId, UserId};
use crate::domain::time::Timestamp;
use crate::server::ports::{EventPage, EventSelection, Events, Recorded, StoreError, UserEvent};
use async_trait::async_trait;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};

/// Leaves out events of users who have been deleted meanwhile.
const INSERT: Sql = sql!(
    "INSERT INTO activity (user_id, kind, at, sid, ip, user_agent, browser, os, detail, other_at, \
     other_ip, other_user_agent, by_sid, name_before, name_after) \
     SELECT u.id, j.value ->> 'kind', CAST(j.value ->> 'at' AS BIGINT), j.value ->> 'sid', j.value ->> 'ip', \
            j.value ->> 'user_agent', j.value ->> 'browser', j.value ->> 'os', j.value ->> 'detail', \
            CAST(j.value ->> 'other_at' AS BIGINT), j.value ->> 'other_ip', j.value ->> 'other_user_agent', \
            j.value ->> 'by_sid', j.value ->> 'name_before', j.value ->> 'name_after' \
     FROM " rows " JOIN users u ON u.id = j.value ->> 'user_id' ORDER BY CAST(j.value ->> 'place' AS BIGINT)"
);
from_row!(
    RecordedRow, recorded_columns, "a": id, kind, at, sid, ip, user_agent, browser, os, detail, other_at, other_ip,
    other_user_agent, by_sid, name_before, name_after,
);
const PAGE: Sql = sql!(
    "SELECT " (recorded_columns!()) " FROM activity a \
     WHERE a.user_id = $1 AND a.id < $2 AND $4 LIKE '%,' || a.kind || ',%' ORDER BY a.id DESC LIMIT $3"
);

const PAGE_OF_ALL: Sql = sql!(
    "SELECT " (recorded_columns!()) ", u.id AS user_id, u.username FROM activity a JOIN users u ON u.id = a.user_id \
     WHERE a.id > $1 AND a.at >= $2 AND ($3 = '' OR a.user_id = $3) \
     AND $4 LIKE '%,' || a.kind || ',%' ORDER BY a.id LIMIT $5"
);
const NEWEST: Sql = sql!("SELECT coalesce(max(id), 0) FROM activity");

/// A row of `activity` to be written.
#[derive(Serialize)]
struct EventRow<'a> {
    /// The place among the events written together, in the order in which they happened.
    place: usize,
    user_id: &'a UserId,
    kind: &'static str,
    at: Timestamp,
    sid: Option<&'a SessionId>,
    ip: Option<&'a str>,
    user_agent: &'a str,
    browser: Option<&'a str>,
    os: Option<&'a str>,
    detail: Option<&'static str>,
    other_at: Option<Timestamp>,
    other_ip: Option<&'a str>,
    other_user_agent: Option<&'a str>,
    by_sid: Option<&'a SessionId>,
    name_before: Option<&'a str>,
    name_after: Option<&'a str>,
}

impl<'a> EventRow<'a> {
    fn new(place: usize, event: &'a Event) -> Self {
        Self {
            place,
            user_id: &event.user_id,
            kind: event.kind.as_str(),
            at: event.at,
            sid: event.sid.as_ref(),
            ip: event.ip.as_deref(),
            user_agent: &event.user_agent,
            browser: event.device.browser.as_deref(),
            os: event.device.os.as_deref(),
            detail: event.detail,
            other_at: event.other.as_ref().map(|other| other.at),
            other_ip: event.other.as_ref().and_then(|other| other.ip.as_deref()),
            other_user_agent: event.other.as_ref().map(|other| other.user_agent.as_str()),
            by_sid: event.by.as_ref(),
            name_before: event.names.as_ref().and_then(|names| names.before.as_deref()),
            name_after: event.names.as_ref().map(|names| names.after.as_str()),
        }
    }
}

/// A row of `activity` as read.
struct RecordedRow {
    id: i64,
    kind: String,
    at: Timestamp,
    sid: Option<SessionId>,
    ip: Option<String>,
    user_agent: String,
    browser: Option<String>,
    os: Option<String>,
    detail: Option<String>,
    other_at: Option<Timestamp>,
    other_ip: Option<String>,
    other_user_agent: Option<String>,
    by_sid: Option<SessionId>,
    name_before: Option<String>,
    name_after: Option<String>,
}

/// A row of `activity` as read, with whose it is.
struct UserEventRow {
    recorded: RecordedRow,
    user_id: UserId,
    username: Username,
}

impl<'r> FromRow<'r, AnyRow> for UserEventRow {
    fn from_row(row: &'r AnyRow) -> sqlx::Result<Self> {
        let recorded = RecordedRow::from_row(row)?;
        Ok(Self { recorded, user_id: row.try_get("user_id")?, username: row.try_get("username")? })
    }
}

impl TryFrom<UserEventRow> for UserEvent {
    type Error = StoreError;

    fn try_from(row: UserEventRow) -> Result<Self, StoreError> {
        Ok(Self { user_id: row.user_id, username: row.username, event: row.recorded.try_into()? })
    }
}

impl TryFrom<RecordedRow> for Recorded {
    type Error = StoreError;

    fn try_from(row: RecordedRow) -> Result<Self, StoreError> {
        let kind = Kind::from_text(&row.kind).ok_or_else(|| impossible("activity", &row.id.to_string(), "kind"))?;
        let RecordedRow { id, at, sid, ip, user_agent, browser, os, detail, .. } = row;
        let other =
            row.other_at.map(|at| Party { at, ip: row.other_ip, user_agent: row.other_user_agent.unwrap_or_default() });
        let names = row.name_after.map(|after| Names { before: row.name_before, after });
        Ok(Self { cursor: id, kind, at, sid, ip, user_agent, browser, os, detail, other, by: row.by_sid, names })
    }
}

/// Writes events, all in one statement.
pub(super) async fn insert_events<'a>(
    write: &mut Write,
    events: impl IntoIterator<Item = &'a Event>,
) -> Result<(), StoreError> {
    let rows: Vec<EventRow<'a>> =
        events.into_iter().enumerate().map(|(place, event)| EventRow::new(place, event)).collect();
    write.apply(INSERT, &rows).await.map(drop)
}

/// `,signed_in,signed_up,`: one text argument for both databases. The commas keep a kind from matching a part of
/// another.
pub(super) fn in_one_text(kinds: &[Kind]) -> String {
    kinds.iter().fold(",".to_owned(), |all, kind| all + kind.as_str() + ",")
}

/// As [`in_one_text`]; if none are given, all kinds that this version knows. A newer one may have written others beside
/// it.
fn or_all_known(kinds: &[Kind]) -> String {
    in_one_text(if kinds.is_empty() { &Kind::ALL } else { kinds })
}

#[async_trait]
impl Events for Database {
    async fn record(&self, event: &Event) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        insert_events(&mut write, [event]).await?;
        write.commit().await
    }

    async fn activity(
        &self,
        user_id: &UserId,
        EventPage { kinds, before, limit }: EventPage,
    ) -> Result<Vec<Recorded>, StoreError> {
        let kinds = or_all_known(kinds.unwrap_or_default());
        let page = self
            .read::<RecordedRow>(PAGE)
            .bind(user_id.as_str())
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit));
        let page = page.bind(kinds);
        page.fetch_all(&self.readers).await?.into_iter().map(Recorded::try_from).collect()
    }

    async fn events(&self, selection: &EventSelection) -> Result<Vec<UserEvent>, StoreError> {
        let kinds = or_all_known(&selection.kinds);
        let page = self
            .read::<UserEventRow>(PAGE_OF_ALL)
            .bind(selection.after)
            .bind(selection.since.as_millis())
            .bind(selection.user.as_ref().map_or("", UserId::as_str).to_owned())
            .bind(kinds)
            .bind(i64::from(selection.limit));
        page.fetch_all(&self.readers).await?.into_iter().map(UserEvent::try_from).collect()
    }

    async fn newest_event(&self) -> Result<i64, StoreError> {
        Ok(self.read::<(i64,)>(NEWEST).fetch_one(&self.readers).await?.0)
    }
}
