//! The calls under `/api/`: they read what belongs to the caller, who shows an access token.

use super::data::{Account, ActivityPage, Export, Me, SessionInfo};
use super::problem::Problem;
use super::transport::Call;
use super::wire::{Get, Wire, exchange};
use crate::domain::activity::Filter;
use http::Method;
use leptos::prelude::*;
use server_fn::ServerFn as _;

/// Who is signed in.
#[server(name = ReadMe, prefix = "/api", endpoint = "me", protocol = Wire<Get>)]
pub async fn me() -> Result<Me, Problem> {
    crate::server::http::account::me().await
}

/// The caller's sessions: the current one first, then by when they were last seen.
#[server(name = ListSessions, prefix = "/api", endpoint = "sessions", protocol = Wire<Get>)]
pub async fn sessions() -> Result<Vec<SessionInfo>, Problem> {
    crate::server::http::account::sessions().await
}

/// The caller's own security events, newest first, from `cursor` on; only those of `show`, if given.
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

/// What [`export`] answers as it came, to be kept as a file.
///
/// # Errors
/// Those of any call.
pub async fn export_as_text() -> Result<String, Problem> {
    exchange(Call { method: Method::GET, path: ReadExport::PATH.to_owned(), body: None }).await
}

/// All that is kept about the caller.
#[server(name = ReadExport, prefix = "/api", endpoint = "export", protocol = Wire<Get>)]
pub async fn export() -> Result<Export, Problem> {
    crate::server::http::account::export().await
}
