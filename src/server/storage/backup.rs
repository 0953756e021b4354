//! Backups of an SQLite file, and putting one back. Both write to a temporary file beside the place of the result, and
//! rename it when it is whole: a process that is killed leaves no half of a file under a name that somebody uses.

use super::claim::{Claim, claim_to_restore};
use super::database::Database;
use super::error::OpenError;
use super::open::{IfMissing, sqlite_file, sqlite_options};
use crate::server::files;
use crate::server::ports::Health as _;
use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use sqlx::{AnyConnection, Connection as _};
use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Why there is no backup, or why it was not put back.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum BackupError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("this is for SQLite: back PostgreSQL up with its own tools, such as pg_dump, and restore with pg_restore")]
    Postgres,
    #[error("{} exists already, and is not overwritten: choose another name or, to restore, stop the server and move it away", .0.display())]
    Exists(PathBuf),
    #[error("{} stands in the way, and is not of an interrupted backup of ours: remove it, or choose another folder", .0.display())]
    Foreign(PathBuf),
    #[error("another backup or restore is writing {} now", .0.display())]
    Busy(PathBuf),
    #[error("{} has changes beside it, in {}: copy both, or use a file that `latchkey backup` made", file.display(), beside.display())]
    Beside { file: PathBuf, beside: PathBuf },
    #[error("{} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: Error },
    #[error("the backup failed: {0}")]
    Database(sqlx::Error),
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupContents {
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// How many users there are.
    pub users: i64,
    /// How many sessions have neither expired nor been ended.
    pub sessions: i64,
}

/// A file that is not whole yet. Only one process at a time writes it; what a killed one left is overwritten.
struct Partial {
    path: PathBuf,
    // The lock goes with it.
    file: File,
}

impl Partial {
    /// An empty one, which will become `result`.
    fn begin(result: &Path) -> Result<Self, BackupError> {
        let path = with_suffix(result, ".partial");
        let failed = |source| BackupError::File { path: path.clone(), source };
        // In a folder of many, somebody else may have put something there, to read what is written.
        let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags);
        let file = options.open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() || !files::is_ours(&found) || found.nlink() > 1 {
            return Err(BackupError::Foreign(path));
        }
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(result.into())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        for suffix in ["-wal", "-shm", "-journal"] {
            remove(&with_suffix(&path, suffix))?;
        }
        file.set_len(0).map_err(failed)?;
        Ok(Self { path, file })
    }

    /// Gives the file its name, which nothing has, once it is on the disk.
    fn finish(&self, result: &Path) -> Result<(), BackupError> {
        let failed = |source| BackupError::File { path: result.into(), source };
        self.file.sync_all().map_err(failed)?;
        match renameat_with(CWD, &self.path, CWD, result, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) => return Err(BackupError::Exists(result.into())),
            // A file system that cannot do it in one step.
            Err(rustix::io::Errno::INVAL) if !exists(result)? => std::fs::rename(&self.path, result).map_err(failed)?,
            Err(error) => return Err(failed(error.into())),
        }
        File::open(files::folder_of(result)).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Removes what is there of a file that will not be finished.
    fn abandon(&self) {
        for suffix in ["-wal", "-shm", "-journal", ""] {
            drop(remove(&with_suffix(&self.path, suffix)));
        }
    }
}

/// Writes a copy of the SQLite database at `url` to `to`, as it is at one moment, beside a server that goes on writing.
/// The copy has mode 0600.
///
/// # Errors
/// [`BackupError`], in words for the operator. There is no file at `to` then, unless it was there before.
pub async fn back_up(url: &str, to: &Path) -> Result<BackupContents, BackupError> {
    let Some(path) = super::file(url) else { return Err(BackupError::Postgres) };
    let from = sqlite_file(&path.to_string_lossy(), IfMissing::Refused)?;
    if exists(to)? {
        return Err(BackupError::Exists(to.into()));
    }
    let partial = Partial::begin(to)?;
    let copied = async {
        copy(&from, &partial.path).await?;
        let contents = examine(&partial.path).await?;
        partial.finish(to)?;
        Ok(contents)
    };
    let copied = copied.await;
    if copied.is_err() {
        partial.abandon();
    }
    copied
}

/// SQLite writes a whole and compact copy in one read transaction (<https://www.sqlite.org/lang_vacuum.html>).
async fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    let target = to.to_str().ok_or(OpenError::NoFile)?;
    let failed = |error| match error {
        sqlx::Error::Database(_) => BackupError::Open(OpenError::sqlite(from, error)),
        other => BackupError::Database(other),
    };
    let mut connection = AnyConnection::connect_with(&sqlite_options(from)?).await.map_err(failed)?;
    sqlx::query("VACUUM INTO $1").bind(target.to_owned()).execute(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)
}

/// Checks that the file at `path` is whole and Latchkey's, and says what it holds. No other file stays beside it.
async fn examine(path: &Path) -> Result<BackupContents, BackupError> {
    let failed = |error| BackupError::Open(OpenError::sqlite(path, error));
    let mut connection = AnyConnection::connect_with(&sqlite_options(path)?).await.map_err(failed)?;
    // A copy by other means may be in the mode of a running server, which has files beside it.
    sqlx::raw_sql("PRAGMA journal_mode = DELETE").execute(&mut connection).await.map_err(failed)?;
    let reason: String = sqlx::query_scalar("SELECT integrity_check FROM pragma_integrity_check LIMIT 1")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    if reason != "ok" {
        return Err(BackupError::Damaged { path: path.into(), reason });
    }
    let mut count = async |sql| sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut connection).await;
    if count("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'").await.map_err(failed)? == 0 {
        return Err(OpenError::Sqlite { path: path.into(), reason: "it is no database of Latchkey".to_owned() }.into());
    }
    let users = count("SELECT count(*) FROM users").await.map_err(failed)?;
    let sessions = count(
        "SELECT count(*) FROM sessions WHERE revoked_at IS NULL \
         AND min(expires_at, idle_expires_at) > unixepoch('subsec') * 1000",
    )
    .await
    .map_err(failed)?;
    connection.close().await.map_err(failed)?;
    let bytes = std::fs::metadata(path).map_err(|source| BackupError::File { path: path.into(), source })?.len();
    Ok(BackupContents { bytes, users, sessions })
}

/// A backup that is being put back: it is open under a temporary name, with the tables of this version, and no server
/// can start on its place.
pub struct Restoring {
    place: PathBuf,
    partial: Partial,
    database: Database,
    contents: BackupContents,
    _claim: Claim,
}

/// Begins to put the backup `from` in the place of the missing database at `url`. Nothing has its name before
/// [`Restoring::finish`].
///
/// # Errors
/// [`BackupError`], in words for the operator. Nothing has changed then.
pub async fn begin_restore(url: &str, from: &Path) -> Result<Restoring, BackupError> {
    let Some(path) = super::file(url) else { return Err(BackupError::Postgres) };
    let place = std::path::absolute(&path).map_err(|source| BackupError::File { path, source })?;
    for taken in ["", "-wal", "-shm"].map(|suffix| with_suffix(&place, suffix)) {
        if exists(&taken)? {
            return Err(BackupError::Exists(taken));
        }
    }
    let beside = with_suffix(from, "-wal");
    if std::fs::metadata(&beside).is_ok_and(|found| found.len() > 0) {
        return Err(BackupError::Beside { file: from.into(), beside });
    }
    let claim = claim_to_restore(&place)?;
    let partial = Partial::begin(&place)?;
    let staged = async {
        let failed = |source| BackupError::File { path: from.into(), source };
        let (mut source, _) = files::open_regular(from).map_err(failed)?;
        std::io::copy(&mut source, &mut &partial.file).map_err(failed)?;
        let contents = examine(&partial.path).await?;
        let url = format!("sqlite://{}", partial.path.display());
        Ok((Database::open(&url).await?, contents))
    };
    match staged.await {
        Ok((database, contents)) => Ok(Restoring { place, partial, database, contents, _claim: claim }),
        Err(error) => {
            partial.abandon();
            Err(error)
        }
    }
}

impl Restoring {
    /// The database, to be changed before anybody uses it.
    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// What the backup held.
    pub fn contents(&self) -> BackupContents {
        self.contents
    }

    /// Deletes what must not live again: one-time links, which may have been used since the backup, and sign-ins that wait
    /// for a second factor.
    ///
    /// # Errors
    /// When SQLite does not do it.
    pub async fn delete_links(&self) -> Result<(), BackupError> {
        let deleted = sqlx::raw_sql("DELETE FROM one_time_links; DELETE FROM waiting_sign_ins")
            .execute(&self.database.writers)
            .await;
        deleted.map(drop).map_err(BackupError::Database)
    }

    /// Gives the database its name.
    ///
    /// # Errors
    /// [`BackupError`]. The temporary file is removed then.
    pub async fn finish(self) -> Result<(), BackupError> {
        self.database.close().await;
        let finished = async {
            // This moves the last changes into the file.
            examine(&self.partial.path).await?;
            self.partial.finish(&self.place)
        };
        let finished = finished.await;
        if finished.is_err() {
            self.partial.abandon();
        }
        finished
    }

    /// Removes the temporary file.
    pub async fn abandon(self) {
        self.database.close().await;
        self.partial.abandon();
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Whether anything has this name, a link that leads nowhere too.
fn exists(path: &Path) -> Result<bool, BackupError> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(BackupError::File { path: path.into(), source }),
    }
}

fn remove(path: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(BackupError::File { path: path.into(), source: error })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
