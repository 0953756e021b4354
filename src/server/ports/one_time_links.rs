//! Links that work once.

use super::{StoreError, User};
use crate::domain::activity::Event;
use crate::domain::credentials::Username;
use crate::domain::id::{LinkDigest, UserId};
use crate::domain::one_time_link::{OneTimeLink, Purpose};
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// See [`OneTimeLinks::add_link`].
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    pub digest: &'a LinkDigest,
    pub made_for: MadeFor<'a>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A link of a user, without what opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptLink {
    pub purpose: Purpose,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Whom a new link is for, which also says what it is for.
#[derive(Clone, Copy, Debug)]
pub enum MadeFor<'a> {
    /// To choose a new password; with the event that tells the user.
    Reset(&'a UserId, &'a Event),
    /// To create the account of this name.
    Invite(&'a Username),
}

/// Links as they are kept. A link to choose a new password is used by
/// [`UserEndings::change_password`](super::UserEndings::change_password), since that ends sessions.
#[async_trait]
pub trait OneTimeLinks: Send + Sync {
    /// Keeps a link in place of the earlier one of the same purpose and recipient; `false` if there is no such user,
    /// or the user is disabled.
    async fn add_link(&self, link: NewLink<'_>) -> Result<bool, StoreError>;
    /// The link with this digest.
    async fn link(&self, digest: &LinkDigest) -> Result<Option<OneTimeLink>, StoreError>;
    /// The links of a user that have not been used, the newest first.
    async fn links_of(&self, user_id: &UserId) -> Result<Vec<KeptLink>, StoreError>;
    /// Uses an invitation: deletes it and adds its user. `false`, and nothing is changed, if it is gone or has expired,
    /// or the name is taken.
    async fn accept_invitation(&self, digest: &LinkDigest, user: &User, event: &Event) -> Result<bool, StoreError>;
}
