//! Identifies the caller: by access token, refresh token or web session, each of which leads to a session.

use super::limits::SessionAction;
use super::queue::{RefreshOutcome, RefreshRequest, TokenUse};
use super::{ServiceError, Services, Source};
use crate::api::Secret;
use crate::api::data::Me;
use crate::domain::client::TokenTransport;
use crate::domain::id::{AgentDigest, SessionId, TokenDigest, UserId};
use crate::domain::redeem::Refusal;
use crate::domain::refresh_token::{Presented, RefreshClaims};
use crate::domain::scope::{Scope, Scopes};
use crate::domain::session::{Reason, Session};
use crate::domain::time::Timestamp;
use crate::server::liveness::Alive;
use crate::server::ports::StoreError;
use crate::server::telemetry::AUDIT;
use crate::server::token::jws::Invalid;
use crate::server::token::ring::RingError;
use crate::server::token::{digest, refresh};
use std::sync::Arc;
use tracing::{Span, field};

/// The credentials in a request, and what they have to allow.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The scope that the request needs.
    pub needs: Scope,
    /// `Authorization: Bearer` (RFC 6750 section 2.1).
    pub bearer: Option<Secret>,
    pub refresh: Option<PresentedToken>,
}

/// A refresh token and how it was sent.
#[derive(Clone, Debug)]
pub struct PresentedToken {
    pub token: Secret,
    pub transport: TokenTransport,
}

/// The caller: a user, on one of their sessions, and what the credential allows.
#[derive(Clone, Debug)]
pub struct Caller {
    pub sid: SessionId,
    pub user_id: UserId,
    pub username: String,
    pub user_created_at: Timestamp,
    pub scopes: Scopes,
}

impl Caller {
    fn new(sid: SessionId, alive: &Alive, scopes: Scopes) -> Self {
        Self {
            sid,
            scopes,
            user_id: alive.user_id.clone(),
            username: alive.username.clone(),
            user_created_at: alive.user_created_at,
        }
    }

    /// As the wire says it.
    pub fn me(self) -> Me {
        Me {
            sub: self.user_id,
            username: self.username,
            scope: self.scopes,
            sid: self.sid,
            created_at: self.user_created_at,
        }
    }
}

impl Services {
    /// The caller with this access token, for something that needs a scope.
    ///
    /// # Errors
    /// `InvalidToken` for anything but a valid token of a live session; `InsufficientScope`.
    pub async fn by_access_token(&self, token: &str, needs: Scope) -> Result<Caller, ServiceError> {
        let now = self.now();
        let claims = self.read_access(token).await?;
        let alive = self.alive(&claims.sid, now).await?;
        if alive.user_id != claims.sub {
            return Err(ServiceError::InvalidToken);
        }
        self.liveness.touch(&claims.sid, claims.generation(), now);
        note(&alive.user_id, &claims.sid);
        require(&claims.scope, needs)?;
        Ok(Caller::new(claims.sid.clone(), &alive, claims.scope.clone()))
    }

    /// The caller whose page is rendered, by the session that the web session names. For reading only.
    ///
    /// # Errors
    /// `InvalidToken` when the session is over.
    pub async fn by_web_session(&self, sid: &SessionId) -> Result<Caller, ServiceError> {
        let now = self.now();
        let alive = self.alive(sid, now).await?;
        self.liveness.touch(sid, None, now);
        note(&alive.user_id, sid);
        Ok(Caller::new(sid.clone(), &alive, Scopes::of_sessions()))
    }

    async fn alive(&self, sid: &SessionId, now: Timestamp) -> Result<Arc<Alive>, ServiceError> {
        self.liveness.check(sid, now).await?.ok_or(ServiceError::InvalidToken)
    }

    /// The session of a caller who wants to change something: by the access token if there is one, else by the refresh
    /// token.
    ///
    /// # Errors
    /// `InvalidToken`, `InsufficientScope`, `Revoked`, `Reused`.
    pub(super) async fn by_credentials(
        &self,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<Session, ServiceError> {
        match (&credentials.bearer, &credentials.refresh) {
            (Some(token), _) => {
                let caller = self.by_access_token(token.expose(), credentials.needs).await?;
                let session = self.store.session(&caller.sid).await?;
                session.filter(|session| session.is_alive(self.now())).ok_or(ServiceError::InvalidToken)
            }
            (None, Some(shown)) => match self.present(shown, source, TokenUse::Show).await? {
                RefreshOutcome::Shown(session) => {
                    require(&Scopes::of_sessions(), credentials.needs)?;
                    note(&session.user_id, &session.id);
                    Ok(*session)
                }
                outcome => Err(refused(&outcome)),
            },
            (None, None) => Err(ServiceError::InvalidToken),
        }
    }

    /// Presents a refresh token to the queue.
    ///
    /// # Errors
    /// `InvalidToken` when it is not one of ours; a passing fault of the store.
    pub(super) async fn present(
        &self,
        PresentedToken { token, transport }: &PresentedToken,
        source: &Source,
        purpose: TokenUse,
    ) -> Result<RefreshOutcome, ServiceError> {
        let presented = self.decide(token, *transport, source, purpose).await;
        if let Err(error) = &presented
            && matches!(purpose, TokenUse::Exchange { .. })
        {
            self.count_failed_refresh(error);
        }
        presented
    }

    async fn decide(
        &self,
        token: &Secret,
        transport: TokenTransport,
        source: &Source,
        purpose: TokenUse,
    ) -> Result<RefreshOutcome, ServiceError> {
        let at = self.now();
        let claims = self.read_refresh(token.expose()).await?;
        // The signature is ours, so the log may name the session even if the token is refused.
        Span::current().record("sid", field::display(&claims.sid));
        if matches!(purpose, TokenUse::Exchange { .. }) {
            self.per_session.count(SessionAction::Refresh, &claims.sid, &self.settings.limits, at)?;
        }
        let presented = Presented {
            sid: claims.sid.clone(),
            generation: claims.generation,
            digest: TokenDigest::new(digest(token.expose())),
            agent: AgentDigest::new(digest(&source.user_agent)),
            at,
            decided_at: at,
            may_be_later: false,
            shared: purpose == TokenUse::Exchange { shared: true },
        };
        let request =
            RefreshRequest { claims, presented, transport, purpose, source: source.clone(), span: Span::current() };
        let outcome = self.queue.present(request).await?;
        log_refresh(&outcome, source);
        Ok(outcome)
    }

    /// The claims of an access token, if it is ours and has not expired.
    ///
    /// # Errors
    /// `InvalidToken`; a passing fault of the store, when it had to be asked for the token's key.
    pub(super) async fn read_access(
        &self,
        token: &str,
    ) -> Result<Arc<crate::domain::access_token::AccessClaims>, ServiceError> {
        let read = || self.access.verify(token, self.now());
        self.with_keys_of_others(read).await?.map_err(|invalid| {
            tracing::debug!(%invalid, "an access token was refused");
            ServiceError::InvalidToken
        })
    }

    async fn read_refresh(&self, token: &str) -> Result<RefreshClaims, ServiceError> {
        self.read_refresh_as_of(token, self.now()).await
    }

    /// The same, at another time than now.
    pub(super) async fn read_refresh_as_of(&self, token: &str, time: Timestamp) -> Result<RefreshClaims, ServiceError> {
        let issuer = &self.settings.server.public_url;
        let read = || refresh::read(token, &self.access.ring(), issuer, time);
        self.with_keys_of_others(read).await?.map_err(|invalid| {
            tracing::debug!(%invalid, "a refresh token was refused");
            ServiceError::InvalidToken
        })
    }

    /// Reads a token. If its key is unknown, loads the keys and tries again: another server may have created it.
    async fn with_keys_of_others<T>(
        &self,
        read: impl Fn() -> Result<T, Invalid>,
    ) -> Result<Result<T, Invalid>, ServiceError> {
        match read() {
            Err(Invalid::Kid) => {
                match self.keys.look_for_others(&self.access, self.now()).await {
                    Err(RingError::Store(error)) => return Err(error.into()),
                    Err(error) => tracing::error!(%error, "keys that another server made cannot be used"),
                    Ok(()) => {}
                }
                Ok(read())
            }
            result => Ok(result),
        }
    }

    /// The session that a refresh token belongs to, even if the token is used up or the session has ended. For ending
    /// it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn family(&self, shown: &PresentedToken) -> Result<Option<Session>, ServiceError> {
        let claims = match self.read_refresh(shown.token.expose()).await {
            Err(ServiceError::InvalidToken) => return Ok(None),
            result => result?,
        };
        let session = self.store.session(&claims.sid).await?;
        let ours = |session: &Session| {
            session.token_transport() == shown.transport && refresh::belongs(&claims, session, &self.access.ring())
        };
        Ok(session.filter(ours))
    }
}

/// Requires that a credential allows what the request needs (RFC 6750 section 3.1).
///
/// # Errors
/// `InsufficientScope`.
pub(super) fn require(scopes: &Scopes, needs: Scope) -> Result<(), ServiceError> {
    if scopes.allow(needs) { Ok(()) } else { Err(ServiceError::InsufficientScope(needs)) }
}

/// Adds the caller to the request's log span.
fn note(user: &UserId, sid: &SessionId) {
    Span::current().record("user", field::display(user)).record("sid", field::display(sid));
}

/// Logs the outcome for a presented token.
fn log_refresh(outcome: &RefreshOutcome, source: &Source) {
    match outcome {
        RefreshOutcome::Exchanged(session, _) => {
            let generation = session.rotation.generation;
            // A fork displaced the generations in between.
            let forked = session.rotation.parent.as_ref().is_some_and(|parent| parent.generation + 1 < generation);
            let (user, sid, ip) = (&session.user_id, &session.id, &source.ip);
            tracing::info!(target: AUDIT, %user, %sid, ip, generation, forked, "a refresh token was exchanged");
        }
        RefreshOutcome::Reused(session) => {
            let (user, sid, ip) = (&session.user_id, &session.id, &source.ip);
            tracing::warn!(target: AUDIT, %user, %sid, ip, "a refresh token was used twice; its session was ended");
        }
        RefreshOutcome::Refused(refusal, _) => tracing::info!(?refusal, ip = source.ip, "a refresh token was refused"),
        RefreshOutcome::Shown(_) => {}
    }
}

/// The use case's error for a refusal.
pub(super) fn refused(outcome: &RefreshOutcome) -> ServiceError {
    match outcome {
        RefreshOutcome::Reused(_) | RefreshOutcome::Refused(Refusal::Revoked, Some(Reason::Reused)) => {
            ServiceError::Reused
        }
        RefreshOutcome::Refused(Refusal::Overtaken, _) => ServiceError::Overtaken { wait: None },
        RefreshOutcome::Refused(Refusal::Late, _) => {
            StoreError::Unavailable("the request waited for it until nobody expected an answer".into()).into()
        }
        RefreshOutcome::Refused(Refusal::OtherAgent(wait) | Refusal::Unrepeatable(wait), _) => {
            ServiceError::Overtaken { wait: Some(*wait) }
        }
        RefreshOutcome::Refused(Refusal::Revoked, reason) => {
            ServiceError::Revoked(reason.unwrap_or(Reason::EndedByUser))
        }
        RefreshOutcome::Refused(..) | RefreshOutcome::Exchanged(..) | RefreshOutcome::Shown(..) => {
            ServiceError::InvalidToken
        }
    }
}
