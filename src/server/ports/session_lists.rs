//! Lists of a user's live sessions, with what they show and nothing else.

use super::StoreError;
use crate::domain::device::Device;
use crate::domain::id::{SessionId, UserId};
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::session::{Lifetime, Session};
use crate::domain::time::Timestamp;
use async_trait::async_trait;
use std::collections::BTreeMap;

/// A session as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    pub id: SessionId,
    /// The name that the user gave it.
    pub name: Option<String>,
    pub device: Device,
    pub ip: Option<String>,
    pub lifetime: Lifetime,
    pub last_seen_at: Timestamp,
    pub authenticated_by: AuthenticatedBy,
}

/// Sessions, with the names that their user gave them.
pub type SessionNames = BTreeMap<SessionId, Option<String>>;

/// A user's live sessions.
#[async_trait]
pub trait SessionLists: Send + Sync {
    /// Those that are alive at `now`, in any order.
    async fn listed_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<ListedSession>, StoreError>;
    /// The names of those that are alive at `now`.
    async fn session_names(&self, user_id: &UserId, now: Timestamp) -> Result<SessionNames, StoreError>;
}

impl From<Session> for ListedSession {
    fn from(session: Session) -> Self {
        let Session { id, label, lifetime, last_seen_at, authenticated_by, .. } = session;
        Self { id, name: label.name, device: label.device, ip: label.ip, lifetime, last_seen_at, authenticated_by }
    }
}
