//! Sessions: reading them, and what changes without ending one.

use super::StoreError;
use crate::domain::activity::Event;
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use async_trait::async_trait;
use std::collections::HashMap;

/// That a session was seen since it was last written, from memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    pub id: SessionId,
    pub at: Timestamp,
    /// Seen with a token of this generation: confirms it if it is still the current one.
    pub generation: Option<u64>,
}

/// Sessions as they are kept. No verb returns a revoked session as alive after the revocation was answered.
#[async_trait]
pub trait Sessions: Send + Sync {
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;
    /// The user's sessions that are alive at `now`, in any order.
    async fn live_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;
    /// A page of the user's sessions, live and ended, newest first: at most `limit`, starting after `after`.
    async fn sessions_of(
        &self,
        user_id: &UserId,
        after: Option<(Timestamp, SessionId)>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError>;
    /// The sessions with these ids that belong to the user, live or ended, in any order.
    async fn these_sessions(&self, user_id: &UserId, ids: &[SessionId]) -> Result<Vec<Session>, StoreError>;
    /// For each of these users who has sessions, a fingerprint that changes when a session starts, ends or is renamed.
    async fn session_fingerprints(&self, users: &[UserId]) -> Result<HashMap<UserId, String>, StoreError>;
    /// Renames a live session of the user's; `false` if there is none. `event` is written with both names.
    async fn rename_session(
        &self,
        user_id: &UserId,
        id: &SessionId,
        name: &str,
        event: &Event,
    ) -> Result<bool, StoreError>;
    /// Renews `authenticated_at` of a live session; `false` if there is none.
    async fn reauthenticated(&self, id: &SessionId, at: Timestamp) -> Result<bool, StoreError>;
    /// Writes when sessions were last seen: moves `last_seen_at` forward only, and sets `confirmed_at` where the
    /// generation is the current one. Returns the sessions that another transaction has locked; they are not written.
    async fn write_last_seen(&self, seen: &[LastSeen]) -> Result<Vec<SessionId>, StoreError>;
}
