//! One server for each SQLite file. A second server would not know which sessions the first one has ended.

use super::error::OpenError;
use super::open::{IfMissing, sqlite_file, sqlite_path};
use crate::server::files;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a server waits for another one that is stopping, and how often it checks.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);

/// Free space that an SQLite file needs on its disk, in bytes.
const ROOM: u64 = 1024 * 1024;

/// The right to serve from a database while this value exists. The system releases it when the process dies.
#[derive(Debug)]
pub struct Claim(Option<File>);

/// Claims the SQLite file at `url`, by a lock (flock) on a file beside it: SQLite's own locks are left alone. Commands
/// need no claim. On PostgreSQL there is nothing to claim: servers hear of each other there.
///
/// # Errors
/// [`OpenError::Served`] when another server has it; [`OpenError::Links`] when it has several names, since only one of
/// them has SQLite's journal beside it.
pub async fn claim(url: &str) -> Result<Claim, OpenError> {
    let Some(("sqlite", path)) = url.split_once("://") else { return Ok(Claim(None)) };
    let path = sqlite_path(path)?;
    let path = if path.exists() {
        // Before anything is left beside a file that is not for us.
        sqlite_file(&path.to_string_lossy(), IfMissing::Refused)?;
        let failed = |source| OpenError::File { path: path.clone(), source };
        let links = std::fs::metadata(&path).map_err(failed)?.nlink();
        // By the name that it has without links, so that it is the same for whoever comes by one.
        let path = std::fs::canonicalize(&path).map_err(failed)?;
        if links > 1 {
            return Err(OpenError::Links { path, links });
        }
        path
    } else {
        // Whoever has the claim makes it.
        path
    };
    let (beside, file) = open_lock(&path)?;
    let failed = |source| OpenError::Lock { path: beside.clone(), source };
    let (mut waited, mut looks) = (Duration::ZERO, tokio::time::interval(LOOK));
    loop {
        looks.tick().await;
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if waited < PATIENCE => waited += LOOK,
            Err(TryLockError::WouldBlock) => {
                let process = std::fs::read_to_string(&beside).unwrap_or_default().trim().to_owned();
                return Err(OpenError::Served { path, process });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    // For the message above only.
    let _ = file.set_len(0).and_then(|()| writeln!(&file, "{}", std::process::id()));
    Ok(Claim(Some(file)))
}

/// Claims the place of an SQLite file that is missing, so that no server starts there until it has been restored.
///
/// # Errors
/// [`OpenError::Served`] when a server has it.
pub(super) fn claim_to_restore(path: &Path) -> Result<Claim, OpenError> {
    let (beside, file) = open_lock(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Claim(Some(file))),
        Err(TryLockError::WouldBlock) => {
            let process = std::fs::read_to_string(&beside).unwrap_or_default().trim().to_owned();
            Err(OpenError::Served { path: path.into(), process })
        }
        Err(TryLockError::Error(source)) => Err(OpenError::Lock { path: beside, source }),
    }
}

/// Opens the lock of the SQLite file at `path`, and makes it and its folder where they are missing.
fn open_lock(path: &Path) -> Result<(PathBuf, File), OpenError> {
    let folder = files::folder_of(path);
    let in_folder = |source| OpenError::Folder { path: folder.into(), source };
    files::make_folder(folder).map_err(in_folder)?;
    if let Some(mode) = files::exposed_mode(folder).map_err(in_folder)? {
        return Err(OpenError::Exposed { path: folder.into(), mode });
    }
    // The same lock, whatever links lead to the folder.
    let folder = std::fs::canonicalize(folder).map_err(in_folder)?;
    let beside = beside(&path.file_name().map_or_else(|| path.to_owned(), |name| folder.join(name)));
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
    match options.open(&beside) {
        Ok(file) => Ok((beside, file)),
        Err(source) => Err(OpenError::Lock { path: beside, source }),
    }
}

/// The number of the process that serves the SQLite file at `url`; `None` if no server does, or on PostgreSQL. Nothing
/// is made or changed.
pub fn serving_process(url: &str) -> Option<String> {
    let path = std::fs::canonicalize(file(url)?).ok()?;
    let beside = beside(&path);
    let lock = File::open(&beside).ok()?;
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(std::fs::read_to_string(&beside).unwrap_or_default().trim().to_owned()),
        // The lock goes with the file.
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// The SQLite file at `url`; `None` on PostgreSQL.
pub fn file(url: &str) -> Option<PathBuf> {
    url.strip_prefix("sqlite://").map(PathBuf::from)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

impl Claim {
    /// Releases the claim before this value is dropped.
    pub fn release(&self) {
        // What cannot be unlocked is free when the process ends.
        let _ = self.0.as_ref().map(File::unlock);
    }

    /// Whether there is room to write, as far as the file system says.
    ///
    /// # Errors
    /// Why not.
    pub fn has_room(&self) -> Result<(), Error> {
        if self.free()?.is_some_and(|free| free < ROOM) { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// The free space on the disk of the SQLite file, in bytes. `None` where nobody says: on PostgreSQL, and on some
    /// file systems.
    ///
    /// # Errors
    /// When the system does not answer.
    pub fn free(&self) -> Result<Option<u64>, Error> {
        let Some(file) = &self.0 else { return Ok(None) };
        let found = rustix::fs::fstatvfs(file)?;
        Ok((found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize)))
    }
}
