//! Remembers in memory which sessions are alive. Every request with an access token asks here, so that a revocation
//! takes effect at once without a query for each request.
//!
//! An ended session is remembered for as long as one of its access tokens could be presented, and that memory is asked
//! first: a reader that saw the row just before the revocation cannot bring the session back.

use super::ports::{Ended, LastSeen, Records, StoreError};
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::Revocation;
use crate::domain::time::Timestamp;
use dashmap::DashMap;
use quick_cache::sync::Cache;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many live sessions are remembered.
const CACHE: usize = 100_000;

/// The remembered facts of a live session.
#[derive(Clone, Debug)]
pub(super) struct Alive {
    pub user_id: UserId,
    pub username: String,
    pub user_created_at: Timestamp,
    /// The earlier end at the time of the read. After it the store is asked again.
    pub expires_at: Timestamp,
    /// Invalidation epoch at the time of the read. Entries of older epochs are ignored.
    epoch: u64,
}

/// The memory of one server.
pub(super) struct Liveness {
    store: Arc<dyn Records>,
    /// Ended sessions, and when and why that was.
    ended: DashMap<SessionId, Revocation>,
    /// The incarnation of the store that is known to have all of these ends.
    incarnation: AtomicU64,
    /// Users whose sessions are being ended, with the number of such operations; see [`EndingGuard`].
    ending: DashMap<UserId, u32>,
    alive: Cache<SessionId, Arc<Alive>>,
    epoch: AtomicU64,
    seen: DashMap<SessionId, LastSeen>,
    /// The longest time for which an access token may be valid after its session's end.
    longest: Duration,
}

impl Liveness {
    pub(super) fn new(store: Arc<dyn Records>, longest: Duration) -> Self {
        Self {
            store,
            ended: DashMap::new(),
            incarnation: AtomicU64::new(0),
            ending: DashMap::new(),
            alive: Cache::new(CACHE),
            epoch: AtomicU64::new(0),
            seen: DashMap::new(),
            longest,
        }
    }

    /// The session, if it is alive at `now`.
    ///
    /// # Errors
    /// When the store has to be asked and is unavailable.
    pub(super) async fn check(&self, id: &SessionId, now: Timestamp) -> Result<Option<Arc<Alive>>, StoreError> {
        if self.ended.contains_key(id) {
            return Ok(None);
        }
        let epoch = self.epoch.load(Ordering::SeqCst);
        if !self.store.is_shared()
            && let Some(alive) = self.alive.get(id)
            && alive.epoch == epoch
            && now < alive.expires_at
            && !self.ending.contains_key(&alive.user_id)
        {
            return Ok(Some(alive));
        }
        let Some(session) = self.store.session(id).await? else { return Ok(None) };
        if !session.is_alive(now) {
            return Ok(None);
        }
        let Some(user) = self.store.user(&session.user_id).await? else { return Ok(None) };
        let alive = Arc::new(Alive {
            user_id: user.id,
            username: user.username.as_str().to_owned(),
            user_created_at: user.created_at,
            expires_at: session.lifetime.end(),
            epoch,
        });
        Ok(self.remember(id, alive))
    }

    /// Remembers a session that was read, unless it has ended in the meantime: otherwise the entry could outlive the
    /// memory of the end.
    fn remember(&self, id: &SessionId, alive: Arc<Alive>) -> Option<Arc<Alive>> {
        self.alive.insert(id.clone(), alive.clone());
        if self.ended.contains_key(id) {
            self.alive.remove(id);
            return None;
        }
        Some(alive)
    }

    /// Announces that sessions of `user` are about to be ended. Hold the guard until the end is remembered here.
    pub(super) fn ending(self: &Arc<Self>, user: &UserId) -> EndingGuard {
        *self.ending.entry(user.clone()).or_default() += 1;
        EndingGuard { liveness: self.clone(), user: user.clone() }
    }

    /// Remembers that sessions ended; to be called after the commit and before the answer.
    pub(super) fn ended(&self, ended: &[Ended]) {
        for Ended { id, at, reason } in ended {
            self.ended.insert(id.clone(), Revocation { at: *at, reason: *reason });
            self.alive.remove(id);
            self.seen.remove(id);
        }
    }

    /// When and why a session ended, if that is remembered, whatever the store says.
    pub(super) fn end_of(&self, id: &SessionId) -> Option<Revocation> {
        self.ended.get(id).map(|end| end.clone())
    }

    /// All remembered ends, with the incarnation of the store that may have lost some; `None` if it has them all.
    pub(super) fn ends_to_repeat(&self) -> Option<(u64, Vec<Ended>)> {
        let incarnation = self.store.incarnation();
        if self.incarnation.load(Ordering::SeqCst) == incarnation {
            return None;
        }
        let ended = self.ended.iter().map(|end| Ended { id: end.key().clone(), at: end.at, reason: end.reason });
        Some((incarnation, ended.collect()))
    }

    /// Notes that this incarnation of the store has all remembered ends.
    pub(super) fn repeated(&self, incarnation: u64) {
        self.incarnation.store(incarnation, Ordering::SeqCst);
    }

    /// Forgets all live sessions, because it is unknown whether a revocation was committed.
    pub(super) fn invalidate_all(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.alive.clear();
    }

    /// Notes that a session was used, and the generation of its token.
    pub(super) fn touch(&self, id: &SessionId, generation: Option<u64>, now: Timestamp) {
        let mut seen = self.seen.entry(id.clone()).or_insert_with(|| LastSeen { id: id.clone(), at: now, generation });
        seen.at = seen.at.max(now);
        seen.generation = seen.generation.max(generation);
    }

    /// The last use of a session, if it has not been written yet.
    pub(super) fn seen(&self, id: &SessionId) -> Option<LastSeen> {
        self.seen.get(id).map(|seen| seen.clone())
    }

    /// Writes the last uses to the store, and forgets old ends. Rows that another transaction holds are written next
    /// time.
    ///
    /// # Errors
    /// When the store is unavailable. Nothing is forgotten then.
    pub(super) async fn flush(&self, now: Timestamp) -> Result<(), StoreError> {
        let batch: Vec<LastSeen> = self.seen.iter().map(|seen| seen.clone()).collect();
        if !batch.is_empty() {
            let held: HashSet<SessionId> = self.store.write_last_seen(&batch).await?.into_iter().collect();
            for written in batch.into_iter().filter(|seen| !held.contains(&seen.id)) {
                self.seen.remove_if(&written.id, |_, seen| *seen == written);
            }
        }
        let longest = self.longest + crate::domain::access_token::LEEWAY * 2;
        self.ended.retain(|_, end| now.since(end.at) < longest);
        Ok(())
    }
}

/// While a guard is held, the store is asked about all sessions of the user: between the commit and the moment when the
/// end is remembered, another request may already have answered that the session has ended.
pub(super) struct EndingGuard {
    liveness: Arc<Liveness>,
    user: UserId,
}

impl Drop for EndingGuard {
    fn drop(&mut self) {
        self.liveness.ending.remove_if_mut(&self.user, |_, times| {
            *times -= 1;
            *times == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::activity::{Event, Kind};
    use crate::domain::credentials::Username;
    use crate::domain::device::Device;
    use crate::domain::id::{ClientId, KeyId, TokenDigest};
    use crate::domain::second_factor::AuthenticatedBy;
    use crate::domain::session::{Label, Lifetime, Reason, Rotation, Session};
    use crate::server::ports::{EndSessions, Selection, StartSession, Store, User};
    use crate::server::storage;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const TTL: Duration = Duration::from_secs(600);

    /// A database in which ada has a session, the memory over it, and the session's id.
    async fn world() -> (tempfile::TempDir, Arc<dyn Store>, Arc<Liveness>, SessionId) {
        let folder = tempfile::tempdir().unwrap();
        let store = storage::connect(&format!("sqlite://{}/x.db", folder.path().display())).await.unwrap();
        let (id, sid) = (UserId::new("ada"), SessionId::new("one"));
        let user = User {
            id: id.clone(),
            username: Username::new("ada").unwrap(),
            password_hash: "hash".into(),
            created_at: NOW,
            password_changed_at: NOW,
            disabled_at: None,
        };
        store.add_user(&user, None).await.unwrap();
        let session = Session {
            id: sid.clone(),
            user_id: id,
            client_id: ClientId::web(),
            rotation: Rotation {
                generation: 0,
                digest: TokenDigest::new("digest"),
                parent: None,
                overtaken: vec![],
                rotated_at: NOW,
                confirmed_at: None,
                key_id: KeyId::new("key"),
                nonce: "nonce".into(),
            },
            lifetime: Lifetime::start(NOW, 100 * TTL, 100 * TTL, true),
            authenticated_at: NOW,
            authenticated_by: AuthenticatedBy::password(),
            second_factor_at: None,
            last_seen_at: NOW,
            revoked: None,
            user_disabled_at: None,
            label: Label { device: Device::default(), ..Label::default() },
        };
        let (event, password_changed_at) = (event(Kind::SignedIn), NOW);
        let start = StartSession { session: &session, password_changed_at, replaces: None, max: 50, event: &event };
        store.start_session(start).await.unwrap().unwrap();
        (folder, store.clone(), Arc::new(Liveness::new(store, TTL)), sid)
    }

    fn event(kind: Kind) -> Event {
        let (user_id, user_agent) = (UserId::new("ada"), String::new());
        Event {
            user_id,
            kind,
            at: NOW,
            sid: None,
            ip: None,
            user_agent,
            device: Device::default(),
            detail: None,
            other: None,
            by: None,
            names: None,
        }
    }

    /// Ends the session in the database, and nowhere else yet.
    async fn commit_the_end(store: &dyn Store) {
        let end =
            EndSessions { user_id: UserId::new("ada"), which: Selection::All, reason: Reason::SignedOut, at: NOW };
        store.end_sessions(&end, &event(Kind::SignedOut)).await.unwrap();
    }

    #[tokio::test]
    async fn between_a_commit_and_its_being_remembered_the_store_is_asked() {
        let (_folder, store, liveness, sid) = world().await;
        assert!(liveness.check(&sid, NOW).await.unwrap().is_some());
        let (first, second) = (liveness.ending(&UserId::new("ada")), liveness.ending(&UserId::new("ada")));
        assert!(liveness.check(&sid, NOW).await.unwrap().is_some());
        drop(first);
        commit_the_end(&*store).await;
        assert!(liveness.check(&sid, NOW).await.unwrap().is_none());
        drop(second);
        assert!(liveness.ending.is_empty());
    }

    #[tokio::test]
    async fn who_read_the_row_before_the_end_brings_nothing_back_however_long_that_is_past() {
        let (_folder, store, liveness, sid) = world().await;
        let read_before = liveness.check(&sid, NOW).await.unwrap().unwrap();
        commit_the_end(&*store).await;
        liveness.ended(&[Ended { id: sid.clone(), at: NOW, reason: Reason::SignedOut }]);
        assert!(liveness.remember(&sid, read_before).is_none());
        assert!(liveness.check(&sid, NOW).await.unwrap().is_none());
        // No access token of the session can be valid any more, but a web session can.
        let later = NOW + 2 * TTL;
        liveness.flush(later).await.unwrap();
        assert!(liveness.ended.is_empty());
        assert!(liveness.check(&sid, later).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn who_read_the_row_before_there_was_doubt_brings_nothing_back() {
        let (_folder, store, liveness, sid) = world().await;
        let read_before = liveness.check(&sid, NOW).await.unwrap().unwrap();
        commit_the_end(&*store).await;
        liveness.invalidate_all();
        liveness.remember(&sid, read_before);
        assert!(liveness.check(&sid, NOW).await.unwrap().is_none());
    }
}
