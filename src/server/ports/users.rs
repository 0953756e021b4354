//! Users and their passwords.

use super::StoreError;
use crate::domain::activity::Event;
use crate::domain::credentials::Username;
use crate::domain::id::{SessionId, UserId};
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

/// See [`Users::change_password`].
#[derive(Clone, Debug)]
pub struct PasswordChange<'a> {
    pub user_id: &'a UserId,
    /// Since when the password counts that was shown. Its hash may have been renewed meanwhile.
    pub password_changed_at: Timestamp,
    pub new_hash: &'a str,
    pub keep: Option<&'a SessionId>,
    /// The browser that stays known, by the digest of its cookie.
    pub browser: Option<&'a str>,
    pub at: Timestamp,
    pub event: &'a Event,
}

/// Users as they are kept.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds a user; `false` if the name is taken (nothing is changed then).
    async fn add_user(&self, user: &User, event: Option<&Event>) -> Result<bool, StoreError>;
    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError>;
    async fn user_by_name(&self, name: &Username) -> Result<Option<User>, StoreError>;
    /// All users by name.
    async fn users(&self) -> Result<Vec<User>, StoreError>;
    /// Replaces a hash by a stronger one of the same password, if it is still `old`.
    async fn rehash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError>;
    /// Changes the password, if it was not changed since `password_changed_at`, renews `authenticated_at` of `keep` (if
    /// any), and ends all other sessions; no browser but `browser` stays known. Returns those sessions, or `None` if the
    /// password is another one by now.
    async fn change_password(&self, change: PasswordChange<'_>) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Disables (`Some`) or enables a user; disabling ends all sessions, which are returned. `None`: no such user.
    async fn set_disabled(
        &self,
        id: &UserId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Deletes a user with everything that is theirs; returns the sessions that ended. `None`: no such user.
    async fn delete_user(&self, id: &UserId) -> Result<Option<Vec<SessionId>>, StoreError>;
}
