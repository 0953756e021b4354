//! Counted attempts, such as wrong passwords.

use super::StoreError;
use crate::domain::limits::Tally;
use async_trait::async_trait;
use std::collections::BTreeMap;

/// What is kept of attempts, by key.
pub type Tallies = BTreeMap<String, Tally>;

/// Looks at what is kept of attempts and says what of it changes.
pub type DecideTallies = Box<dyn FnOnce(Tallies) -> Tallies + Send>;

/// Tallies of attempts as they are kept.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// What is kept of attempts under `keys`, where there is something. Reads only.
    async fn tallies(&self, keys: &[String]) -> Result<Tallies, StoreError>;
    /// One write transaction: loads and locks what is kept of attempts under `keys`, and sets what `decide` says.
    async fn tally(&self, keys: Vec<String>, decide: DecideTallies) -> Result<(), StoreError>;
}
