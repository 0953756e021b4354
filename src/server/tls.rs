//! TLS of this server's own, versions 1.2 and 1.3: a certificate and its key, read again when their files change.

use super::config::Server;
use super::files::open_regular;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use std::fs::Metadata;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// The protocol that is spoken within TLS (RFC 7301). The limits on connections are made for HTTP/1.1.
const PROTOCOL: &[u8] = b"http/1.1";

/// The mode bit of a file that everybody may read.
const READABLE_BY_ALL: u32 = 0o004;

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("{key}: {} cannot be read: {error}", file.display())]
    Read { key: &'static str, file: PathBuf, error: io::Error },
    /// A file holds something else.
    #[error("{key}: {} holds no {what} (PEM)", file.display())]
    Empty { key: &'static str, file: PathBuf, what: &'static str },
    /// The key is not the one of the certificate, or of a kind that is not known.
    #[error("server.tls_cert: {} and server.tls_key: {} cannot be used together: {error}", cert.display(), key.display())]
    Pair { cert: PathBuf, key: PathBuf, error: rustls::Error },
    /// The versions of TLS are not there.
    #[error("this program cannot speak TLS: {0}")]
    Provider(rustls::Error),
}

/// The certificate that this server shows, with the key that proves it.
#[derive(Debug)]
pub(super) struct Certificates {
    cert: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    /// The state of both files before they were read last.
    seen: Mutex<[Option<FileState>; 2]>,
}

/// What changes when a file is written, replaced, or may be read at last: device, inode, size, and the times of the
/// last changes of content and of mode.
type FileState = (u64, u64, u64, (i64, i64), (i64, i64));

impl Certificates {
    /// The certificate that the settings name, if they do.
    ///
    /// # Errors
    /// [`TlsError`], which names the file and the reason.
    pub(super) fn of(settings: &Server) -> Result<Option<Self>, TlsError> {
        match (&settings.tls_cert, &settings.tls_key) {
            (Some(cert), Some(key)) => Self::load(cert, key).map(Some),
            // One of them alone is refused with the settings.
            (_, _) => Ok(None),
        }
    }

    fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let seen = [state_of(cert), state_of(key)];
        let config = RwLock::new(read(cert, key)?);
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), config, seen: Mutex::new(seen) })
    }

    /// What shakes hands with the next client.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }

    /// Reads the files again if they have changed. Connections that exist go on. A bad pair changes nothing, and the
    /// log says so, once for each change.
    pub(super) fn reload_if_changed(&self) {
        if self.have_changed() {
            self.read_again();
        }
    }

    /// Reads the files again, like [`Certificates::reload_if_changed`], whether they have changed or not.
    pub(super) fn reload(&self) {
        self.have_changed();
        self.read_again();
    }

    /// Whether the files have changed since this was asked last.
    fn have_changed(&self) -> bool {
        let now = [state_of(&self.cert), state_of(&self.key)];
        std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now) != now
    }

    fn read_again(&self) {
        match read(&self.cert, &self.key) {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                tracing::info!("the certificate was read again");
            }
            Err(error) => tracing::error!(%error, "the new certificate is not used, the former one stays"),
        }
    }
}

fn state_of(file: &Path) -> Option<FileState> {
    let of = |file: Metadata| {
        let (written, changed) = ((file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec()));
        (file.dev(), file.ino(), file.size(), written, changed)
    };
    std::fs::metadata(file).ok().map(of)
}

fn read(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let (pem, _) = content("server.tls_cert", cert)?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable("server.tls_cert", cert, io::Error::other(error)))?;
    if chain.is_empty() {
        return Err(TlsError::Empty { key: "server.tls_cert", file: cert.to_owned(), what: "certificate" });
    }
    let (pem, metadata) = content("server.tls_key", key)?;
    if metadata.mode() & READABLE_BY_ALL != 0 {
        tracing::warn!(file = %key.display(), "everybody on this machine may read the key of server.tls_key");
    }
    let private = match PrivateKeyDer::from_pem_slice(&pem) {
        Ok(private) => private,
        Err(rustls::pki_types::pem::Error::NoItemsFound) => {
            return Err(TlsError::Empty { key: "server.tls_key", file: key.to_owned(), what: "private key" });
        }
        Err(error) => return Err(unreadable("server.tls_key", key, io::Error::other(error))),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(TlsError::Provider)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| TlsError::Pair { cert: cert.to_owned(), key: key.to_owned(), error })?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(Arc::new(config))
}

fn content(key: &'static str, file: &Path) -> Result<(Zeroizing<Vec<u8>>, Metadata), TlsError> {
    let read = || {
        let (mut opened, metadata) = open_regular(file)?;
        // With room for all of it, so that no copy is left where the buffer was too small.
        let room = usize::try_from(metadata.len()).unwrap_or_default() + 1;
        let mut content = Zeroizing::new(Vec::with_capacity(room));
        opened.read_to_end(&mut content)?;
        Ok((content, metadata))
    };
    read().map_err(|error| unreadable(key, file, error))
}

fn unreadable(key: &'static str, file: &Path, error: io::Error) -> TlsError {
    TlsError::Read { key, file: file.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::generate_simple_self_signed;
    use tempfile::TempDir;

    /// Writes a new certificate and its key.
    fn write_pair(folder: &TempDir) -> (PathBuf, PathBuf) {
        let made = generate_simple_self_signed(["id.example.org".to_owned()]).unwrap();
        let files = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        std::fs::write(&files.0, made.cert.pem()).unwrap();
        std::fs::write(&files.1, made.signing_key.serialize_pem()).unwrap();
        files
    }

    fn current(certificates: &Certificates) -> Arc<ServerConfig> {
        certificates.config.read().unwrap().clone()
    }

    #[test]
    fn a_new_pair_takes_over_and_a_bad_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = write_pair(&folder);
        let certificates = Certificates::load(&cert, &key).unwrap();
        let first = current(&certificates);
        certificates.reload_if_changed();
        assert!(Arc::ptr_eq(&first, &current(&certificates)), "nothing has changed");
        // The certificate of the next pair, with the key of the one before.
        let former = std::fs::read(&key).unwrap();
        write_pair(&folder);
        let next = std::fs::read(&key).unwrap();
        std::fs::write(&key, former).unwrap();
        certificates.reload_if_changed();
        assert!(Arc::ptr_eq(&first, &current(&certificates)), "they do not belong together");
        std::fs::remove_file(&key).unwrap();
        certificates.reload_if_changed();
        assert!(Arc::ptr_eq(&first, &current(&certificates)), "there is no key");
        std::fs::write(&key, next).unwrap();
        certificates.reload_if_changed();
        assert!(!Arc::ptr_eq(&first, &current(&certificates)), "the key is there at last");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = write_pair(&folder);
        let others = tempfile::tempdir().unwrap();
        let (_, other) = write_pair(&others);
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let nowhere = folder.path().join("nowhere");
        let (empty, broken) = (file("empty", ""), file("broken", "-----BEGIN CERTIFICATE-----\nx\n"));
        for (cert, key, words) in [
            (&nowhere, &key, ["server.tls_cert", "nowhere", "cannot be read"]),
            (&cert, &nowhere, ["server.tls_key", "nowhere", "cannot be read"]),
            (&empty, &key, ["server.tls_cert", "empty", "holds no certificate"]),
            (&broken, &key, ["server.tls_cert", "broken", "cannot be read"]),
            (&key, &key, ["server.tls_cert", "tls.key", "holds no certificate"]),
            (&cert, &cert, ["server.tls_key", "tls.crt", "holds no private key"]),
            (&cert, &other, ["server.tls_cert", "server.tls_key", "cannot be used together"]),
            (&cert, &folder.path().to_owned(), ["server.tls_key", "cannot be read", "no regular file"]),
        ] {
            let error = Certificates::load(cert, key).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
        }
    }
}
