//! Opening a database: files, connections, what holds on each of them.

use super::database::Database;
use super::error::OpenError;
use super::sql::Dialect;
use super::{migrations, postgres};
use sqlx::Connection;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// How long a request waits for a free connection before it is told to come again.
pub(super) const ACQUIRE: Duration = Duration::from_secs(3);
const SQLITE_READERS: u32 = 4;

/// What holds on each connection to SQLite. `FULL`: a commit is on the disk before it is answered.
const WRITER: &str = "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                      PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";
const READER: &str = "PRAGMA busy_timeout = 2000; PRAGMA query_only = ON; PRAGMA synchronous = FULL; \
                      PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";

/// Who starts may wait longer than a request does: another process may be writing, a command or a server that goes.
const STARTING: &str = "PRAGMA busy_timeout = 20000";

impl Database {
    /// See [`super::connect`].
    ///
    /// # Errors
    /// [`OpenError`], in words for the operator.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        match url.split_once("://") {
            Some(("sqlite", path)) => open_sqlite(path).await,
            Some(("postgres" | "postgresql", _)) => postgres::open(url).await,
            _ => Err(OpenError::Scheme),
        }
    }
}

async fn open_sqlite(path: &str) -> Result<Database, OpenError> {
    if path.is_empty() || path.ends_with('/') {
        return Err(OpenError::NoFile);
    }
    let file = |source| OpenError::File { path: path.into(), source };
    create(path)?;
    let absolute = std::path::absolute(path).map_err(file)?;
    let absolute = absolute.to_str().ok_or(OpenError::NoFile)?;
    let options = AnyConnectOptions::from_str(&sqlite_url(absolute)).map_err(OpenError::Connect)?;
    // These are files: they do not go away while we are idle, and need no test before each use.
    let pool = |connections, pragmas: &'static str| {
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            // When SQLite rolls back by itself (a full disk), sqlx counts on: such a connection is replaced.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .after_connect(move |connection, _| {
                Box::pin(async move { sqlx::raw_sql(pragmas).execute(connection).await.map(drop) })
            })
    };
    let writers = pool(1, WRITER).connect_with(options.clone()).await.map_err(OpenError::Connect)?;
    sqlx::raw_sql(STARTING).execute(&writers).await.map_err(OpenError::Connect)?;
    migrations::run(&writers, Dialect::Sqlite).await?;
    sqlx::raw_sql(WRITER).execute(&writers).await.map_err(OpenError::Connect)?;
    let readers = pool(SQLITE_READERS, READER).connect_with(options).await.map_err(OpenError::Connect)?;
    Ok(Database { writers, readers, dialect: Dialect::Sqlite })
}

/// Makes the file and its folder, for us alone. SQLite gives the files beside it (`-wal`, `-shm`) the same mode. What is
/// there already and may be read by others (a backup that was put back) is refused, like the secret.
fn create(path: &str) -> Result<(), OpenError> {
    let path = Path::new(path);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| OpenError::Folder { path: folder.into(), source })?;
    }
    let file = |path: &Path, source| OpenError::File { path: path.into(), source };
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| file(path, error))?;
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let path = Path::new(&name);
        match std::fs::metadata(path).map(|found| found.mode() & 0o777) {
            Ok(mode) if mode & 0o077 != 0 => return Err(OpenError::Readable { path: path.into(), mode }),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(file(path, error)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// The URL of an absolute path. What has a meaning in a URL is percent-encoded; the driver decodes it.
fn sqlite_url(path: &str) -> String {
    let mut url = String::from("sqlite://");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url.push_str("?mode=rw");
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_connection_to_a_file_is_durable_and_minds_its_references() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&format!("sqlite://{}/x.db", folder.path().display())).await.unwrap();
        for (pool, connections) in [(&database.writers, 1), (&database.readers, SQLITE_READERS)] {
            let mut held = Vec::new();
            for _ in 0..connections {
                let mut connection = pool.acquire().await.unwrap();
                let sql = "SELECT journal_mode || ' ' || synchronous || ' ' || foreign_keys || ' ' || timeout \
                           FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_busy_timeout";
                let found: String = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.unwrap();
                assert_eq!(found, "wal 2 1 2000");
                held.push(connection);
            }
            assert!(pool.try_acquire().is_none(), "these were all");
        }
    }
}
