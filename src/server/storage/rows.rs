//! Rows as JSON, and their conversion to and from types. The one place that refuses invalid rows.

use super::error::impossible;
use crate::domain::activity::{Event, Kind, Names, Party};
use crate::domain::credentials::Username;
use crate::domain::device::{Device, DeviceKind};
use crate::domain::id::{ClientId, KeyId, SessionId, UserId};
use crate::domain::legible::is_legible;
use crate::domain::session::{Exchanged, Label, Lifetime, Parent, Reason, Revocation, Rotation, Session};
use crate::domain::time::Timestamp;
use crate::server::ports::{Recorded, StoreError, StoredKey, User};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A row of `sessions`, with `disabled_at` of its user.
#[derive(Serialize, Deserialize)]
pub(super) struct SessionRow {
    id: SessionId,
    user_id: UserId,
    client_id: ClientId,
    generation: i64,
    parent_generation: Option<i64>,
    rotated_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    token_digest: String,
    parent_digest: Option<String>,
    parent_agent: Option<String>,
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
    user_disabled_at: Option<Timestamp>,
}

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
        let lifetime = Lifetime {
            created_at: row.created_at,
            expires_at: row.expires_at,
            idle_expires_at: row.idle_expires_at,
            idle: Duration::from_millis(u64::try_from(row.idle_ms).map_err(|_| bad("idle_ms"))?),
            remember: match row.remember {
                0 => false,
                1 => true,
                _ => return Err(bad("remember")),
            },
        };
        let device = Device { browser: row.browser, os: row.os, kind: DeviceKind::from_text(&row.kind) };
        // Earlier versions stored names that show nothing: the device is called by what is known of it.
        let name = row.name.filter(|name| is_legible(name));
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
            last_seen_at: row.last_seen_at,
            revoked,
            user_disabled_at: row.user_disabled_at,
            label: Label { name, device, user_agent: row.user_agent, ip: row.ip },
        })
    }
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

/// A row of `users`.
#[derive(Deserialize)]
pub(super) struct UserRow {
    id: UserId,
    username: String,
    password_hash: String,
    created_at: Timestamp,
    password_changed_at: Timestamp,
    disabled_at: Option<Timestamp>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            username: Username::stored(row.username),
            password_hash: row.password_hash,
            created_at: row.created_at,
            password_changed_at: row.password_changed_at,
            disabled_at: row.disabled_at,
        }
    }
}

/// A row of `activity` to be written.
#[derive(Serialize)]
pub(super) struct EventRow<'a> {
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
    pub(super) fn new(place: usize, event: &'a Event) -> Self {
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
#[derive(Deserialize)]
pub(super) struct RecordedRow {
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

/// A row of `keys`.
#[derive(Serialize, Deserialize)]
pub(super) struct KeyRow {
    id: KeyId,
    purpose: String,
    algorithm: String,
    sealed: String,
    created_at: Timestamp,
    active_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl From<&StoredKey> for KeyRow {
    fn from(key: &StoredKey) -> Self {
        Self {
            id: key.id.clone(),
            purpose: key.purpose.clone(),
            algorithm: key.algorithm.clone(),
            sealed: URL_SAFE_NO_PAD.encode(&key.sealed),
            created_at: key.created_at,
            active_at: key.active_at,
            expires_at: key.expires_at,
        }
    }
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let sealed = URL_SAFE_NO_PAD.decode(row.sealed).map_err(|_| impossible("key", row.id.as_str(), "sealed"))?;
        let KeyRow { id, purpose, algorithm, created_at, active_at, expires_at, .. } = row;
        Ok(Self { id, purpose, algorithm, sealed, created_at, active_at, expires_at })
    }
}
