//! The one way in which sessions end. [`SessionEnds`] alone holds the ports that may end sessions
//! ([`Endings`]), so each end passes here and is announced before it is answered: to [`Liveness`], which refuses the
//! session's tokens from then on, and to the open pages of its user. Whatever else has to hear of ends is told in
//! [`SessionEnds::announce`].

use super::liveness::{EndingGuard, Liveness};
use super::metrics::Metrics;
use super::ports::{
    Answer, Changes, EndSessions, Ended, Endings, PasswordChange, SessionChange, SignInBrowser, StartSession,
    StoreError, Undecided, answering,
};
use super::session_changes::SessionChanges;
use super::system::monotonic;
use crate::domain::activity::Event;
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::{Reason, Session};
use crate::domain::time::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How many sessions one transaction ends when all are ended: a running server waits behind one.
const END_ALL_BATCH: u32 = 500;

/// Ends sessions, and announces each end.
pub(super) struct SessionEnds {
    endings: Arc<dyn Endings>,
    liveness: Arc<Liveness>,
    changes: Arc<SessionChanges>,
    metrics: Arc<Metrics>,
}

/// A commit that may end sessions. While it is held, the store is asked about all sessions of its users. If it is
/// dropped before the outcome is known, the server forgets all live sessions.
struct Pending<'a> {
    ends: &'a SessionEnds,
    _users: Vec<EndingGuard>,
    is_known: bool,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.is_known {
            self.ends.doubt();
        }
    }
}

/// What a decision about sessions came to, inside its transaction.
struct DecidedChanges<T> {
    answer: T,
    ended: Vec<Ended>,
    users: HashSet<UserId>,
    _guards: Vec<EndingGuard>,
}

/// A decision whose commit is under way. If it is dropped before the outcome is known and the decision ends sessions,
/// the server forgets all live sessions.
struct PendingDecision<'a, T> {
    ends: &'a SessionEnds,
    decision: Option<Answer<DecidedChanges<T>>>,
}

impl<T> Drop for PendingDecision<'_, T> {
    fn drop(&mut self) {
        let decision = self.decision.take().and_then(Answer::take);
        if decision.is_some_and(|decision| !decision.ended.is_empty()) {
            self.ends.doubt();
        }
    }
}

impl SessionEnds {
    /// Ends sessions on `endings`; `liveness`, `changes` and `metrics` hear of it.
    pub(super) fn new(
        endings: Arc<dyn Endings>,
        liveness: Arc<Liveness>,
        changes: Arc<SessionChanges>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { endings, liveness, changes, metrics }
    }

    /// Starts a session ([`SessionEndings::start_session_in`](super::ports::SessionEndings::start_session_in)). `former` is
    /// the user of the session that it replaces. `false`: the user is gone or disabled, or has another password by now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn start_session(
        &self,
        start: StartSession<'_>,
        browser: SignInBrowser<'_>,
        former: Option<&UserId>,
    ) -> Result<bool, StoreError> {
        let (user, at) = (start.session.user_id.clone(), start.session.lifetime.created_at);
        let users: Vec<&UserId> = [Some(&user), former].into_iter().flatten().collect();
        let replaces = start.replaces.cloned();
        let commit = self.endings.start_session_in(start, browser);
        let reason = |id: &SessionId| if replaces.as_ref() == Some(id) { Reason::Replaced } else { Reason::TooMany };
        Ok(self.carry_out(&users, reason, at, commit, Option::as_deref).await?.is_some())
    }

    /// Ends sessions of one user; returns those that it ended. `event` is the pattern of the event that each writes.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn end(&self, end: &EndSessions, event: &Event) -> Result<Vec<SessionId>, StoreError> {
        let commit = self.endings.end_sessions(end, event);
        self.carry_out(&[&end.user_id], |_| end.reason, end.at, commit, |ended| Some(ended)).await
    }

    /// Changes a password and ends the other sessions, which are returned; `None` if the password is another one by
    /// now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn change_password(
        &self,
        change: PasswordChange<'_>,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let (user, at) = (change.user_id.clone(), change.at);
        let commit = self.endings.change_password(change);
        self.carry_out(&[&user], |_| Reason::PasswordChanged, at, commit, Option::as_deref).await
    }

    /// Disables a user and ends all their sessions, or enables the user. Returns the ended sessions, or `None` if there
    /// is no such user.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn set_disabled(
        &self,
        user: &UserId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let commit = self.endings.set_disabled(user, disabled.then_some(now), now);
        self.carry_out(&[user], |_| Reason::Operator, now, commit, Option::as_deref).await
    }

    /// Deletes a user with everything that is theirs; returns the ended sessions, or `None` if there is no such user.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn delete_user(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let commit = self.endings.delete_user(user);
        self.carry_out(&[user], |_| Reason::Operator, now, commit, Option::as_deref).await
    }

    /// Ends the sessions of all users that have started by `at`, page by page; returns how many it ended.
    ///
    /// # Errors
    /// When the store does not answer; some are ended then, and a second call ends the rest.
    pub(super) async fn end_all(&self, at: Timestamp) -> Result<usize, StoreError> {
        // The users are not known before the commit, so each page makes the server forget all live sessions.
        let (mut after, mut count) = (None, 0);
        loop {
            let ordered = monotonic();
            let pending = Pending { ends: self, _users: Vec::new(), is_known: false };
            let page = self.endings.end_all_sessions(after.as_ref(), at, END_ALL_BATCH).await?;
            let ended = page.ended.iter().map(|id| Ended { id: id.clone(), at, reason: Reason::Operator });
            self.announce([], &ended.collect::<Vec<_>>(), ordered);
            self.changes.announce_to_all();
            drop(pending);
            count += page.ended.len();
            if page.next.is_none() {
                return Ok(count);
            }
            after = page.next;
        }
    }

    /// Loads and locks the sessions `ids`, lets `decide` say what changes and what its answer is, and commits
    /// ([`Refreshes::decide`](super::ports::Refreshes::decide)).
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn decide<T: Send + 'static>(
        &self,
        ids: Vec<SessionId>,
        decide: impl FnOnce(Vec<Session>) -> (Changes, T) + Send + 'static,
    ) -> Result<(T, Undecided), StoreError> {
        let (liveness, ordered) = (self.liveness.clone(), monotonic());
        let (decide, decision) = answering(move |sessions| {
            let (changes, answer) = decide(sessions);
            let (ended, users) = ended_by(&changes);
            let guards = users.iter().map(|user| liveness.ending(user)).collect();
            (changes, DecidedChanges { answer, ended, users, _guards: guards })
        });
        let mut pending = PendingDecision { ends: self, decision: Some(decision) };
        let undecided = self.endings.decide(ids, decide).await?;
        let DecidedChanges { answer, ended, users, _guards } = pending
            .decision
            .take()
            .and_then(Answer::take)
            .ok_or_else(|| StoreError::Corrupt("a decision was not carried out".into()))?;
        self.announce(&users, &ended, ordered);
        Ok((answer, undecided))
    }

    /// Ends once more the sessions whose ends are remembered here, if the store may have lost them.
    ///
    /// # Errors
    /// When the store does not answer; the next call catches up.
    pub(super) async fn repeat_lost(&self) -> Result<(), StoreError> {
        let Some((incarnation, ended)) = self.liveness.ends_to_repeat() else { return Ok(()) };
        if !ended.is_empty() {
            let count = self.endings.end_again(&ended).await?;
            if count > 0 {
                tracing::warn!(count, "the database has lost that sessions were ended; they are ended again");
            }
        }
        self.liveness.repeated(incarnation);
        Ok(())
    }

    /// Carries out a commit that may end sessions of `users`, and announces those that `ended` finds in its result.
    async fn carry_out<T>(
        &self,
        users: &[&UserId],
        reason: impl Fn(&SessionId) -> Reason,
        at: Timestamp,
        commit: impl Future<Output = Result<T, StoreError>>,
        ended: impl FnOnce(&T) -> Option<&[SessionId]>,
    ) -> Result<T, StoreError> {
        let ordered = monotonic();
        let guards = users.iter().map(|user| self.liveness.ending(user)).collect();
        let mut pending = Pending { ends: self, _users: guards, is_known: false };
        let result = commit.await?;
        let ids = ended(&result).unwrap_or_default();
        let ended: Vec<Ended> = ids.iter().map(|id| Ended { id: id.clone(), at, reason: reason(id) }).collect();
        self.announce(users.iter().copied(), &ended, ordered);
        pending.is_known = true;
        Ok(result)
    }

    /// It is unknown whether a commit that ends sessions happened: what was read before no longer counts.
    fn doubt(&self) {
        self.liveness.invalidate_all();
        self.changes.forget_kept();
    }

    /// Announces the changes of a commit to the sessions of `users`, ordered at `ordered` ([`monotonic`]). Each end
    /// comes by here.
    fn announce<'a>(&self, users: impl IntoIterator<Item = &'a UserId>, ended: &[Ended], ordered: Duration) {
        self.liveness.ended(ended);
        if !ended.is_empty() {
            self.metrics.sessions_refused(ordered);
            ended.iter().for_each(|ended| self.metrics.session_ended(ended.reason));
        }
        for user in users {
            self.changes.announce(user);
        }
    }
}

/// The ends among the changes of a decision, and whose sessions they were.
fn ended_by(changes: &Changes) -> (Vec<Ended>, HashSet<UserId>) {
    let ends = changes.changes.iter().filter_map(|change| match change {
        SessionChange::Ended { id, user_id, reason, at } => {
            Some((Ended { id: id.clone(), at: *at, reason: *reason }, user_id.clone()))
        }
        SessionChange::Rotated(_) => None,
    });
    ends.unzip()
}
