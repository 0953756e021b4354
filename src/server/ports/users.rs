//! Users and their passwords.

use super::StoreError;
use crate::domain::activity::Event;
use crate::domain::credentials::Username;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// A user as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    /// Argon2id in PHC string format.
    pub password_hash: String,
    pub created_at: Timestamp,
    pub password_changed_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

/// Users as they are kept.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds a user; `false` if the name is taken (nothing is changed then).
    async fn add_user(&self, user: &User, event: Option<&Event>) -> Result<bool, StoreError>;
    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError>;
    async fn user_by_name(&self, name: &Username) -> Result<Option<User>, StoreError>;
    /// A page of all users, ordered by name: at most `limit`, starting after `after`.
    async fn users(&self, after: Option<&Username>, limit: u32) -> Result<Vec<User>, StoreError>;
    /// Gives a user another name; `false` if somebody else has it. `None`: no such user.
    async fn rename_user(&self, id: &UserId, name: &Username) -> Result<Option<bool>, StoreError>;
    /// Replaces a hash by a stronger one of the same password, if it is still `old`.
    async fn rehash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError>;
}
