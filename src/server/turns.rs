//! A bounded queue in which sources take turns: a source with many items delays only itself.

use std::collections::{HashMap, VecDeque};

/// The source of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A browser that an account knows, or a session of it, named by the account. They get every other turn.
    Known(String),
    /// Anybody else. Networks take turns, and within each network its addresses.
    Stranger { network: String, address: String },
}

/// The waiting items.
#[derive(Debug)]
pub(super) struct Turns<T> {
    /// How many items of known sources may wait, and how many of strangers.
    most: usize,
    known: Ring<VecDeque<T>>,
    strangers: Ring<Ring<VecDeque<T>>>,
    known_is_next: bool,
}

/// Lanes that are not empty, in the order of their turns.
#[derive(Debug)]
struct Ring<L> {
    lanes: HashMap<String, L>,
    order: VecDeque<String>,
}

trait Lane: Default {
    type Item;
    fn take(&mut self) -> Option<Self::Item>;
    fn len(&self) -> usize;
    /// Removes the newest item of the source with the most items.
    fn take_back(&mut self) -> Option<Self::Item>;
}

impl<T> Lane for VecDeque<T> {
    type Item = T;

    fn take(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn take_back(&mut self) -> Option<T> {
        self.pop_back()
    }
}

impl<L> Default for Ring<L> {
    fn default() -> Self {
        Self { lanes: HashMap::new(), order: VecDeque::new() }
    }
}

impl<L: Lane> Lane for Ring<L> {
    type Item = L::Item;

    fn take(&mut self) -> Option<L::Item> {
        let name = self.order.pop_front()?;
        let lane = self.lanes.get_mut(&name)?;
        let item = lane.take();
        if lane.len() > 0 {
            self.order.push_back(name);
        } else {
            self.lanes.remove(&name);
        }
        item
    }

    fn len(&self) -> usize {
        self.lanes.values().map(L::len).sum()
    }

    fn take_back(&mut self) -> Option<L::Item> {
        let (name, lane) = self.lanes.iter_mut().max_by_key(|(_, lane)| lane.len())?;
        let (name, item) = (name.clone(), lane.take_back());
        if lane.len() == 0 {
            self.lanes.remove(&name);
            self.order.retain(|other| *other != name);
        }
        item
    }
}

impl<L: Lane> Ring<L> {
    fn lane(&mut self, name: &str) -> &mut L {
        if !self.lanes.contains_key(name) {
            self.order.push_back(name.to_owned());
        }
        self.lanes.entry(name.to_owned()).or_default()
    }

    fn len_of(&self, name: &str) -> usize {
        self.lanes.get(name).map_or(0, L::len)
    }

    /// Whether another lane has more items than `name` would have with one more.
    fn is_exceeded(&self, name: &str) -> bool {
        self.lanes.values().any(|lane| lane.len() > self.len_of(name) + 1)
    }
}

impl<T> Turns<T> {
    /// A queue for at most `most` items of known sources, and as many of strangers.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), known: Ring::default(), strangers: Ring::default(), known_is_next: true }
    }

    /// Adds an item. If the queue is full, the source with the most items loses its newest one.
    ///
    /// # Errors
    /// The item that is not in the queue: `item` itself, or the one removed for it.
    pub(super) fn push(&mut self, origin: &Origin, item: T) -> Result<(), T> {
        let (full, lost) = match origin {
            Origin::Known(account) => {
                let full = self.known.len() >= self.most;
                if full && !self.known.is_exceeded(account) {
                    return Err(item);
                }
                self.known.lane(account).push_back(item);
                (full, full.then(|| self.known.take_back()))
            }
            Origin::Stranger { network, address } => {
                let full = self.strangers.len() >= self.most;
                let others = self.strangers.is_exceeded(network);
                let neighbours = || self.strangers.lanes.get(network).is_some_and(|all| all.is_exceeded(address));
                if full && !others && !neighbours() {
                    return Err(item);
                }
                self.strangers.lane(network).lane(address).push_back(item);
                let lost = match (full, others) {
                    (false, _) => None,
                    (true, true) => Some(self.strangers.take_back()),
                    (true, false) => Some(self.strangers.lane(network).take_back()),
                };
                (full, lost)
            }
        };
        match lost.flatten() {
            Some(lost) if full => Err(lost),
            _ => Ok(()),
        }
    }

    /// Takes the item whose turn it is.
    pub(super) fn take(&mut self) -> Option<T> {
        self.known_is_next = !self.known_is_next;
        if !self.known_is_next {
            self.known.take().or_else(|| self.strangers.take())
        } else {
            self.strangers.take().or_else(|| self.known.take())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(address: &str) -> Origin {
        let network = address.split(':').next().unwrap_or_default().to_owned();
        Origin::Stranger { network, address: address.to_owned() }
    }

    fn known(account: &str) -> Origin {
        Origin::Known(account.to_owned())
    }

    fn all(turns: &mut Turns<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| turns.take()).collect()
    }

    #[test]
    fn who_brings_one_waits_for_one_of_everybody_and_not_for_all_of_one() {
        let mut turns = Turns::new(10);
        for item in ["flood 1", "flood 2", "flood 3", "flood 4"] {
            turns.push(&stranger("a:1"), item).unwrap();
        }
        turns.push(&stranger("b:1"), "honest").unwrap();
        assert_eq!(all(&mut turns), ["flood 1", "honest", "flood 2", "flood 3", "flood 4"]);
    }

    #[test]
    fn addresses_of_one_network_share_its_turns() {
        let mut turns = Turns::new(10);
        for (address, item) in [("a:1", "1"), ("a:2", "2"), ("a:3", "3"), ("a:1", "4"), ("b:1", "honest")] {
            turns.push(&stranger(address), item).unwrap();
        }
        assert_eq!(all(&mut turns), ["1", "honest", "2", "3", "4"]);
    }

    #[test]
    fn every_other_turn_is_of_those_who_are_known_and_an_account_waits_behind_itself() {
        let mut turns = Turns::new(10);
        for (address, item) in [("a:1", "s1"), ("b:1", "s2"), ("c:1", "s3")] {
            turns.push(&stranger(address), item).unwrap();
        }
        for (account, item) in [("ada", "ada 1"), ("ada", "ada 2"), ("eve", "eve")] {
            turns.push(&known(account), item).unwrap();
        }
        assert_eq!(all(&mut turns), ["ada 1", "s1", "eve", "s2", "ada 2", "s3"]);
    }

    #[test]
    fn when_it_is_full_whoever_has_the_most_loses_the_newest() {
        let mut turns = Turns::new(3);
        for item in ["1", "2", "3"] {
            turns.push(&stranger("a:1"), item).unwrap();
        }
        assert_eq!(turns.push(&stranger("a:1"), "4"), Err("4"), "the flood itself");
        assert_eq!(turns.push(&stranger("b:1"), "honest"), Err("3"), "makes room for others");
        assert_eq!(turns.push(&stranger("c:1"), "late"), Err("2"));
        assert_eq!(turns.push(&stranger("d:1"), "too many"), Err("too many"), "all have one");
        // Known sources have places of their own.
        turns.push(&known("ada"), "owner").unwrap();
        assert_eq!(all(&mut turns), ["owner", "1", "honest", "late"]);
    }

    #[test]
    fn a_network_of_many_addresses_makes_room_for_another_network_and_among_its_own() {
        let mut turns = Turns::new(3);
        for (address, item) in [("a:1", "1"), ("a:1", "2"), ("a:2", "3")] {
            turns.push(&stranger(address), item).unwrap();
        }
        assert_eq!(turns.push(&stranger("b:1"), "honest"), Err("2"));
        let mut turns = Turns::new(3);
        for item in ["1", "2", "3"] {
            turns.push(&stranger("a:1"), item).unwrap();
        }
        assert_eq!(turns.push(&stranger("a:2"), "neighbour"), Err("3"));
        assert_eq!(all(&mut turns), ["1", "neighbour", "2"]);
    }

    #[test]
    fn whatever_is_pushed_comes_out_once_or_is_given_back() {
        let mut turns = Turns::new(7);
        let (mut lost, mut taken) = (0, 0);
        for n in 0_usize..1_000 {
            let address = format!("{}:{}", n * 7 % 5, n * 11 % 13);
            let origin = if n % 3 == 0 { known(&address) } else { stranger(&address) };
            lost += usize::from(turns.push(&origin, "x").is_err());
            if n % 4 == 0 {
                taken += usize::from(turns.take().is_some());
            }
        }
        taken += all(&mut turns).len();
        assert_eq!(lost + taken, 1_000);
        assert!(turns.known.lanes.is_empty() && turns.strangers.lanes.is_empty() && turns.strangers.order.is_empty());
    }
}
