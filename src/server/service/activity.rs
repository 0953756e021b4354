//! The user's own security events.

use super::identity::Caller;
use super::{ServiceError, Services};
use crate::api::data::{ActivityEvent, ActivityPage, OtherSide};
use crate::domain::activity::{Event, Party};
use crate::server::ports::Recorded;

/// How many events a page has.
const PAGE: u32 = 50;

impl Services {
    /// A page of the caller's events, newest first, from `cursor` on.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn activity(&self, caller: &Caller, cursor: Option<i64>) -> Result<ActivityPage, ServiceError> {
        let recorded = self.store.activity(&caller.user_id, cursor, PAGE).await?;
        let full = recorded.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        let next = recorded.last().map(|last| last.cursor).filter(|_| full);
        let tell = |Recorded { kind, at, sid, ip, user_agent, detail, other, .. }| ActivityEvent {
            kind,
            at,
            sid,
            ip,
            user_agent,
            detail,
            other: other.map(|Party { at, ip, user_agent }| OtherSide { at, ip, user_agent }),
        };
        Ok(ActivityPage { events: recorded.into_iter().map(tell).collect(), next })
    }

    /// Records an event without making anybody wait for it: an answer must not take longer because of who it is about.
    pub(super) fn record_aside(&self, event: Event) {
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.record(&event).await {
                tracing::warn!(%error, kind = event.kind.as_str(), user = %event.user_id, "an event could not be recorded");
            }
        });
    }
}
