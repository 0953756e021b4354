//! SQLite's files, failing on demand: a layer (a VFS, <https://www.sqlite.org/vfs.html>) between SQLite and the system's
//! own, which lets everything through but the writes that a test wants to fail. For tests only.

mod shim;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How a write fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The system reports an error; nothing was written.
    Error,
    /// The same, but the first half was written.
    Torn,
    /// No space is left.
    Full,
}

/// Which writes fail.
#[derive(Clone, Copy, Debug, Default)]
struct Plan {
    /// Counted from 1; 0 for none.
    first: u64,
    /// Whether all that follow fail too.
    forever: bool,
    failure: Option<Failure>,
}

#[derive(Debug, Default)]
struct State {
    plan: Plan,
    written: u64,
}

/// The files of one folder.
#[derive(Clone, Debug, Default)]
pub struct Folder(Arc<Mutex<State>>);

static FOLDERS: Mutex<Option<HashMap<PathBuf, Folder>>> = Mutex::new(None);

impl Folder {
    /// From now on what SQLite opens in this folder can be made to fail. Files that are open already are not concerned.
    pub fn watch(folder: &Path) -> Self {
        shim::install();
        let watched = Self::default();
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        folders.get_or_insert_default().insert(folder.to_owned(), watched.clone());
        watched
    }

    fn of(file: &Path) -> Option<Self> {
        let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        folders.as_ref()?.get(file.parent()?).cloned()
    }

    /// The `nth` write from now on fails (the first is 1), and with `forever` all that follow. Writes are those of data,
    /// of lengths, and the syncs.
    pub fn fail(&self, nth: u64, failure: Failure, forever: bool) {
        let mut state = self.state();
        *state = State { plan: Plan { first: nth, forever, failure: Some(failure) }, written: 0 };
    }

    /// From now on nothing fails. How many writes there were since the last call of this or of [`Folder::fail`].
    pub fn heal(&self) -> u64 {
        std::mem::take(&mut *self.state()).written
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a write, and says how it fails if it does.
    fn write(&self) -> Option<Failure> {
        let mut state = self.state();
        state.written += 1;
        let Plan { first, forever, failure } = state.plan;
        let hit = state.written == first || (forever && first > 0 && state.written > first);
        failure.filter(|_| hit)
    }
}
