//! Whether this server should get requests: it is not stopping, and its database answers and accepts writes.

use super::ports::Health;
use super::storage::Claim;
use super::system::monotonic;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long an answer is reused. More frequent questions cost nothing.
const COUNTS: Duration = Duration::from_secs(1);
/// How long a server that stops waits until its connections to the database are closed.
const CLOSING: Duration = Duration::from_secs(3);

/// What readiness depends on, and the last answer.
pub struct Readiness {
    store: Arc<dyn Health>,
    /// Of the SQLite file, if it is one.
    claim: Claim,
    is_stopping: AtomicBool,
    last: Mutex<Option<(Duration, Result<(), String>)>>,
}

impl Readiness {
    /// Ready as soon as the store answers.
    pub fn new(store: Arc<dyn Health>, claim: Claim) -> Self {
        Self { store, claim, is_stopping: AtomicBool::new(false), last: Mutex::new(None) }
    }

    /// From now on the server is not ready.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Closes the database, and lets another server use it.
    pub async fn release(&self) {
        if tokio::time::timeout(CLOSING, self.store.close()).await.is_err() {
            tracing::warn!("the database is still busy: it is not closed");
        }
        self.claim.release();
    }

    /// Whether the server was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// The free space on the disk of the SQLite file, in bytes; `None` if nobody says.
    pub fn free(&self) -> Option<u64> {
        self.claim.free().ok().flatten()
    }

    /// Whether the server is ready. The answer may be a second old.
    ///
    /// # Errors
    /// The reason why it is not, for the log.
    pub async fn check(&self) -> Result<(), String> {
        if self.is_stopping() {
            return Err("the server is about to stop".into());
        }
        let mut last = self.last.lock().await;
        if let Some((at, result)) = &*last
            && monotonic().saturating_sub(*at) < COUNTS
        {
            return result.clone();
        }
        let result = self.ask().await;
        *last = Some((monotonic(), result.clone()));
        result
    }

    async fn ask(&self) -> Result<(), String> {
        self.claim.has_room().map_err(|error| format!("the disk of the database: {error}"))?;
        self.store.ping().await.map_err(|error| match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })
    }
}
