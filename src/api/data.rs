//! What answers carry. Field names are camelCase in JSON; times are milliseconds since the Unix epoch, UTC.

use crate::domain::activity::Kind;
use crate::domain::device::DeviceKind;
use crate::domain::id::{ClientId, SessionId, UserId};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The answer to a sign-in or a refresh (RFC 6749 section 5.1, in camelCase).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// The access token, to be sent as `Authorization: Bearer`.
    pub access_token: String,
    pub token_type: TokenType,
    /// Seconds until the access token expires, counted from this answer.
    pub expires_in: u64,
    /// Native clients only; a browser gets its refresh token as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Native clients only: seconds until the refresh token expires if it is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_expires_in: Option<u64>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// The one token type there is (RFC 6750).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenType {
    Bearer,
}

/// Who is signed in, on which session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    pub sub: UserId,
    /// As the user typed it at sign-up, prepared by RFC 8265.
    pub username: String,
    pub scope: String,
    pub sid: SessionId,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// The account of who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub sub: UserId,
    pub username: String,
    pub created_at: Timestamp,
    pub password_changed_at: Timestamp,
}

/// All that is kept about a browser that the account knows, but for what is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedBrowser {
    pub known_since: Timestamp,
    /// When somebody signed in from there last, to the day.
    pub last_used_at: Timestamp,
}

/// All that is kept about one session, but for what is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedSession {
    #[serde(flatten)]
    pub info: SessionInfo,
    pub client_id: ClientId,
    /// With which program it was last renewed, as that named itself.
    pub user_agent: String,
    /// Whether the browser keeps it when it is closed.
    pub remember: bool,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// When it was ended, if it was, and why.
    pub ended_at: Option<Timestamp>,
    pub ended_because: Option<String>,
}

/// One row of the devices page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    pub sid: SessionId,
    /// Whether this is the session that asks.
    pub current: bool,
    /// The user's own name for the device.
    pub name: Option<String>,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub kind: DeviceKind,
    /// The address as the server last saw it; `None` once it was erased.
    pub ip: Option<String>,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used: the nearer of idle and absolute expiry.
    pub expires_at: Timestamp,
    /// When it ends at the latest, however much it is used.
    pub absolute_expires_at: Timestamp,
}

/// A page of the user's own security events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityPage {
    /// Newest first.
    pub events: Vec<ActivityEvent>,
    /// The `cursor` of the next page; `None` on the last.
    pub next: Option<i64>,
}

/// One security event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityEvent {
    pub kind: Kind,
    pub at: Timestamp,
    /// The session that it is about.
    pub sid: Option<SessionId>,
    /// From where the request came that caused it; `None` once the address was erased.
    pub ip: Option<String>,
    /// With which program, as it named itself.
    pub user_agent: String,
    /// Which device that was, as on the devices page.
    #[serde(default)]
    pub browser: Option<String>,
    #[serde(default)]
    pub os: Option<String>,
    /// A stable word that says more: why a session ended, how a reuse was found.
    pub detail: Option<String>,
    /// Of what was done to a session: what that is called, while it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceName>,
    /// Of what was done to a session: the session that did it, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SessionId>,
    /// Of a session that was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<NewName>,
    /// Of a token that was used twice: who had exchanged it before, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherSide>,
}

/// What a renamed session was called, and is called since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewName {
    /// `None` if it had no name of its own.
    pub before: Option<String>,
    pub after: String,
}

/// What a session is called by, as on the devices page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceName {
    pub name: Option<String>,
    pub browser: Option<String>,
    pub os: Option<String>,
}

/// The other side of a reuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherSide {
    pub at: Timestamp,
    /// `None` once the address was erased.
    pub ip: Option<String>,
    pub user_agent: String,
}
