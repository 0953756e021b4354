//! Classifies the driver's errors, in one place.

use crate::server::files;
use crate::server::ports::StoreError;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;
use std::path::{Path, PathBuf};

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum OpenError {
    #[error("database.url must start with sqlite:// or postgres://")]
    Scheme,
    #[error("database.url names no file: write sqlite://path/to/file.db")]
    NoFile,
    #[error("database.url is not a URL that PostgreSQL understands: {0}")]
    Url(sqlx::Error),
    #[error("database.url has ?{0}: Latchkey takes no options for SQLite, so leave them out")]
    Options(String),
    #[error("there is no database at {}: `latchkey serve` and `latchkey migrate` make it", .0.display())]
    Missing(PathBuf),
    #[error("the folder {} cannot be used or made: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the folder {} may be written to by everybody (mode {mode:o}): run chmod o-w on it", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the database file {} cannot be opened: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the database file {} may be read by others (mode {mode:o}): run chmod 600 on it", path.display())]
    Readable { path: PathBuf, mode: u32 },
    #[error("the database file {} belongs to another user (uid {uid}): run Latchkey as that user, or run chown on it", path.display())]
    Owner { path: PathBuf, uid: u32 },
    #[error("{} is no database of Latchkey's: other tables are in it", .0.display())]
    Foreign(PathBuf),
    #[error("the lock {} cannot be opened: {source}. A server or a command of another user has left it: run chown on it", path.display())]
    Lock { path: PathBuf, source: std::io::Error },
    #[error("the database file {} cannot be used: {reason}", path.display())]
    Sqlite { path: PathBuf, reason: String },
    #[error("{place} cannot be reached: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("{place} refuses the connection: {reason}")]
    Refused { place: String, reason: String },
    #[error(
        "the database file {} is served by another `latchkey serve` already (process {process}): one server for each \
         SQLite file; several servers need PostgreSQL",
        path.display()
    )]
    Served { path: PathBuf, process: String },
    #[error(
        "the database file {} has {links} names (hard links), and SQLite would lose data by those beside which its \
         journal is not: leave one",
        path.display()
    )]
    Links { path: PathBuf, links: u64 },
    #[error(
        "the way to PostgreSQL at {host} is not safe: write ?sslmode=verify-full into database.url (with \
         &sslrootcert=FILE for a certificate authority of your own), or ?sslmode=disable if nobody else is on that network"
    )]
    Unprotected { host: String },
    #[error("the database cannot be used: {0}")]
    Connect(sqlx::Error),
    #[error("the database has no tables yet: `latchkey serve` and `latchkey migrate` make them")]
    Empty,
    #[error("the database was written by an older version of Latchkey: `latchkey migrate` brings it up to date")]
    Older,
    #[error("{place} takes no writes, since it is {state}: name the server that does in database.url")]
    ReadOnly { place: String, state: &'static str },
    #[error(
        "the database was written by a newer version of Latchkey: run that version, or restore the backup from before the \
         update"
    )]
    Newer,
    #[error("the tables of the database cannot be brought up to date: {0}")]
    Migrate(MigrateError),
}

impl OpenError {
    /// Why SQLite does not open the file at `path`.
    pub(super) fn sqlite(path: &Path, error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(DatabaseError::code).and_then(|code| code.parse::<u32>().ok());
        let folder = files::folder_of(path).display();
        // By the low byte of the extended code: <https://www.sqlite.org/rescode.html>.
        let reason = match code.map(|code| code & 0xff) {
            Some(26) => "it is no SQLite database".to_owned(),
            Some(11) => "it is damaged".to_owned(),
            Some(5) => "another process writes to it".to_owned(),
            Some(8 | 14) => format!("SQLite must be able to write to it and to its folder, {folder}"),
            Some(13) => "the disk is full".to_owned(),
            _ => error.to_string(),
        };
        Self::Sqlite { path: path.into(), reason }
    }

    /// Why PostgreSQL at `place` refuses the connection. Its message contains neither the password nor stored data.
    pub(super) fn postgres(place: String, error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Configuration(_) => Self::Url(error),
            sqlx::Error::Database(error) => Self::Refused { place, reason: error.message().to_owned() },
            sqlx::Error::Io(error) => Self::Unreachable { place, reason: error.to_string() },
            sqlx::Error::Tls(error) => Self::Unreachable { place, reason: error.to_string() },
            error => Self::Unreachable { place, reason: error.to_string() },
        }
    }
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
            // A proxy whose backend is away answers with what is no answer, or hangs up.
            Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::BeginFailed
            | Error::InvalidSavePointStatement => Self::Unavailable(Box::new(error)),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

/// Whether the same request may succeed later.
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

/// Whatever is the operator's, the network's or another transaction's, by its class: 08 connection, 25 transaction
/// state (read only, idle for too long), 28 login refused, 3D no such database, 40 rolled back, 53 resources, 55 not in
/// that state (locked, starting), 57 operator, 58 system, F0 configuration file; and single ones: no privilege, an
/// unspecific fault of the server's own. <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn is_passing_in_postgres(code: &str) -> bool {
    const CLASSES: [&str; 10] = ["08", "25", "28", "3D", "40", "53", "55", "57", "58", "F0"];
    CLASSES.iter().any(|class| code.starts_with(class)) || ["42501", "XX000"].contains(&code)
}

/// BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL, by the low byte of the extended code.
/// <https://www.sqlite.org/rescode.html>
fn is_passing_in_sqlite(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| [5, 6, 7, 8, 9, 10, 13, 14, 15].contains(&(code & 0xff)))
}

/// The driver's message without values, which PostgreSQL's data exceptions (class 22) quote.
fn describe(error: &dyn DatabaseError) -> String {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<PgDatabaseError>().is_some() && code.starts_with("22") {
        format!("error {code}")
    } else {
        format!("error {code}: {}", error.message())
    }
}

/// An invalid row. Names the row and the column, never the content.
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
        for code in [
            "08006", "08P01", "25006", "25P02", "25P03", "28000", "28P01", "3D000", "40001", "40P01", "42501", "53300",
            "55000", "55P03", "57P01", "57P03", "57014", "58000", "58P01", "F0000", "XX000",
        ] {
            assert!(is_passing_in_postgres(code), "{code}");
        }
        // A broken rule of ours, a statement that is wrong, a value that cannot be, rows that are damaged.
        for code in ["23505", "42601", "42P01", "22P02", "26000", "XX001", ""] {
            assert!(!is_passing_in_postgres(code), "{code}");
        }
    }

    #[test]
    fn a_pool_without_a_free_connection_is_a_passing_fault() {
        assert!(matches!(StoreError::from(sqlx::Error::PoolTimedOut), StoreError::Unavailable(_)));
        let odd = sqlx::Error::Protocol("not a message of PostgreSQL's".into());
        assert!(matches!(StoreError::from(odd), StoreError::Unavailable(_)));
        assert!(matches!(StoreError::from(sqlx::Error::RowNotFound), StoreError::Corrupt(_)));
    }
}
