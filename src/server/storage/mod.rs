//! Storage: the ports of [`Store`] on SQLite and on PostgreSQL, one code for both. Each port is implemented in the file
//! of its subject.
//!
//! Both are reached through `sqlx::Any`; `sql` holds the few words in which their SQL differs. Rows are read as types,
//! and written as JSON, a whole batch in one statement. Every write is a transaction (`BEGIN IMMEDIATE` on SQLite; on
//! PostgreSQL sessions are locked in the order of their ids, so that no two writers wait for each other), and its
//! outcome is known only from `COMMIT`.

// Its macro is used in the modules below.
#[macro_use]
mod session_row;

mod activity;
mod attempts;
mod backup;
mod claim;
mod columns;
mod counted;
mod database;
mod error;
mod health;
mod keys;
mod known_browsers;
mod locks;
mod migrations;
mod moving;
mod one_time_links;
mod open;
mod postgres;
mod purge;
mod refreshes;
mod second_factors;
mod session_lists;
mod sessions;
mod sql;
mod users;
mod web_sessions;

pub use backup::{BackupContents, BackupError, Restoring, back_up, begin_restore};
pub use claim::{Claim, claim, file, serving_process};
pub use database::Database;
pub use error::OpenError;
pub use moving::{MoveError, MovedContents, move_to};

use crate::domain::time::Timestamp;
use crate::server::metrics::DatabaseMetrics;
use crate::server::ports::Store;
use open::IfMissing;
use std::sync::Arc;

/// Opens the database at `url` (`sqlite://path/to/file.db`, or `postgres://…`), creates a missing SQLite file, and
/// migrates the tables to this version.
///
/// # Errors
/// [`OpenError`], in words for the operator.
pub async fn connect(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(Database::open(url).await?))
}

/// Like [`connect`], and counts to `metrics`.
///
/// # Errors
/// [`OpenError`], in words for the operator.
pub async fn connect_measured(url: &str, metrics: &DatabaseMetrics) -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(Database::open(url).await?.measured(metrics.clone())))
}

/// Opens the database at `url`, which must exist with the tables of this version.
///
/// # Errors
/// [`OpenError`], in words for the operator.
pub async fn connect_to_existing(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(Database::open_as(url, IfMissing::Refused).await?))
}

/// Opens the database at `url`, which must exist with the tables of this version, only to read it. An SQLite file is
/// not changed, not even in its mode.
///
/// # Errors
/// [`OpenError`], in words for the operator.
pub async fn look_into(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(open::to_look_into(url).await?))
}

/// What time it is for the PostgreSQL server at `url`; `None` for SQLite, which has no clock of its own.
///
/// # Errors
/// [`OpenError`], in words for the operator.
pub async fn clock(url: &str) -> Result<Option<Timestamp>, OpenError> {
    match url.split_once("://") {
        Some(("postgres" | "postgresql", _)) => postgres::clock(url).await.map(Some),
        _ => Ok(None),
    }
}

/// The name of the database at `url` in the log, without the password.
pub fn name(url: &str) -> String {
    match url.split_once("://") {
        Some(("sqlite", path)) => format!("SQLite at {path}"),
        _ => postgres::name(url).unwrap_or_else(|| "unknown".to_owned()),
    }
}
