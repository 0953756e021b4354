//! Tells open pages that something about their user's sessions has changed. What has changed they read themselves, so
//! that nothing is lost when news come faster than somebody listens.

use crate::domain::id::UserId;
use crate::domain::network::Network;
use dashmap::DashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many may listen for one user at once.
const LISTENERS: usize = 64;

/// Who listens, on this server.
pub struct SessionChanges {
    users: DashMap<UserId, Audience>,
    /// For all users: whoever listens keeps a connection.
    places: Arc<Semaphore>,
    /// How many listen from one network, and how many may.
    networks: DashMap<Network, usize>,
    share: usize,
    closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Audience {
    sender: watch::Sender<()>,
    listeners: usize,
}

impl SessionChanges {
    /// For at most `listeners` at once, of them `share` from one network (0: no share).
    pub fn new(listeners: usize, share: usize) -> Self {
        let places = Arc::new(Semaphore::new(listeners));
        let share = if share == 0 { usize::MAX } else { share };
        Self { users: DashMap::new(), places, networks: DashMap::new(), share, closing: watch::Sender::new(false) }
    }

    /// Listens to news of `user` from `network`, if that is known; `None` when too many do.
    pub fn listen(self: &Arc<Self>, user: &UserId, network: Option<Network>) -> Option<Listener> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let from = match network {
            Some(network) => Some(NetworkPlace::take(self, network)?),
            None => None,
        };
        let mut audience = self.users.entry(user.clone()).or_default();
        if audience.listeners == LISTENERS {
            return None;
        }
        audience.listeners += 1;
        let (changes, closing) = (audience.sender.subscribe(), self.closing.subscribe());
        drop(audience);
        Some(Listener { news: self.clone(), user: user.clone(), changes, closing, _place: place, _from: from })
    }

    /// Tells the open pages of `user` that something about the user's sessions has changed; to be called after the commit.
    pub fn announce(&self, user: &UserId) {
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
    news: Arc<SessionChanges>,
    user: UserId,
    changes: watch::Receiver<()>,
    closing: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
    _from: Option<NetworkPlace>,
}

/// A place in the share of a network.
struct NetworkPlace {
    news: Arc<SessionChanges>,
    network: Network,
}

impl NetworkPlace {
    fn take(news: &Arc<SessionChanges>, network: Network) -> Option<Self> {
        let mut listening = news.networks.entry(network).or_default();
        if *listening >= news.share {
            return None;
        }
        *listening += 1;
        Some(Self { news: news.clone(), network })
    }
}

impl Drop for NetworkPlace {
    fn drop(&mut self) {
        self.news.networks.remove_if_mut(&self.network, |_, listening| {
            *listening -= 1;
            *listening == 0
        });
    }
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
        let (news, ada, eve) = (Arc::new(SessionChanges::new(9, 0)), UserId::new("ada"), UserId::new("eve"));
        let mut here = news.listen(&ada, None).unwrap();
        let there = news.listen(&ada, None).unwrap();
        news.announce(&eve);
        news.announce(&ada);
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
        let (news, ada, eve) =
            (Arc::new(SessionChanges::new(LISTENERS + 2, 0)), UserId::new("ada"), UserId::new("eve"));
        let all: Vec<_> = (0..LISTENERS).map(|_| news.listen(&ada, None).unwrap()).collect();
        assert!(news.listen(&ada, None).is_none());
        let _eves = (news.listen(&eve, None).unwrap(), news.listen(&eve, None).unwrap());
        assert!(news.listen(&eve, None).is_none());
        drop(all);
        assert!(news.listen(&ada, None).is_some() && news.listen(&eve, None).is_some());
    }

    #[test]
    fn one_network_has_a_share_however_many_users_it_has() {
        let network = |n| Some(Network::of(std::net::Ipv4Addr::new(192, 0, 2, n).into()));
        let (news, ada, eve) = (Arc::new(SessionChanges::new(9, 2)), UserId::new("ada"), UserId::new("eve"));
        let here = (news.listen(&ada, network(1)).unwrap(), news.listen(&eve, network(1)).unwrap());
        assert!(news.listen(&eve, network(1)).is_none());
        let there = news.listen(&eve, network(2)).unwrap();
        drop(here);
        assert!(news.listen(&eve, network(1)).is_some());
        drop(there);
        assert!(news.networks.is_empty() && news.users.is_empty());
    }

    #[test]
    fn who_leaves_together_leaves_nothing_behind() {
        let (news, ada) = (Arc::new(SessionChanges::new(9, 0)), UserId::new("ada"));
        for _ in 0..2_000 {
            let together = Barrier::new(2);
            std::thread::scope(|scope| {
                for listener in [news.listen(&ada, None).unwrap(), news.listen(&ada, None).unwrap()] {
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
