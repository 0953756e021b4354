//! Decisions about presented refresh tokens, each in the transaction that carries it out.

use super::StoreError;
use crate::domain::activity::Event;
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::{Reason, Session};
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// A change of one session by a presented refresh token. A guarded write: it counts only for a session that is not
/// revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionChange {
    /// It has a new current refresh token. Writes what an exchange changes: `rotation`, `lifetime.idle_expires_at`,
    /// `last_seen_at` and `label` without the name.
    Rotated(Box<Session>),
    Ended {
        id: SessionId,
        user_id: UserId,
        reason: Reason,
        at: Timestamp,
    },
}

/// The changes of a decision, all in its one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub changes: Vec<SessionChange>,
    pub events: Vec<Event>,
}

/// Looks at sessions inside a write transaction and says what changes. It is given those that exist, each locked
/// until the commit, in any order.
pub type Decide = Box<dyn FnOnce(Vec<Session>) -> Changes + Send>;

/// The sessions that a decision was not given.
#[derive(Debug, Default)]
pub struct Undecided {
    /// Another transaction held them locked: ask again soon.
    pub held: Vec<SessionId>,
    /// Their rows break our own rules.
    pub broken: Vec<(SessionId, StoreError)>,
}

/// Write transactions that look at sessions and decide what becomes of them.
#[async_trait]
pub trait Refreshes: Send + Sync {
    /// One write transaction: loads and locks `ids`, lets `decide` decide, writes what it says, commits.
    /// A session that cannot be had now, or cannot be read, keeps no other from its decision.
    async fn decide(&self, ids: Vec<SessionId>, decide: Decide) -> Result<Undecided, StoreError>;
}
