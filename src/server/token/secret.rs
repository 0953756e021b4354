//! The installation's secret: 32 random bytes in a file of mode 0600 beside the data. What is sealed under it is
//! useless without it, so neither a copy of the database nor of the file alone makes a token.

use super::base64url;
use crate::server::ports::Entropy;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Starts the file's one line, so that it is known for what it is when found (by people and by secret scanners).
const PREFIX: &str = "latchkey-secret-1:";
const LEN: usize = 32;

/// Why the secret cannot be used. Each of these stops the start.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(
        "the secret file {0} is missing, but the database holds keys sealed under it: put it back, or restore both from one backup"
    )]
    Missing(PathBuf),
    #[error("the secret file {0} is damaged: it must hold one line that starts with {PREFIX}")]
    Damaged(PathBuf),
    #[error("the secret file {0} may be read by others (mode {1:o}): run chmod 600 on it")]
    Open(PathBuf, u32),
    #[error("the secret file {0} cannot be used")]
    Io(PathBuf, #[source] std::io::Error),
    #[error("the keys in the database were not sealed under this secret: file and database are of two installations")]
    Foreign,
}

/// The secret, ready to seal and open.
pub struct Secret(LessSafeKey);

impl Secret {
    /// Reads the secret, or `None` if there is no such file.
    ///
    /// # Errors
    /// When it is there but damaged, or readable by others.
    pub fn load(path: &Path) -> Result<Option<Self>, SecretError> {
        let io = |error| SecretError::Io(path.to_owned(), error);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidData => return Err(SecretError::Damaged(path.to_owned())),
            Err(error) => return Err(io(error)),
        };
        let mode = std::fs::metadata(path).map_err(io)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Open(path.to_owned(), mode));
        }
        let damaged = || SecretError::Damaged(path.to_owned());
        let encoded = text.trim_end().strip_prefix(PREFIX).ok_or_else(damaged)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| damaged())?);
        Self::new(&bytes).ok_or_else(damaged).map(Some)
    }

    /// Makes a new secret and its file, which must not be there yet.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, SecretError> {
        let io = |error| SecretError::Io(path.to_owned(), error);
        let mut bytes = Zeroizing::new([0; LEN]);
        entropy.fill(bytes.as_mut());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
        let line = Zeroizing::new(format!("{PREFIX}{}\n", base64url(bytes.as_ref())));
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        Self::new(bytes.as_ref()).ok_or_else(|| SecretError::Damaged(path.to_owned()))
    }

    fn new(bytes: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, bytes).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Encrypts `plain` with AES-256-GCM; `name` is bound to it, so that sealed keys cannot change places.
    pub fn seal(&self, name: &str, plain: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut text = plain.to_vec();
        let aad = Aad::from(name.as_bytes());
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).ok()?;
        Some([nonce.as_slice(), &text].concat())
    }

    /// The inverse of [`Secret::seal`].
    ///
    /// # Errors
    /// [`SecretError::Foreign`] when it was sealed under another secret or name, or changed since.
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

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(0..).for_each(|(byte, n)| *byte = n);
        }
    }

    #[test]
    fn what_is_sealed_opens_under_its_own_name_and_secret_only() {
        let secret = Secret::new(&[7; LEN]).unwrap();
        let sealed = secret.seal("key-1", b"private", &Counting).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"private"));
        assert_eq!(secret.open("key-1", &sealed).unwrap().as_slice(), b"private");
        assert!(matches!(secret.open("key-2", &sealed), Err(SecretError::Foreign)));
        assert!(matches!(Secret::new(&[8; LEN]).unwrap().open("key-1", &sealed), Err(SecretError::Foreign)));
        assert!(matches!(secret.open("key-1", &sealed[..5]), Err(SecretError::Foreign)));
    }

    #[test]
    fn the_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret.key");
        assert!(Secret::load(&path).unwrap().is_none());
        let sealed = Secret::create(&path, &Counting).unwrap().seal("k", b"x", &Counting).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(Secret::load(&path).unwrap().unwrap().open("k", &sealed).unwrap().as_slice(), b"x");
        assert!(Secret::create(&path, &Counting).is_err(), "an existing secret is never overwritten");
    }

    #[test]
    fn a_damaged_or_open_file_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        drop(Secret::create(&path, &Counting).unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Secret::load(&path), Err(SecretError::Open(..))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for damaged in ["", "latchkey-secret-1:", "latchkey-secret-1:AAAA\n", "something else"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(Secret::load(&path), Err(SecretError::Damaged(_))), "{damaged:?}");
        }
        std::fs::write(&path, b"latchkey-secret-1:\xff\xfe").unwrap();
        assert!(matches!(Secret::load(&path), Err(SecretError::Damaged(_))), "no text");
        // What cannot be read is neither absent, which would be a reason to make a new one, nor damaged.
        assert!(matches!(Secret::load(folder.path()), Err(SecretError::Io(..))));
    }
}
