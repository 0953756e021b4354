//! Browsers from which a user has signed in before (OWASP: device cookies). Wrong passwords from a known browser count
//! separately, so other people's guesses cannot lock the owner out there. A stolen cookie of this kind allows as many
//! guesses as anybody has, and nothing else.

use super::identity::PresentedToken;
use super::{ServiceError, Services};
use crate::api::Secret;
use crate::domain::id::{BrowserDigest, SessionId, UserId};
use crate::domain::session::Session;
use crate::server::ports::{NewWebSession, StoreError};
use crate::server::token::{base64url, digest};
use std::fmt::Debug;
use std::sync::Arc;

/// The cookies that a browser sends when somebody signs in.
#[derive(Clone, Debug, Default)]
pub struct BrowserCookies {
    /// The refresh token of its former session.
    pub refresh: Option<PresentedToken>,
    /// The cookie by which accounts know it.
    pub device: Option<Secret>,
    /// The web session that begins with the session.
    pub web: Option<Arc<dyn WebSessionDraft>>,
}

/// A web session that is still to be tied to the session of a sign-in.
pub trait WebSessionDraft: Debug + Send + Sync {
    /// The row to write.
    ///
    /// # Errors
    /// When it cannot be written as text.
    fn of(&self, session: &Session) -> Result<NewWebSession, StoreError>;
}

impl BrowserCookies {
    /// Digest of the cookie by which accounts know the browser.
    pub(super) fn browser_digest(&self) -> Option<BrowserDigest> {
        self.device.as_ref().map(browser_digest)
    }
}

pub(super) fn browser_digest(cookie: &Secret) -> BrowserDigest {
    BrowserDigest::new(digest(cookie.expose()))
}

/// The accounts to which the browser of an attempt may be known.
#[derive(Clone, Debug, Default)]
pub(super) struct Acquaintance {
    /// The session of its refresh token, or of the caller.
    session: Option<Session>,
    /// The accounts that its cookie is known to.
    users: Vec<UserId>,
    cookie: Option<BrowserDigest>,
}

/// The way in which an account knows a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KnownBy {
    Session(SessionId),
    /// The cookie's digest, and the account.
    Device(String),
}

impl Acquaintance {
    /// A caller on `session`.
    pub(super) fn of(session: &Session) -> Self {
        Self { session: Some(session.clone()), ..Self::default() }
    }

    /// The session, if it is one of `user`.
    pub(super) fn session_of(&self, user: &UserId) -> Option<&Session> {
        self.session.as_ref().filter(|session| session.user_id == *user)
    }

    /// The way in which `user` knows it, if any.
    pub(super) fn with(&self, user: &UserId) -> Option<KnownBy> {
        let cookie = self.cookie.as_ref().filter(|_| self.users.contains(user));
        let device = cookie.map(|digest| KnownBy::Device(format!("{digest} {user}")));
        device.or_else(|| self.session_of(user).map(|session| KnownBy::Session(session.id.clone())))
    }
}

impl Services {
    /// Looks up the accounts to which a browser is known.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn acquaintance(&self, brought: &BrowserCookies) -> Result<Acquaintance, ServiceError> {
        let session = match &brought.refresh {
            Some(shown) => self.family(shown).await?,
            None => None,
        };
        let Some(cookie) = brought.browser_digest() else {
            return Ok(Acquaintance { session, ..Acquaintance::default() });
        };
        let users = self.store.users_of_browser(&cookie).await?;
        Ok(Acquaintance { session, users, cookie: Some(cookie) })
    }

    /// The cookie by which a browser becomes known to whoever signs in there: its own if that is one of ours.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn device_cookie(&self, brought: &BrowserCookies) -> Result<Secret, StoreError> {
        let ours = match &brought.browser_digest() {
            Some(digest) => !self.store.users_of_browser(digest).await?.is_empty(),
            None => false,
        };
        let device = brought.device.clone().filter(|_| ours);
        Ok(device.unwrap_or_else(|| Secret::new(base64url(&self.random::<32>()))))
    }
}
