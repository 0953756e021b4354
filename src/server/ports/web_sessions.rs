//! Web sessions (tower-sessions): a random id and an opaque record.

use super::StoreError;
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// The web session of a browser in which somebody signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWebSession {
    pub id: String,
    pub data: String,
    pub expires_at: Timestamp,
    /// The web session that the browser had before.
    pub replaces: Option<String>,
}

/// Web sessions as they are kept.
#[async_trait]
pub trait WebSessions: Send + Sync {
    async fn web_session(&self, id: &str, now: Timestamp) -> Result<Option<String>, StoreError>;
    /// Adds a web session, in place of the one that the session `of` had, if any; `false` if the id is taken.
    async fn add_web_session(
        &self,
        id: &str,
        data: &str,
        expires_at: Timestamp,
        of: Option<&SessionId>,
    ) -> Result<bool, StoreError>;
    /// Adds or replaces a web session.
    async fn save_web_session(&self, id: &str, data: &str, expires_at: Timestamp) -> Result<(), StoreError>;
    async fn delete_web_session(&self, id: &str) -> Result<(), StoreError>;
}
