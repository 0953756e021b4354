//! The data that answers carry. Field names are camelCase in JSON; times are milliseconds since the Unix epoch, UTC.

use super::Secret;
use crate::domain::activity::Kind;
use crate::domain::device::DeviceKind;
use crate::domain::id::{ClientId, SessionId, UserId};
use crate::domain::scope::Scopes;
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The answer to a sign-in or a refresh (RFC 6749 section 5.1, in camelCase).
///
/// ```
/// use latchkey::api::data::{TokenType, Tokens};
///
/// let answer = r#"{"accessToken": "eyJhbGciOiJFZERTQSJ9", "tokenType": "Bearer", "expiresIn": 600}"#;
/// let tokens: Tokens = serde_json::from_str(answer)?;
/// assert_eq!((tokens.token_type, tokens.expires_in), (TokenType::Bearer, 600));
/// // No token gets into a log by mistake.
/// assert_eq!(format!("{tokens:?}"), "Tokens { expires_in: 600, .. }");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// The access token, to be sent as `Authorization: Bearer`.
    pub access_token: String,
    /// How the access token is sent: always [`TokenType::Bearer`].
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

/// The only token type (RFC 6750).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenType {
    /// Sent in the `Authorization` header (RFC 6750 section 2.1).
    Bearer,
}

/// The signed-in user, and the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The user's id, as in the token's `sub`.
    pub sub: UserId,
    /// The name typed at sign-up, prepared by RFC 8265.
    pub username: String,
    /// What the access token allows (RFC 6749 section 3.3).
    pub scope: Scopes,
    /// The session that asks.
    pub sid: SessionId,
    /// When the account was created.
    pub created_at: Timestamp,
}

/// The signed-in user's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The user's id, as in the token's `sub`.
    pub sub: UserId,
    /// As the user typed it at sign-up, prepared by RFC 8265.
    pub username: String,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the password was last changed; at first, when the account was made.
    pub password_changed_at: Timestamp,
    /// The second factor, if the user has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactorInfo>,
}

/// The second factor of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactorInfo {
    /// When the authenticator app was set up.
    pub totp_since: Timestamp,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: u32,
}

/// An authenticator app that is being set up (RFC 6238).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TotpSetUp {
    /// The secret, in base32.
    pub secret: Secret,
    /// The same as an `otpauth:` address.
    pub otpauth_uri: Secret,
    /// The address as a QR code: an SVG document.
    pub qr_svg: Secret,
}

/// A new set of recovery codes. They are shown once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCodes {
    /// Each is good for one sign-in.
    pub codes: Vec<Secret>,
}

/// All stored data of a browser that the account knows, except secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedBrowser {
    /// When somebody first signed in from there.
    pub known_since: Timestamp,
    /// The day of the last sign-in from there.
    pub last_used_at: Timestamp,
}

/// All stored data of a one-time link that has not been used, except its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedLink {
    /// What it is for, as in its address.
    pub purpose: &'static str,
    /// When the operator made it.
    pub created_at: Timestamp,
    /// When it stops to work.
    pub expires_at: Timestamp,
}

/// All stored data of a session, except secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedSession {
    /// What the devices page shows of it.
    #[serde(flatten)]
    pub info: SessionInfo,
    /// The client that signed in.
    pub client_id: ClientId,
    /// The User-Agent of the last refresh.
    pub user_agent: String,
    /// Whether the browser keeps the session when it is closed.
    pub remember: bool,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// When the user last proved a second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor_at: Option<Timestamp>,
    /// When and why it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// A stable word, such as `signed_out`.
    pub ended_because: Option<String>,
}

/// A row of the devices page.
///
/// ```
/// use latchkey::api::data::SessionInfo;
///
/// let answer = r#"{
///     "sid": "s1", "current": true, "name": null, "browser": "Firefox", "os": "Linux", "kind": "desktop",
///     "ip": "192.0.2.1", "createdAt": 1700000000000, "lastSeenAt": 1700000600000,
///     "expiresAt": 1701209600000, "absoluteExpiresAt": 1702592000000
/// }"#;
/// let session: SessionInfo = serde_json::from_str(answer)?;
/// assert!(session.current && session.created_at < session.last_seen_at);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// The session's id, by which it is renamed and ended.
    pub sid: SessionId,
    /// Whether this is the caller's session.
    pub current: bool,
    /// The name that the user gave the device.
    pub name: Option<String>,
    /// Which browser or program it is, if that is known.
    pub browser: Option<String>,
    /// The operating system, if it is known.
    pub os: Option<String>,
    /// By what the page picks an icon.
    pub kind: DeviceKind,
    /// The last address that the server saw; `None` once it has been erased.
    pub ip: Option<String>,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When the server last saw a token of it.
    pub last_seen_at: Timestamp,
    /// When the session ends if it is not used: the earlier of idle and absolute expiry.
    pub expires_at: Timestamp,
    /// When the session ends however much it is used.
    pub absolute_expires_at: Timestamp,
    /// How the user signed in; left out for the password alone.
    #[serde(default, skip_serializing_if = "AuthenticatedBy::is_password_alone")]
    pub authenticated_by: AuthenticatedBy,
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
    /// What happened.
    pub kind: Kind,
    /// When it happened.
    pub at: Timestamp,
    /// The session that it concerns.
    pub sid: Option<SessionId>,
    /// The address of the request that caused it; `None` once it has been erased.
    pub ip: Option<String>,
    /// The User-Agent of that request.
    pub user_agent: String,
    /// The device of that request, as on the devices page.
    #[serde(default)]
    pub browser: Option<String>,
    /// The operating system, if it is known.
    #[serde(default)]
    pub os: Option<String>,
    /// A stable code for details: why a session ended, how a reuse was found.
    pub detail: Option<String>,
    /// For an action on a session: its name, while the session is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceName>,
    /// For an action on a session: the session that did it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SessionId>,
    /// For a rename: the names before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<NewName>,
    /// For a token that was used twice: who exchanged it first, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherSide>,
}

/// The names of a session before and after a rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewName {
    /// `None` if the user had given it no name.
    pub before: Option<String>,
    /// The name since then.
    pub after: String,
}

/// The name of a session, as on the devices page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceName {
    /// The user's own name for the device.
    pub name: Option<String>,
    /// Which browser or program it is, if that is known.
    pub browser: Option<String>,
    /// The operating system, if it is known.
    pub os: Option<String>,
}

/// The other side of a reuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherSide {
    /// When the token was exchanged.
    pub at: Timestamp,
    /// `None` once it has been erased.
    pub ip: Option<String>,
    /// With which program, as it named itself.
    pub user_agent: String,
}
