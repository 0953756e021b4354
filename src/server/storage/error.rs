//! What goes wrong: the one place that judges the driver's errors.

use crate::server::ports::StoreError;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;
use std::path::PathBuf;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("database.url must start with sqlite:// or postgres://")]
    Scheme,
    #[error("database.url names no file: write sqlite://path/to/file.db")]
    NoFile,
    #[error("database.url is not a URL that PostgreSQL understands")]
    Url(#[source] sqlx::Error),
    #[error("the folder {} cannot be made", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the database file {} cannot be opened", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the database file {} may be read by others (mode {mode:o}): run chmod 600 on it", path.display())]
    Readable { path: PathBuf, mode: u32 },
    #[error(
        "the way to PostgreSQL at {host} is not safe: write ?sslmode=verify-full into database.url (with \
         &sslrootcert=FILE for a certificate authority of your own), or ?sslmode=disable if nobody else is on that network"
    )]
    Unprotected { host: String },
    #[error("the database cannot be reached, or it is no database")]
    Connect(#[source] sqlx::Error),
    #[error("the database was written by a newer version of Latchkey")]
    Newer,
    #[error("the tables of the database cannot be brought up to date")]
    Migrate(#[source] MigrateError),
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => Self::Newer,
            other => Self::Migrate(other),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error;
        match error {
            Error::Database(ref database) if is_passing(database.as_ref()) => Self::Unavailable(Box::new(error)),
            Error::Database(database) => Self::Corrupt(describe(database.as_ref())),
            Error::Io(_)
            | Error::Tls(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::BeginFailed
            | Error::InvalidSavePointStatement => Self::Unavailable(Box::new(error)),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

/// Whether the same request may well succeed later.
fn is_passing(error: &dyn DatabaseError) -> bool {
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        // What the row referred to was deleted meanwhile: asked again, the request finds that out.
        return is_passing_in_postgres(error.code()) || error.kind() == ErrorKind::ForeignKeyViolation;
    }
    error
        .try_downcast_ref::<SqliteError>()
        .and_then(DatabaseError::code)
        .is_some_and(|code| is_passing_in_sqlite(&code))
}

/// Classes 08 (connection), 53 (resources), 57 (operator), 58 (system); serialization failure, deadlock, lock timeout.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn is_passing_in_postgres(code: &str) -> bool {
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || ["40001", "40P01", "55P03"].contains(&code)
}

/// BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL, by the low byte of the extended code.
/// <https://www.sqlite.org/rescode.html>
fn is_passing_in_sqlite(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| [5, 6, 7, 8, 9, 10, 13, 14, 15].contains(&(code & 0xff)))
}

/// The driver's words, but never a value: PostgreSQL's data exceptions (class 22) quote them.
fn describe(error: &dyn DatabaseError) -> String {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<PgDatabaseError>().is_some() && code.starts_with("22") {
        format!("error {code}")
    } else {
        format!("error {code}: {}", error.message())
    }
}

/// A row that breaks our own rules: which one, and where, but never what it holds.
pub(super) fn impossible(table: &str, id: &str, column: &str) -> StoreError {
    StoreError::Corrupt(format!("{table} {id}: {column}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_codes_are_judged_by_their_low_byte() {
        // SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_READONLY_DBMOVED
        for code in ["5", "517", "13", "1034", "1032"] {
            assert!(is_passing_in_sqlite(code), "{code}");
        }
        // SQLITE_ERROR, SQLITE_CORRUPT, SQLITE_CONSTRAINT_UNIQUE, SQLITE_NOTADB
        for code in ["1", "11", "2067", "26", ""] {
            assert!(!is_passing_in_sqlite(code), "{code}");
        }
    }

    #[test]
    fn postgres_codes_are_judged_by_their_class() {
        for code in ["08006", "53300", "57P01", "57014", "40001", "40P01", "55P03"] {
            assert!(is_passing_in_postgres(code), "{code}");
        }
        for code in ["23505", "42601", "22P02", "40002"] {
            assert!(!is_passing_in_postgres(code), "{code}");
        }
    }

    #[test]
    fn a_pool_without_a_free_connection_is_a_passing_fault() {
        assert!(matches!(StoreError::from(sqlx::Error::PoolTimedOut), StoreError::Unavailable(_)));
        assert!(matches!(StoreError::from(sqlx::Error::RowNotFound), StoreError::Corrupt(_)));
    }
}
