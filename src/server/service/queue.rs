//! Where refresh tokens are exchanged. One task gathers what waits into one transaction, in which each is decided by
//! itself and answered only after the commit: SQLite has one writer, and a commit is what costs.

use super::identity::Way;
use super::{ServiceError, Source, event};
use crate::domain::activity::{Event, Kind, Party};
use crate::domain::id::{SessionId, UserId};
use crate::domain::redeem::{Decision, Refusal, redeem};
use crate::domain::refresh_token::{Claims, Presented};
use crate::domain::session::{Label, Reason, Revocation, Session};
use crate::domain::time::Timestamp;
use crate::server::liveness::{Ending, Liveness};
use crate::server::news::News;
use crate::server::ports::{Clock, Rotated, SessionChange, Store, StoreError, Verdict};
use crate::server::token::access::AccessTokens;
use crate::server::token::refresh::{self, Minted};
use crate::server::token::ring::KeyRing;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

/// The most that share one commit.
const BATCH: usize = 256;
/// How many may wait; more are told to come again.
const WAITING: usize = 4096;
/// How long the store may take for one batch: longer than its own patience. A network that falls silent has none, and
/// all others wait behind it.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a presented token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be exchanged for its successor; whether by one of several that share it ([`Presented::shared`]).
    Exchange { shared: bool },
    /// To show who one is, and nothing else: nothing moves, but a reuse is one here too.
    Show,
}

/// One presented token.
#[derive(Clone, Debug)]
pub struct Request {
    pub claims: Claims,
    pub presented: Presented,
    pub way: Way,
    pub purpose: Purpose,
    pub source: Source,
    /// In which the log tells what is found out about it.
    pub span: Span,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The session as it is now, and its current token.
    Exchanged(Box<Session>, Minted),
    Shown(Box<Session>),
    Refused(Refusal, Option<Reason>),
    /// It ended the session.
    Reused(Box<Session>),
}

/// What the exchange needs.
pub struct Exchange {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub access: Arc<AccessTokens>,
    pub liveness: Arc<Liveness>,
    pub news: Arc<News>,
    pub issuer: String,
    pub grace: Duration,
}

type Reply = oneshot::Sender<Result<Outcome, ServiceError>>;

/// The way to the task.
pub struct Queue(mpsc::Sender<(Request, Reply)>);

impl Queue {
    /// Starts the task; it ends when the queue is dropped.
    pub fn start(exchange: Exchange) -> Self {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let exchange = Arc::new(exchange);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while receiver.recv_many(&mut batch, BATCH).await > 0 {
                let (requests, replies): (Vec<Request>, Vec<Reply>) = batch.drain(..).unzip();
                // In a task of its own: a panic ends this batch, whose replies are dropped, and not the queue.
                let _ = tokio::spawn(exchange.clone().answer(requests, replies)).await;
            }
        });
        Self(sender)
    }

    /// Presents a token and waits for what becomes of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when too many wait or the store does not answer: the token stays as good as it was.
    pub async fn present(&self, request: Request) -> Result<Outcome, ServiceError> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send((request, reply)).map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        answer.await.map_err(|_| ServiceError::Aborted)?
    }
}

impl Exchange {
    async fn answer(self: Arc<Self>, requests: Vec<Request>, replies: Vec<Reply>) {
        match self.clone().decide(requests.clone()).await {
            Ok(outcomes) => {
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    drop(reply.send(outcome));
                }
            }
            // One session that breaks the rules must not keep the others from their answers.
            Err(StoreError::Corrupt(_)) if requests.len() > 1 => {
                for (request, reply) in requests.into_iter().zip(replies) {
                    let result = self.clone().decide(vec![request]).await;
                    let outcome = result.map(Vec::into_iter).map(|mut outcomes| outcomes.next());
                    drop(reply.send(outcome.map_err(Into::into).and_then(|o| o.unwrap_or(Err(ServiceError::Aborted)))));
                }
            }
            Err(error) => {
                let text = error.to_string();
                for reply in replies {
                    drop(reply.send(Err(StoreError::Unavailable(text.clone().into()).into())));
                }
            }
        }
    }

    /// Decides all requests in one transaction.
    async fn decide(self: Arc<Self>, requests: Vec<Request>) -> Result<Vec<Result<Outcome, ServiceError>>, StoreError> {
        let mut ids: Vec<SessionId> = requests.iter().map(|request| request.presented.sid.clone()).collect();
        ids.sort();
        ids.dedup();
        let decided: Arc<Mutex<Option<Batch>>> = Arc::default();
        let (slot, exchange) = (decided.clone(), self.clone());
        let judged = tokio::time::timeout(
            PATIENCE,
            self.store.judge(
                ids,
                Box::new(move |sessions| {
                    let mut batch = Batch::new(sessions);
                    let ring = exchange.access.ring();
                    for request in &requests {
                        let judge = || batch.judge(&exchange, &ring, request, exchange.clock.now());
                        let outcome = request.span.in_scope(judge);
                        batch.outcomes.push(outcome);
                    }
                    let users: HashSet<&UserId> = batch.ended().map(|(session, _)| &session.user_id).collect();
                    batch.ending = users.into_iter().map(|user| exchange.liveness.ending(user)).collect();
                    let verdict = batch.verdict();
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(batch);
                    verdict
                }),
            ),
        )
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("the store does not answer".into())));
        let batch = decided.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Err(error) = judged {
            // Unknown whether a reuse was committed: the store must be asked.
            self.liveness.doubt();
            return Err(error);
        }
        let batch = batch.ok_or_else(|| StoreError::Corrupt("a judgement was not carried out".into()))?;
        for (session, at) in batch.ended() {
            self.liveness.ended([&session.id], at);
            self.news.of(&session.user_id);
        }
        Ok(batch.outcomes)
    }
}

/// The sessions of one transaction, as they become while its requests are decided one after the other.
struct Batch {
    sessions: HashMap<SessionId, Judged>,
    events: Vec<Event>,
    outcomes: Vec<Result<Outcome, ServiceError>>,
    /// Held until what ended is remembered.
    ending: Vec<Ending>,
}

struct Judged {
    session: Session,
    /// The last rotation, if there was one; by whom.
    rotated: Option<Source>,
    ended: bool,
}

impl Batch {
    fn new(sessions: Vec<Session>) -> Self {
        let judged = |session: Session| (session.id.clone(), Judged { session, rotated: None, ended: false });
        let sessions = sessions.into_iter().map(judged).collect();
        Self { sessions, events: Vec::new(), outcomes: Vec::new(), ending: Vec::new() }
    }

    fn judge(
        &mut self,
        exchange: &Exchange,
        ring: &KeyRing,
        request: &Request,
        decided_at: Timestamp,
    ) -> Result<Outcome, ServiceError> {
        let Request { claims, presented, way, purpose, source } = request;
        let presented = &Presented { decided_at, ..presented.clone() };
        let Some(judged) = self.sessions.get_mut(&presented.sid) else {
            return Ok(Outcome::Refused(Refusal::NotOurs, None));
        };
        let session = &mut judged.session;
        if Way::of(&session.client_id) != *way || !refresh::belongs(claims, session, ring) {
            return Ok(Outcome::Refused(Refusal::NotOurs, None));
        }
        let seen = exchange.liveness.seen(&session.id).and_then(|seen| seen.generation);
        let confirmed = session.rotation.confirmed_at.is_some() || seen == Some(session.rotation.generation);
        let mut decision = redeem(session, presented, exchange.grace, confirmed);
        // The successor can be computed again as long as its key and our form of tokens are the same. Around a change of
        // either it cannot: its answer counts as lost, unless somebody has it.
        if decision == Decision::Repeat
            && refresh::mint(session, ring, &exchange.issuer).map(|minted| minted.digest()).as_ref()
                != Ok(&session.rotation.digest)
        {
            decision = if confirmed { Decision::Refuse(Refusal::Overtaken) } else { Decision::Fork };
        }
        match (decision, purpose) {
            (Decision::Refuse(refusal), _) => {
                Ok(Outcome::Refused(refusal, session.revoked.as_ref().map(|revoked| revoked.reason)))
            }
            (Decision::Reuse(reuse), _) => {
                session.revoked = Some(Revocation { at: presented.at, reason: Reason::Reused });
                judged.ended = true;
                let event = event(&session.user_id, Kind::Reused, source, presented.at);
                self.events.push(Event {
                    sid: Some(session.id.clone()),
                    detail: Some(reuse.as_str()),
                    other: Some(last_to_exchange(session)),
                    ..event
                });
                Ok(Outcome::Reused(Box::new(session.clone())))
            }
            (decision, Purpose::Show) => {
                if decision == Decision::Rotate {
                    exchange.liveness.saw(&session.id, Some(presented.generation), presented.at);
                }
                Ok(Outcome::Shown(Box::new(session.clone())))
            }
            (Decision::Repeat, Purpose::Exchange { .. }) => {
                let minted = refresh::mint(session, ring, &exchange.issuer)?;
                Ok(Outcome::Exchanged(Box::new(session.clone()), minted))
            }
            (decision @ (Decision::Rotate | Decision::Fork), Purpose::Exchange { .. }) => {
                let minted = rotate(session, presented, source, ring, exchange)?;
                judged.rotated = Some(source.clone());
                if decision == Decision::Fork {
                    let event = event(&session.user_id, Kind::Forked, source, presented.at);
                    self.events.push(Event { sid: Some(session.id.clone()), ..event });
                }
                Ok(Outcome::Exchanged(Box::new(session.clone()), minted))
            }
        }
    }

    /// What is to be written: of each session only what it became.
    fn verdict(&mut self) -> Verdict {
        let changes = self.sessions.values().filter_map(|Judged { session, rotated, ended }| {
            if *ended {
                let at = session.revoked.as_ref().map_or(session.last_seen_at, |revoked| revoked.at);
                return Some(SessionChange::Ended { id: session.id.clone(), reason: Reason::Reused, at });
            }
            let source = rotated.as_ref()?;
            Some(SessionChange::Rotated(Rotated {
                id: session.id.clone(),
                generation: session.rotation.generation,
                digest: session.rotation.digest.clone(),
                parent: session.rotation.parent.clone()?,
                overtaken: session.rotation.overtaken.clone(),
                rotated_at: session.rotation.rotated_at,
                key_id: session.rotation.key_id.clone(),
                idle_expires_at: session.lifetime.idle_expires_at,
                user_agent: source.user_agent.clone(),
                device: session.label.device.clone(),
                ip: source.ip.clone(),
            }))
        });
        Verdict { changes: changes.collect(), events: std::mem::take(&mut self.events) }
    }

    fn ended(&self) -> impl Iterator<Item = (&Session, Timestamp)> {
        let ended = self.sessions.values().filter(|judged| judged.ended);
        ended.filter_map(|judged| judged.session.revoked.as_ref().map(|revoked| (&judged.session, revoked.at)))
    }
}

/// Who got the current token: the other side of a reuse.
fn last_to_exchange(session: &Session) -> Party {
    let Label { ip, user_agent, .. } = session.label.clone();
    Party { at: session.rotation.rotated_at, ip, user_agent }
}

/// Puts a new token in the current one's place, with the presented one as its parent.
fn rotate(
    session: &mut Session,
    presented: &Presented,
    source: &Source,
    ring: &KeyRing,
    exchange: &Exchange,
) -> Result<Minted, ServiceError> {
    let key = ring.newest_refresh(presented.decided_at)?.id.clone();
    let mut next = session.succeeded(presented, key, exchange.grace);
    next.label.device = session.label.device.seen_again(&source.device);
    next.label.user_agent.clone_from(&source.user_agent);
    next.label.ip.clone_from(&source.ip);
    let minted = refresh::mint(&next, ring, &exchange.issuer)?;
    next.rotation.digest = minted.digest();
    *session = next;
    Ok(minted)
}
