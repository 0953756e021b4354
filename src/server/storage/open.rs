//! Opens a database: files, connections and their settings.

use super::database::Database;
use super::error::OpenError;
use super::sql::Dialect;
use super::{migrations, postgres};
use crate::server::files;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection as _};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a request waits for a free connection before it is refused as unavailable.
pub(super) const ACQUIRE: Duration = Duration::from_secs(3);
const SQLITE_READERS: u32 = 4;

/// The settings of each connection to SQLite. `FULL`: a commit is on the disk before it is answered.
const WRITER: &str = "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                      PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";
const READER: &str = "PRAGMA busy_timeout = 2000; PRAGMA query_only = ON; PRAGMA synchronous = FULL; \
                      PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY";

/// A start or a command may wait longer than a request: another process may be writing.
const STARTING: &str = "PRAGMA busy_timeout = 20000";

/// Tells whether the file can be read and written, and whether SQLite can create its files beside it.
const TRIAL: &str = "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; SELECT count(*) FROM sqlite_schema; ROLLBACK";

/// Whether a missing database is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfMissing {
    /// Created: by a server, or by `latchkey migrate`.
    Made,
    /// Refused: any other command would work on an empty database that nobody meant.
    Refused,
}

impl Database {
    /// See [`super::connect`].
    ///
    /// # Errors
    /// [`OpenError`], in words for the operator.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_as(url, IfMissing::Made).await
    }

    pub(super) async fn open_as(url: &str, missing: IfMissing) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        match url.split_once("://") {
            Some(("sqlite", path)) => open_sqlite(path, missing).await,
            Some(("postgres" | "postgresql", _)) => postgres::open(url, missing).await,
            _ => Err(OpenError::Scheme),
        }
    }
}

/// See [`super::look_into`].
pub(super) async fn to_look_into(url: &str) -> Result<Database, OpenError> {
    let Some(("sqlite", path)) = url.split_once("://") else {
        return Database::open_as(url, IfMissing::Refused).await;
    };
    sqlx::any::install_default_drivers();
    let absolute = sqlite_file(path, IfMissing::Refused)?;
    // Not `mode=ro`: such a connection leaves SQLite's files beside the database when it is closed.
    let options = sqlite_options(&absolute)?;
    let opened = AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(READER).execute(connection).await.map(drop) })
        })
        .connect_lazy_with(options.clone());
    // Directly first: a pool would not say the reason.
    let first = async {
        let mut connection = AnyConnection::connect_with(&options).await?;
        sqlx::raw_sql(READER).execute(&mut connection).await?;
        sqlx::raw_sql("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
        connection.close().await
    };
    first.await.map_err(|error| OpenError::sqlite(&absolute, error))?;
    migrations::check(&opened, Dialect::Sqlite).await?;
    Ok(Database::new(opened.clone(), opened, Dialect::Sqlite))
}

/// Checks an SQLite file, and returns its absolute path.
pub(super) fn sqlite_file(path: &str, missing: IfMissing) -> Result<PathBuf, OpenError> {
    let absolute = sqlite_path(path)?;
    check_files(&absolute, missing)?;
    Ok(absolute)
}

/// The absolute path of an SQLite file, which may be missing.
pub(super) fn sqlite_path(path: &str) -> Result<PathBuf, OpenError> {
    if path.is_empty() || path.ends_with('/') || path == ":memory:" {
        return Err(OpenError::NoFile);
    }
    // A folder may be called anything; options stand at the end.
    if let Some((_, options)) =
        path.rsplit_once('?').filter(|(_, options)| options.contains('=') && !options.contains('/'))
    {
        return Err(OpenError::Options(options.to_owned()));
    }
    std::path::absolute(path).map_err(|source| OpenError::File { path: path.into(), source })
}

/// How to connect to the SQLite file at `path` alone, without the settings of a server.
pub(super) fn sqlite_options(path: &Path) -> Result<AnyConnectOptions, OpenError> {
    sqlx::any::install_default_drivers();
    let absolute = std::path::absolute(path).map_err(|source| OpenError::File { path: path.into(), source })?;
    let name = absolute.to_str().ok_or(OpenError::NoFile)?;
    AnyConnectOptions::from_str(&sqlite_url(name)).map_err(OpenError::Connect)
}

async fn open_sqlite(path: &str, missing: IfMissing) -> Result<Database, OpenError> {
    let absolute = sqlite_file(path, missing)?;
    let options = sqlite_options(&absolute)?;
    // A pool would try a file that is no database again and again, and in the end say nothing of the reason.
    try_sqlite(&options).await.map_err(|error| OpenError::sqlite(&absolute, error))?;
    // These are files: they do not go away while we are idle, and need no test before each use.
    let pool = |connections, pragmas: &'static str, made: Arc<AtomicU64>| {
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            // When SQLite rolls back by itself (a full disk), sqlx counts on: such a connection is replaced.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .after_connect(move |connection, _| {
                made.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move { sqlx::raw_sql(pragmas).execute(connection).await.map(drop) })
            })
    };
    let writers_made: Arc<AtomicU64> = Arc::default();
    let writers =
        pool(1, WRITER, writers_made.clone()).connect_with(options.clone()).await.map_err(OpenError::Connect)?;
    match missing {
        IfMissing::Made => {
            sqlx::raw_sql(STARTING).execute(&writers).await.map_err(OpenError::Connect)?;
            if migrations::is_of_something_else(&writers).await? {
                return Err(OpenError::Foreign(absolute));
            }
            migrations::run(&writers, Dialect::Sqlite).await?;
            sqlx::raw_sql(WRITER).execute(&writers).await.map_err(OpenError::Connect)?;
        }
        IfMissing::Refused => {
            migrations::check(&writers, Dialect::Sqlite).await?;
            // A command comes after a server that is busy writing, however long that takes.
            sqlx::raw_sql(STARTING).execute(&writers).await.map_err(OpenError::Connect)?;
        }
    }
    let readers =
        pool(SQLITE_READERS, READER, Arc::default()).connect_with(options).await.map_err(OpenError::Connect)?;
    open_all(&readers, SQLITE_READERS).await.map_err(OpenError::Connect)?;
    let mut database = Database::new(writers, readers, Dialect::Sqlite);
    database.writers_made = writers_made;
    Ok(database)
}

/// Opens all connections of a pool at once: later, the process may have no file descriptor left for one.
async fn open_all(pool: &AnyPool, connections: u32) -> Result<(), sqlx::Error> {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(pool.acquire().await?);
    }
    Ok(())
}

/// Opens the file once and reads from it.
async fn try_sqlite(options: &AnyConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = AnyConnection::connect_with(options).await?;
    sqlx::raw_sql(STARTING).execute(&mut connection).await?;
    sqlx::raw_sql(TRIAL).execute(&mut connection).await?;
    connection.close().await
}

/// Makes the file and its folder, for us alone. SQLite gives the files beside it (`-wal`, `-shm`) the same mode. What
/// is there already and may be read by others (a backup that was put back) is refused, like the secret; so is a folder
/// in which everybody may put files.
fn check_files(path: &Path, missing: IfMissing) -> Result<(), OpenError> {
    let folder = files::folder_of(path);
    let in_folder = |source| OpenError::Folder { path: folder.into(), source };
    let file = |path: &Path, source| OpenError::File { path: path.into(), source };
    if missing == IfMissing::Refused && !path.try_exists().map_err(|error| file(path, error))? {
        return Err(OpenError::Missing(path.into()));
    }
    files::make_folder(folder).map_err(in_folder)?;
    if let Some(mode) = files::exposed_mode(folder).map_err(in_folder)? {
        return Err(OpenError::Exposed { path: folder.into(), mode });
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(0o600);
    match options.clone().create_new(true).open(path) {
        Ok(_) => tracing::warn!(path = %path.display(), "a new database is made"),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            options.open(path).map_err(|error| file(path, error))?;
        }
        Err(error) => return Err(file(path, error)),
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let path = Path::new(&name);
        match std::fs::metadata(path) {
            Ok(found) if !files::is_ours(&found) => {
                return Err(OpenError::Owner { path: path.into(), uid: found.uid() });
            }
            Ok(found) if found.mode() & 0o077 != 0 => {
                return Err(OpenError::Readable { path: path.into(), mode: found.mode() & 0o777 });
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(file(path, error)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// The URL of an absolute path. Special characters are percent-encoded; the driver decodes them.
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
    use crate::server::ports::Keys as _;

    /// A database that was put back from a backup is in another mode than that of a server (WAL).
    #[tokio::test]
    async fn looking_into_a_file_changes_no_byte_of_it_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, url) = (folder.path().join("x.db"), format!("sqlite://{}/x.db", folder.path().display()));
        let database = Database::open(&url).await.unwrap();
        database.readers.close().await;
        sqlx::raw_sql("PRAGMA journal_mode = DELETE").execute(&database.writers).await.unwrap();
        database.writers.close().await;
        let before = std::fs::read(&path).unwrap();
        for _ in 0..2 {
            let looked = to_look_into(&url).await.unwrap();
            assert_eq!(looked.keys().await.unwrap(), []);
            assert!(sqlx::raw_sql("DELETE FROM _sqlx_migrations").execute(&looked.writers).await.is_err());
            looked.readers.close().await;
            assert!(std::fs::read(&path).unwrap() == before);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

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
