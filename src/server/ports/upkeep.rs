//! The database as a whole.

use super::StoreError;
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// Deletes rows that have served their time.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Deletes, in batches, sessions that ended before `before`, web sessions and links that expired before `now`, and
    /// keys that did, except those that the current refresh token of a living session is made with; also events older
    /// than 400 days, and of each user the ended sessions beyond the newest 500 and the events beyond 10,000: the
    /// newest 500 of each [lasting](crate::domain::activity::Kind::LASTING) kind stay, and then the newest of all.
    async fn purge(&self, before: Timestamp, now: Timestamp) -> Result<(), StoreError>;
}

/// The state of the database itself.
#[async_trait]
pub trait Health: Send + Sync {
    /// Whether the database answers and, where this server is the only one that writes, takes writes.
    async fn ping(&self) -> Result<(), StoreError>;
    /// A number that changes when the database may have become another one, with less in it.
    fn incarnation(&self) -> u64;
    /// A value that changes when another process, such as a command, has committed to the database. `None` if the
    /// database does not tell.
    async fn foreign_commits(&self) -> Result<Option<ForeignCommits>, StoreError>;
    /// The number of users, and of their living sessions. It reads all of them.
    async fn population(&self, now: Timestamp) -> Result<Population, StoreError>;
    /// The connections to the database, and how many of them nobody uses.
    fn connections(&self) -> Connections;
    /// The version of the tables.
    fn schema_version(&self) -> i64;
    /// Whether another server may end sessions without telling this one. Liveness is then read from the database each
    /// time.
    fn is_shared(&self) -> bool;
    /// Closes the connections. SQLite moves its log into the file then, if no other process has it open. Whoever asks
    /// the database after this is refused as unavailable.
    async fn close(&self);
}

/// See [`Health::foreign_commits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignCommits {
    /// Which of our connections was asked.
    pub connection: u64,
    /// What it said.
    pub version: i64,
}

/// See [`Health::population`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Population {
    pub users: u64,
    pub sessions: u64,
}

/// See [`Health::connections`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    pub all: usize,
    pub idle: usize,
}
