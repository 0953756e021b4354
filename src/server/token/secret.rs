//! The installation's secret: 32 random bytes in a file of mode 0600 beside the data. Keys in the database are sealed
//! with it, so neither a copy of the database nor the file alone is enough to create a token.

use super::base64url;
use crate::server::files;
use crate::server::ports::Entropy;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// The beginning of the file's one line. By it people and secret scanners recognise the file.
const PREFIX: &str = "latchkey-secret-1:";
const LEN: usize = 32;
/// An upper bound for the size of our file, in bytes.
const FILE_MAX: u64 = 1024;

/// How often and how long a process waits for the secret that another one is writing.
const TAKE_OVER_TRIES: u32 = 100;
const TAKE_OVER_PAUSE: Duration = Duration::from_millis(50);

/// Why the secret cannot be used. A server with one of these errors does not start.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum SecretError {
    #[error(
        "the secret file {0} is missing, but the database holds keys sealed under it: put it back, or restore both from one backup"
    )]
    Missing(PathBuf),
    #[error("the secret file {0} is damaged: it must hold one line that starts with {PREFIX}")]
    Damaged(PathBuf),
    #[error("the secret file {0} may be read by others (mode {1:o}): run chmod 600 on it")]
    Open(PathBuf, u32),
    #[error("the secret file {0} belongs to another user (uid {1}): run chown on it, or run Latchkey as that user")]
    Owner(PathBuf, u32),
    #[error("the secret file {0} is no regular file")]
    NoFile(PathBuf),
    #[error("the folder {0} of the secret file may be written to by everybody (mode {1:o}): run chmod o-w on it")]
    Folder(PathBuf, u32),
    #[error("the secret file {0} cannot be used: {1}")]
    Io(PathBuf, std::io::Error),
    #[error("the keys in the database were not sealed under this secret: file and database are of two installations")]
    Foreign,
}

/// Refuses a folder that others may write to: they could replace the secret.
fn check_folder(path: &Path) -> Result<(), SecretError> {
    let folder = files::folder_of(path);
    let exposed = files::exposed_mode(folder).map_err(|error| SecretError::Io(path.to_owned(), error))?;
    exposed.map_or(Ok(()), |mode| Err(SecretError::Folder(folder.to_owned(), mode)))
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())
}

/// The secret, ready to seal and open keys.
pub struct InstallationSecret(LessSafeKey);

impl InstallationSecret {
    /// Reads the secret, or `None` if there is no such file.
    ///
    /// # Errors
    /// When the file is damaged, no regular file, owned by somebody else, or readable or replaceable by others.
    pub fn load(path: &Path) -> Result<Option<Self>, SecretError> {
        let io = |error| SecretError::Io(path.to_owned(), error);
        let (file, metadata) = match files::open_regular(path) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(SecretError::NoFile(path.to_owned())),
            Err(error) => return Err(io(error)),
        };
        if !files::is_ours(&metadata) && !files::is_credential(path) {
            return Err(SecretError::Owner(path.to_owned(), metadata.uid()));
        }
        let mode = metadata.mode() & 0o777;
        if mode & files::exposing_bits(path) != 0 {
            return Err(SecretError::Open(path.to_owned(), mode));
        }
        check_folder(path)?;
        let damaged = || SecretError::Damaged(path.to_owned());
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(FILE_MAX).read_to_end(&mut bytes).map_err(io)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged())?;
        let encoded = text.trim_end().strip_prefix(PREFIX).ok_or_else(damaged)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| damaged())?);
        Self::new(&bytes).ok_or_else(damaged).map(Some)
    }

    /// Creates a new secret and its file. If several processes do so at once, one creates it and the others use it.
    ///
    /// # Errors
    /// When the file cannot be written, or another process has written one that cannot be used.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, SecretError> {
        let io = |error| SecretError::Io(path.to_owned(), error);
        let mut bytes = Zeroizing::new([0; LEN]);
        let mut unique = [0; 12];
        entropy.fill(bytes.as_mut());
        entropy.fill(&mut unique);
        let folder = files::folder_of(path);
        files::make_folder(folder).map_err(io)?;
        check_folder(path)?;
        let line = Zeroizing::new(format!("{PREFIX}{}\n", base64url(bytes.as_ref())));
        // The file is first written under a temporary name: under its real name it is complete or absent.
        let draft = folder.join(format!(".latchkey-secret-{}", base64url(&unique)));
        write_new(&draft, &line).map_err(io)?;
        let linked = std::fs::hard_link(&draft, path);
        let _ = std::fs::remove_file(&draft);
        let made = linked.or_else(|error| match error.kind() {
            ErrorKind::AlreadyExists => Err(error),
            // A file system without hard links. Processes that read in the meantime wait until the file is complete.
            _ => write_new(path, &line),
        });
        match made {
            Ok(()) => {
                std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
                Self::new(bytes.as_ref()).ok_or_else(|| SecretError::Damaged(path.to_owned()))
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Self::take_over(path),
            Err(error) => Err(io(error)),
        }
    }

    /// Reads the secret that another process is creating.
    fn take_over(path: &Path) -> Result<Self, SecretError> {
        let mut tries = 0..TAKE_OVER_TRIES;
        loop {
            match Self::load(path) {
                Ok(Some(secret)) => return Ok(secret),
                Ok(None) | Err(SecretError::Damaged(_)) if tries.next().is_some() => {
                    std::thread::sleep(TAKE_OVER_PAUSE);
                }
                Ok(None) => return Err(SecretError::Missing(path.to_owned())),
                Err(error) => return Err(error),
            }
        }
    }

    fn new(bytes: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, bytes).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Encrypts `plain` with AES-256-GCM. `name` is authenticated too, so that sealed keys cannot be exchanged for each
    /// other.
    pub fn seal(&self, name: &str, plain: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut text = plain.to_vec();
        let aad = Aad::from(name.as_bytes());
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).ok()?;
        Some([nonce.as_slice(), &text].concat())
    }

    /// The inverse of [`InstallationSecret::seal`].
    ///
    /// # Errors
    /// [`SecretError::Foreign`] when it was sealed with another secret or name, or was modified.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SecretError::Foreign)?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(name.as_bytes());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text)
            .map_err(|_| SecretError::Foreign)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::system::SystemEntropy;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(0..).for_each(|(byte, n)| *byte = n);
        }
    }

    #[test]
    fn what_is_sealed_opens_under_its_own_name_and_secret_only() {
        let secret = InstallationSecret::new(&[7; LEN]).unwrap();
        let sealed = secret.seal("key-1", b"private", &Counting).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"private"));
        assert_eq!(secret.open("key-1", &sealed).unwrap().as_slice(), b"private");
        assert!(matches!(secret.open("key-2", &sealed), Err(SecretError::Foreign)));
        assert!(matches!(
            InstallationSecret::new(&[8; LEN]).unwrap().open("key-1", &sealed),
            Err(SecretError::Foreign)
        ));
        assert!(matches!(secret.open("key-1", &sealed[..5]), Err(SecretError::Foreign)));
    }

    #[test]
    fn the_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret.key");
        assert!(InstallationSecret::load(&path).unwrap().is_none());
        let sealed = InstallationSecret::create(&path, &Counting).unwrap().seal("k", b"x", &Counting).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(InstallationSecret::load(&path).unwrap().unwrap().open("k", &sealed).unwrap().as_slice(), b"x");
        let again = InstallationSecret::create(&path, &SystemEntropy).unwrap();
        assert_eq!(again.open("k", &sealed).unwrap().as_slice(), b"x", "an existing secret is never overwritten");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left in its folder");
    }

    #[test]
    fn a_damaged_or_open_file_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        drop(InstallationSecret::create(&path, &Counting).unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Open(..))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for damaged in ["", "latchkey-secret-1:", "latchkey-secret-1:AAAA\n", "something else"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Damaged(_))), "{damaged:?}");
        }
        std::fs::write(&path, b"latchkey-secret-1:\xff\xfe").unwrap();
        assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Damaged(_))), "no text");
        // A file that cannot be read is not missing, which would lead to a new one, and not damaged.
        assert!(matches!(InstallationSecret::load(folder.path()), Err(SecretError::NoFile(_))));
        assert!(matches!(InstallationSecret::load(&path.join("below a file")), Err(SecretError::Io(..))));
    }

    #[test]
    fn a_pipe_or_a_folder_of_everybody_s_is_refused_at_once() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
        assert!(matches!(InstallationSecret::load(&pipe), Err(SecretError::NoFile(_))));
        let path = folder.path().join("secret.key");
        drop(InstallationSecret::create(&path, &Counting).unwrap());
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Folder(_, 0o777))));
        assert!(matches!(
            InstallationSecret::create(&folder.path().join("new"), &Counting),
            Err(SecretError::Folder(_, 0o777))
        ));
        assert!(!folder.path().join("new").exists());
    }

    /// Several servers start at once for the first time.
    #[test]
    fn of_many_that_make_the_secret_at_once_all_have_the_same() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("data/secret.key");
            let start = std::sync::Barrier::new(16);
            let secrets: Vec<InstallationSecret> = std::thread::scope(|scope| {
                let make = || {
                    start.wait();
                    InstallationSecret::create(&path, &SystemEntropy).unwrap()
                };
                let makers: Vec<_> = (0..16).map(|_| scope.spawn(make)).collect();
                makers.into_iter().map(|maker| maker.join().unwrap()).collect()
            });
            let sealed = secrets[0].seal("k", b"x", &Counting).unwrap();
            for secret in secrets.iter().chain(&[InstallationSecret::load(&path).unwrap().unwrap()]) {
                assert_eq!(secret.open("k", &sealed).unwrap().as_slice(), b"x");
            }
        }
    }

    #[test]
    fn a_secret_that_is_still_being_written_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        write_new(&path, PREFIX).unwrap();
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| InstallationSecret::create(&path, &SystemEntropy).unwrap());
            let rest = format!("{}\n", base64url(&[7; LEN]));
            std::fs::File::options().append(true).open(&path).unwrap().write_all(rest.as_bytes()).unwrap();
            let sealed = InstallationSecret::new(&[7; LEN]).unwrap().seal("k", b"x", &Counting).unwrap();
            assert!(taken.join().unwrap().open("k", &sealed).is_ok());
        });
    }
}
