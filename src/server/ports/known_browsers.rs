//! Browsers from which a user has signed in before.

use super::StoreError;
use crate::domain::id::{BrowserDigest, UserId};
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// A browser that is known to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownBrowser {
    pub created_at: Timestamp,
    /// To the day.
    pub last_used_at: Timestamp,
}

/// Known browsers as they are kept, by the digest of their cookie.
#[async_trait]
pub trait KnownBrowsers: Send + Sync {
    /// Those to whom a browser is known, by the digest of its cookie.
    async fn users_of_browser(&self, digest: &BrowserDigest) -> Result<Vec<UserId>, StoreError>;
    /// The browsers that are known to a user, the one used last first.
    async fn known_browsers(&self, user_id: &UserId) -> Result<Vec<KnownBrowser>, StoreError>;
    /// Makes a browser known to a user; nothing for one who is gone. Of each user the 50 used last are kept.
    async fn know_browser(&self, digest: &BrowserDigest, user_id: &UserId, now: Timestamp) -> Result<(), StoreError>;
}
