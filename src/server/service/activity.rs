//! The user's own security events.

use super::identity::Caller;
use super::limits::SessionAction;
use super::{ServiceError, Services};
use crate::api::data::{
    Account, ActivityEvent, ActivityPage, DeviceName, ExportedBrowser, ExportedLink, ExportedSession, NewName,
    OtherSide,
};
use crate::domain::activity::{Event, Filter, Names, Party};
use crate::domain::device::device_name;
use crate::domain::id::{SessionId, UserId};
use crate::domain::one_time_link::Purpose;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::{EventPage, KeptLink, KnownBrowser, Recorded};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Events per page.
pub(super) const PAGE: u32 = 50;
/// Events, and sessions, that an export reads at a time.
const EXPORTED_EVENTS: u32 = 500;
const EXPORTED_SESSIONS: u32 = 100;

impl Services {
    /// A page of the caller's events, newest first, from `cursor` on.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn activity(
        &self,
        caller: &Caller,
        filter: Filter,
        cursor: Option<i64>,
    ) -> Result<ActivityPage, ServiceError> {
        let page = EventPage { kinds: filter.kinds(), before: cursor, limit: PAGE };
        let mut page = self.activity_of(&caller.user_id, page).await?;
        self.name_sessions(&caller.user_id, &mut page.events).await?;
        Ok(page)
    }

    /// Adds to events about a session the name that its device has now.
    pub(super) async fn name_sessions(&self, user: &UserId, events: &mut [ActivityEvent]) -> Result<(), ServiceError> {
        let mut done_to: Vec<_> = events.iter_mut().filter(|event| event.kind.is_done_to_a_session()).collect();
        if done_to.is_empty() {
            return Ok(());
        }
        let sids: Vec<_> = done_to.iter().filter_map(|event| event.sid.clone()).collect();
        let sessions = self.store.these_sessions(user, &sids).await?;
        for event in &mut done_to {
            let session = sessions.iter().find(|session| event.sid.as_ref() == Some(&session.id));
            event.device = session.map(|Session { label, .. }| DeviceName {
                name: label.name.clone(),
                browser: label.device.browser.clone(),
                os: label.device.os.clone(),
            });
        }
        Ok(())
    }

    async fn activity_of(&self, user: &UserId, page: EventPage) -> Result<ActivityPage, ServiceError> {
        let recorded = self.store.activity(user, page).await?;
        let full = recorded.len() == usize::try_from(page.limit).unwrap_or(usize::MAX);
        let next = recorded.last().map(|last| last.cursor).filter(|_| full);
        Ok(ActivityPage { events: recorded.into_iter().map(activity_event).collect(), next })
    }

    /// Starts an export of everything that is stored about the caller: the account first, then pages of
    /// [sessions](Self::exported_sessions) and [events](Self::exported_events). Only one page is in memory at a time.
    ///
    /// # Errors
    /// `RateLimited`, or when the store does not answer.
    pub async fn begin_export(&self, caller: &Caller) -> Result<Account, ServiceError> {
        self.per_session.count(SessionAction::Export, &caller.sid, &self.settings.limits, self.now())?;
        self.account(caller).await
    }

    /// A page of the caller's sessions, newest first, and where the next page starts.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn exported_sessions(
        &self,
        caller: &Caller,
        after: Option<(Timestamp, SessionId)>,
    ) -> Result<(Vec<ExportedSession>, Option<(Timestamp, SessionId)>), ServiceError> {
        let sessions = self.store.sessions_of(&caller.user_id, after, EXPORTED_SESSIONS).await?;
        let last = sessions.last().map(|last| (last.lifetime.created_at, last.id.clone()));
        Ok((sessions.into_iter().map(|session| self.tell_all(session, caller)).collect(), last))
    }

    /// A page of the caller's events, newest first, and where the next page starts.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn exported_events(&self, caller: &Caller, before: Option<i64>) -> Result<ActivityPage, ServiceError> {
        self.activity_of(&caller.user_id, EventPage { kinds: None, before, limit: EXPORTED_EVENTS }).await
    }

    /// The browsers known to the caller's account, the most recently used first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn exported_browsers(&self, caller: &Caller) -> Result<Vec<ExportedBrowser>, ServiceError> {
        let told =
            |KnownBrowser { created_at, last_used_at }| ExportedBrowser { known_since: created_at, last_used_at };
        Ok(self.store.known_browsers(&caller.user_id).await?.into_iter().map(told).collect())
    }

    /// The links to choose a new password that an operator made for the caller, for the export.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn exported_links(&self, caller: &Caller) -> Result<Vec<ExportedLink>, ServiceError> {
        let told = |KeptLink { purpose, created_at, expires_at }| {
            let purpose = Purpose::as_str(purpose);
            ExportedLink { purpose, created_at, expires_at }
        };
        Ok(self.store.links_of(&caller.user_id).await?.into_iter().map(told).collect())
    }

    fn tell_all(&self, session: Session, caller: &Caller) -> ExportedSession {
        // The exact end would tell a thief something only while it still moves.
        let over = (!session.is_alive(self.now())).then(|| session.lifetime.end());
        let mut exported = ExportedSession {
            client_id: session.client_id.clone(),
            user_agent: session.label.user_agent.clone(),
            remember: session.lifetime.remember,
            authenticated_at: session.authenticated_at,
            second_factor_at: session.second_factor_at,
            ended_at: session.revoked.as_ref().map(|revoked| revoked.at),
            ended_because: session.revoked.as_ref().map(|revoked| revoked.reason.as_str().to_owned()),
            info: self.describe(session.into(), &caller.sid),
        };
        exported.info.expires_at = over.unwrap_or(exported.info.expires_at);
        exported
    }

    /// Records an event in the background: the time of an answer must not depend on whether the account exists.
    pub(super) fn record_aside(&self, event: Event) {
        let store = self.store.clone();
        self.background_writes.add(async move {
            if let Err(error) = store.record(&event).await {
                tracing::warn!(%error, kind = event.kind.as_str(), user = %event.user_id, "an event could not be recorded");
            }
        });
    }
}

/// An event as the API shows it.
pub(crate) fn activity_event(recorded: Recorded) -> ActivityEvent {
    let Recorded { kind, at, sid, ip, user_agent, browser, os, detail, other, by, names, .. } = recorded;
    let other = other.map(|Party { at, ip, user_agent }| OtherSide { at, ip, user_agent });
    // Earlier versions stored names that show nothing.
    let names =
        names.map(|Names { before, after }| NewName { before: before.and_then(|name| device_name(&name)), after });
    ActivityEvent { kind, at, sid, ip, user_agent, browser, os, detail, device: None, by, names, other }
}

/// How many background writes may wait. Further ones are dropped, and the log says so.
const ASIDES: u32 = 4_096;

/// Background writes, one at a time, so that at most one is ahead of a write that somebody waits for.
pub(super) struct BackgroundWrites {
    turn: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for BackgroundWrites {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), places: Arc::new(Semaphore::new(ASIDES as usize)) }
    }
}

impl BackgroundWrites {
    /// Waits for the writes that were added before.
    pub(super) async fn done(&self) {
        let _ = self.places.acquire_many(ASIDES).await;
    }

    /// Runs a write when it is its turn.
    pub(super) fn add(&self, write: impl Future<Output = ()> + Send + 'static) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("too many events wait to be recorded; one was lost");
            return;
        };
        let turn = self.turn.clone();
        tokio::spawn(async move {
            let _turn = turn.acquire().await;
            write.await;
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn whoever_waits_for_background_writes_finds_them_done() {
        let writes = BackgroundWrites::default();
        let written = Arc::new(AtomicU32::new(0));
        let (allow, allowed) = oneshot::channel::<()>();
        let count = written.clone();
        writes.add(async move {
            let _ = allowed.await;
            count.fetch_add(1, Ordering::SeqCst);
        });
        let count = written.clone();
        writes.add(async move {
            count.fetch_add(1, Ordering::SeqCst);
        });
        tokio::select! {
            biased;
            () = writes.done() => panic!("one of them is not done"),
            () = std::future::ready(()) => {}
        }
        allow.send(()).unwrap();
        writes.done().await;
        assert_eq!(written.load(Ordering::SeqCst), 2);
    }
}
