//! Ending the sessions of all users, page by page: each is a short transaction, between which a server writes.

use super::activity::insert_events;
use super::database::{Database, from_json, to_json};
use super::locks::IdRow;
use super::sessions::{ended_events, were_alive};
use super::sql::{Sql, sql};
use crate::domain::activity::{Event, Kind};
use crate::domain::id::SessionId;
use crate::domain::session::Reason;
use crate::domain::time::Timestamp;
use crate::server::ports::{EndedPage, StoreError};

/// In the order in which everybody locks sessions.
const PAGE: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('id', s.id) AS o FROM sessions s \
     WHERE s.id > $1 AND s.revoked_at IS NULL AND s.created_at <= $2 ORDER BY s.id LIMIT $3" lock ") t"
);
const END: Sql = sql!(
    "UPDATE sessions SET revoked_at = $2, revocation_reason = $3 WHERE id IN " texts " AND revoked_at IS NULL \
     RETURNING id, user_id, idle_expires_at, expires_at"
);

impl Database {
    pub(super) async fn end_page_of_all(
        &self,
        after: Option<&SessionId>,
        at: Timestamp,
        limit: u32,
    ) -> Result<EndedPage, StoreError> {
        let mut write = self.write().await?;
        let page = write.scalar(PAGE).bind(after.map_or("", SessionId::as_str).to_owned()).bind(at.as_millis());
        let page = page.bind(i64::from(limit)).fetch_one(write.connection()).await?;
        let page: Vec<SessionId> = from_json::<IdRow>(&page)?.into_iter().map(|row| row.id).collect();
        let Some(last) = page.last() else { return Ok(EndedPage::default()) };
        let end = write.query(END).bind(to_json(&page)?).bind(at.as_millis()).bind(Reason::Operator.as_str());
        let alive = were_alive(&end.fetch_all(write.connection()).await?, at)?;
        let events = alive.iter().flat_map(|(id, user)| {
            ended_events(std::slice::from_ref(id), Reason::Operator, &Event::new(user, Kind::SessionEnded, at))
        });
        insert_events(&mut write, &events.collect::<Vec<_>>()).await?;
        write.commit().await?;
        let ended = alive.into_iter().map(|(id, _)| id).collect();
        Ok(EndedPage { ended, next: Some(last.clone()) })
    }
}
