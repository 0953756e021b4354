//! Tells open pages that something about their user's sessions has changed. What has changed they read themselves, so
//! that nothing is lost when news come faster than somebody listens.

use crate::domain::id::UserId;
use dashmap::DashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many may listen for one user at once.
const LISTENERS: usize = 64;

/// Who listens, on this server.
pub struct News {
    users: DashMap<UserId, Audience>,
    /// For all users: whoever listens keeps a connection.
    places: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Audience {
    sender: watch::Sender<()>,
    listeners: usize,
}

impl News {
    /// For at most `listeners` at once.
    pub fn new(listeners: usize) -> Self {
        let places = Arc::new(Semaphore::new(listeners));
        Self { users: DashMap::new(), places, closing: watch::Sender::new(false) }
    }

    /// Listens to news of `user`; `None` when too many do.
    pub fn listen(self: &Arc<Self>, user: &UserId) -> Option<Listener> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let mut audience = self.users.entry(user.clone()).or_default();
        if audience.listeners == LISTENERS {
            return None;
        }
        audience.listeners += 1;
        let (changes, closing) = (audience.sender.subscribe(), self.closing.subscribe());
        drop(audience);
        Some(Listener { news: self.clone(), user: user.clone(), changes, closing, _place: place })
    }

    /// Something about the sessions of `user` has changed. To be called after the commit.
    pub fn of(&self, user: &UserId) {
        if let Some(audience) = self.users.get(user) {
            audience.sender.send_replace(());
        }
    }

    /// For whom somebody listens.
    pub fn users(&self) -> Vec<UserId> {
        self.users.iter().map(|audience| audience.key().clone()).collect()
    }

    /// Ends all listening: the server stops.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

/// Somebody who listens.
pub struct Listener {
    news: Arc<News>,
    user: UserId,
    changes: watch::Receiver<()>,
    closing: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// Waits for news; `false` when there will be no more.
    pub async fn wait(&mut self) -> bool {
        tokio::select! {
            changed = self.changes.changed() => changed.is_ok(),
            _ = self.closing.wait_for(|closing| *closing) => false,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.news.users.remove_if_mut(&self.user, |_, audience| {
            audience.listeners -= 1;
            audience.listeners == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[tokio::test]
    async fn news_reach_those_who_listen_for_the_user_and_nothing_is_kept_of_those_who_left() {
        let (news, ada, eve) = (Arc::new(News::new(9)), UserId::new("ada"), UserId::new("eve"));
        let mut here = news.listen(&ada).unwrap();
        let there = news.listen(&ada).unwrap();
        news.of(&eve);
        news.of(&ada);
        assert!(here.wait().await);
        drop(there);
        assert_eq!(news.users.len(), 1);
        news.close();
        assert!(!here.wait().await);
        drop(here);
        assert!(news.users.is_empty());
    }

    #[test]
    fn there_is_a_bound_for_each_user_and_one_for_all() {
        let (news, ada, eve) = (Arc::new(News::new(LISTENERS + 2)), UserId::new("ada"), UserId::new("eve"));
        let all: Vec<_> = (0..LISTENERS).map(|_| news.listen(&ada).unwrap()).collect();
        assert!(news.listen(&ada).is_none());
        let _eves = (news.listen(&eve).unwrap(), news.listen(&eve).unwrap());
        assert!(news.listen(&eve).is_none());
        drop(all);
        assert!(news.listen(&ada).is_some() && news.listen(&eve).is_some());
    }

    #[test]
    fn who_leaves_together_leaves_nothing_behind() {
        let (news, ada) = (Arc::new(News::new(9)), UserId::new("ada"));
        for _ in 0..2_000 {
            let together = Barrier::new(2);
            std::thread::scope(|scope| {
                for listener in [news.listen(&ada).unwrap(), news.listen(&ada).unwrap()] {
                    scope.spawn(|| {
                        together.wait();
                        drop(listener);
                    });
                }
            });
            assert!(news.users.is_empty());
        }
    }
}
