//! The judgement of presented refresh tokens: one transaction in which sessions are loaded, judged and written, each
//! with one statement, however many they are.

use super::activity::insert_events;
use super::database::{Database, from_json, to_json};
use super::rows::{SessionRow, integer, overtaken};
use super::sql::{Sql, sql};
use crate::domain::id::SessionId;
use crate::domain::session::{Reason, Session};
use crate::domain::time::Timestamp;
use crate::server::ports::{Judge, Rotated, SessionChange, StoreError};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const LOAD: Sql = sql!(
    "SELECT " list " FROM (SELECT " session " AS o FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id IN " texts " ORDER BY s.id" lock ") t"
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
const END: Sql = sql!(
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

#[derive(Serialize)]
struct EndedRow<'a> {
    id: &'a SessionId,
    reason: Reason,
    at: Timestamp,
}

/// The changes of a verdict in their order, made into at most one rotation and one end for each session: a later
/// rotation replaces an earlier one, and none follows an end.
fn plan(changes: &[SessionChange]) -> (Vec<RotatedRow<'_>>, Vec<EndedRow<'_>>) {
    let mut rotated: BTreeMap<&SessionId, RotatedRow<'_>> = BTreeMap::new();
    let mut ended = Vec::new();
    let mut over = BTreeSet::new();
    for change in changes {
        match change {
            SessionChange::Rotated(row) if !over.contains(&row.id) => {
                rotated.insert(&row.id, RotatedRow::from(row));
            }
            SessionChange::Ended { id, reason, at } if over.insert(id) => {
                ended.push(EndedRow { id, reason: *reason, at: *at });
            }
            SessionChange::Rotated(_) | SessionChange::Ended { .. } => {}
        }
    }
    (rotated.into_values().collect(), ended)
}

impl Database {
    pub(super) async fn judge(&self, ids: Vec<SessionId>, judge: Judge) -> Result<(), StoreError> {
        let ids = to_json(&ids)?;
        let mut write = self.write_first().await?;
        let text = write.scalar(LOAD).bind(ids).fetch_one(write.connection()).await?;
        let sessions = from_json::<SessionRow>(&text)?.into_iter().map(Session::try_from).collect::<Result<_, _>>()?;
        let verdict = judge(sessions);
        let (rotated, ended) = plan(&verdict.changes);
        write.apply(ROTATE, &rotated).await?;
        write.apply(END, &ended).await?;
        insert_events(&mut write, &verdict.events).await?;
        write.commit().await
    }
}
