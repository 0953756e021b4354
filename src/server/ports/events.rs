//! Security events: what the activity page shows.

use super::StoreError;
use crate::domain::activity::{Event, Kind, Names, Party};
use crate::domain::credentials::Username;
use crate::domain::id::{SessionId, UserId};
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// An event as stored; what is in an [`Event`], and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Later events have higher ones.
    pub cursor: i64,
    pub kind: Kind,
    pub at: Timestamp,
    pub sid: Option<SessionId>,
    pub ip: Option<String>,
    pub user_agent: String,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub detail: Option<String>,
    pub other: Option<Party>,
    pub by: Option<SessionId>,
    pub names: Option<Names>,
}

/// Which of a user's events are asked for.
#[derive(Clone, Copy, Debug)]
pub struct EventPage {
    /// Only these; `None` for all of them.
    pub kinds: Option<&'static [Kind]>,
    /// Only those before the one with this cursor.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// A user's event, among those of all users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEvent {
    /// Whose event it is.
    pub user_id: UserId,
    /// The user's name of today.
    pub username: Username,
    pub event: Recorded,
}

/// Which events of all users are asked for.
#[derive(Clone, Debug)]
pub struct EventSelection {
    /// Only those after the one with this cursor.
    pub after: i64,
    /// Only those that happened then or later.
    pub since: Timestamp,
    /// Only those of this user.
    pub user: Option<UserId>,
    /// Only these; none for all of them.
    pub kinds: Vec<Kind>,
    /// At most so many.
    pub limit: u32,
}

/// Security events as they are kept.
#[async_trait]
pub trait Events: Send + Sync {
    /// Writes an event; nothing for a user who is gone.
    async fn record(&self, event: &Event) -> Result<(), StoreError>;
    /// The user's events, newest first.
    async fn activity(&self, user_id: &UserId, page: EventPage) -> Result<Vec<Recorded>, StoreError>;
    /// The events of all users, oldest first.
    async fn events(&self, selection: &EventSelection) -> Result<Vec<UserEvent>, StoreError>;
    /// The cursor of the newest event; 0 if there are none.
    async fn newest_event(&self) -> Result<i64, StoreError>;
}
