//! A session as a row: its columns, once for reading and once for writing, and the conversion from and to [`Session`].

use super::columns::from_row;
use super::error::impossible;
use super::sql::{Sql, sql};
use crate::domain::device::{Device, DeviceKind};
use crate::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use crate::domain::legible::is_legible;
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::session::{Exchanged, Label, Lifetime, Parent, Reason, Revocation, Rotation, Session};
use crate::domain::time::Timestamp;
use crate::server::ports::StoreError;
use serde::Serialize;
use std::time::Duration;

/// Inserts nothing if the user was deleted or disabled, has changed the password since `$2`, or has a second factor that
/// was not proved.
pub(super) const INSERT: Sql = sql!(
    "INSERT INTO sessions (id, user_id, client_id, generation, parent_generation, rotated_at, confirmed_at, \
     token_digest, parent_digest, parent_agent, overtaken, key_id, nonce, created_at, authenticated_at, last_seen_at, expires_at, \
     idle_expires_at, idle_ms, remember, revoked_at, revocation_reason, name, browser, os, kind, user_agent, ip, \
     authenticated_by, second_factor_at) \
     SELECT j.value ->> 'id', u.id, j.value ->> 'client_id', CAST(j.value ->> 'generation' AS BIGINT), \
     CAST(j.value ->> 'parent_generation' AS BIGINT), CAST(j.value ->> 'rotated_at' AS BIGINT), \
     CAST(j.value ->> 'confirmed_at' AS BIGINT), j.value ->> 'token_digest', j.value ->> 'parent_digest', \
     j.value ->> 'parent_agent', j.value ->> 'overtaken', j.value ->> 'key_id', j.value ->> 'nonce', \
     CAST(j.value ->> 'created_at' AS BIGINT), CAST(j.value ->> 'authenticated_at' AS BIGINT), \
     CAST(j.value ->> 'last_seen_at' AS BIGINT), CAST(j.value ->> 'expires_at' AS BIGINT), \
     CAST(j.value ->> 'idle_expires_at' AS BIGINT), CAST(j.value ->> 'idle_ms' AS BIGINT), \
     CAST(j.value ->> 'remember' AS BIGINT), CAST(j.value ->> 'revoked_at' AS BIGINT), \
     j.value ->> 'revocation_reason', j.value ->> 'name', j.value ->> 'browser', j.value ->> 'os', \
     j.value ->> 'kind', j.value ->> 'user_agent', j.value ->> 'ip', j.value ->> 'authenticated_by', \
     CAST(j.value ->> 'second_factor_at' AS BIGINT) \
     FROM " rows " JOIN users u ON u.id = j.value ->> 'user_id' \
     WHERE u.disabled_at IS NULL AND u.password_changed_at = $2 AND (j.value ->> 'second_factor_at' IS NOT NULL \
     OR NOT EXISTS (SELECT 1 FROM totp t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL))"
);

/// A row of `sessions`, with `disabled_at` of its user.
#[derive(Serialize)]
pub(super) struct SessionRow {
    id: SessionId,
    user_id: UserId,
    client_id: ClientId,
    generation: i64,
    parent_generation: Option<i64>,
    rotated_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    token_digest: TokenDigest,
    parent_digest: Option<TokenDigest>,
    parent_agent: Option<AgentDigest>,
    overtaken: Option<String>,
    key_id: KeyId,
    nonce: String,
    created_at: Timestamp,
    authenticated_at: Timestamp,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
    idle_expires_at: Timestamp,
    idle_ms: i64,
    remember: i64,
    revoked_at: Option<Timestamp>,
    revocation_reason: Option<String>,
    name: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    kind: String,
    user_agent: String,
    ip: Option<String>,
    authenticated_by: AuthenticatedBy,
    second_factor_at: Option<Timestamp>,
    user_disabled_at: Option<Timestamp>,
}

from_row!(
    SessionRow, session_columns, "s": id, user_id, client_id, generation, parent_generation, rotated_at, confirmed_at,
    token_digest, parent_digest, parent_agent, overtaken, key_id, nonce, created_at, authenticated_at, last_seen_at,
    expires_at, idle_expires_at, idle_ms, remember, revoked_at, revocation_reason, name, browser, os, kind, user_agent,
    ip, authenticated_by, second_factor_at, user_disabled_at = "u.disabled_at",
);

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        let bad = |column| impossible("session", row.id.as_str(), column);
        let parent = match (row.parent_generation, row.parent_digest, row.parent_agent) {
            (None, None, None) => None,
            (Some(generation), Some(digest), Some(agent)) => {
                let generation = u64::try_from(generation).map_err(|_| bad("parent_generation"))?;
                Some(Parent { generation, digest, agent })
            }
            _ => return Err(bad("parent_digest")),
        };
        let revoked = match (row.revoked_at, row.revocation_reason) {
            (None, None) => None,
            (Some(at), Some(reason)) => {
                Some(Revocation { at, reason: Reason::from_text(&reason).ok_or_else(|| bad("revocation_reason"))? })
            }
            _ => return Err(bad("revoked_at")),
        };
        let generation = u64::try_from(row.generation).map_err(|_| bad("generation"))?;
        if parent.as_ref().is_some_and(|parent| parent.generation >= generation) {
            return Err(bad("parent_generation"));
        }
        let overtaken = match &row.overtaken {
            None => Vec::new(),
            Some(text) => serde_json::from_str(text).map_err(|_| bad("overtaken"))?,
        };
        let ends = (row.expires_at, row.idle_expires_at);
        let lifetime = stored_lifetime(row.created_at, ends, row.idle_ms, row.remember).map_err(bad)?;
        let device = Device { browser: row.browser, os: row.os, kind: DeviceKind::from_text(&row.kind) };
        let name = listed_name(row.name);
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            client_id: row.client_id,
            rotation: Rotation {
                generation,
                digest: row.token_digest,
                parent,
                overtaken,
                rotated_at: row.rotated_at,
                confirmed_at: row.confirmed_at,
                key_id: row.key_id,
                nonce: row.nonce,
            },
            lifetime,
            authenticated_at: row.authenticated_at,
            authenticated_by: row.authenticated_by,
            second_factor_at: row.second_factor_at,
            last_seen_at: row.last_seen_at,
            revoked,
            user_disabled_at: row.user_disabled_at,
            label: Label { name, device, user_agent: row.user_agent, ip: row.ip },
        })
    }
}

/// A lifetime from its columns. `ends` are the absolute and the idle one.
///
/// # Errors
/// The column that holds something impossible.
pub(super) fn stored_lifetime(
    created_at: Timestamp,
    (expires_at, idle_expires_at): (Timestamp, Timestamp),
    idle_ms: i64,
    remember: i64,
) -> Result<Lifetime, &'static str> {
    let idle = Duration::from_millis(u64::try_from(idle_ms).map_err(|_| "idle_ms")?);
    let remember = match remember {
        0 => false,
        1 => true,
        _ => return Err("remember"),
    };
    Ok(Lifetime { created_at, expires_at, idle_expires_at, idle, remember })
}

/// The name from its column. Earlier versions stored names that show nothing: the device is called by what is known of
/// it.
pub(super) fn listed_name(stored: Option<String>) -> Option<String> {
    stored.filter(|name| is_legible(name))
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        let Session { rotation, lifetime, label, .. } = session.clone();
        let (parent_generation, parent_digest, parent_agent) = match rotation.parent {
            Some(parent) => (Some(integer(parent.generation)), Some(parent.digest), Some(parent.agent)),
            None => (None, None, None),
        };
        Self {
            id: session.id.clone(),
            user_id: session.user_id.clone(),
            client_id: session.client_id.clone(),
            generation: integer(rotation.generation),
            parent_generation,
            rotated_at: rotation.rotated_at,
            confirmed_at: rotation.confirmed_at,
            token_digest: rotation.digest,
            parent_digest,
            parent_agent,
            overtaken: overtaken(&rotation.overtaken),
            key_id: rotation.key_id,
            nonce: rotation.nonce,
            created_at: lifetime.created_at,
            authenticated_at: session.authenticated_at,
            last_seen_at: session.last_seen_at,
            expires_at: lifetime.expires_at,
            idle_expires_at: lifetime.idle_expires_at,
            idle_ms: i64::try_from(lifetime.idle.as_millis()).unwrap_or(i64::MAX),
            remember: i64::from(lifetime.remember),
            revoked_at: session.revoked.as_ref().map(|revoked| revoked.at),
            revocation_reason: session.revoked.as_ref().map(|revoked| revoked.reason.as_str().to_owned()),
            name: label.name,
            browser: label.device.browser,
            os: label.device.os,
            kind: label.device.kind.as_str().to_owned(),
            user_agent: label.user_agent,
            ip: label.ip,
            authenticated_by: session.authenticated_by.clone(),
            second_factor_at: session.second_factor_at,
            user_disabled_at: None,
        }
    }
}

/// A generation as both databases store it. No generation comes near the maximum.
pub(super) fn integer(generation: u64) -> i64 {
    i64::try_from(generation).unwrap_or(i64::MAX)
}

/// As it is stored: `NULL`, nearly always, or a JSON array.
pub(super) fn overtaken(exchanged: &[Exchanged]) -> Option<String> {
    (!exchanged.is_empty()).then(|| serde_json::json!(exchanged).to_string())
}
