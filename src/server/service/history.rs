//! The user's security events as the activity page lists them, with wrong passwords grouped.

use super::activity::{PAGE, activity_event};
use super::identity::Caller;
use super::{ServiceError, Services};
use crate::api::data::ActivityEvent;
use crate::domain::activity::Filter;
use crate::domain::history::{Facts, ListedEvent, WrongPasswords, continued, entries};
use crate::server::ports::{EventPage, Recorded};

/// A page with fewer entries than this reads further events: grouping may leave few entries of many events.
const ENTRIES_MIN: usize = 20;
/// How often one page reads events at most.
const READS_MAX: u32 = 10;

/// A page of the history, newest first.
#[derive(Debug)]
pub struct History {
    pub entries: Vec<HistoryEntry>,
    /// The newest event that the filter selects, listed or not.
    pub newest: Option<ActivityEvent>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<i64>,
}

/// See [`ListedEvent`].
#[derive(Debug)]
pub struct HistoryEntry {
    pub event: ActivityEvent,
    pub wrong: Option<WrongPasswords>,
    pub warns: bool,
}

impl Services {
    /// A page of the caller's history from `cursor` on. A page does not end inside a group of wrong passwords, unless
    /// the group is very large.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn history(&self, caller: &Caller, filter: Filter, cursor: Option<i64>) -> Result<History, ServiceError> {
        let mut recorded: Vec<Recorded> = Vec::new();
        let mut next = cursor;
        for _ in 0..READS_MAX {
            let page = EventPage { kinds: filter.kinds_with_context(), before: next, limit: PAGE };
            let older = self.store.activity(&caller.user_id, page).await?;
            let is_last = older.len() < PAGE as usize;
            let is_short = shown(&recorded, filter).len() < ENTRIES_MIN;
            let taken = if is_short { older.len() } else { continued(&facts(&recorded), &facts(&older)) };
            let is_whole = taken == older.len();
            recorded.extend(older.into_iter().take(taken));
            next = recorded.last().map(|last| last.cursor).filter(|_| !(is_last && is_whole));
            if next.is_none() || !is_whole {
                break;
            }
        }
        let shown = shown(&recorded, filter);
        let mut events: Vec<ActivityEvent> = recorded.into_iter().map(activity_event).collect();
        self.name_sessions(&caller.user_id, &mut events).await?;
        let newest = events.iter().find(|event| filter.shows(event.kind)).cloned();
        let told = |ListedEvent { place, wrong, warns }| HistoryEntry { event: events[place].clone(), wrong, warns };
        Ok(History { entries: shown.into_iter().map(told).collect(), newest, next })
    }
}

fn facts(recorded: &[Recorded]) -> Vec<Facts<'_>> {
    recorded.iter().map(facts_of).collect()
}

fn facts_of(Recorded { kind, at, ip, user_agent, detail, .. }: &Recorded) -> Facts<'_> {
    Facts { kind: *kind, detail: detail.as_deref(), at: *at, ip: ip.as_deref(), user_agent }
}

/// The entries that the filter shows. Whether an entry is a warning is decided before filtering.
fn shown(recorded: &[Recorded], filter: Filter) -> Vec<ListedEvent> {
    let mut entries = entries(&facts(recorded));
    entries.retain(|entry| match filter {
        Filter::Warnings => entry.warns,
        Filter::All | Filter::SignIns => filter.shows(recorded[entry.place].kind),
    });
    entries
}
