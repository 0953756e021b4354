//! The files of an installation: who may read and replace them, and whether there is room.

use super::Finding;
use crate::server::files::{exposing_bits, folder_of, is_credential, is_ours};
use rustix::fs::{Access, access, statvfs};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Less free space than this is soon used up, in bytes. With less than [`NO_ROOM`] a server is not ready.
const LITTLE_ROOM: u64 = 256 * 1024 * 1024;
const NO_ROOM: u64 = 1024 * 1024;

/// What was measured of a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    path: PathBuf,
    mode: u32,
    /// Whether it belongs to the user of this process, or is a credential of the service.
    is_ours: bool,
    /// The bits of the mode by which others may read it.
    exposing: u32,
    links: u64,
}

impl Owned {
    /// `None` if there is no such file, or it cannot be looked at.
    fn measure(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        let is_ours = is_ours(&found) || is_credential(path);
        let (mode, exposing) = (found.mode() & 0o7777, exposing_bits(path));
        Some(Self { path: path.to_owned(), mode, is_ours, exposing, links: found.nlink() })
    }
}

/// Looks at the files; `database` is the SQLite file, if it is one.
pub(super) fn judge(database: Option<&Path>, secret: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let beside = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let databases = database.into_iter().flat_map(|path| ["", "-wal", "-shm"].map(|suffix| beside(path, suffix)));
    for file in databases.filter_map(|path| Owned::measure(&path)) {
        findings.extend(private(&file, "database_readable", "database file"));
    }
    findings.extend(database.and_then(Owned::measure).as_ref().and_then(several_names));
    if let Some(file) = Owned::measure(secret) {
        findings.extend(private(&file, "secret_readable", "secret file"));
    }
    let mut folders: Vec<&Path> = database.into_iter().chain([secret]).map(folder_of).collect();
    folders.dedup();
    for folder in folders {
        findings.extend(Owned::measure(folder).as_ref().and_then(replaceable));
    }
    if let Some(folder) = database.map(folder_of).filter(|folder| folder.exists()) {
        let writable = access(folder, Access::WRITE_OK | Access::EXEC_OK);
        findings.extend(not_writable(folder, writable.err().map(std::io::Error::from)));
        // Some file systems do not say.
        if let Ok(found) = statvfs(folder)
            && found.f_blocks > 0
        {
            findings.extend(room(folder, found.f_bavail.saturating_mul(found.f_frsize)));
        }
    }
    findings
}

/// A file that others may read, or that another user owns.
fn private(file: &Owned, code: &'static str, kind: &str) -> Vec<Finding> {
    let path = file.path.display();
    let mut findings = Vec::new();
    if file.mode & file.exposing != 0 {
        let message = format!("The {kind} {path} may be read by others (mode {:o}).", file.mode & 0o777);
        findings.push(Finding::error(
            code,
            message,
            format!("Run chmod 600 {path}; the server does not start before."),
        ));
    }
    if !file.is_ours {
        let message = format!("The {kind} {path} belongs to another user than the one who runs this command.");
        let remedy = "Run doctor as the user of the service; if this is that user, run chown on the file.";
        findings.push(Finding::error("file_owner", message, remedy));
    }
    findings
}

fn several_names(file: &Owned) -> Option<Finding> {
    (file.links > 1).then(|| {
        let message = format!("The database file {} has {} names (hard links).", file.path.display(), file.links);
        let remedy = "Leave one: SQLite keeps its journal beside one name, and by the others data would be lost.";
        Finding::error("database_links", message, remedy)
    })
}

/// A folder in which everybody may replace files.
fn replaceable(folder: &Owned) -> Option<Finding> {
    let path = folder.path.display();
    (folder.mode & 0o002 != 0).then(|| {
        let message = format!("The folder {path} may be written to by everybody (mode {:o}).", folder.mode);
        Finding::error("folder_exposed", message, format!("Run chmod o-w {path}; the server does not start before."))
    })
}

fn not_writable(folder: &Path, refused: Option<std::io::Error>) -> Option<Finding> {
    refused.map(|error| {
        let message = format!("The folder {} of the database cannot be written to: {error}.", folder.display());
        let remedy =
            "SQLite makes files beside the database: run chown or chmod on the folder, or mount it read-write.";
        Finding::error("folder_not_writable", message, remedy)
    })
}

/// Free space, in bytes.
fn room(folder: &Path, free: u64) -> Option<Finding> {
    let message = format!("The disk of {} has {} MiB free.", folder.display(), free / (1024 * 1024));
    let remedy = "Free some space, or move the database to a larger disk.";
    match free {
        0..NO_ROOM => Some(Finding::error("disk_full", message, remedy)),
        NO_ROOM..LITTLE_ROOM => Some(Finding::warning("disk_little", message, remedy)),
        LITTLE_ROOM.. => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// A folder with a database and a secret, private to us.
    fn installed() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let [database, secret] = ["latchkey.db", "secret.key"].map(|name| folder.path().join(name));
        for file in [&database, &secret, &folder.path().join("latchkey.db-wal")] {
            std::fs::write(file, "").unwrap();
            set_mode(file, 0o600);
        }
        (folder, database, secret)
    }

    fn codes(database: &Path, secret: &Path) -> Vec<&'static str> {
        let findings = judge(Some(database), secret);
        // How full the disk is, is not a matter of the test.
        findings.into_iter().map(|finding| finding.code).filter(|code| !code.starts_with("disk")).collect()
    }

    #[test]
    fn files_that_others_can_read_or_replace_are_found() {
        let (folder, database, secret) = installed();
        assert_eq!(codes(&database, &secret), [""; 0]);
        let wal = folder.path().join("latchkey.db-wal");
        for (path, mode, usual, code) in [
            (database.as_path(), 0o640, 0o600, "database_readable"),
            (&wal, 0o604, 0o600, "database_readable"),
            (&secret, 0o660, 0o600, "secret_readable"),
            (folder.path(), 0o777, 0o700, "folder_exposed"),
        ] {
            set_mode(path, mode);
            assert_eq!(codes(&database, &secret), [code], "{}", path.display());
            set_mode(path, usual);
        }
    }

    #[test]
    fn a_database_with_two_names_is_found() {
        let (folder, database, secret) = installed();
        std::fs::hard_link(&database, folder.path().join("copy.db")).unwrap();
        assert_eq!(codes(&database, &secret), ["database_links"]);
    }

    #[test]
    fn a_file_of_another_user_is_found() {
        let file = Owned { path: "x".into(), mode: 0o600, is_ours: false, exposing: 0o077, links: 1 };
        let found = private(&file, "secret_readable", "secret file");
        assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["file_owner"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_found() {
        // Nobody can write there, root included.
        let refused = access("/proc/self/fdinfo", Access::WRITE_OK).err();
        let refused = refused.map(std::io::Error::from).or(Some(std::io::ErrorKind::PermissionDenied.into()));
        assert_eq!(not_writable(Path::new("/data"), refused).unwrap().code, "folder_not_writable");
        assert_eq!(not_writable(Path::new("/data"), None), None);
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_found() {
        let code = |free| room(Path::new("/data"), free).map(|finding| finding.code);
        assert_eq!(code(NO_ROOM - 1), Some("disk_full"));
        assert_eq!(code(NO_ROOM), Some("disk_little"));
        assert_eq!(code(LITTLE_ROOM), None);
    }
}
