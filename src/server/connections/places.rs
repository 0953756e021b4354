//! Decides how many connections each source may hold, and which one is closed when there are too many.

use super::connection::Connection;
use crate::domain::network::Network;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All connections, by source. Connections with the source `None` have no share: they are those of trusted proxies,
/// which carry the requests of many people.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    share: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    number: usize,
    /// Since the start: how many were closed for another one, and how many were not taken.
    closed: u64,
    refused: u64,
    next: u64,
    sources: HashMap<Option<Network>, HashMap<u64, Arc<Connection>>>,
}

/// The place of a connection. It becomes free when this is dropped, or when the connection is evicted.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    source: Option<Network>,
    id: u64,
    pub connection: Arc<Connection>,
}

/// How a place became free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    Free,
    /// A connection of this source, which held this many, was closed.
    Evicted(Network, usize),
}

impl Places {
    /// At most `most` places, and `share` for one source; 0 for no share.
    pub(super) fn new(most: usize, share: usize) -> Arc<Self> {
        Arc::new(Self { most, share: if share == 0 { most } else { share }, taken: Mutex::default() })
    }

    /// How many connections there are, and since the start, how many were closed for another one and how many were
    /// refused.
    pub(super) fn counts(&self) -> (usize, u64, u64) {
        let taken = self.taken();
        (taken.number, taken.closed, taken.refused)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a new connection, active at `now` (milliseconds). If its source holds its share already, the
    /// longest idle connection of the source is closed. If all places are taken, the longest idle one of the source
    /// with the most connections is closed. `None` if that source holds no more than the new connection's source.
    pub(super) fn take(self: &Arc<Self>, source: Option<Network>, now: u64) -> Option<(Place, Taking)> {
        let mut taken = self.taken();
        let Some(taking) = taken.make_room(source, self.most, self.share) else {
            taken.refused += 1;
            return None;
        };
        taken.closed += u64::from(taking != Taking::Free);
        taken.number += 1;
        taken.next += 1;
        let (id, connection) = (taken.next, Arc::new(Connection::new(now)));
        taken.sources.entry(source).or_default().insert(id, connection.clone());
        drop(taken);
        Some((Place { places: self.clone(), source, id, connection }, taking))
    }
}

impl Taken {
    fn held_by(&self, source: Option<Network>) -> usize {
        self.sources.get(&source).map_or(0, HashMap::len)
    }

    /// Closes a connection if there is no room for one more of `source`. `None` if none may be closed for it.
    fn make_room(&mut self, source: Option<Network>, most: usize, share: usize) -> Option<Taking> {
        let own = source.map_or(0, |_| self.held_by(source));
        if source.is_some() && own >= share {
            return self.evict(source);
        }
        if self.number < most {
            return Some(Taking::Free);
        }
        let biggest = self.sources.iter().filter(|(source, _)| source.is_some());
        let (biggest, held) = biggest.map(|(source, held)| (*source, held.len())).max_by_key(|(_, held)| *held)?;
        if held <= own { None } else { self.evict(biggest) }
    }

    /// Closes the longest idle connection of `source`. One with a request in progress is closed only if all have one.
    fn evict(&mut self, source: Option<Network>) -> Option<Taking> {
        let number = self.held_by(source);
        let held = self.sources.get(&source)?.iter();
        // Of connections idle since the same millisecond, the oldest.
        let (id, _) = held.min_by_key(|(id, connection)| (connection.is_busy(), connection.active(), **id))?;
        let id = *id;
        self.remove(source, id)?.close();
        Some(Taking::Evicted(source?, number))
    }

    fn remove(&mut self, source: Option<Network>, id: u64) -> Option<Arc<Connection>> {
        let held = self.sources.get_mut(&source)?;
        let removed = held.remove(&id)?;
        if held.is_empty() {
            self.sources.remove(&source);
        }
        self.number -= 1;
        Some(removed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.places.taken().remove(self.source, self.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn source(n: u8) -> Option<Network> {
        Some(Network::of(Ipv4Addr::new(192, 0, 2, n).into()))
    }

    /// Takes a place at `now` for each number.
    fn take(places: &Arc<Places>, source: Option<Network>, numbers: std::ops::Range<u64>) -> Vec<Place> {
        numbers.map(|now| places.take(source, now).expect("a place").0).collect()
    }

    fn closed(held: &[Place]) -> Vec<usize> {
        held.iter().enumerate().filter(|(_, place)| place.connection.is_closed()).map(|(n, _)| n).collect()
    }

    #[test]
    fn a_source_that_has_its_share_loses_its_longest_silent_connection_and_nobody_else_does() {
        let places = Places::new(100, 3);
        let others = take(&places, source(2), 0..3);
        let held = take(&places, source(1), 10..13);
        held[0].connection.touch(20);
        let (_fourth, taking) = places.take(source(1), 21).unwrap();
        let Some(network) = source(1) else { unreachable!() };
        assert_eq!(taking, Taking::Evicted(network, 3));
        assert_eq!((closed(&held), closed(&others)), (vec![1], vec![]));
        drop(held);
        assert_eq!(places.taken().number, 4, "one that gave way is not counted twice");
        assert_eq!(places.take(source(1), 22).unwrap().1, Taking::Free);
    }

    #[test]
    fn one_with_a_request_under_way_gives_way_last() {
        let places = Places::new(100, 2);
        let held = take(&places, source(1), 0..2);
        let request = held[0].connection.begin_request();
        let third = take(&places, source(1), 2..3);
        assert_eq!(closed(&held), [1]);
        let _second = third[0].connection.begin_request();
        let _fourth = take(&places, source(1), 3..4);
        assert_eq!((closed(&held), closed(&third)), (vec![0, 1], vec![]), "the longest silent of those");
        drop(request);
    }

    #[test]
    fn when_all_are_taken_whoever_has_most_gives_one() {
        let places = Places::new(9, 6);
        let (biggest, second) = (take(&places, source(1), 0..6), take(&places, source(2), 0..3));
        let newcomers = [source(3), source(4), None].map(|source| places.take(source, 9));
        assert!(newcomers.iter().all(Option::is_some));
        assert_eq!((closed(&biggest), closed(&second)), (vec![0, 1, 2], vec![]));
        // No source gives up a connection for one that holds as many.
        assert!(places.take(source(2), 9).is_none());
        assert_eq!(places.taken().number, 9);
    }

    #[test]
    fn a_trusted_proxy_has_no_share_and_never_gives_way() {
        let places = Places::new(10, 2);
        let proxy = take(&places, None, 0..10);
        assert!(places.take(None, 10).is_none() && places.take(source(1), 10).is_none());
        assert_eq!(closed(&proxy), [0; 0]);
        drop(proxy);
        assert!(places.taken().sources.is_empty());
    }
}
