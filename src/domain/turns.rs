//! Whose turn it is where many wait for little: sources take turns, so a source that brings much delays only itself.

use std::collections::{HashMap, VecDeque};

/// The source of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A browser that an account knows, or a session of it, named by the account. They get every other turn.
    Known(String),
    /// Anybody else. Networks take turns, within each network its addresses, and within each address the accounts that
    /// are asked for.
    Stranger {
        /// The largest network that one customer gets.
        network: String,
        /// The address, or the smallest network that one customer gets.
        address: String,
        /// The account, as it was typed; empty if none is asked for.
        account: String,
    },
}

impl Origin {
    /// The same source, which asks for `account`. Says nothing more of one that is known.
    #[must_use]
    pub fn asking_for(self, account: String) -> Self {
        match self {
            Self::Stranger { network, address, .. } => Self::Stranger { network, address, account },
            known @ Self::Known(_) => known,
        }
    }

    fn path(&self) -> Vec<&str> {
        match self {
            Self::Known(account) => vec![account],
            Self::Stranger { network, address, account } => vec![network, address, account],
        }
    }
}

/// A bounded queue in which sources take turns.
///
/// An item waits for as many others as there are sources of its kind beside its own: for one of each network, and within
/// its network for one of each address. Between any two of them stands one of the other kind. When the places of a kind
/// are used up, the source with the most items loses its newest.
///
/// ```
/// use latchkey::domain::turns::{Origin, Turns};
///
/// let stranger = |network: &str| Origin::Stranger {
///     network: network.into(),
///     address: network.into(),
///     account: "ada".into(),
/// };
/// let mut turns = Turns::new(64);
/// for guess in ["guess 1", "guess 2", "guess 3"] {
///     turns.push(&stranger("192.0.2.0/24"), guess)?;
/// }
/// turns.push(&stranger("198.51.100.0/24"), "honest")?;
/// assert_eq!(turns.take(), Some("guess 1"));
/// assert_eq!(turns.take(), Some("honest"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct Turns<T> {
    /// How many items of known sources may wait, and how many of strangers.
    most: usize,
    known: Lane<T>,
    strangers: Lane<T>,
    known_is_next: bool,
}

/// The items of a source, or its lanes in the order of their turns. No lane below another one is empty.
#[derive(Debug)]
struct Lane<T> {
    items: VecDeque<T>,
    lanes: HashMap<String, Lane<T>>,
    order: VecDeque<String>,
    /// Of the items here and below.
    len: usize,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), lanes: HashMap::new(), order: VecDeque::new(), len: 0 }
    }
}

impl<T> Lane<T> {
    fn push(&mut self, path: &[&str], item: T) {
        self.len += 1;
        let Some((name, rest)) = path.split_first() else {
            self.items.push_back(item);
            return;
        };
        if !self.lanes.contains_key(*name) {
            self.order.push_back((*name).to_owned());
        }
        self.lanes.entry((*name).to_owned()).or_default().push(rest, item);
    }

    /// Takes the next item; its lane goes to the end of the order.
    fn take(&mut self) -> Option<T> {
        let item = match self.order.pop_front() {
            None => self.items.pop_front(),
            Some(name) => {
                let lane = self.lanes.get_mut(&name)?;
                let item = lane.take();
                if lane.len == 0 {
                    self.lanes.remove(&name);
                } else {
                    self.order.push_back(name);
                }
                item
            }
        };
        self.len -= usize::from(item.is_some());
        item
    }

    /// Removes the newest item of the source with the most items, so that there is room for one more at `path`; `None`
    /// if no source has more than that one would have.
    fn make_room(&mut self, path: &[&str]) -> Option<T> {
        let (name, rest) = path.split_first()?;
        let own = self.lanes.get(*name).map_or(0, |lane| lane.len);
        let (largest, most) = self.largest()?;
        let item = if most > own + 1 {
            self.take_back(&largest)
        } else {
            let lane = self.lanes.get_mut(*name)?;
            lane.make_room(rest)
        };
        self.len -= usize::from(item.is_some());
        item
    }

    /// The lane with the most items: of two, the one whose turn comes later.
    fn largest(&self) -> Option<(String, usize)> {
        let sizes = self.order.iter().filter_map(|name| Some((name, self.lanes.get(name)?.len)));
        sizes.max_by_key(|(_, len)| *len).map(|(name, len)| (name.clone(), len))
    }

    /// Removes the newest item of the source with the most items in the lane `name`.
    fn take_back(&mut self, name: &str) -> Option<T> {
        let lane = self.lanes.get_mut(name)?;
        let item = match lane.largest() {
            Some((largest, _)) => lane.take_back(&largest),
            None => lane.items.pop_back(),
        };
        lane.len -= usize::from(item.is_some());
        if lane.len == 0 {
            self.lanes.remove(name);
            self.order.retain(|other| other != name);
        }
        item
    }
}

impl<T> Turns<T> {
    /// A queue for at most `most` items of known sources, and as many of strangers.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), known: Lane::default(), strangers: Lane::default(), known_is_next: true }
    }

    /// Adds an item. If the queue is full, the source with the most items loses its newest one.
    ///
    /// # Errors
    /// The item that is not in the queue: `item` itself, or the one removed for it.
    pub fn push(&mut self, origin: &Origin, item: T) -> Result<(), T> {
        let (lane, path) = match origin {
            Origin::Known(_) => (&mut self.known, origin.path()),
            Origin::Stranger { .. } => (&mut self.strangers, origin.path()),
        };
        if lane.len < self.most {
            lane.push(&path, item);
            return Ok(());
        }
        let Some(lost) = lane.make_room(&path) else { return Err(item) };
        lane.push(&path, item);
        Err(lost)
    }

    /// Takes the item whose turn it is.
    pub fn take(&mut self) -> Option<T> {
        self.known_is_next = !self.known_is_next;
        if self.known_is_next {
            self.strangers.take().or_else(|| self.known.take())
        } else {
            self.known.take().or_else(|| self.strangers.take())
        }
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
