//! Which sessions live, from memory: asked on every request with an access token, so that a revocation counts at once
//! and costs the database nothing.
//!
//! What was ended is remembered as ended for as long as an access token of it could still be shown, and that memory
//! is asked first: a reader that saw the row just before the revocation cannot bring the session back.

use super::ports::{Seen, Store, StoreError};
use crate::domain::id::{SessionId, UserId};
use crate::domain::time::Timestamp;
use dashmap::DashMap;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// How many living sessions are remembered.
const CACHE: usize = 100_000;

/// What is remembered of a living session.
#[derive(Clone, Debug)]
pub struct Alive {
    pub user_id: UserId,
    pub username: String,
    pub user_created_at: Timestamp,
    /// The absolute end, after which it is asked of the store again.
    pub expires_at: Timestamp,
}

/// The memory of one server.
pub struct Liveness {
    store: Arc<dyn Store>,
    /// Ended sessions, and when that was.
    ended: DashMap<SessionId, Timestamp>,
    alive: Cache<SessionId, Arc<Alive>>,
    seen: DashMap<SessionId, Seen>,
    /// How long an access token may live after its session's end.
    longest: Duration,
}

impl Liveness {
    pub fn new(store: Arc<dyn Store>, longest: Duration) -> Self {
        Self { store, ended: DashMap::new(), alive: Cache::new(CACHE), seen: DashMap::new(), longest }
    }

    /// The session, if it is alive at `now`.
    ///
    /// # Errors
    /// When the store had to be asked and did not answer.
    pub async fn check(&self, id: &SessionId, now: Timestamp) -> Result<Option<Arc<Alive>>, StoreError> {
        if self.ended.contains_key(id) {
            return Ok(None);
        }
        if !self.store.is_shared()
            && let Some(alive) = self.alive.get(id)
            && now < alive.expires_at
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
        });
        self.alive.insert(id.clone(), alive.clone());
        // It may have ended while we read.
        Ok((!self.ended.contains_key(id)).then_some(alive))
    }

    /// Remembers that sessions ended; to be called after the commit and before the answer.
    pub fn ended<'a>(&self, ids: impl IntoIterator<Item = &'a SessionId>, at: Timestamp) {
        for id in ids {
            self.ended.insert(id.clone(), at);
            self.alive.remove(id);
            self.seen.remove(id);
        }
    }

    /// Forgets what lives: for when it is unknown whether a revocation was carried out.
    pub fn doubt(&self) {
        self.alive.clear();
    }

    /// Notes that a session was seen, and with a token of which generation.
    pub fn saw(&self, id: &SessionId, generation: Option<u64>, now: Timestamp) {
        let mut seen = self.seen.entry(id.clone()).or_insert_with(|| Seen { id: id.clone(), at: now, generation });
        seen.at = seen.at.max(now);
        seen.generation = seen.generation.max(generation);
    }

    /// What was seen of a session since it was last written.
    pub fn seen(&self, id: &SessionId) -> Option<Seen> {
        self.seen.get(id).map(|seen| seen.clone())
    }

    /// Writes what was seen, and forgets what is over.
    ///
    /// # Errors
    /// When the store does not answer; then nothing is forgotten.
    pub async fn flush(&self, now: Timestamp) -> Result<(), StoreError> {
        let batch: Vec<Seen> = self.seen.iter().map(|seen| seen.clone()).collect();
        if !batch.is_empty() {
            self.store.seen(&batch).await?;
            for written in batch {
                self.seen.remove_if(&written.id, |_, seen| *seen == written);
            }
        }
        let longest = self.longest + crate::domain::access_token::LEEWAY * 2;
        self.ended.retain(|_, at| now.since(*at) < longest);
        Ok(())
    }
}
