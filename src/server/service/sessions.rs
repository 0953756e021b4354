//! The user's sessions: listing, ending, renaming.

use super::identity::{Caller, Credentials, require};
use super::limits::SessionAction;
use super::{ServiceError, Services, Source, live};
use crate::api::Secret;
use crate::api::data::{Account, SessionInfo};
use crate::domain::activity::{Event, Kind};
use crate::domain::device::{Device, device_name};
use crate::domain::id::SessionId;
use crate::domain::session::{Reason, Session};
use crate::server::ports::{EndSessions, ListedSession, Selection, SessionNames};
use crate::server::telemetry::AUDIT;
use std::cmp::Reverse;

/// The sessions that a page is rendered with.
#[derive(Clone, Debug)]
pub struct ShownSessions {
    /// The current one first.
    pub sessions: Vec<SessionInfo>,
    /// Their version ([`Services::watch`]). `None` if the next renewal changes what the page shows of its own session.
    pub version: Option<String>,
}

impl Services {
    /// The caller's live sessions, for a page that is going to listen to their changes.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn shown_sessions(&self, caller: &Caller, source: &Source) -> Result<ShownSessions, ServiceError> {
        let reading = self.changes.begin_reading(&caller.user_id);
        let sessions = self.sessions(caller).await?;
        let is_settled = sessions.first().is_some_and(|own| own.current && is_label_of(own, source));
        let names: SessionNames = sessions.iter().map(|session| (session.sid.clone(), session.name.clone())).collect();
        let version = is_settled.then(|| live::version(&names));
        // Another server of a shared database announces its changes later than this one's pages listen.
        if !self.store.is_shared() {
            self.changes.keep(&caller.user_id, &reading, names, self.now());
        }
        Ok(ShownSessions { sessions, version })
    }

    /// The caller's live sessions: the current one first, then the most recently seen.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionInfo>, ServiceError> {
        let sessions = self.store.listed_sessions(&caller.user_id, self.now()).await?;
        let mut list: Vec<SessionInfo> =
            sessions.into_iter().map(|session| self.describe(session, &caller.sid)).collect();
        list.sort_by_key(|session| (!session.current, Reverse(session.last_seen_at), session.sid.clone()));
        Ok(list)
    }

    /// The caller's account.
    ///
    /// # Errors
    /// `InvalidToken` when it was deleted meanwhile.
    pub async fn account(&self, caller: &Caller) -> Result<Account, ServiceError> {
        let user = self.store.user(&caller.user_id).await?.ok_or(ServiceError::InvalidToken)?;
        Ok(Account {
            sub: user.id,
            username: user.username.as_str().to_owned(),
            created_at: user.created_at,
            password_changed_at: user.password_changed_at,
            second_factor: self.second_factor_info(&caller.user_id).await?,
        })
    }

    pub(super) fn describe(&self, session: ListedSession, current: &SessionId) -> SessionInfo {
        // Last-seen times of the last half minute are in memory only.
        let seen = self.liveness.seen(&session.id).map_or(session.last_seen_at, |seen| seen.at);
        SessionInfo {
            current: session.id == *current,
            name: session.name,
            browser: session.device.browser,
            os: session.device.os,
            kind: session.device.kind,
            ip: session.ip,
            created_at: session.lifetime.created_at,
            last_seen_at: session.last_seen_at.max(seen),
            expires_at: session.lifetime.rounded_end(self.now()),
            absolute_expires_at: session.lifetime.expires_at,
            authenticated_by: session.authenticated_by,
            sid: session.id,
        }
    }

    /// Ends the caller's own session. Succeeds also when repeated, with an expired access token beside a refresh token,
    /// and with a token of a session that has ended.
    ///
    /// # Errors
    /// `InsufficientScope`; when the store does not answer.
    pub async fn sign_out(&self, credentials: &Credentials, source: &Source) -> Result<(), ServiceError> {
        let mut sessions = Vec::new();
        if let Some(token) = credentials.bearer.as_ref().map(Secret::expose) {
            match self.read_access(token).await {
                Ok(claims) => {
                    require(&claims.scope, credentials.needs)?;
                    sessions.extend(self.store.session(&claims.sid).await?);
                }
                Err(ServiceError::InvalidToken) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(shown) = &credentials.refresh {
            sessions.extend(self.family(shown).await?);
        }
        for session in sessions {
            let end = EndSessions {
                user_id: session.user_id.clone(),
                which: Selection::One(session.id.clone()),
                reason: Reason::SignedOut,
                at: self.now(),
            };
            self.end(&end, Kind::SignedOut, None, source).await?;
        }
        Ok(())
    }

    /// Ends all of the caller's sessions, or all except the current one.
    ///
    /// # Errors
    /// `ReauthenticationRequired`, and those of the credentials.
    pub async fn sign_out_all(
        &self,
        keep_current: bool,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        self.require_recent(&session)?;
        let others = Selection::AllBut(session.id.clone());
        let end = EndSessions { user_id: session.user_id, which: others, reason: Reason::EndedByUser, at: self.now() };
        self.end(&end, Kind::SessionEnded, Some(session.id.clone()), source).await?;
        if !keep_current {
            // A sign-out of its own, so that its other tabs do not say that another device did it. It comes last, so
            // that after a fault in between the caller can try again.
            let end = EndSessions { which: Selection::One(session.id), reason: Reason::SignedOut, ..end };
            self.end(&end, Kind::SignedOut, None, source).await?;
        }
        Ok(())
    }

    /// Ends one of the caller's sessions. Returns whether it was the current one.
    ///
    /// # Errors
    /// `NotFound` if it does not exist, has ended or is somebody else's; `ReauthenticationRequired` for a session other
    /// than the current one.
    pub async fn revoke_session(
        &self,
        sid: &SessionId,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<bool, ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        if !sid.is_well_formed() {
            return Err(ServiceError::NotFound);
        }
        let own = session.id == *sid;
        if !own {
            self.require_recent(&session)?;
        }
        let (reason, kind) =
            if own { (Reason::SignedOut, Kind::SignedOut) } else { (Reason::EndedByUser, Kind::SessionEnded) };
        let end = EndSessions { user_id: session.user_id, which: Selection::One(sid.clone()), reason, at: self.now() };
        let by = (!own).then_some(session.id);
        if self.end(&end, kind, by, source).await?.is_empty() { Err(ServiceError::NotFound) } else { Ok(own) }
    }

    /// Deletes the caller's account and everything that belongs to it. The password is the only proof that it needs.
    ///
    /// # Errors
    /// `InvalidCredentials`, and those of the credentials.
    pub async fn delete_account(
        &self,
        password: &Secret,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        let user = self.check_password(&session, password.expose(), "password", source).await?;
        self.delete_user(&user.id).await?;
        tracing::info!(
            target: AUDIT, user = %user.id, sid = %session.id, ip = source.ip,
            "an account was deleted by its user"
        );
        Ok(())
    }

    pub(super) async fn end(
        &self,
        end: &EndSessions,
        kind: Kind,
        by: Option<SessionId>,
        source: &Source,
    ) -> Result<Vec<SessionId>, ServiceError> {
        let event = Event { detail: Some(end.reason.as_str()), by, ..self.event(&end.user_id, kind, source) };
        let ended = self.ends.end(end, &event).await?;
        for sid in &ended {
            tracing::info!(
                target: AUDIT, user = %end.user_id, %sid, reason = end.reason.as_str(), ip = source.ip,
                "a session was ended"
            );
        }
        Ok(ended)
    }

    /// Requires that the user has entered the password recently, as ending other sessions does.
    pub(super) fn require_recent(&self, session: &Session) -> Result<(), ServiceError> {
        if self.is_recent(session) { Ok(()) } else { Err(ServiceError::ReauthenticationRequired) }
    }

    fn is_recent(&self, session: &Session) -> bool {
        self.now().since(session.authenticated_at) < self.settings.sessions.reauthentication_window
    }

    /// Whether the user has entered the password recently.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn has_proved_recently(&self, caller: &Caller) -> Result<bool, ServiceError> {
        Ok(self.store.session(&caller.sid).await?.is_some_and(|session| self.is_recent(&session)))
    }

    /// Gives one of the caller's sessions a name.
    ///
    /// # Errors
    /// `DeviceName` if the name is invalid, `NotFound` if the caller has no such session, `RateLimited`.
    pub async fn rename_session(
        &self,
        sid: &SessionId,
        name: &str,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        self.per_session.count(SessionAction::Rename, &session.id, &self.settings.limits, self.now())?;
        let name = device_name(name).ok_or(ServiceError::DeviceName)?;
        if !sid.is_well_formed() {
            return Err(ServiceError::NotFound);
        }
        let event = self.event(&session.user_id, Kind::SessionRenamed, source);
        let event = Event { sid: Some(sid.clone()), by: Some(session.id), ..event };
        let renamed = self.store.rename_session(&session.user_id, sid, &name, &event).await;
        // If it failed, it may have been committed nevertheless.
        let renamed = renamed.inspect_err(|_| self.changes.announce(&session.user_id))?;
        if !renamed {
            return Err(ServiceError::NotFound);
        }
        tracing::info!(target: AUDIT, user = %session.user_id, %sid, ip = source.ip, "a session was renamed");
        self.changes.announce(&session.user_id);
        Ok(())
    }
}

/// Whether a renewal by `source` leaves what is shown of `session` as it is.
fn is_label_of(session: &SessionInfo, source: &Source) -> bool {
    let device = Device { browser: session.browser.clone(), os: session.os.clone(), kind: session.kind };
    session.ip == source.ip && device.seen_again(&source.device) == device
}
