//! The server functions under `/api/`: they read the caller's data, and need an access token.
#![expect(missing_docs, reason = "an argument of a server function becomes a field; the function says what it is")]

use super::data::{Account, ActivityPage, Me, SessionInfo};
use super::problem::Problem;
use super::transport::Call;
use super::wire::{Get, Wire, exchange};
use crate::domain::activity::Filter;
use http::Method;
use leptos::prelude::*;

/// The signed-in user.
#[server(name = ReadMe, prefix = "/api", endpoint = "me", protocol = Wire<Get>)]
pub async fn me() -> Result<Me, Problem> {
    crate::server::http::account::me().await
}

/// The caller's sessions: the current one first, then by last use.
#[server(name = ListSessions, prefix = "/api", endpoint = "sessions", protocol = Wire<Get>)]
pub async fn sessions() -> Result<Vec<SessionInfo>, Problem> {
    crate::server::http::account::sessions().await
}

/// The caller's security events, newest first, starting at `cursor`; only those of the filter `show`, if given.
#[server(name = ListActivity, prefix = "/api", endpoint = "activity", protocol = Wire<Get>)]
pub async fn activity(
    #[server(default)] show: Option<Filter>,
    #[server(default)] cursor: Option<i64>,
) -> Result<ActivityPage, Problem> {
    crate::server::http::account::activity(show.unwrap_or(Filter::All), cursor).await
}

/// The caller's account.
#[server(name = ReadAccount, prefix = "/api", endpoint = "account", protocol = Wire<Get>)]
pub async fn account() -> Result<Account, Problem> {
    crate::server::http::account::account().await
}

/// The address of the caller's data export: `{account, sessions, activity}` with an [`Account`], every
/// [`ExportedSession`](super::data::ExportedSession) and every [`ActivityEvent`](super::data::ActivityEvent), newest
/// first. It is no server function, because the answer is streamed.
pub const EXPORT: &str = "/api/export";

/// The answer of [`EXPORT`], unparsed, to be saved as a file.
///
/// # Errors
/// The errors of any call.
pub async fn export_as_text() -> Result<String, Problem> {
    exchange(Call { method: Method::GET, path: EXPORT.to_owned(), body: None }).await
}
