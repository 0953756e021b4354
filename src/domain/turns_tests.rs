//! Tests of the turns: examples, and what holds for every order in which items come and go.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// `network:address`, and an account.
fn stranger_for(address: &str, account: &str) -> Origin {
    let network = address.split(':').next().unwrap_or_default().to_owned();
    Origin::Stranger { network, address: address.to_owned(), account: account.to_owned() }
}

fn stranger(address: &str) -> Origin {
    stranger_for(address, "")
}

fn known(account: &str) -> Origin {
    Origin::Known(account.to_owned())
}

fn all<T>(turns: &mut Turns<T>) -> Vec<T> {
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
fn behind_one_address_the_accounts_take_turns() {
    let mut turns = Turns::new(10);
    for (account, item) in [("ada", "guess 1"), ("ada", "guess 2"), ("ada", "guess 3"), ("eve", "colleague")] {
        turns.push(&stranger_for("office:1", account), item).unwrap();
    }
    turns.push(&stranger_for("b:1", "ada"), "elsewhere").unwrap();
    assert_eq!(all(&mut turns), ["guess 1", "elsewhere", "colleague", "guess 2", "guess 3"]);
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
fn a_guesser_behind_an_address_makes_room_for_another_account_there() {
    let mut turns = Turns::new(3);
    for item in ["1", "2", "3"] {
        turns.push(&stranger_for("a:1", "ada"), item).unwrap();
    }
    assert_eq!(turns.push(&stranger_for("a:1", "ada"), "4"), Err("4"));
    assert_eq!(turns.push(&stranger_for("a:1", "eve"), "colleague"), Err("3"));
    assert_eq!(all(&mut turns), ["1", "colleague", "2"]);
}

const MOST: usize = 12;

/// What happens to the queue.
#[derive(Clone, Debug)]
enum Step {
    Push(Origin),
    Take,
}

fn origin() -> impl Strategy<Value = Origin> {
    let stranger = (0_u8..4, 0_u8..3, 0_u8..3).prop_map(|(network, address, account)| {
        stranger_for(&format!("{network}:{address}"), &format!("account-{account}"))
    });
    prop_oneof![3 => stranger, 1 => (0_u8..4).prop_map(|account| known(&format!("account-{account}")))]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(prop_oneof![2 => origin().prop_map(Step::Push), 1 => Just(Step::Take)], 0..200)
}

/// An item: when it came, and from where.
type Item = (usize, Origin);

/// Does the steps. Returns the queue, and what waits in it.
fn after(steps: &[Step]) -> (Turns<Item>, Vec<Item>) {
    let (mut turns, mut waiting) = (Turns::new(MOST), Vec::new());
    for (number, step) in steps.iter().enumerate() {
        let gone = match step {
            Step::Push(origin) => {
                waiting.push((number, origin.clone()));
                turns.push(origin, (number, origin.clone())).err()
            }
            Step::Take => turns.take(),
        };
        waiting.retain(|item| Some(item) != gone.as_ref());
    }
    (turns, waiting)
}

fn is_known(origin: &Origin) -> bool {
    matches!(origin, Origin::Known(_))
}

proptest! {
    #[test]
    fn no_more_wait_than_may_and_each_comes_out_once(steps in steps()) {
        let (mut turns, mut waiting) = after(&steps);
        for kind in [true, false] {
            prop_assert!(waiting.iter().filter(|(_, origin)| is_known(origin) == kind).count() <= MOST);
        }
        let mut out = all(&mut turns);
        out.sort_by_key(|(number, _)| *number);
        waiting.sort_by_key(|(number, _)| *number);
        prop_assert_eq!(out, waiting);
        let empty = |lane: &Lane<_>| lane.len == 0 && lane.lanes.is_empty() && lane.order.is_empty();
        prop_assert!(empty(&turns.known) && empty(&turns.strangers), "nothing is kept of those who left");
    }

    #[test]
    fn what_one_source_brought_comes_out_in_order(steps in steps()) {
        let (mut turns, _) = after(&steps);
        let out = all(&mut turns);
        for (place, (number, origin)) in out.iter().enumerate() {
            prop_assert!(out.iter().skip(place).filter(|(_, other)| other == origin).all(|(later, _)| later >= number));
        }
    }

    /// Whatever waits already: whoever comes alone, from a network of its own, is served after one of each network that
    /// waits, and as many of those who are known.
    #[test]
    fn who_comes_alone_waits_for_no_more_than_one_of_each_network(steps in steps()) {
        let (mut turns, waiting) = after(&steps);
        let newcomer = stranger("new:1");
        let mut networks: Vec<String> = waiting.iter().filter_map(|(_, origin)| match origin {
            Origin::Stranger { network, .. } => Some(network.clone()),
            Origin::Known(_) => None,
        }).collect();
        networks.sort();
        networks.dedup();
        // With fewer networks than places, some network has two, and makes room.
        let lost = turns.push(&newcomer, (usize::MAX, newcomer.clone())).err();
        prop_assert_ne!(lost.map(|(_, origin)| origin), Some(newcomer.clone()));
        let before = all(&mut turns).into_iter().take_while(|(number, _)| *number != usize::MAX);
        let (friends, strangers): (Vec<_>, Vec<_>) = before.partition(|(_, origin)| is_known(origin));
        prop_assert!(strangers.len() <= networks.len(), "{} of {}", strangers.len(), networks.len());
        prop_assert!(friends.len() <= strangers.len() + 1);
    }

    /// A flood of any size, of known or unknown sources, delays an account that is known by one of each account and as
    /// many strangers.
    #[test]
    fn who_is_known_waits_for_one_of_each_account_and_as_many_strangers(steps in steps()) {
        let (mut turns, waiting) = after(&steps);
        let owner = known("owner");
        let mut accounts: Vec<&Origin> = waiting.iter().map(|(_, origin)| origin).filter(|o| is_known(o)).collect();
        accounts.sort_by_key(|origin| format!("{origin:?}"));
        accounts.dedup();
        let lost = turns.push(&owner, (usize::MAX, owner.clone())).err();
        prop_assert_ne!(lost.map(|(_, origin)| origin), Some(owner.clone()));
        let before = all(&mut turns).into_iter().take_while(|(number, _)| *number != usize::MAX);
        let (friends, strangers): (Vec<_>, Vec<_>) = before.partition(|(_, origin)| is_known(origin));
        prop_assert!(friends.len() <= accounts.len());
        prop_assert!(strangers.len() <= friends.len() + 1);
    }
}
