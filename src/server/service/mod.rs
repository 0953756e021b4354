//! The use cases: sign up, sign in, refresh, sign out, sessions, password. No HTTP, no SQL.
#![expect(
    missing_docs,
    reason = "only tests and fuzz targets see them from outside; the domain and the wire contract say what they carry"
)]

mod accounts;
mod activity;
mod attempts;
mod counting;
mod factor_set_up;
mod farewell;
mod history;
mod identity;
mod known_browsers;
mod limits;
mod live;
mod one_time_links;
mod operator;
mod queue;
mod refresh_batch;
mod second_factors;
mod sessions;

pub use accounts::{SignIn, SignUp};
pub(crate) use activity::activity_event;
pub use factor_set_up::TotpSecret;
pub use history::{History, HistoryEntry};
pub use identity::{Caller, Credentials, PresentedToken};
pub use known_browsers::{BrowserCookies, WebSessionDraft};
pub use live::{LiveEvent, Watch};
pub use one_time_links::MadeLink;
pub use second_factors::AskedFactor;
pub use sessions::ShownSessions;

use super::config::Settings;
use super::liveness::Liveness;
use super::metrics::Metrics;
use super::password::{HashError, Hasher};
use super::ports::{Clock, Entropy, Records, Store, StoreError};
use super::session_changes::SessionChanges;
use super::session_ends::SessionEnds;
use super::token::access::{AccessTokens, IssueError, Issued};
use super::token::jws::SignError;
use super::token::key_manager::KeyManager;
use super::token::keys::KeyError;
use super::token::refresh::Minted;
use super::token::ring::RingError;
use crate::api::Secret;
use crate::domain::activity::{Event, Kind};
use crate::domain::credentials::{PasswordError, UsernameError};
use crate::domain::device::Device;
use crate::domain::id::UserId;
use crate::domain::scope::Scope;
use crate::domain::session::{Label, Reason, Session};
use crate::domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Why a use case failed. `http::problem` decides what the client learns of it.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("the username is refused: {0}")]
    Username(UsernameError),
    /// With the field's name.
    #[error("the password is refused: {1}")]
    Password(&'static str, PasswordError),
    #[error("the device's name is refused")]
    DeviceName,
    #[error("wrong username or password")]
    InvalidCredentials,
    #[error("no valid token")]
    InvalidToken,
    #[error("the token does not allow what needs the scope {0:?}")]
    InsufficientScope(Scope),
    #[error("the route does not state which scope it needs")]
    NoScopeStated,
    #[error("the session was ended: {0:?}")]
    Revoked(Reason),
    #[error("a refresh token was used twice")]
    Reused,
    /// With the time to wait, if the same token may be accepted then.
    #[error("other requests with the same refresh token were faster")]
    Overtaken { wait: Option<Duration> },
    #[error("the user must prove who they are first")]
    ReauthenticationRequired,
    #[error("nothing of the caller's")]
    NotFound,
    #[error("the username is taken")]
    UsernameTaken,
    #[error("registration is closed (accounts.registration)")]
    RegistrationClosed,
    #[error("the link is not known, was used, or has expired")]
    LinkInvalid,
    #[error("the password is right, and a second factor is needed")]
    SecondFactorRequired(Box<AskedFactor>),
    #[error("the second factor is wrong, or was used up")]
    SecondFactorInvalid,
    #[error("the sign-in waited too long for its second factor, or had too many")]
    SignInExpired,
    #[error("there is an authenticator app already")]
    AlreadySetUp,
    #[error("no such client")]
    UnknownClient,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Sealed(#[from] KeyError),
    /// With the time to wait.
    #[error("too many attempts")]
    RateLimited { wait: Duration },
    #[error("a task of ours ended early")]
    Aborted,
}

impl ServiceError {
    /// Whether the server failed, so that nothing was decided.
    pub const fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Store(_) | Self::Hash(_) | Self::Issue(_) | Self::Sealed(_) | Self::NoScopeStated | Self::Aborted
        )
    }

    /// Whether the fault is temporary: the same request may succeed later.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable(_)) | Self::Hash(HashError::Busy))
    }
}

impl From<SignError> for ServiceError {
    fn from(error: SignError) -> Self {
        Self::Issue(error.into())
    }
}

impl From<RingError> for ServiceError {
    fn from(error: RingError) -> Self {
        Self::Issue(error.into())
    }
}

/// The origin of a request, as far as the server can tell.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub ip: Option<String>,
    /// As sent, cut to a maximum length.
    pub user_agent: String,
    pub device: Device,
}

impl Source {
    /// The label of a session that has no name.
    fn label(&self) -> Label {
        let Self { ip, user_agent, device } = self.clone();
        Label { name: None, device, user_agent, ip }
    }
}

/// A pair of tokens for a session.
pub struct Granted {
    pub session: Session,
    pub access: Issued,
    pub refresh: Minted,
    /// Time from now until the refresh token expires.
    pub refresh_expires_in: Duration,
    /// After a sign-in by a browser: the cookie by which it is known from now on.
    pub device: Option<Secret>,
}

/// The parts of [`Services`].
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub settings: Arc<Settings>,
    pub access: Arc<AccessTokens>,
    pub keys: KeyManager,
    pub hasher: Hasher,
    pub metrics: Arc<Metrics>,
    /// The most open pages that may listen to live events.
    pub listeners: usize,
}

/// All use cases, over the same parts.
pub struct Services {
    store: Arc<dyn Records>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    settings: Arc<Settings>,
    access: Arc<AccessTokens>,
    keys: KeyManager,
    hasher: Hasher,
    metrics: Arc<Metrics>,
    liveness: Arc<Liveness>,
    changes: Arc<SessionChanges>,
    ends: Arc<SessionEnds>,
    queue: queue::RefreshQueue,
    per_session: limits::PerSession,
    attempts: Arc<attempts::AttemptsUnderWay>,
    background_writes: activity::BackgroundWrites,
}

impl Services {
    /// Starts the services, the task that exchanges refresh tokens, and the one that follows other processes.
    pub fn start(parts: Parts) -> Arc<Self> {
        let Parts { store, clock, entropy, settings, access, keys, hasher, metrics, listeners } = parts;
        let liveness = Arc::new(Liveness::new(store.clone(), settings.tokens.access_ttl));
        let changes = Arc::new(SessionChanges::new(listeners, settings.limits.connections_per_address));
        let records: Arc<dyn Records> = store.clone();
        let (weak_store, weak_liveness) = (Arc::downgrade(&records), Arc::downgrade(&liveness));
        tokio::spawn(live::follow_others(weak_store, weak_liveness, Arc::downgrade(&changes)));
        let ends = Arc::new(SessionEnds::new(store.clone(), liveness.clone(), changes.clone(), metrics.clone()));
        let queue = queue::RefreshQueue::start(queue::Exchange {
            ends: ends.clone(),
            clock: clock.clone(),
            access: access.clone(),
            liveness: liveness.clone(),
            metrics: metrics.clone(),
            issuer: settings.server.public_url.clone(),
            grace: settings.tokens.grace,
        });
        Arc::new(Self {
            store,
            clock,
            entropy,
            settings,
            access,
            keys,
            hasher: hasher.measured(metrics.hashes.clone()),
            metrics,
            liveness,
            changes,
            ends,
            queue,
            per_session: limits::PerSession::default(),
            attempts: Arc::default(),
            background_writes: activity::BackgroundWrites::default(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn access_tokens(&self) -> &AccessTokens {
        &self.access
    }

    pub fn keys(&self) -> &KeyManager {
        &self.keys
    }

    /// Notifies open pages of changes to sessions.
    pub fn session_changes(&self) -> &SessionChanges {
        &self.changes
    }

    pub fn store(&self) -> &Arc<dyn Records> {
        &self.store
    }

    /// Runs all periodic work, keys first. If one part fails, the others still run.
    ///
    /// # Errors
    /// The first one; the next run catches up.
    pub async fn housekeeping(&self) -> Result<(), StoreError> {
        let (keys, flushed, purged) = (self.keep_keys().await, self.flush().await, self.purge().await);
        keys.and(flushed).and(purged)
    }

    /// Creates keys that are due, and loads those of other servers.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn keep_keys(&self) -> Result<(), StoreError> {
        match self.keys.run_schedule(&self.access, self.now()).await {
            Err(RingError::Store(error)) => Err(error),
            Err(error) => {
                tracing::error!(%error, "the keys cannot be renewed; those that are loaded stay in use");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Deletes expired data.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn purge(&self) -> Result<(), StoreError> {
        let now = self.now();
        self.per_session.forget(now);
        self.attempts.forget(now);
        // A row is kept as long as a token of it could be presented, so that a replay is recognised.
        let kept = self.settings.tokens.refresh_absolute.max(self.settings.tokens.refresh_absolute_short);
        self.store.purge(now - kept, now).await
    }

    /// Writes last-seen times from memory to the database.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.ends.repeat_lost().await?;
        self.liveness.flush(self.now()).await
    }

    /// Waits for the events that are recorded in the background.
    pub async fn recorded(&self) {
        self.background_writes.done().await;
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    fn event(&self, user_id: &UserId, kind: Kind, source: &Source) -> Event {
        event(user_id, kind, source, self.now())
    }
}

fn event(user_id: &UserId, kind: Kind, source: &Source, at: Timestamp) -> Event {
    Event {
        ip: source.ip.clone(),
        user_agent: source.user_agent.clone(),
        device: source.device.clone(),
        ..Event::new(user_id, kind, at)
    }
}
