//! Links that work once. The operator makes one, and whoever holds it chooses a password: of an account that there is,
//! or of a new one. Looking at a link changes nothing, since mail scanners open links.

use super::attempts::Visit;
use super::known_browsers::browser_digest;
use super::limits::origin;
use super::{ServiceError, Services, Source};
use crate::api::Secret;
use crate::domain::activity::Kind;
use crate::domain::credentials::Username;
use crate::domain::id::{LinkDigest, UserId};
use crate::domain::one_time_link::{OneTimeLink, Purpose, Recipient, TOKEN_BYTES, is_well_formed};
use crate::domain::registration::Registration;
use crate::domain::time::Timestamp;
use crate::server::ports::{MadeFor, NewLink, PasswordChange};
use crate::server::telemetry::AUDIT;
use crate::server::token::{base64url, digest};
use std::time::Duration;

/// The field of the new password, as refusals name it.
const FIELD: &str = "newPassword";

/// A new link. Its token is nowhere else.
#[derive(Debug)]
pub struct MadeLink {
    pub token: Secret,
    pub expires_at: Timestamp,
}

impl Services {
    /// Makes a link with which a user chooses a new password, in place of the former one.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn make_reset_link(&self, id: &UserId, life: Duration) -> Result<MadeLink, ServiceError> {
        let event = self.event(id, Kind::LinkMade, &Source::default());
        let link = self.make_link(MadeFor::Reset(id, &event), event.at, life).await?;
        tracing::info!(target: AUDIT, user = %id, "a link to choose a new password was made");
        Ok(link)
    }

    /// Makes a link with which somebody creates the account of a name, in place of the former one. The name is not
    /// reserved.
    ///
    /// # Errors
    /// `RegistrationClosed`, `UsernameTaken`.
    pub async fn make_invitation(&self, name: &Username, life: Duration) -> Result<MadeLink, ServiceError> {
        self.check_invitations()?;
        if self.store.user_by_name(name).await?.is_some() {
            return Err(ServiceError::UsernameTaken);
        }
        let link = self.make_link(MadeFor::Invite(name), self.now(), life).await?;
        tracing::info!(target: AUDIT, "an invitation was made");
        Ok(link)
    }

    async fn make_link(&self, made_for: MadeFor<'_>, now: Timestamp, life: Duration) -> Result<MadeLink, ServiceError> {
        let token = base64url(&self.random::<TOKEN_BYTES>());
        let expires_at = now + life;
        let link = NewLink { digest: &link_digest(&token), made_for, created_at: now, expires_at };
        if !self.store.add_link(link).await? {
            return Err(ServiceError::NotFound);
        }
        Ok(MadeLink { token: Secret::new(token), expires_at })
    }

    /// The name of the account that a link is for. Reads only.
    ///
    /// # Errors
    /// `LinkInvalid` for every link that cannot be used now, whatever the reason; `RegistrationClosed`.
    pub async fn name_of_link(&self, token: &str, purpose: Purpose) -> Result<Username, ServiceError> {
        Ok(self.link(token, purpose).await?.recipient.name().clone())
    }

    /// Chooses a new password with a link: ends all sessions and links of the user, and makes all browsers unknown to
    /// the account, except one with the cookie `device` that was known. Nobody is signed in.
    ///
    /// # Errors
    /// `LinkInvalid`, `Password`, `RateLimited`. The link stays good after a refused password.
    pub async fn reset_password(
        &self,
        token: &Secret,
        new: &Secret,
        source: &Source,
        device: Option<&Secret>,
    ) -> Result<(), ServiceError> {
        let attempt = self.begin(self.link_limits(source)).await?;
        self.count_wrong_link(attempt, self.use_to_reset(token.expose(), new.expose(), source, device).await).await
    }

    /// Creates the account of an invitation. Nobody is signed in.
    ///
    /// # Errors
    /// `LinkInvalid`, `RegistrationClosed`, `Password`, `RateLimited`. The link stays good after a refused password.
    pub async fn accept_invitation(&self, token: &Secret, new: &Secret, source: &Source) -> Result<(), ServiceError> {
        let attempt = self.begin(self.link_limits(source)).await?;
        self.count_wrong_link(attempt, self.use_to_sign_up(token.expose(), new.expose(), source).await).await
    }

    /// Counts the use of a link that is not valid.
    async fn count_wrong_link(&self, attempt: Visit, used: Result<(), ServiceError>) -> Result<(), ServiceError> {
        match used {
            Err(ServiceError::LinkInvalid) => {
                self.record_outcome(attempt, false).await.and(Err(ServiceError::LinkInvalid))
            }
            used => used,
        }
    }

    async fn use_to_reset(
        &self,
        token: &str,
        new: &str,
        source: &Source,
        device: Option<&Secret>,
    ) -> Result<(), ServiceError> {
        let link = self.link(token, Purpose::Reset).await?;
        let Recipient::User { id, name, password_changed_at, .. } = link.recipient else {
            return Err(ServiceError::LinkInvalid);
        };
        // The link proves the account, so the hash waits in the turn of that account.
        let from = origin(source, Some(&id));
        let password = self.new_password(FIELD, new, &name, &from).await?;
        let new_hash = self.hasher.hash(&password, &from).await?;
        let event = self.event(&id, Kind::PasswordReset, source);
        // Whoever has the link owns the account: others' guesses must not keep this browser out now.
        let browser = device.map(browser_digest);
        let change = PasswordChange {
            user_id: &id,
            password_changed_at,
            new_hash: &new_hash,
            link: Some(&link_digest(token)),
            keep: None,
            browser: browser.as_ref(),
            at: event.at,
            event: &event,
        };
        // If the password was changed in between, the link has ended.
        let ended = self.ends.change_password(change).await?.ok_or(ServiceError::LinkInvalid)?;
        self.end_wait_for(&name).await;
        let (ip, sessions) = (&source.ip, ended.len());
        tracing::info!(target: AUDIT, user = %id, ip, sessions, "a new password was chosen with a link");
        Ok(())
    }

    async fn use_to_sign_up(&self, token: &str, new: &str, source: &Source) -> Result<(), ServiceError> {
        let link = self.link(token, Purpose::Invite).await?;
        let from = origin(source, None);
        let user = self.new_user(link.recipient.name().clone(), FIELD, new, &from).await?;
        let event = super::event(&user.id, Kind::SignedUp, source, user.created_at);
        if !self.store.accept_invitation(&link_digest(token), &user, &event).await? {
            return Err(ServiceError::LinkInvalid);
        }
        tracing::info!(target: AUDIT, user = %user.id, ip = source.ip, "an account was made by invitation");
        Ok(())
    }

    /// The link of a token, if it can be used now.
    async fn link(&self, token: &str, purpose: Purpose) -> Result<OneTimeLink, ServiceError> {
        if purpose == Purpose::Invite {
            self.check_invitations()?;
        }
        if !is_well_formed(token) {
            return Err(ServiceError::LinkInvalid);
        }
        let link = self.store.link(&link_digest(token)).await?;
        let link = link.filter(|link| link.is_good_for(purpose, self.now())).ok_or(ServiceError::LinkInvalid)?;
        match &link.recipient {
            // Somebody else has the name by now.
            Recipient::Nobody(name) if self.store.user_by_name(name).await?.is_some() => Err(ServiceError::LinkInvalid),
            _ => Ok(link),
        }
    }

    fn check_invitations(&self) -> Result<(), ServiceError> {
        match self.settings.accounts.registration {
            Registration::Open | Registration::Invite => Ok(()),
            Registration::Closed => Err(ServiceError::RegistrationClosed),
        }
    }
}

fn link_digest(token: &str) -> LinkDigest {
    LinkDigest::new(digest(token))
}
