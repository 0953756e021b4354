//! The queue of presented refresh tokens. One task gathers waiting requests into one transaction, because SQLite has
//! one writer and the commit is the expensive part. [`super::refresh_batch`] decides each request by itself, and
//! answers are sent only after the commit.

use super::refresh_batch::Batch;
use super::{ServiceError, Source};
use crate::domain::client::TokenTransport;
use crate::domain::id::SessionId;
use crate::domain::redeem::{Decision, Refusal};
use crate::domain::refresh_token::{Presented, RefreshClaims};
use crate::domain::session::{Reason, Session};
use crate::server::liveness::Liveness;
use crate::server::metrics::Metrics;
use crate::server::ports::{Clock, StoreError, Undecided};
use crate::server::session_ends::SessionEnds;
use crate::server::system::monotonic;
use crate::server::token::access::AccessTokens;
use crate::server::token::refresh::Minted;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tracing::Span;

/// The most requests that share one commit.
const BATCH: usize = 256;
/// How many requests may wait. Further ones are refused as busy.
const WAITING: usize = 4096;
/// How long the store may take for one batch. It is longer than the store's own time-outs, and covers a network that
/// falls silent, behind which all others would wait.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a request waits for a session that another transaction has locked, and how often it tries again while
/// there is nothing else to do.
const HELD_PATIENCE: Duration = Duration::from_secs(2);
const HELD_LOOK: Duration = Duration::from_millis(20);

/// What a token is presented for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenUse {
    /// To be exchanged for its successor. `shared`: see [`Presented::shared`].
    Exchange { shared: bool },
    /// Only to identify the caller. Nothing is exchanged, but a reuse is detected here too.
    Show,
}

/// One presented token.
#[derive(Debug)]
pub(super) struct RefreshRequest {
    pub claims: RefreshClaims,
    pub presented: Presented,
    pub transport: TokenTransport,
    pub purpose: TokenUse,
    pub source: Source,
    /// The log span of its request.
    pub span: Span,
}

/// The outcome for a presented token.
#[derive(Clone, Debug)]
pub(super) enum RefreshOutcome {
    /// The session as it is now, and its current token.
    Exchanged(Box<Session>, Minted),
    Shown(Box<Session>),
    Refused(Refusal, Option<Reason>),
    /// It was a reuse, which ended the session.
    Reused(Box<Session>),
}

/// The parts that decisions need.
pub(super) struct Exchange {
    pub ends: Arc<SessionEnds>,
    pub clock: Arc<dyn Clock>,
    pub access: Arc<AccessTokens>,
    pub liveness: Arc<Liveness>,
    pub metrics: Arc<Metrics>,
    pub issuer: String,
    pub grace: Duration,
}

/// A waiting request, and the channel for its outcome.
struct WaitingRequest {
    request: Arc<RefreshRequest>,
    reply: oneshot::Sender<Result<RefreshOutcome, ServiceError>>,
    /// Since when another transaction has had its session locked.
    held: Option<Instant>,
    /// When it began to wait ([`monotonic`]).
    queued: Duration,
}

/// The sending side of the queue.
pub(super) struct RefreshQueue(mpsc::Sender<WaitingRequest>);

impl RefreshQueue {
    /// Starts the task; it ends when the queue is dropped.
    pub(super) fn start(exchange: Exchange) -> Self {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let exchange = Arc::new(exchange);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            loop {
                if batch.is_empty() {
                    if receiver.recv_many(&mut batch, BATCH).await == 0 {
                        break;
                    }
                } else if let Ok(0) = timeout(HELD_LOOK, receiver.recv_many(&mut batch, BATCH)).await {
                    tokio::time::sleep(HELD_LOOK).await;
                }
                // A task of its own: a panic ends this batch, whose replies are dropped, but not the queue.
                batch = tokio::spawn(exchange.clone().answer(std::mem::take(&mut batch))).await.unwrap_or_default();
            }
        });
        Self(sender)
    }

    /// Presents a token and waits for the outcome.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when too many wait or the store does not answer: the token stays as good as it was.
    pub(super) async fn present(&self, request: RefreshRequest) -> Result<RefreshOutcome, ServiceError> {
        let (reply, answer) = oneshot::channel();
        let waiting = WaitingRequest { request: Arc::new(request), reply, held: None, queued: monotonic() };
        self.0.try_send(waiting).map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        answer.await.map_err(|_| ServiceError::Aborted)?
    }
}

/// The outcome of a request; `None` if another transaction has its session locked.
type Decided = Option<Result<RefreshOutcome, ServiceError>>;

impl Exchange {
    /// Answers the requests. Returns those whose session another transaction has locked, to be tried again.
    async fn answer(self: Arc<Self>, waiting: Vec<WaitingRequest>) -> Vec<WaitingRequest> {
        self.metrics.refresh_batch(waiting.len());
        let first = waiting.iter().filter(|waiting| waiting.held.is_none());
        first.for_each(|waiting| self.metrics.refresh_waited(waiting.queued));
        let requests: Vec<Arc<RefreshRequest>> = waiting.iter().map(|waiting| waiting.request.clone()).collect();
        let decided = match self.decide(requests.clone()).await {
            // One session that breaks a statement must not affect the others.
            Err(StoreError::Corrupt(_)) if requests.len() > 1 => {
                let mut decided = Vec::with_capacity(requests.len());
                for request in requests {
                    decided.extend(self.decide_alone(request).await);
                }
                decided
            }
            result => result.unwrap_or_else(|error| all(&error, requests.len())),
        };
        let mut held = Vec::new();
        for (mut waiting, decided) in waiting.into_iter().zip(decided) {
            let since = *waiting.held.get_or_insert_with(Instant::now);
            match decided {
                None if since.elapsed() < HELD_PATIENCE && held.len() < WAITING => held.push(waiting),
                None => {
                    let error = StoreError::Unavailable("another transaction holds the session".into());
                    drop(waiting.reply.send(Err(error.into())));
                }
                Some(outcome) => {
                    drop(waiting.reply.send(outcome));
                }
            }
        }
        held
    }

    async fn decide_alone(self: &Arc<Self>, request: Arc<RefreshRequest>) -> Vec<Decided> {
        self.decide(vec![request]).await.unwrap_or_else(|error| all(&error, 1))
    }

    /// Decides all requests in one transaction.
    async fn decide(self: &Arc<Self>, requests: Vec<Arc<RefreshRequest>>) -> Result<Vec<Decided>, StoreError> {
        let sids: Vec<SessionId> = requests.iter().map(|request| request.presented.sid.clone()).collect();
        let mut ids = sids.clone();
        ids.sort();
        ids.dedup();
        let (exchange, purposes) = (self.clone(), requests.iter().map(|request| request.purpose).collect::<Vec<_>>());
        let decide = move |sessions| {
            let mut batch = Batch::new(sessions);
            let ring = exchange.access.ring();
            for request in &requests {
                let decide = || batch.decide(&exchange, &ring, request, exchange.clock.now());
                let outcome = request.span.in_scope(decide);
                batch.outcomes.push(outcome);
            }
            (batch.changes(), batch)
        };
        let decided = timeout(PATIENCE, self.ends.decide(ids, decide)).await;
        let (batch, Undecided { held, broken }) =
            decided.unwrap_or_else(|_| Err(StoreError::Unavailable("the store does not answer".into())))?;
        if batch.has_found_loss {
            // The database may have lost ends of sessions too.
            let ends = self.ends.clone();
            tokio::spawn(async move { ends.repeat_lost().await });
        }
        let held: HashSet<SessionId> = held.into_iter().collect();
        let broken: HashMap<SessionId, StoreError> = broken.into_iter().collect();
        let decisions = purposes.iter().zip(batch.decisions);
        let decided = sids.iter().zip(batch.outcomes).zip(decisions).map(|((sid, outcome), (purpose, decision))| {
            match broken.get(sid) {
                _ if held.contains(sid) => None,
                Some(error) => Some(Err(error.again().into())),
                None => {
                    if outcome.is_ok() && is_counted(*purpose, decision) {
                        self.metrics.refreshed(decision.into());
                    }
                    Some(outcome)
                }
            }
        });
        Ok(decided.collect())
    }
}

/// Whether the metrics count it: every exchange, and each reuse, however it was found.
const fn is_counted(purpose: TokenUse, decision: Decision) -> bool {
    matches!(purpose, TokenUse::Exchange { .. }) || matches!(decision, Decision::Reuse(_))
}

/// The same error for each of `count` requests.
fn all(error: &StoreError, count: usize) -> Vec<Decided> {
    (0..count).map(|_| Some(Err(error.again().into()))).collect()
}
