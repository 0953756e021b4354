//! Where refresh tokens are exchanged. One task gathers what waits into one transaction, in which each is decided by
//! itself ([`super::refresh_batch`]) and answered only after the commit: SQLite has one writer, and a commit is what costs.

use super::identity::TokenTransport;
use super::refresh_batch::Batch;
use super::{ServiceError, Source};
use crate::domain::id::SessionId;
use crate::domain::redeem::Refusal;
use crate::domain::refresh_token::{Presented, RefreshClaims};
use crate::domain::session::{Reason, Session};
use crate::server::liveness::Liveness;
use crate::server::ports::{Clock, StoreError, Undecided};
use crate::server::session_ends::SessionEnds;
use crate::server::token::access::AccessTokens;
use crate::server::token::refresh::Minted;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tracing::Span;

/// The most that share one commit.
const BATCH: usize = 256;
/// How many may wait; more are told to come again.
const WAITING: usize = 4096;
/// How long the store may take for one batch: longer than its own patience. A network that falls silent has none, and
/// all others wait behind it.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a request waits for a session that another transaction holds locked, and how often it looks while there is
/// nothing else to do.
const HELD_PATIENCE: Duration = Duration::from_secs(2);
const HELD_LOOK: Duration = Duration::from_millis(20);

/// What a presented token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenUse {
    /// To be exchanged for its successor; whether by one of several that share it ([`Presented::shared`]).
    Exchange { shared: bool },
    /// To show who one is, and nothing else: nothing moves, but a reuse is one here too.
    Show,
}

/// One presented token.
#[derive(Clone, Debug)]
pub(super) struct RefreshRequest {
    pub claims: RefreshClaims,
    pub presented: Presented,
    pub way: TokenTransport,
    pub purpose: TokenUse,
    pub source: Source,
    /// In which the log tells what is found out about it.
    pub span: Span,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(super) enum RefreshOutcome {
    /// The session as it is now, and its current token.
    Exchanged(Box<Session>, Minted),
    Shown(Box<Session>),
    Refused(Refusal, Option<Reason>),
    /// It ended the session.
    Reused(Box<Session>),
}

/// What the exchange needs.
pub(super) struct Exchange {
    pub ends: Arc<SessionEnds>,
    pub clock: Arc<dyn Clock>,
    pub access: Arc<AccessTokens>,
    pub liveness: Arc<Liveness>,
    pub issuer: String,
    pub grace: Duration,
}

/// A request, and to whom its outcome goes.
struct WaitingRequest {
    request: RefreshRequest,
    reply: oneshot::Sender<Result<RefreshOutcome, ServiceError>>,
    /// Since when its session has been held by another transaction.
    held: Option<Instant>,
}

/// The way to the task.
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
                // In a task of its own: a panic ends this batch, whose replies are dropped, and not the queue.
                batch = tokio::spawn(exchange.clone().answer(std::mem::take(&mut batch))).await.unwrap_or_default();
            }
        });
        Self(sender)
    }

    /// Presents a token and waits for what becomes of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when too many wait or the store does not answer: the token stays as good as it was.
    pub(super) async fn present(&self, request: RefreshRequest) -> Result<RefreshOutcome, ServiceError> {
        let (reply, answer) = oneshot::channel();
        let waiting = WaitingRequest { request, reply, held: None };
        self.0.try_send(waiting).map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        answer.await.map_err(|_| ServiceError::Aborted)?
    }
}

/// What became of a request: nothing yet, if its session is held by another transaction.
type Decided = Option<Result<RefreshOutcome, ServiceError>>;

impl Exchange {
    /// Answers all that can be; returns those whose session is held by another transaction, to be tried again.
    async fn answer(self: Arc<Self>, waiting: Vec<WaitingRequest>) -> Vec<WaitingRequest> {
        let requests: Vec<RefreshRequest> = waiting.iter().map(|waiting| waiting.request.clone()).collect();
        let decided = match self.decide(requests.clone()).await {
            // A statement that one session breaks must not keep the others from their answers.
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

    async fn decide_alone(self: &Arc<Self>, request: RefreshRequest) -> Vec<Decided> {
        self.decide(vec![request]).await.unwrap_or_else(|error| all(&error, 1))
    }

    /// Decides all requests in one transaction.
    async fn decide(self: &Arc<Self>, requests: Vec<RefreshRequest>) -> Result<Vec<Decided>, StoreError> {
        let sids: Vec<SessionId> = requests.iter().map(|request| request.presented.sid.clone()).collect();
        let mut ids = sids.clone();
        ids.sort();
        ids.dedup();
        let exchange = self.clone();
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
            // Ends may have been lost too.
            let ends = self.ends.clone();
            tokio::spawn(async move { ends.repeat_lost().await });
        }
        let held: HashSet<SessionId> = held.into_iter().collect();
        let broken: HashMap<SessionId, StoreError> = broken.into_iter().collect();
        let decided = sids.iter().zip(batch.outcomes).map(|(sid, outcome)| match broken.get(sid) {
            _ if held.contains(sid) => None,
            Some(error) => Some(Err(error.again().into())),
            None => Some(outcome),
        });
        Ok(decided.collect())
    }
}

/// The same error for each of `count` requests.
fn all(error: &StoreError, count: usize) -> Vec<Decided> {
    (0..count).map(|_| Some(Err(error.again().into()))).collect()
}
