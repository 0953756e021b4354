//! Decides the refresh tokens that share one transaction, one after the other, by the rule ([`redeem`]). Each decision
//! sees the sessions as the ones before have left them.

use super::queue::{Exchange, RefreshOutcome, RefreshRequest, TokenUse};
use super::{ServiceError, Source, event};
use crate::domain::activity::{Event, Kind, Party};
use crate::domain::id::SessionId;
use crate::domain::redeem::{Decision, Refusal, redeem};
use crate::domain::refresh_token::Presented;
use crate::domain::session::{Label, Reason, Revocation, Session};
use crate::domain::time::Timestamp;
use crate::server::ports::{Changes, SessionChange};
use crate::server::token::refresh::{self, Minted};
use crate::server::token::ring::KeyRing;
use std::collections::HashMap;

/// The sessions of one transaction, while its requests are decided one after the other.
pub(super) struct Batch {
    sessions: HashMap<SessionId, DecidedSession>,
    events: Vec<Event>,
    pub(super) outcomes: Vec<Result<RefreshOutcome, ServiceError>>,
    /// What the rule said of each request, for the metrics.
    pub(super) decisions: Vec<Decision>,
    /// Whether a session shows that the database has lost data.
    pub(super) has_found_loss: bool,
}

struct DecidedSession {
    session: Session,
    rotated: bool,
    ended: bool,
}

impl Batch {
    pub(super) fn new(sessions: Vec<Session>) -> Self {
        let decided = |session: Session| (session.id.clone(), DecidedSession { session, rotated: false, ended: false });
        let sessions = sessions.into_iter().map(decided).collect();
        Self { sessions, events: Vec::new(), outcomes: Vec::new(), decisions: Vec::new(), has_found_loss: false }
    }

    pub(super) fn decide(
        &mut self,
        exchange: &Exchange,
        ring: &KeyRing,
        request: &RefreshRequest,
        decided_at: Timestamp,
    ) -> Result<RefreshOutcome, ServiceError> {
        let RefreshRequest { claims, presented, transport, purpose, source, span: _ } = request;
        let Some(decided) = self.sessions.get_mut(&presented.sid) else {
            return Ok(self.not_ours());
        };
        let session = &mut decided.session;
        if session.token_transport() != *transport || !refresh::belongs(claims, session, ring) {
            return Ok(self.not_ours());
        }
        let may_be_later = refresh::may_be_later(claims, session, ring);
        let presented = &Presented { decided_at, may_be_later, ..presented.clone() };
        if let (None, Some(end)) = (&session.revoked, exchange.liveness.end_of(&session.id)) {
            // The database has lost this end; the server's memory prevails.
            session.revoked = Some(end);
            (decided.ended, self.has_found_loss) = (true, true);
        }
        let seen = exchange.liveness.seen(&session.id).and_then(|seen| seen.generation);
        let confirmed = session.rotation.confirmed_at.is_some() || seen == Some(session.rotation.generation);
        let can_repeat = || {
            let minted = refresh::mint(session.token_input(), ring, &exchange.issuer);
            minted.is_ok_and(|minted| minted.digest() == session.rotation.digest)
        };
        let decision = redeem(session, presented, exchange.grace, confirmed, can_repeat);
        self.decisions.push(decision);
        match (decision, purpose) {
            (Decision::Refuse(refusal), _) => {
                Ok(RefreshOutcome::Refused(refusal, session.revoked.as_ref().map(|revoked| revoked.reason)))
            }
            (Decision::Reuse(reuse), _) => {
                session.revoked = Some(Revocation { at: presented.at, reason: Reason::Reused });
                decided.ended = true;
                let event = event(&session.user_id, Kind::Reused, source, presented.at);
                self.events.push(Event {
                    sid: Some(session.id.clone()),
                    detail: Some(reuse.as_str()),
                    other: Some(last_to_exchange(session)),
                    ..event
                });
                Ok(RefreshOutcome::Reused(Box::new(session.clone())))
            }
            (decision, TokenUse::Show) => {
                if decision == Decision::Rotate {
                    exchange.liveness.touch(&session.id, Some(presented.generation), presented.at);
                }
                Ok(RefreshOutcome::Shown(Box::new(session.clone())))
            }
            (Decision::Repeat, TokenUse::Exchange { .. }) => {
                let minted = refresh::mint(session.token_input(), ring, &exchange.issuer)?;
                Ok(RefreshOutcome::Exchanged(Box::new(session.clone()), minted))
            }
            (decision @ (Decision::Rotate | Decision::Fork | Decision::Recover), TokenUse::Exchange { .. }) => {
                let lost = presented.generation.saturating_sub(session.rotation.generation);
                let minted = rotate(session, presented, source, ring, exchange)?;
                decided.rotated = true;
                if decision == Decision::Fork {
                    let event = event(&session.user_id, Kind::Forked, source, presented.at);
                    self.events.push(Event { sid: Some(session.id.clone()), ..event });
                }
                if decision == Decision::Recover {
                    self.has_found_loss = true;
                    let (user, sid) = (&session.user_id, &session.id);
                    tracing::warn!(%user, %sid, lost, "the database has lost renewals of a session, which goes on all the same");
                }
                Ok(RefreshOutcome::Exchanged(Box::new(session.clone()), minted))
            }
        }
    }

    fn not_ours(&mut self) -> RefreshOutcome {
        self.decisions.push(Decision::Refuse(Refusal::NotOurs));
        RefreshOutcome::Refused(Refusal::NotOurs, None)
    }

    /// The changes to write: for each session only its final state.
    pub(super) fn changes(&mut self) -> Changes {
        let changes = self.sessions.values().filter_map(|DecidedSession { session, rotated, ended }| {
            if *ended {
                let Revocation { at, reason } = session.revoked.clone()?;
                return Some(SessionChange::Ended {
                    id: session.id.clone(),
                    user_id: session.user_id.clone(),
                    reason,
                    at,
                });
            }
            rotated.then(|| SessionChange::Rotated(Box::new(session.clone())))
        });
        Changes { changes: changes.collect(), events: std::mem::take(&mut self.events) }
    }
}

/// Who received the current token: the other party of a reuse.
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
    let next = session.succeeded(presented, key, exchange.grace);
    let minted = refresh::mint(next.token_input(), ring, &exchange.issuer)?;
    let mut next = next.minted(minted.digest());
    let device = session.label.device.seen_again(&source.device);
    next.label = Label { name: next.label.name, device, ..source.label() };
    *session = next;
    Ok(minted)
}
