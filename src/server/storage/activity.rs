//! The users' own security events.

use super::database::{Database, Write, from_json};
use super::rows::{EventRow, RecordedRow};
use super::sql::{Sql, sql};
use crate::domain::activity::{Event, Kind};
use crate::domain::id::UserId;
use crate::server::ports::{EventPage, Events, Recorded, StoreError};
use async_trait::async_trait;

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
const PAGE: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('id', a.id, 'kind', a.kind, 'at', a.at, 'sid', a.sid, 'ip', a.ip, \
     'user_agent', a.user_agent, 'browser', a.browser, 'os', a.os, 'detail', a.detail, 'other_at', a.other_at, \
     'other_ip', a.other_ip, 'other_user_agent', a.other_user_agent, 'by_sid', a.by_sid, 'name_before', a.name_before, \
     'name_after', a.name_after) AS o FROM activity a \
     WHERE a.user_id = $1 AND a.id < $2 AND ($4 = '' OR $4 LIKE '%,' || a.kind || ',%') ORDER BY a.id DESC LIMIT $3) t"
);

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
        let kinds = kinds.map(in_one_text);
        let page = self.read(PAGE).bind(user_id.as_str()).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let page = page.bind(kinds.unwrap_or_default());
        let text = page.fetch_one(&self.readers).await?;
        from_json::<RecordedRow>(&text)?.into_iter().map(Recorded::try_from).collect()
    }
}
