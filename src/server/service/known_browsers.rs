//! Browsers from which somebody signed in before (OWASP: device cookies). Guesses from there count by themselves, so those
//! of others keep the owner out of no browser of theirs, signed out or not; and whoever steals such a cookie may guess as
//! often as anybody, and nothing else.

use super::identity::PresentedToken;
use super::{ServiceError, Services};
use crate::api::Secret;
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::Session;
use crate::server::token::{base64url, digest};

/// What a browser brings when somebody signs in.
#[derive(Clone, Debug, Default)]
pub struct BrowserCookies {
    /// Of the session that it had.
    pub refresh: Option<PresentedToken>,
    /// By which it is known.
    pub device: Option<Secret>,
}

/// To whom the browser of an attempt may be known.
#[derive(Clone, Debug, Default)]
pub(super) struct Acquaintance {
    /// A session that it shows, or the one that asks.
    session: Option<Session>,
    digest: String,
    users: Vec<UserId>,
}

/// By what a browser is known to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KnownBy {
    Session(SessionId),
    /// The cookie's digest, and the account.
    Device(String),
}

impl Acquaintance {
    /// Who asks on `session`.
    pub(super) fn of(session: &Session) -> Self {
        Self { session: Some(session.clone()), ..Self::default() }
    }

    /// The session, if it is one of `user`.
    pub(super) fn session_of(&self, user: &UserId) -> Option<&Session> {
        self.session.as_ref().filter(|session| session.user_id == *user)
    }

    /// By what it is known to `user`, if it is.
    pub(super) fn with(&self, user: &UserId) -> Option<KnownBy> {
        let device = self.users.contains(user).then(|| KnownBy::Device(format!("{} {user}", self.digest)));
        device.or_else(|| self.session_of(user).map(|session| KnownBy::Session(session.id.clone())))
    }
}

impl Services {
    /// Looks up to whom a browser is known.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn acquaintance(&self, brought: &BrowserCookies) -> Result<Acquaintance, ServiceError> {
        let session = match &brought.refresh {
            Some(shown) => self.family(shown).await?,
            None => None,
        };
        let Some(device) = brought.device.as_ref().map(Secret::expose) else {
            return Ok(Acquaintance { session, ..Acquaintance::default() });
        };
        let digest = digest(device);
        let users = self.store.users_of_browser(&digest).await?;
        Ok(Acquaintance { session, digest, users })
    }

    /// Makes the browser known to `user` who just signed in: the cookie that it is to keep, its own if that is one of
    /// ours. Who signed in is signed in, whatever becomes of this.
    pub(super) async fn know_browser(&self, user: &UserId, brought: &BrowserCookies) -> Option<Secret> {
        let know = async {
            let ours = match &brought.device {
                Some(device) => !self.store.users_of_browser(&digest(device.expose())).await?.is_empty(),
                None => false,
            };
            let device = brought.device.clone().filter(|_| ours);
            let device = device.unwrap_or_else(|| Secret::new(base64url(&self.random::<32>())));
            self.store.know_browser(&digest(device.expose()), user, self.now()).await.map(|()| device)
        };
        match know.await {
            Ok(device) => Some(device),
            Err(error) => {
                tracing::warn!(%error, %user, "a browser could not be remembered");
                None
            }
        }
    }
}
