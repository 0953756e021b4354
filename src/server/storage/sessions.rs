//! Sessions: starting, reading, changing and ending them.

use super::activity::insert_events;
use super::columns::from_row;
use super::database::{Database, Write, to_json};
use super::error::impossible;
use super::known_browsers::know_browser;
use super::locks::find_held;
use super::refreshes::END_EACH;
use super::session_row::{INSERT, SessionRow, integer};
use super::sql::{Sql, sql};
use super::users::LOCK_USER;
use super::web_sessions::start_web_session;
use crate::domain::activity::{Event, Kind, Names};
use crate::domain::crowding::{Candidate, Look, gives_way};
use crate::domain::id::{ClientId, SessionId, UserId};
use crate::domain::session::{Reason, Session};
use crate::domain::time::Timestamp;
use crate::server::ports::{
    EndSessions, Ended, EndedPage, LastSeen, Selection, SessionEndings, Sessions, SignInBrowser, StartSession,
    StoreError,
};
use async_trait::async_trait;
use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const REPLACE: Sql = sql!(
    "UPDATE sessions SET revoked_at = $2, revocation_reason = $3 WHERE id = $1 AND revoked_at IS NULL \
     RETURNING id, user_id, idle_expires_at, expires_at"
);
from_row!(CandidateRow, candidate_columns, "s": id, generation, client_id, user_agent, ip, created_at, last_seen_at);
/// The user's live sessions.
const CROWD: Sql = sql!(
    "SELECT " (candidate_columns!()) " FROM sessions s \
     WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2"
);
const END_THESE: Sql = sql!(
    "UPDATE sessions SET revoked_at = $2, revocation_reason = $3 WHERE id IN " texts " AND revoked_at IS NULL \
     RETURNING id, user_id, idle_expires_at, expires_at"
);
/// Sessions are always locked in the order of their ids.
const PAGE_OF_ALL: Sql = sql!(
    "SELECT s.id FROM sessions s \
     WHERE s.id > $1 AND s.revoked_at IS NULL AND s.created_at <= $2 ORDER BY s.id LIMIT $3" lock
);
/// `$4`: only this one; `$5`: all but this one.
const END: Sql = sql!(
    "UPDATE sessions SET revoked_at = $2, revocation_reason = $3 \
     WHERE user_id = $1 AND id = coalesce($4, id) AND id <> coalesce($5, '') AND revoked_at IS NULL \
     RETURNING id, user_id, idle_expires_at, expires_at"
);
const ONE: Sql = sql!(
    "SELECT " (session_columns!()) " FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id = $1"
);
const LIVE: Sql = sql!(
    "SELECT " (session_columns!()) " FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.user_id = $1 AND s.revoked_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2 \
     AND u.disabled_at IS NULL"
);
const ALL: Sql = sql!(
    "SELECT " (session_columns!()) " FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.user_id = $1 AND (s.created_at < $2 OR (s.created_at = $2 AND s.id < $3)) \
     ORDER BY s.created_at DESC, s.id DESC LIMIT $4"
);
const THESE: Sql = sql!(
    "SELECT " (session_columns!()) " FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id IN " texts " AND s.user_id = $2"
);
const FINGERPRINTS: Sql = sql!(
    "SELECT s.user_id, " short "(string_agg(s.id || ' ' || coalesce(s.name, ''), ',' ORDER BY s.id)) \
     FROM sessions s WHERE s.user_id IN " texts " AND s.revoked_at IS NULL GROUP BY s.user_id"
);
const NAME: Sql = sql!("SELECT s.name FROM sessions s WHERE s.id = $1");
const RENAME: Sql = sql!(
    "UPDATE sessions SET name = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL \
     AND idle_expires_at > $4 AND expires_at > $4"
);
const REAUTHENTICATED: Sql = sql!(
    "UPDATE sessions SET authenticated_at = $2 WHERE id = $1 AND revoked_at IS NULL \
     AND idle_expires_at > $2 AND expires_at > $2"
);
const SEEN: Sql = sql!(
    "UPDATE sessions SET \
     last_seen_at = CASE WHEN last_seen_at < CAST(j.value ->> 'at' AS BIGINT) \
         THEN CAST(j.value ->> 'at' AS BIGINT) ELSE last_seen_at END, \
     confirmed_at = CASE WHEN confirmed_at IS NULL AND generation = CAST(j.value ->> 'generation' AS BIGINT) \
         THEN CAST(j.value ->> 'confirmed_at' AS BIGINT) ELSE confirmed_at END \
     FROM " rows " WHERE sessions.id = j.value ->> 'id' AND sessions.revoked_at IS NULL"
);
/// Locks those of the sessions `$1` that are not locked by another transaction, in the order of their ids.
const LOCK_FREE: Sql = sql!(
    "SELECT s.id FROM sessions s WHERE s.id IN " texts " ORDER BY s.id" skip
);
const LOCK_ONE: &str = "SELECT s.id FROM sessions s WHERE s.id = $1 FOR UPDATE";
const LOCK_OF_USER: &str = "SELECT s.id FROM sessions s WHERE s.user_id = $1 OR s.id = $2 ORDER BY s.id FOR UPDATE";

/// Locks the user's sessions, and `also`, in the order of their ids.
pub(super) async fn lock_sessions_of(
    write: &mut Write,
    user_id: &UserId,
    also: Option<&SessionId>,
) -> Result<(), StoreError> {
    write.lock(LOCK_OF_USER, &[user_id.as_str(), also.map_or("", SessionId::as_str)]).await
}

/// The sessions to end, in a transaction that has locked them.
pub(super) struct EndCondition<'a> {
    pub(super) user_id: &'a UserId,
    pub(super) which: &'a Selection,
    pub(super) reason: Reason,
    pub(super) at: Timestamp,
}

/// Ends sessions, and returns those that were alive. Expired sessions are marked too, since another server's clock may
/// be behind.
pub(super) async fn end(write: &mut Write, ending: EndCondition<'_>) -> Result<Vec<SessionId>, StoreError> {
    let (only, but) = match ending.which {
        Selection::One(id) => (Some(id.as_str()), None),
        Selection::All => (None, None),
        Selection::AllBut(id) => (None, Some(id.as_str())),
    };
    let rows = write
        .query(END)
        .bind(ending.user_id.as_str())
        .bind(ending.at.as_millis())
        .bind(ending.reason.as_str())
        .bind(only)
        .bind(but)
        .fetch_all(write.connection())
        .await?;
    Ok(were_alive(&rows, ending.at)?.into_iter().map(|(id, _)| id).collect())
}

/// Session and user of those returned rows that were alive.
pub(super) fn were_alive(rows: &[AnyRow], at: Timestamp) -> Result<Vec<(SessionId, UserId)>, StoreError> {
    let mut alive = Vec::new();
    for row in rows {
        let (idle_end, end): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        if idle_end.min(end) > at.as_millis() {
            alive.push((SessionId::new(row.try_get::<String, _>(0)?), UserId::new(row.try_get::<String, _>(1)?)));
        }
    }
    Ok(alive)
}

/// One event for each session that ended, with the time and the source of `pattern`.
pub(super) fn ended_events(ended: &[SessionId], reason: Reason, pattern: &Event) -> Vec<Event> {
    let event = |sid: &SessionId| Event {
        kind: Kind::SessionEnded,
        sid: Some(sid.clone()),
        detail: Some(reason.as_str()),
        ..pattern.clone()
    };
    ended.iter().map(event).collect()
}

/// What [`gives_way`] looks at.
struct CandidateRow {
    id: SessionId,
    generation: i64,
    client_id: ClientId,
    user_agent: String,
    ip: Option<String>,
    created_at: Timestamp,
    last_seen_at: Timestamp,
}

impl TryFrom<CandidateRow> for Candidate {
    type Error = StoreError;

    fn try_from(row: CandidateRow) -> Result<Self, StoreError> {
        let CandidateRow { id, client_id, user_agent, ip, created_at, last_seen_at, .. } = row;
        let generation = u64::try_from(row.generation).map_err(|_| impossible("session", id.as_str(), "generation"))?;
        Ok(Self { id, generation, look: Look { client_id, user_agent, ip }, created_at, last_seen_at })
    }
}

/// The last time that one session was seen.
#[derive(Serialize)]
struct SeenRow<'a> {
    id: &'a SessionId,
    at: Timestamp,
    generation: Option<i64>,
    confirmed_at: Timestamp,
}

/// One row for each session: the latest time, and the highest generation, for only that one can be the current.
fn merge(seen: &[LastSeen]) -> Vec<SeenRow<'_>> {
    let mut rows: BTreeMap<&SessionId, SeenRow<'_>> = BTreeMap::new();
    for LastSeen { id, at, generation } in seen {
        let generation = generation.map(integer);
        let row = rows.entry(id).or_insert(SeenRow { id, at: *at, generation, confirmed_at: *at });
        row.at = row.at.max(*at);
        if generation > row.generation || (generation == row.generation && *at < row.confirmed_at) {
            (row.generation, row.confirmed_at) = (generation, *at);
        }
    }
    rows.into_values().collect()
}

#[async_trait]
impl Sessions for Database {
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let row = self.read::<SessionRow>(ONE).bind(id.as_str()).fetch_optional(&self.readers).await?;
        row.map(Session::try_from).transpose()
    }

    async fn live_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let query = self.read::<SessionRow>(LIVE).bind(user_id.as_str()).bind(now.as_millis());
        query.fetch_all(&self.readers).await?.into_iter().map(Session::try_from).collect()
    }

    async fn sessions_of(
        &self,
        user_id: &UserId,
        after: Option<(Timestamp, SessionId)>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        let (at, id) = after.map_or((i64::MAX, String::new()), |(at, id)| (at.as_millis(), id.to_string()));
        let query = self.read::<SessionRow>(ALL).bind(user_id.as_str()).bind(at).bind(id).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.into_iter().map(Session::try_from).collect()
    }

    async fn these_sessions(&self, user_id: &UserId, ids: &[SessionId]) -> Result<Vec<Session>, StoreError> {
        let query = self.read::<SessionRow>(THESE).bind(to_json(ids)?).bind(user_id.as_str());
        query.fetch_all(&self.readers).await?.into_iter().map(Session::try_from).collect()
    }

    async fn session_fingerprints(&self, users: &[UserId]) -> Result<HashMap<UserId, String>, StoreError> {
        let rows = self.read(FINGERPRINTS).bind(to_json(users)?).fetch_all(&self.readers).await?;
        Ok(rows.into_iter().collect())
    }

    async fn rename_session(
        &self,
        user_id: &UserId,
        id: &SessionId,
        name: &str,
        event: &Event,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK_ONE, &[id.as_str()]).await?;
        let query = write.query(NAME).bind(id.as_str());
        let before: Option<Option<String>> =
            query.fetch_optional(write.connection()).await?.map(|row| row.try_get(0)).transpose()?;
        let query = write.query(RENAME).bind(id.as_str()).bind(user_id.as_str()).bind(name);
        let renamed = query.bind(event.at.as_millis()).execute(write.connection()).await?;
        if renamed.rows_affected() == 0 {
            return Ok(false);
        }
        let names = Names { before: before.flatten(), after: name.to_owned() };
        insert_events(&mut write, [&Event { names: Some(names), ..event.clone() }]).await?;
        write.commit().await?;
        Ok(true)
    }

    async fn reauthenticated(&self, id: &SessionId, at: Timestamp) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let query = write.query(REAUTHENTICATED).bind(id.as_str()).bind(at.as_millis());
        let renewed = query.execute(write.connection()).await?;
        write.commit().await?;
        Ok(renewed.rows_affected() > 0)
    }

    async fn write_last_seen(&self, seen: &[LastSeen]) -> Result<Vec<SessionId>, StoreError> {
        let rows = merge(seen);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<SessionId> = rows.iter().map(|row| row.id.clone()).collect();
        let mut write = self.write().await?;
        let locked = write.scalars::<SessionId>(LOCK_FREE).bind(to_json(&ids)?).fetch_all(write.connection()).await?;
        let locked: BTreeSet<&SessionId> = locked.iter().collect();
        let held = find_held(&mut write, &ids, &locked).await?;
        let rows: Vec<_> = rows.into_iter().filter(|row| locked.contains(row.id)).collect();
        write.apply(SEEN, &rows).await?;
        write.commit().await?;
        Ok(held)
    }
}

#[async_trait]
impl SessionEndings for Database {
    async fn start_session_in(
        &self,
        start: StartSession<'_>,
        browser: SignInBrowser<'_>,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let StartSession { session, password_changed_at, replaces, max, event } = start;
        let at = session.lifetime.created_at;
        let mut write = self.write().await?;
        write.lock(LOCK_USER, &[session.user_id.as_str()]).await?;
        lock_sessions_of(&mut write, &session.user_id, replaces).await?;
        let insert =
            write.query(INSERT).bind(to_json(&[SessionRow::from(session)])?).bind(password_changed_at.as_millis());
        if insert.execute(write.connection()).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let mut rows = Vec::new();
        let mut events = vec![event.clone()];
        if let Some(replaced) = replaces.filter(|id| **id != session.id) {
            let query = write.query(REPLACE).bind(replaced.as_str()).bind(at.as_millis());
            rows.push((Reason::Replaced, query.bind(Reason::Replaced.as_str()).fetch_all(write.connection()).await?));
        }
        let crowd = write.read::<CandidateRow>(CROWD).bind(session.user_id.as_str()).bind(at.as_millis());
        let crowd = crowd.fetch_all(write.connection()).await?;
        let crowd = crowd.into_iter().map(Candidate::try_from).collect::<Result<Vec<_>, _>>()?;
        let given = gives_way(crowd, &session.id, usize::try_from(max).unwrap_or(usize::MAX));
        if !given.is_empty() {
            let crowd_out = write.query(END_THESE).bind(to_json(&given)?).bind(at.as_millis());
            let rows_out = crowd_out.bind(Reason::TooMany.as_str()).fetch_all(write.connection()).await?;
            rows.push((Reason::TooMany, rows_out));
        }
        let mut ended = Vec::new();
        for (reason, rows) in rows {
            for (id, user_id) in were_alive(&rows, at)? {
                let pattern = Event { user_id, ..event.clone() };
                events.extend(ended_events(std::slice::from_ref(&id), reason, &pattern));
                ended.push(id);
            }
        }
        insert_events(&mut write, &events).await?;
        if let Some(digest) = browser.digest {
            know_browser(&mut write, digest, &session.user_id, at).await?;
        }
        if let Some(web) = browser.web {
            start_web_session(&mut write, web, &session.id).await?;
        }
        write.commit().await?;
        Ok(Some(ended))
    }

    async fn end_sessions(&self, end_of: &EndSessions, event: &Event) -> Result<Vec<SessionId>, StoreError> {
        let EndSessions { user_id, which, reason, at } = end_of;
        let mut write = self.write().await?;
        lock_sessions_of(&mut write, user_id, None).await?;
        let ended = end(&mut write, EndCondition { user_id, which, reason: *reason, at: *at }).await?;
        let events: Vec<Event> = ended.iter().map(|id| Event { sid: Some(id.clone()), ..event.clone() }).collect();
        insert_events(&mut write, &events).await?;
        write.commit().await?;
        Ok(ended)
    }

    async fn end_all_sessions(
        &self,
        after: Option<&SessionId>,
        at: Timestamp,
        limit: u32,
    ) -> Result<EndedPage, StoreError> {
        let mut write = self.write().await?;
        let page = write.scalars(PAGE_OF_ALL).bind(after.map_or("", SessionId::as_str).to_owned()).bind(at.as_millis());
        let page: Vec<SessionId> = page.bind(i64::from(limit)).fetch_all(write.connection()).await?;
        let Some(last) = page.last() else { return Ok(EndedPage::default()) };
        let end = write.query(END_THESE).bind(to_json(&page)?).bind(at.as_millis()).bind(Reason::Operator.as_str());
        let alive = were_alive(&end.fetch_all(write.connection()).await?, at)?;
        let events = alive.iter().flat_map(|(id, user)| {
            ended_events(std::slice::from_ref(id), Reason::Operator, &Event::new(user, Kind::SessionEnded, at))
        });
        insert_events(&mut write, &events.collect::<Vec<_>>()).await?;
        write.commit().await?;
        let ended = alive.into_iter().map(|(id, _)| id).collect();
        Ok(EndedPage { ended, next: Some(last.clone()) })
    }

    async fn end_again(&self, ended: &[Ended]) -> Result<u64, StoreError> {
        let mut write = self.write().await?;
        let count = write.apply(END_EACH, ended).await?;
        write.commit().await?;
        Ok(count)
    }
}
