//! Tells open pages that something about their user's sessions has changed. What has changed they read themselves, so
//! that nothing is lost when news come faster than somebody listens.

use crate::domain::id::UserId;
use dashmap::DashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// How many may listen for one user at once.
const LISTENERS: usize = 64;

/// Who listens, on this server.
pub struct News {
    users: DashMap<UserId, watch::Sender<()>>,
    closing: watch::Sender<bool>,
}

impl Default for News {
    fn default() -> Self {
        Self { users: DashMap::new(), closing: watch::Sender::new(false) }
    }
}

impl News {
    /// Listens to news of `user`; `None` when too many do.
    pub fn listen(self: &Arc<Self>, user: &UserId) -> Option<Listener> {
        let sender = self.users.entry(user.clone()).or_default();
        if sender.receiver_count() >= LISTENERS {
            return None;
        }
        let (changes, closing) = (sender.subscribe(), self.closing.subscribe());
        drop(sender);
        Some(Listener { news: self.clone(), user: user.clone(), changes, closing })
    }

    /// Something about the sessions of `user` has changed. To be called after the commit.
    pub fn of(&self, user: &UserId) {
        if let Some(sender) = self.users.get(user) {
            sender.send_replace(());
        }
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
        // This one still counts itself.
        self.news.users.remove_if(&self.user, |_, sender| sender.receiver_count() <= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn news_reach_those_who_listen_for_the_user_and_nothing_is_kept_of_those_who_left() {
        let (news, ada, eve) = (Arc::new(News::default()), UserId::new("ada"), UserId::new("eve"));
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
    fn there_is_a_bound() {
        let (news, ada) = (Arc::new(News::default()), UserId::new("ada"));
        let all: Vec<_> = (0..LISTENERS).map(|_| news.listen(&ada).unwrap()).collect();
        assert!(news.listen(&ada).is_none());
        drop(all);
        assert!(news.listen(&ada).is_some());
    }
}
