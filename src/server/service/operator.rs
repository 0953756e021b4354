//! Use cases of the operator's commands. Their events have no address and no User-Agent, since no request caused them.

use super::limits::origin;
use super::{ServiceError, Services, Source};
use crate::domain::activity::{Event, Kind};
use crate::domain::credentials::Username;
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::Reason;
use crate::server::ports::{EndSessions, PasswordChange, Selection};
use crate::server::telemetry::AUDIT;

impl Services {
    /// Disables a user and ends all their sessions; returns those that it ended.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn disable_user(&self, id: &UserId) -> Result<Vec<SessionId>, ServiceError> {
        let ended = self.ends.set_disabled(id, true, self.now()).await?.ok_or(ServiceError::NotFound)?;
        tracing::info!(target: AUDIT, user = %id, sessions = ended.len(), "an account was disabled");
        Ok(ended)
    }

    /// Lets a user who was disabled sign in again.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn enable_user(&self, id: &UserId) -> Result<(), ServiceError> {
        self.ends.set_disabled(id, false, self.now()).await?.ok_or(ServiceError::NotFound)?;
        tracing::info!(target: AUDIT, user = %id, "an account was enabled");
        Ok(())
    }

    /// Deletes a user with everything that is theirs; returns the sessions that ended.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn delete_user(&self, id: &UserId) -> Result<Vec<SessionId>, ServiceError> {
        self.ends.delete_user(id, self.now()).await?.ok_or(ServiceError::NotFound)
    }

    /// Gives a user another name. The sessions stay: they are the user's, whatever the name.
    ///
    /// # Errors
    /// `Username`, `UsernameTaken`; `NotFound` when there is no such user.
    pub async fn rename_user(&self, id: &UserId, typed: &str) -> Result<Username, ServiceError> {
        let name = Username::new(typed).map_err(ServiceError::Username)?;
        if !self.store.rename_user(id, &name).await?.ok_or(ServiceError::NotFound)? {
            return Err(ServiceError::UsernameTaken);
        }
        // The cache of live sessions holds the name too.
        self.liveness.invalidate_all();
        tracing::info!(target: AUDIT, user = %id, "an account was renamed");
        Ok(name)
    }

    /// Gives a user a new password, ends all their sessions and makes all browsers unknown to the account; returns the
    /// sessions that it ended.
    ///
    /// # Errors
    /// `Password`; `NotFound` when there is no such user.
    pub async fn set_password(&self, id: &UserId, password: &str) -> Result<Vec<SessionId>, ServiceError> {
        let from = origin(&Source::default(), Some(id));
        let mut hashed = None;
        loop {
            let user = self.store.user(id).await?.ok_or(ServiceError::NotFound)?;
            let new_hash = match hashed.take() {
                Some(hash) => hash,
                None => {
                    let password = self.new_password("password", password, &user.username, &from).await?;
                    self.hasher.hash(&password, &from).await?
                }
            };
            let event = self.event(id, Kind::PasswordChanged, &Source::default());
            let event = Event { detail: Some(Reason::Operator.as_str()), ..event };
            let change = PasswordChange {
                user_id: id,
                password_changed_at: user.password_changed_at,
                new_hash: &new_hash,
                link: None,
                keep: None,
                browser: None,
                at: self.now(),
                event: &event,
            };
            if let Some(ended) = self.ends.change_password(change).await? {
                self.end_wait_for(&user.username).await;
                tracing::info!(target: AUDIT, user = %id, sessions = ended.len(), "the operator set a new password");
                return Ok(ended);
            }
            // The user changed the password at the same moment; the operator's prevails.
            hashed = Some(new_hash);
        }
    }

    /// Ends one session of a user's, or all; returns those that it ended.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn end_sessions_of(&self, id: &UserId, which: Selection) -> Result<Vec<SessionId>, ServiceError> {
        let end = EndSessions { user_id: id.clone(), which, reason: Reason::Operator, at: self.now() };
        self.end(&end, Kind::SessionEnded, None, &Source::default()).await
    }

    /// Ends all sessions of all users that have started by now; returns how many it ended.
    ///
    /// # Errors
    /// When the store does not answer. Some sessions have ended then; a second call ends the rest.
    pub async fn end_all_sessions(&self) -> Result<usize, ServiceError> {
        let count = self.ends.end_all(self.now()).await?;
        tracing::info!(target: AUDIT, count, "all sessions were ended");
        Ok(count)
    }
}
