//! Decisions about presented refresh tokens. One transaction loads the sessions, lets the caller decide, and writes the
//! changes, with one statement for each step.

use super::activity::insert_events;
use super::database::{Database, to_json};
use super::locks::find_held;
use super::session_row::{SessionRow, integer, overtaken};
use super::sql::{Sql, sql};
use crate::domain::id::{AgentDigest, KeyId, SessionId, TokenDigest};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::{Decide, Ended, Refreshes, SessionChange, StoreError, Undecided};
use async_trait::async_trait;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{FromRow as _, Row as _};
use std::collections::{BTreeMap, BTreeSet};

const LOAD: Sql = sql!(
    "SELECT " (session_columns!()) " FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id IN " texts " ORDER BY s.id" skip
);
const ROTATE: Sql = sql!(
    "UPDATE sessions SET generation = CAST(j.value ->> 'generation' AS BIGINT), \
     token_digest = j.value ->> 'digest', \
     parent_generation = CAST(j.value ->> 'parent_generation' AS BIGINT), \
     parent_digest = j.value ->> 'parent_digest', parent_agent = j.value ->> 'parent_agent', \
     overtaken = j.value ->> 'overtaken', \
     rotated_at = CAST(j.value ->> 'rotated_at' AS BIGINT), confirmed_at = NULL, \
     last_seen_at = CAST(j.value ->> 'last_seen_at' AS BIGINT), key_id = j.value ->> 'key_id', \
     idle_expires_at = CAST(j.value ->> 'idle_expires_at' AS BIGINT), user_agent = j.value ->> 'user_agent', \
     browser = j.value ->> 'browser', os = j.value ->> 'os', kind = j.value ->> 'kind', ip = j.value ->> 'ip' \
     FROM " rows " WHERE sessions.id = j.value ->> 'id' AND sessions.revoked_at IS NULL"
);
pub(super) const END_EACH: Sql = sql!(
    "UPDATE sessions SET revoked_at = CAST(j.value ->> 'at' AS BIGINT), revocation_reason = j.value ->> 'reason' \
     FROM " rows " WHERE sessions.id = j.value ->> 'id' AND sessions.revoked_at IS NULL"
);

#[derive(Serialize)]
struct RotatedRow<'a> {
    id: &'a SessionId,
    generation: i64,
    digest: &'a TokenDigest,
    parent_generation: Option<i64>,
    parent_digest: Option<&'a TokenDigest>,
    parent_agent: Option<&'a AgentDigest>,
    overtaken: Option<String>,
    rotated_at: Timestamp,
    last_seen_at: Timestamp,
    key_id: &'a KeyId,
    idle_expires_at: Timestamp,
    user_agent: &'a str,
    browser: Option<&'a str>,
    os: Option<&'a str>,
    kind: &'static str,
    ip: Option<&'a str>,
}

impl<'a> From<&'a Session> for RotatedRow<'a> {
    fn from(Session { id, rotation, lifetime, last_seen_at, label, .. }: &'a Session) -> Self {
        let parent = rotation.parent.as_ref();
        Self {
            id,
            generation: integer(rotation.generation),
            digest: &rotation.digest,
            parent_generation: parent.map(|parent| integer(parent.generation)),
            parent_digest: parent.map(|parent| &parent.digest),
            parent_agent: parent.map(|parent| &parent.agent),
            overtaken: overtaken(&rotation.overtaken),
            rotated_at: rotation.rotated_at,
            last_seen_at: *last_seen_at,
            key_id: &rotation.key_id,
            idle_expires_at: lifetime.idle_expires_at,
            user_agent: &label.user_agent,
            browser: label.device.browser.as_deref(),
            os: label.device.os.as_deref(),
            kind: label.device.kind.as_str(),
            ip: label.ip.as_deref(),
        }
    }
}

/// The changes of a decision in their order, made into at most one rotation and one end for each session: a later
/// rotation replaces an earlier one, and none follows an end.
fn plan(changes: &[SessionChange]) -> (Vec<RotatedRow<'_>>, Vec<Ended>) {
    let mut rotated: BTreeMap<&SessionId, RotatedRow<'_>> = BTreeMap::new();
    let mut ended = Vec::new();
    let mut over = BTreeSet::new();
    for change in changes {
        match change {
            SessionChange::Rotated(session) if !over.contains(&session.id) => {
                rotated.insert(&session.id, RotatedRow::from(&**session));
            }
            SessionChange::Ended { id, reason, at, user_id: _ } if over.insert(id) => {
                ended.push(Ended { id: id.clone(), reason: *reason, at: *at });
            }
            SessionChange::Rotated(_) | SessionChange::Ended { .. } => {}
        }
    }
    (rotated.into_values().collect(), ended)
}

#[async_trait]
impl Refreshes for Database {
    async fn decide(&self, ids: Vec<SessionId>, decide: Decide) -> Result<Undecided, StoreError> {
        let mut write = self.write_first().await?;
        let rows = write.query(LOAD).bind(to_json(&ids)?).fetch_all(write.connection()).await?;
        let (sessions, broken) = read(&rows);
        let found = sessions.iter().map(|session| &session.id).chain(broken.iter().map(|(id, _)| id));
        let held = find_held(&mut write, &ids, &found.collect()).await?;
        let changes = decide(sessions);
        let (rotated, ended) = plan(&changes.changes);
        write.apply(ROTATE, &rotated).await?;
        write.apply(END_EACH, &ended).await?;
        insert_events(&mut write, &changes.events).await?;
        write.commit().await?;
        Ok(Undecided { held, broken })
    }
}

type Broken = Vec<(SessionId, StoreError)>;

/// Reads rows, each by itself: one that breaks our own rules is told apart from the others.
fn read(rows: &[AnyRow]) -> (Vec<Session>, Broken) {
    let (mut sessions, mut broken) = (Vec::new(), Vec::new());
    for row in rows {
        match SessionRow::from_row(row).map_err(StoreError::from).and_then(Session::try_from) {
            Ok(session) => sessions.push(session),
            Err(error) => broken.push((row.try_get("id").unwrap_or_else(|_| SessionId::new("")), error)),
        }
    }
    (sessions, broken)
}
