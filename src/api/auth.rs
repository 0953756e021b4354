//! The server functions under `/auth/`: they take, check or end a credential.
//!
//! ```
//! use latchkey::api::auth::SignIn;
//! use leptos::server_fn::ServerFn as _;
//!
//! // The arguments of a call are a type, which is read from JSON and from forms.
//! let call: SignIn = serde_json::from_str(r#"{"username": "ada", "password": "violet kettle"}"#)?;
//! assert!(!call.remember.0 && call.client.is_none());
//! assert_eq!(SignIn::PATH, "/auth/login");
//! # Ok::<(), serde_json::Error>(())
//! ```
#![expect(missing_docs, reason = "an argument of a server function becomes a field; the function says what it is")]

use super::data::Tokens;
use super::problem::Problem;
use super::wire::{Post, Wire};
use super::{Flag, Secret};
use crate::domain::id::SessionId;
use leptos::prelude::*;

/// Creates an account and signs in; answers 201. `check_cookies`: see [`sign_in`].
#[server(prefix = "/auth", endpoint = "signup", protocol = Wire<Post>)]
pub async fn sign_up(
    username: String,
    password: Secret,
    #[server(default)] remember: Flag,
    #[server(default)]
    #[server(rename = "checkCookies")]
    check_cookies: Flag,
) -> Result<Tokens, Problem> {
    crate::server::http::auth::sign_up(username, password, remember.0, check_cookies.0).await
}

/// Signs in with username and password. `client` names a registered native client; the web app leaves it out.
///
/// `check_cookies`: the sign-in page has set a cookie. If the browser does not send it back, the call is refused, since
/// the browser could not keep the session's cookies either.
#[server(prefix = "/auth", endpoint = "login", protocol = Wire<Post>)]
pub async fn sign_in(
    username: String,
    password: Secret,
    #[server(default)] remember: Flag,
    #[server(default)] client: Option<String>,
    #[server(default)]
    #[server(rename = "checkCookies")]
    check_cookies: Flag,
) -> Result<Tokens, Problem> {
    crate::server::http::auth::sign_in(username, password, remember.0, client, check_cookies.0).await
}

/// Rotates the refresh token (RFC 6749 section 6, RFC 9700 section 4.14.2). Browsers send it as a cookie.
///
/// `shared`: several clients share the token and may exchange it at once, as the tabs of a browser do. If others have
/// already exchanged it and its successor, the answer is `refresh_overtaken`, and it does not count as reuse.
#[server(prefix = "/auth", endpoint = "refresh", protocol = Wire<Post>)]
pub async fn refresh(
    #[server(default)]
    #[server(rename = "refreshToken")]
    refresh_token: Option<Secret>,
    #[server(default)] shared: Flag,
) -> Result<Tokens, Problem> {
    crate::server::http::auth::refresh(refresh_token, shared.0).await
}

/// Ends the caller's session. A repeated call succeeds too.
#[server(prefix = "/auth", endpoint = "logout", protocol = Wire<Post>)]
pub async fn sign_out(
    #[server(default)]
    #[server(rename = "refreshToken")]
    refresh_token: Option<Secret>,
) -> Result<(), Problem> {
    crate::server::http::auth::sign_out(refresh_token).await
}

/// Ends all sessions of the user, or all except the caller's.
#[server(prefix = "/auth", endpoint = "logout-all", protocol = Wire<Post>)]
pub async fn sign_out_all(
    #[server(default)]
    #[server(rename = "keepCurrent")]
    keep_current: Flag,
) -> Result<(), Problem> {
    crate::server::http::auth::sign_out_all(keep_current.0).await
}

/// Ends one of the caller's sessions.
#[server(prefix = "/auth", endpoint = "sessions/revoke", protocol = Wire<Post>)]
pub async fn revoke_session(sid: SessionId) -> Result<(), Problem> {
    crate::server::http::auth::revoke_session(sid).await
}

/// Gives one of the caller's sessions a name of 1 to 64 characters.
#[server(prefix = "/auth", endpoint = "sessions/rename", protocol = Wire<Post>)]
pub async fn rename_session(sid: SessionId, name: String) -> Result<(), Problem> {
    crate::server::http::auth::rename_session(sid, name).await
}

/// Notes that somebody else started one of the caller's sessions. Nothing is ended yet: the page `/not-me` asks first.
/// It finds the session in the browser's web session.
#[server(prefix = "/auth", endpoint = "sessions/not-mine", protocol = Wire<Post>)]
pub async fn not_mine(sid: SessionId) -> Result<(), Problem> {
    crate::server::http::auth::not_mine(sid).await
}

/// Ends the session that [`not_mine`] noted. `password` is required if the caller last entered it too long ago.
#[server(prefix = "/auth", endpoint = "sessions/not-mine/end", protocol = Wire<Post>)]
pub async fn end_not_mine(#[server(default)] password: Option<Secret>) -> Result<(), Problem> {
    crate::server::http::auth::end_not_mine(password).await
}

/// Checks the caller's password again and renews `auth_time`. `code`, a code of the authenticator app or a recovery code,
/// also proves the second factor: what changes that one needs it.
#[server(prefix = "/auth", endpoint = "reauthenticate", protocol = Wire<Post>)]
pub async fn reauthenticate(password: Secret, #[server(default)] code: Option<Secret>) -> Result<(), Problem> {
    crate::server::http::auth::reauthenticate(password, code).await
}

/// Changes the password and ends all other sessions.
#[server(prefix = "/auth", endpoint = "password", protocol = Wire<Post>)]
pub async fn change_password(
    #[server(rename = "currentPassword")] current_password: Secret,
    #[server(rename = "newPassword")] new_password: Secret,
) -> Result<(), Problem> {
    crate::server::http::auth::change_password(current_password, new_password).await
}

/// Chooses a new password with a one-time link. Ends all of the user's sessions; nobody is signed in.
#[server(prefix = "/auth", endpoint = "password/reset", protocol = Wire<Post>)]
pub async fn reset_password(
    token: Secret,
    #[server(rename = "newPassword")] new_password: Secret,
) -> Result<(), Problem> {
    crate::server::http::one_time_links::reset_password(token, new_password).await
}

/// Creates the account of an invitation, which is a one-time link. Nobody is signed in.
#[server(prefix = "/auth", endpoint = "invite", protocol = Wire<Post>)]
pub async fn accept_invitation(
    token: Secret,
    #[server(rename = "newPassword")] new_password: Secret,
) -> Result<(), Problem> {
    crate::server::http::one_time_links::accept_invitation(token, new_password).await
}

/// Deletes the caller's account and everything that belongs to it.
#[server(prefix = "/auth", endpoint = "account/delete", protocol = Wire<Post>)]
pub async fn delete_account(password: Secret) -> Result<(), Problem> {
    crate::server::http::auth::delete_account(password).await
}
