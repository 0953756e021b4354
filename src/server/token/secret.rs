//! The installation's secret: 32 random bytes in a file of mode 0600 beside the data. Keys in the database are sealed
//! with it, so neither a copy of the database nor the file alone is enough to create a token. While the secret is being
//! replaced (`secret_rotation`), the file has a second line with the former one.

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

/// The beginning of each line of the file. By it people and secret scanners recognise the file.
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
    #[error(
        "the secret file {0} is damaged: it must hold one line that starts with {PREFIX}, or two while the secret is \
         being replaced"
    )]
    Damaged(PathBuf),
    #[error(
        "the secret file {0} cannot be replaced: {1}; if it is a copy that something else provides, name the original \
         in secret.file"
    )]
    Replace(PathBuf, std::io::Error),
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
    #[error(
        "the keys in the database were not sealed under this secret: file and database are of two installations, or one \
         of them is from before a `latchkey secret rotate`"
    )]
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

/// One of the secrets in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedUnder {
    /// The one in the first line.
    Current,
    /// The one that it replaces, in the second line.
    Former,
}

struct SealingKey {
    bytes: Zeroizing<[u8; LEN]>,
    cipher: LessSafeKey,
}

impl SealingKey {
    fn new(bytes: Zeroizing<[u8; LEN]>) -> Option<Self> {
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes.as_ref()).ok()?);
        Some(Self { bytes, cipher })
    }

    fn made(entropy: &dyn Entropy) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; LEN]);
        entropy.fill(bytes.as_mut());
        Self::new(bytes)
    }

    fn read(line: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(line.strip_prefix(PREFIX)?).ok()?);
        Self::new(Zeroizing::new(bytes.as_slice().try_into().ok()?))
    }

    fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(name.as_bytes());
        let length = self.cipher.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// The secret, ready to seal and open keys, and the former one while it is being replaced.
pub struct InstallationSecret {
    current: SealingKey,
    former: Option<SealingKey>,
}

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
        let mut lines = text.trim_end().lines().map(SealingKey::read);
        match (lines.next().flatten(), lines.next(), lines.next()) {
            (Some(current), None, None) => Ok(Some(Self { current, former: None })),
            (Some(current), Some(Some(former)), None) => Ok(Some(Self { current, former: Some(former) })),
            _ => Err(damaged()),
        }
    }

    /// Creates a new secret and its file. If several processes do so at once, one creates it and the others use it.
    ///
    /// # Errors
    /// When the file cannot be written, or another process has written one that cannot be used.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, SecretError> {
        let io = |error| SecretError::Io(path.to_owned(), error);
        let secret = Self::made(entropy).ok_or_else(|| SecretError::Damaged(path.to_owned()))?;
        let mut unique = [0; 12];
        entropy.fill(&mut unique);
        let folder = files::folder_of(path);
        files::make_folder(folder).map_err(io)?;
        check_folder(path)?;
        let line = secret.lines();
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
                Ok(secret)
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

    fn made(entropy: &dyn Entropy) -> Option<Self> {
        Some(Self { current: SealingKey::made(entropy)?, former: None })
    }

    /// A new secret that replaces this one, which becomes the former.
    pub(super) fn replaced(self, entropy: &dyn Entropy) -> Option<Self> {
        Some(Self { current: SealingKey::made(entropy)?, former: Some(self.current) })
    }

    /// The current secret alone.
    pub(super) fn without_former(self) -> Self {
        Self { former: None, ..self }
    }

    /// Whether the former secret is still there.
    pub fn has_former(&self) -> bool {
        self.former.is_some()
    }

    /// The content of the file.
    fn lines(&self) -> Zeroizing<String> {
        let mut lines = Zeroizing::new(String::with_capacity(2 * (PREFIX.len() + 2 * LEN)));
        for key in [Some(&self.current), self.former.as_ref()].into_iter().flatten() {
            let encoded = Zeroizing::new(base64url(key.bytes.as_ref()));
            for part in [PREFIX, &encoded, "\n"] {
                lines.push_str(part);
            }
        }
        lines
    }

    /// Replaces the file at `path` by this secret, in one step: a process that is killed leaves the old file or the new
    /// one. It may also leave `….partial`, which the next call replaces.
    ///
    /// # Errors
    /// [`SecretError::Replace`]. The file is as it was, unless only the last `fsync` of its folder failed.
    pub(super) fn save(&self, path: &Path) -> Result<(), SecretError> {
        let failed = |error| SecretError::Replace(path.to_owned(), error);
        // Where the path is a link, it stays one.
        let place = std::fs::canonicalize(path).map_err(failed)?;
        check_folder(&place)?;
        let mut draft = place.clone().into_os_string();
        draft.push(".partial");
        let draft = PathBuf::from(draft);
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
        let renamed = write_new(&draft, &self.lines()).and_then(|()| std::fs::rename(&draft, &place));
        if renamed.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        renamed.map_err(failed)?;
        std::fs::File::open(files::folder_of(&place)).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Encrypts `plain` with AES-256-GCM under the current secret. `name` is authenticated too, so that sealed keys
    /// cannot be exchanged for each other.
    pub fn seal(&self, name: &str, plain: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
        self.seal_under(SealedUnder::Current, name, plain, entropy)
    }

    /// As [`InstallationSecret::seal`], under the named secret. `None` also if there is no former one.
    pub(super) fn seal_under(
        &self,
        under: SealedUnder,
        name: &str,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Option<Vec<u8>> {
        let key = match under {
            SealedUnder::Current => &self.current,
            SealedUnder::Former => self.former.as_ref()?,
        };
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut text = plain.to_vec();
        let aad = Aad::from(name.as_bytes());
        key.cipher.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).ok()?;
        Some([nonce.as_slice(), &text].concat())
    }

    /// The inverse of [`InstallationSecret::seal`], for what was sealed with either secret.
    ///
    /// # Errors
    /// [`SecretError::Foreign`] when it was sealed with another secret or name, or was modified.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        self.open_under(name, sealed).map(|(_, plain)| plain)
    }

    /// As [`InstallationSecret::open`]; also says which secret it was sealed with.
    pub(super) fn open_under(
        &self,
        name: &str,
        sealed: &[u8],
    ) -> Result<(SealedUnder, Zeroizing<Vec<u8>>), SecretError> {
        if let Some(plain) = self.current.open(name, sealed) {
            return Ok((SealedUnder::Current, plain));
        }
        let plain = self.former.as_ref().and_then(|former| former.open(name, sealed)).ok_or(SecretError::Foreign)?;
        Ok((SealedUnder::Former, plain))
    }
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
