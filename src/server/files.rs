//! Files and folders that belong to this user alone. Those that others could replace are refused.

use rustix::fs::OFlags;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The folder of a file, in a form that can be opened: `.` for a plain file name.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates `folder` and its missing parents, accessible to this user only.
///
/// # Errors
/// When the system refuses.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The mode of `folder`, if everybody may create and replace files in it.
///
/// # Errors
/// When the system cannot read it.
pub(super) fn exposed_mode(folder: &Path) -> Result<Option<u32>> {
    let mode = std::fs::metadata(folder)?.mode() & 0o7777;
    Ok((mode & 0o002 != 0).then_some(mode))
}

/// Opens a regular file for reading. It does not block on anything else: opening a pipe would wait for a writer.
///
/// # Errors
/// When it does not exist or cannot be read; [`ErrorKind::InvalidInput`] when it is not a regular file.
pub(super) fn open_regular(path: &Path) -> Result<(File, Metadata)> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(Error::new(ErrorKind::InvalidInput, "it is no regular file"))
    }
}

/// Whether a file is a credential that systemd passes to this service (systemd.exec(5), Credentials). systemd keeps
/// such files from other users, but by an access control list: root owns them, and the mode has bits for the group.
pub(super) fn is_credential(path: &Path) -> bool {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    folder.is_some_and(|folder| path.starts_with(folder))
}

/// The bits of a mode that a file with a secret must not have.
pub(super) fn exposing_bits(path: &Path) -> u32 {
    if is_credential(path) { 0o007 } else { 0o077 }
}

/// Whether a file is owned by the user of this process.
pub(super) fn is_ours(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_folder_in_which_everybody_may_write_is_known() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, passes) in [(0o700, true), (0o755, true), (0o775, true), (0o777, false), (0o1777, false)] {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            let found = exposed_mode(folder.path()).unwrap();
            assert_eq!(found, (!passes).then_some(mode), "{mode:o}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [pipe.as_path(), folder.path(), Path::new("/dev/null")] {
            let error = open_regular(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{}: {error}", path.display());
        }
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(is_ours(&open_regular(&file).unwrap().1));
    }
}
