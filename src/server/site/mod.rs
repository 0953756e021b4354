//! The web app's files: packed into the program, or in a folder.
//!
//! A release carries them ([`Archive`]). A folder serves development, and operators who name one in the settings;
//! `server::config` decides between the two.

mod archive;

pub use archive::Archive;

use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::path::PathBuf;

/// The file that names the web app's files, in the site's root.
pub const HASHES: &str = "hash.txt";

/// Where the web app's files are, and the hashes in their names.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where the files are.
    pub source: SiteSource,
    /// The hashes in their names; empty where names have none.
    pub hashes: Hashes,
}

/// Where the web app's files are.
#[derive(Clone, Debug)]
pub enum SiteSource {
    /// In a folder.
    Folder(PathBuf),
    /// In the program.
    Embedded(Archive),
}

impl SiteSource {
    /// The content of a file; `path` counts from the site's root. `None` if there is no such file.
    pub fn read(&self, path: &str) -> Option<Bytes> {
        match self {
            Self::Folder(root) => std::fs::read(root.join(path)).ok().map(Bytes::from),
            Self::Embedded(archive) => archive.read(path.as_ref()).ok(),
        }
    }

    /// Whether there is such a file.
    pub fn contains(&self, path: &str) -> bool {
        match self {
            Self::Folder(root) => root.join(path).is_file(),
            Self::Embedded(archive) => archive.contains(path.as_ref()),
        }
    }
}

/// As the log names it: the folder, or `embedded`.
impl Display for SiteSource {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(root) => root.display().fmt(f),
            Self::Embedded(_) => f.write_str("embedded"),
        }
    }
}

/// The hashes in the names of the web app's files, by the kind of file: `js`, `wasm`, `css`, `manifest`, `split`. None
/// where files are named as the tools name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes(BTreeMap<String, String>);

impl Hashes {
    /// Reads a hash file: a line `kind: hash` for each kind.
    pub fn parse(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        Self(pairs.map(|(kind, hash)| (kind.trim().to_owned(), hash.trim().to_owned())).collect())
    }

    /// The hash in the names of files of this kind.
    pub fn get(&self, kind: &str) -> Option<&str> {
        self.0.get(kind).map(String::as_str)
    }

    /// Whether names have no hashes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
