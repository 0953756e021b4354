//! Decisions about presented refresh tokens. One transaction loads the sessions, lets the caller decide, and writes the
//! changes, with one statement for each step.

use super::activity::insert_events;
use super::database::{Database, from_json, to_json};
use super::error::impossible;
use super::locks::find_held;
use super::rows::{SessionRow, integer, overtaken};
use super::sql::{Sql, sql};
use crate::domain::id::SessionId;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::{Decide, Ended, Refreshes, Rotated, SessionChange, StoreError, Undecided};
use async_trait::async_trait;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const LOAD: Sql = sql!(
    "SELECT " list " FROM (SELECT " session " AS o FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id IN " texts " ORDER BY s.id" skip ") t"
);
const ROTATE: Sql = sql!(
    "UPDATE sessions SET generation = CAST(j.value ->> 'generation' AS BIGINT), \
     token_digest = j.value ->> 'digest', \
     parent_generation = CAST(j.value ->> 'parent_generation' AS BIGINT), \
     parent_digest = j.value ->> 'parent_digest', parent_agent = j.value ->> 'parent_agent', \
     overtaken = j.value ->> 'overtaken', \
     rotated_at = CAST(j.value ->> 'rotated_at' AS BIGINT), confirmed_at = NULL, \
     last_seen_at = CAST(j.value ->> 'rotated_at' AS BIGINT), key_id = j.value ->> 'key_id', \
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
    digest: &'a str,
    parent_generation: i64,
    parent_digest: &'a str,
    parent_agent: &'a str,
    overtaken: Option<String>,
    rotated_at: Timestamp,
    key_id: &'a str,
    idle_expires_at: Timestamp,
    user_agent: &'a str,
    browser: Option<&'a str>,
    os: Option<&'a str>,
    kind: &'static str,
    ip: Option<&'a str>,
}

impl<'a> From<&'a Rotated> for RotatedRow<'a> {
    fn from(rotated: &'a Rotated) -> Self {
        Self {
            id: &rotated.id,
            generation: integer(rotated.generation),
            digest: &rotated.digest,
            parent_generation: integer(rotated.parent.generation),
            parent_digest: &rotated.parent.digest,
            parent_agent: &rotated.parent.agent,
            overtaken: overtaken(&rotated.overtaken),
            rotated_at: rotated.rotated_at,
            key_id: rotated.key_id.as_str(),
            idle_expires_at: rotated.idle_expires_at,
            user_agent: &rotated.user_agent,
            browser: rotated.device.browser.as_deref(),
            os: rotated.device.os.as_deref(),
            kind: rotated.device.kind.as_str(),
            ip: rotated.ip.as_deref(),
        }
    }
}

/// The changes of a verdict in their order, made into at most one rotation and one end for each session: a later
/// rotation replaces an earlier one, and none follows an end.
fn plan(changes: &[SessionChange]) -> (Vec<RotatedRow<'_>>, Vec<Ended>) {
    let mut rotated: BTreeMap<&SessionId, RotatedRow<'_>> = BTreeMap::new();
    let mut ended = Vec::new();
    let mut over = BTreeSet::new();
    for change in changes {
        match change {
            SessionChange::Rotated(row) if !over.contains(&row.id) => {
                rotated.insert(&row.id, RotatedRow::from(row));
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
        let text = write.scalar(LOAD).bind(to_json(&ids)?).fetch_one(write.connection()).await?;
        let (sessions, broken) = read(&text)?;
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

/// Reads rows, each by itself if need be: one that breaks our own rules is told apart from the others.
fn read(text: &str) -> Result<(Vec<Session>, Broken), StoreError> {
    let rows = from_json::<SessionRow>(text).and_then(|rows| rows.into_iter().map(Session::try_from).collect());
    if let Ok(sessions) = rows {
        return Ok((sessions, Vec::new()));
    }
    let (mut sessions, mut broken) = (Vec::new(), Vec::new());
    for row in from_json::<serde_json::Value>(text)? {
        let id = SessionId::new(row["id"].as_str().unwrap_or_default());
        let read = serde_json::from_value::<SessionRow>(row).map_err(|_| impossible("session", id.as_str(), "a type"));
        match read.and_then(Session::try_from) {
            Ok(session) => sessions.push(session),
            Err(error) => broken.push((id, error)),
        }
    }
    Ok((sessions, broken))
}
