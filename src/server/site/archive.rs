//! The web app's files in one archive, as `scripts/seal-site` packs them and the program includes them.
//!
//! The archive is a tar file. Of most files it holds only the compressed forms, `NAME.br` and `NAME.gz`; the plain form
//! is made from the latter when somebody asks for it, and kept. [`Backend`] lets `ServeDir` serve an archive exactly as
//! it serves a folder.

use bytes::Bytes;
use flate2::read::GzDecoder;
use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io::{Cursor, Error, ErrorKind, Read as _, Result, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

/// An archive of a site; clones share it.
#[derive(Clone, Debug)]
pub struct Archive(Arc<HashMap<PathBuf, Entry>>);

#[derive(Debug)]
struct Entry {
    form: Form,
    modified: SystemTime,
}

#[derive(Debug)]
enum Form {
    Stored(Bytes),
    /// Compressed by gzip, and the content once somebody asked for it.
    Gzip(Bytes, OnceLock<Bytes>),
}

impl Archive {
    /// Reads the index of a tar file.
    ///
    /// # Errors
    /// When it is no tar file, or cut off.
    pub fn open(tar: Bytes) -> Result<Self> {
        let mut entries = HashMap::new();
        for entry in tar::Archive::new(Cursor::new(&tar)).entries()? {
            let entry = entry?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let start = usize::try_from(entry.raw_file_position()).map_err(Error::other)?;
            let end = start.saturating_add(usize::try_from(entry.size()).map_err(Error::other)?);
            if end > tar.len() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let (content, path) = (tar.slice(start..end), entry.path()?.into_owned());
            let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.header().mtime()?);
            if path.extension().is_some_and(|extension| extension == "gz") {
                let form = Form::Gzip(content.clone(), OnceLock::new());
                entries.entry(path.with_extension("")).or_insert(Entry { form, modified });
            }
            entries.insert(path, Entry { form: Form::Stored(content), modified });
        }
        Ok(Self(Arc::new(entries)))
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.find(path).is_ok()
    }

    /// The content of a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none; others when its compressed form is damaged.
    pub(super) fn read(&self, path: &Path) -> Result<Bytes> {
        self.find(path)?.content()
    }

    fn find(&self, path: &Path) -> Result<&Entry> {
        // `ServeDir` asks for `./pkg/…`.
        self.0.get(path.strip_prefix(".").unwrap_or(path)).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn opened(&self, path: &Path) -> Result<Opened> {
        let entry = self.find(path)?;
        Ok(Opened { content: Cursor::new(entry.content()?), modified: entry.modified })
    }
}

impl Entry {
    fn content(&self) -> Result<Bytes> {
        match &self.form {
            Form::Stored(content) => Ok(content.clone()),
            Form::Gzip(compressed, content) => {
                if let Some(content) = content.get() {
                    return Ok(content.clone());
                }
                let mut plain = Vec::new();
                GzDecoder::new(&**compressed).read_to_end(&mut plain)?;
                Ok(content.get_or_init(|| plain.into()).clone())
            }
        }
    }
}

/// A file of an archive while it is read.
#[derive(Debug)]
pub struct Opened {
    content: Cursor<Bytes>,
    modified: SystemTime,
}

/// What an archive says of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileMetadata {
    length: u64,
    modified: SystemTime,
}

impl Opened {
    fn describe(&self) -> FileMetadata {
        FileMetadata { length: self.content.get_ref().len() as u64, modified: self.modified }
    }
}

impl Metadata for FileMetadata {
    /// An archive has no entries for folders.
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> Result<SystemTime> {
        Ok(self.modified)
    }

    fn len(&self) -> u64 {
        self.length
    }
}

impl AsyncRead for Opened {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.content).poll_read(cx, buffer)
    }
}

impl AsyncSeek for Opened {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> Result<()> {
        Pin::new(&mut self.content).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<u64>> {
        Pin::new(&mut self.content).poll_complete(cx)
    }
}

impl File for Opened {
    type Metadata = FileMetadata;
    type MetadataFuture<'a> = Ready<Result<FileMetadata>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.describe()))
    }
}

impl Backend for Archive {
    type File = Opened;
    type Metadata = FileMetadata;
    type OpenFuture = Ready<Result<Opened>>;
    type MetadataFuture = Ready<Result<FileMetadata>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(self.opened(&path))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(self.opened(&path).map(|file| file.describe()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mtime(1_800_000_000);
            tar.append_data(&mut header, path, *content).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn a_file_is_read_as_it_was_before_it_was_packed() {
        let packed = gzip("let app;");
        let tar = tar(&[("hash.txt", b"js: A\n"), ("pkg/app.js.br", b"brotli"), ("pkg/app.js.gz", &packed)]);
        let archive = Archive::open(tar.into()).unwrap();
        for (path, content) in [
            ("hash.txt", &b"js: A\n"[..]),
            ("pkg/app.js", b"let app;"),
            ("pkg/app.js", b"let app;"),
            ("pkg/app.js.br", b"brotli"),
            ("pkg/app.js.gz", &packed),
            ("./pkg/app.js", b"let app;"),
        ] {
            assert!(archive.contains(path.as_ref()), "{path}");
            assert_eq!(archive.read(path.as_ref()).unwrap(), content, "{path}");
        }
        for path in ["pkg", "pkg/", "", "pkg/app.css", "/hash.txt", "pkg/app.js.gz.gz"] {
            assert!(!archive.contains(path.as_ref()), "{path}");
            assert_eq!(archive.read(path.as_ref()).unwrap_err().kind(), ErrorKind::NotFound, "{path}");
        }
    }

    #[test]
    fn the_plain_form_is_taken_where_it_is_stored() {
        let packed = gzip("other");
        for files in [[("a", &b"plain"[..]), ("a.gz", &packed)], [("a.gz", &packed), ("a", &b"plain"[..])]] {
            let archive = Archive::open(tar(&files).into()).unwrap();
            assert_eq!(archive.read("a".as_ref()).unwrap(), &b"plain"[..]);
        }
    }

    #[test]
    fn a_damaged_archive_is_refused() {
        let mut whole = tar(&[("a.gz", &[0; 2000])]);
        let damaged = Archive::open(whole.clone().into()).unwrap();
        assert!(damaged.read("a".as_ref()).is_err(), "it is no gzip");
        whole.truncate(1000);
        assert!(Archive::open(whole.into()).is_err(), "it is cut off");
        assert!(Archive::open(Bytes::from_static(&[b'x'; 1024])).is_err(), "it is no tar file");
    }
}
