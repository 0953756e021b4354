//! Notifies open pages that their user's sessions have changed. A notification has no content: the page reads the
//! sessions itself, so nothing is lost if changes come faster than it reads. What a page was rendered with is kept until
//! it listens, or until the next notification, so that it is not read a second time.

use super::ports::SessionNames;
use crate::domain::id::UserId;
use crate::domain::network::Network;
use crate::domain::time::Timestamp;
use dashmap::DashMap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The maximum number of listeners of one user.
const LISTENERS: usize = 64;

/// The maximum number of lists that are kept. When there would be more, all are dropped: then pages read anew.
const LISTS: usize = 256;

/// How long a list is kept. A page listens a moment after it was rendered.
const LIST_LASTS: Duration = Duration::from_secs(30);

/// The listeners on this server.
pub struct SessionChanges {
    users: DashMap<UserId, Audience>,
    /// Places for the listeners of all users, since each one keeps a connection open.
    places: Arc<Semaphore>,
    all: usize,
    /// The number of listeners from each network, and its limit.
    networks: DashMap<Network, usize>,
    share: usize,
    closing: watch::Sender<bool>,
    lists: Mutex<Lists>,
}

/// What pages that do not listen yet were rendered with.
#[derive(Default)]
struct Lists {
    of_users: HashMap<UserId, List>,
    readings: u64,
}

enum List {
    /// It is being read, by the reading of this number.
    Underway(u64),
    Read(SessionNames, Timestamp),
}

/// A reading of a user's sessions that has begun.
#[derive(Debug)]
pub struct ListReading(u64);

#[derive(Default)]
struct Audience {
    sender: watch::Sender<()>,
    listeners: usize,
}

impl SessionChanges {
    /// For at most `listeners` at once, and `share` from one network (0: no share).
    pub fn new(listeners: usize, share: usize) -> Self {
        let places = Arc::new(Semaphore::new(listeners));
        let share = if share == 0 { usize::MAX } else { share };
        let (closing, lists) = (watch::Sender::new(false), Mutex::default());
        Self { users: DashMap::new(), places, all: listeners, networks: DashMap::new(), share, closing, lists }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called before the sessions of `user` are read for [`SessionChanges::keep`].
    pub fn begin_reading(&self, user: &UserId) -> ListReading {
        let mut lists = self.lists();
        lists.readings += 1;
        let number = lists.readings;
        if lists.of_users.len() >= LISTS && !lists.of_users.contains_key(user) {
            lists.of_users.clear();
        }
        lists.of_users.insert(user.clone(), List::Underway(number));
        ListReading(number)
    }

    /// Keeps what was read, unless a change was announced since the reading began.
    pub fn keep(&self, user: &UserId, reading: &ListReading, names: SessionNames, now: Timestamp) {
        if let Some(list) = self.lists().of_users.get_mut(user)
            && matches!(list, List::Underway(number) if *number == reading.0)
        {
            *list = List::Read(names, now);
        }
    }

    /// Takes what was kept of `user`, if it is current. A listener must take it after it has begun to listen: then each
    /// change since is either known to have happened or will be announced to the listener.
    pub fn take_kept(&self, user: &UserId, now: Timestamp) -> Option<SessionNames> {
        match self.lists().of_users.remove(user)? {
            List::Read(names, at) if now.since(at) < LIST_LASTS => Some(names),
            List::Read(..) | List::Underway(_) => None,
        }
    }

    /// Forgets all that was kept, because it is unknown whether a change was committed.
    pub fn forget_kept(&self) {
        self.lists().of_users.clear();
    }

    /// Listens to changes of `user`. `network` is the listener's, if known. `None` if there are too many listeners.
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
        Some(Listener {
            session_changes: self.clone(),
            user: user.clone(),
            changes,
            closing,
            _place: place,
            _from: from,
        })
    }

    /// Tells the open pages of `user` that something about the user's sessions has changed; to be called after the
    /// commit.
    pub fn announce(&self, user: &UserId) {
        // First, so that a page that begins to listen meanwhile is notified or reads anew.
        self.lists().of_users.remove(user);
        if let Some(audience) = self.users.get(user) {
            audience.sender.send_replace(());
        }
    }

    /// The number of listeners.
    pub fn listeners(&self) -> usize {
        self.all.saturating_sub(self.places.available_permits())
    }

    /// Tells all open pages that something may have changed, and it is unknown for which users.
    pub fn announce_to_all(&self) {
        self.forget_kept();
        for user in self.users() {
            self.announce(&user);
        }
    }

    /// The users with listeners.
    pub fn users(&self) -> Vec<UserId> {
        self.users.iter().map(|audience| audience.key().clone()).collect()
    }

    /// Whether the server is about to stop.
    pub fn is_closed(&self) -> bool {
        *self.closing.borrow()
    }

    /// Ends all listeners, because the server stops.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

/// A listener.
pub struct Listener {
    session_changes: Arc<SessionChanges>,
    user: UserId,
    changes: watch::Receiver<()>,
    closing: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
    _from: Option<NetworkPlace>,
}

/// A place in the share of a network.
struct NetworkPlace {
    session_changes: Arc<SessionChanges>,
    network: Network,
}

impl NetworkPlace {
    fn take(session_changes: &Arc<SessionChanges>, network: Network) -> Option<Self> {
        let mut listening = session_changes.networks.entry(network).or_default();
        if *listening >= session_changes.share {
            return None;
        }
        *listening += 1;
        Some(Self { session_changes: session_changes.clone(), network })
    }
}

impl Drop for NetworkPlace {
    fn drop(&mut self) {
        self.session_changes.networks.remove_if_mut(&self.network, |_, listening| {
            *listening -= 1;
            *listening == 0
        });
    }
}

impl Listener {
    /// Waits for a change; `false` when there will be no more.
    pub async fn wait(&mut self) -> bool {
        tokio::select! {
            changed = self.changes.changed() => changed.is_ok(),
            _ = self.closing.wait_for(|closing| *closing) => false,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.session_changes.users.remove_if_mut(&self.user, |_, audience| {
            audience.listeners -= 1;
            audience.listeners == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SessionId;
    use std::sync::Barrier;

    #[tokio::test]
    async fn news_reach_those_who_listen_for_the_user_and_nothing_is_kept_of_those_who_left() {
        let (session_changes, ada, eve) = (Arc::new(SessionChanges::new(9, 0)), UserId::new("ada"), UserId::new("eve"));
        let mut here = session_changes.listen(&ada, None).unwrap();
        let there = session_changes.listen(&ada, None).unwrap();
        session_changes.announce(&eve);
        session_changes.announce(&ada);
        assert!(here.wait().await);
        drop(there);
        assert_eq!(session_changes.users.len(), 1);
        session_changes.close();
        assert!(!here.wait().await);
        drop(here);
        assert!(session_changes.users.is_empty());
    }

    fn names(sid: &str) -> SessionNames {
        [(SessionId::new(sid), None)].into()
    }

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn a_list_is_kept_for_one_listener_for_a_while_and_until_something_changes() {
        let (changes, ada, eve) = (SessionChanges::new(9, 0), UserId::new("ada"), UserId::new("eve"));
        let keep = |user: &UserId| {
            let reading = changes.begin_reading(user);
            changes.keep(user, &reading, names("here"), NOW);
        };
        keep(&ada);
        assert_eq!(changes.take_kept(&eve, NOW), None);
        assert_eq!(changes.take_kept(&ada, NOW), Some(names("here")));
        assert_eq!(changes.take_kept(&ada, NOW), None, "another page may have been rendered with something else");
        keep(&ada);
        assert_eq!(changes.take_kept(&ada, NOW + LIST_LASTS), None, "a session may have expired meanwhile");
        keep(&ada);
        changes.announce(&eve);
        changes.announce(&ada);
        assert_eq!(changes.take_kept(&ada, NOW), None);
        keep(&ada);
        changes.announce_to_all();
        assert_eq!(changes.take_kept(&ada, NOW), None);
    }

    #[test]
    fn a_list_that_was_read_while_something_changed_is_not_kept() {
        let (changes, ada) = (SessionChanges::new(9, 0), UserId::new("ada"));
        let change: [fn(&SessionChanges, &UserId); 4] = [
            SessionChanges::announce,
            |changes, _| changes.announce_to_all(),
            |changes, _| changes.forget_kept(),
            |changes, user| _ = changes.begin_reading(user),
        ];
        for change in change {
            let reading = changes.begin_reading(&ada);
            change(&changes, &ada);
            changes.keep(&ada, &reading, names("here"), NOW);
            assert_eq!(changes.take_kept(&ada, NOW), None);
        }
    }

    #[test]
    fn pages_that_never_listen_take_no_more_room_than_that() {
        let changes = SessionChanges::new(9, 0);
        for n in 0..LISTS * 3 {
            let user = UserId::new(format!("user-{n}"));
            let reading = changes.begin_reading(&user);
            changes.keep(&user, &reading, names("here"), NOW);
            assert!(changes.lists().of_users.len() <= LISTS);
            assert_eq!(changes.take_kept(&user, NOW), Some(names("here")));
            let reading = changes.begin_reading(&user);
            changes.keep(&user, &reading, names("here"), NOW);
        }
    }

    #[test]
    fn there_is_a_bound_for_each_user_and_one_for_all() {
        let (session_changes, ada, eve) =
            (Arc::new(SessionChanges::new(LISTENERS + 2, 0)), UserId::new("ada"), UserId::new("eve"));
        let all: Vec<_> = (0..LISTENERS).map(|_| session_changes.listen(&ada, None).unwrap()).collect();
        assert!(session_changes.listen(&ada, None).is_none());
        let _eves = (session_changes.listen(&eve, None).unwrap(), session_changes.listen(&eve, None).unwrap());
        assert!(session_changes.listen(&eve, None).is_none());
        drop(all);
        assert!(session_changes.listen(&ada, None).is_some() && session_changes.listen(&eve, None).is_some());
    }

    #[test]
    fn one_network_has_a_share_however_many_users_it_has() {
        let network = |n| Some(Network::of(std::net::Ipv4Addr::new(192, 0, 2, n).into()));
        let (session_changes, ada, eve) = (Arc::new(SessionChanges::new(9, 2)), UserId::new("ada"), UserId::new("eve"));
        let here =
            (session_changes.listen(&ada, network(1)).unwrap(), session_changes.listen(&eve, network(1)).unwrap());
        assert!(session_changes.listen(&eve, network(1)).is_none());
        let there = session_changes.listen(&eve, network(2)).unwrap();
        drop(here);
        assert!(session_changes.listen(&eve, network(1)).is_some());
        drop(there);
        assert!(session_changes.networks.is_empty() && session_changes.users.is_empty());
    }

    #[test]
    fn who_leaves_together_leaves_nothing_behind() {
        let (session_changes, ada) = (Arc::new(SessionChanges::new(9, 0)), UserId::new("ada"));
        for _ in 0..2_000 {
            let together = Barrier::new(2);
            std::thread::scope(|scope| {
                for listener in
                    [session_changes.listen(&ada, None).unwrap(), session_changes.listen(&ada, None).unwrap()]
                {
                    scope.spawn(|| {
                        together.wait();
                        drop(listener);
                    });
                }
            });
            assert!(session_changes.users.is_empty());
        }
    }
}
