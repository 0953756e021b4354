//! The key schedule: which changes are due when.

use super::*;

const DAY: Duration = Duration::from_secs(86_400);
const KEPT: Duration = Duration::from_secs(910);
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);
const MILLISECOND: Duration = Duration::from_millis(1);

fn key(id: &str, active_at: Timestamp, expires_at: Option<Timestamp>) -> ScheduledKey {
    ScheduledKey { id: KeyId::new(id), algorithm: "EdDSA".into(), times: Times { active_at, expires_at } }
}

fn policy() -> Policy {
    Policy { algorithm: "EdDSA".into(), every: 30 * DAY, kept: KEPT, is_enough: true }
}

fn make(at: Timestamp) -> Due {
    Due { make: Some(at), expire: Vec::new() }
}

fn expire(id: &str, at: Timestamp) -> Due {
    Due { make: None, expire: vec![(KeyId::new(id), at)] }
}

#[test]
fn the_first_key_signs_at_once_and_then_nothing_is_due_for_long() {
    assert_eq!(policy().due(&[], NOW), make(NOW));
    let keys = [key("a", NOW, None)];
    assert_eq!(policy().first(&[], NOW), make(NOW));
    assert!(policy().first(&keys, NOW + 365 * DAY).is_nothing(), "the rest can wait");
    for at in [NOW, NOW + DAY, NOW + 30 * DAY - LEAD - MILLISECOND] {
        assert!(policy().due(&keys, at).is_nothing(), "{at:?}");
    }
}

#[test]
fn the_next_key_is_published_one_lead_before_its_time_and_once_only() {
    let end = NOW + 30 * DAY;
    let keys = [key("a", NOW, None)];
    assert_eq!(policy().due(&keys, end - LEAD), make(end));
    let late = end + 7 * DAY;
    assert_eq!(policy().due(&keys, late), make(late + LEAD), "never without its lead, however late");
    let both = [key("a", NOW, None), key("b", end, None)];
    assert!(policy().due(&both, end - LEAD).is_nothing());
    assert!(policy().due(&both, end - MILLISECOND).is_nothing());
}

#[test]
fn the_former_key_expires_when_all_that_it_signed_has() {
    let end = NOW + 30 * DAY;
    let both = [key("a", NOW, None), key("b", end, None)];
    assert_eq!(policy().due(&both, end), expire("a", end + KEPT));
    assert_eq!(policy().due(&both, end + DAY), expire("a", end + KEPT), "however late it is told");
    let told = [key("a", NOW, Some(end + KEPT)), key("b", end, None)];
    assert!(policy().due(&told, end + DAY).is_nothing());
}

#[test]
fn whoever_turns_the_schedule_off_gets_no_key_but_the_former_still_goes() {
    let off = Policy { every: Duration::ZERO, ..policy() };
    assert!(off.due(&[key("a", NOW, None)], NOW + 3_650 * DAY).is_nothing());
    let both = [key("a", NOW, None), key("b", NOW + DAY, None)];
    assert_eq!(off.due(&both, NOW + DAY), expire("a", NOW + DAY + KEPT));
}

#[test]
fn another_algorithm_is_a_rotation_with_its_lead() {
    let other = Policy { algorithm: "ES256".into(), every: Duration::ZERO, ..policy() };
    let old = key("a", NOW, None);
    assert_eq!(other.due(std::slice::from_ref(&old), NOW + DAY), make(NOW + DAY + LEAD));
    let new = ScheduledKey { algorithm: "ES256".into(), ..key("b", NOW + DAY + LEAD, None) };
    let both = [old, new];
    assert!(other.due(&both, NOW + DAY + MILLISECOND).is_nothing());
    assert_eq!(other.due(&both, NOW + 2 * DAY), expire("a", NOW + DAY + LEAD + KEPT));
}

#[test]
fn keys_that_went_are_no_reason_to_stay_without_one() {
    assert_eq!(policy().due(&[key("a", NOW, Some(NOW + DAY))], NOW), make(NOW));
}

#[test]
fn a_clock_that_stepped_back_still_finds_a_key_and_makes_none() {
    let keys = [key("b", NOW + 2 * DAY, None), key("a", NOW + DAY, None)];
    let signs = signing(keys.iter().map(|key| (key.id.as_str(), key.times)), NOW);
    assert_eq!(signs, Some("a"));
    assert!(policy().due(&keys, NOW).is_nothing());
}

#[test]
fn the_state_of_a_key_follows_its_times() {
    let end = NOW + DAY;
    let keys = [
        key("over", NOW - DAY, Some(NOW)),
        key("former", NOW - DAY, Some(end)),
        key("untold", NOW - DAY, None),
        key("signs", NOW, None),
        key("next", end, None),
    ];
    let states = |now| keys.iter().map(|key| state(key, &keys, now).as_str()).collect::<Vec<_>>();
    assert_eq!(states(NOW), ["expired", "verifying", "verifying", "signing", "next"]);
    assert_eq!(states(end), ["expired", "expired", "verifying", "verifying", "signing"]);
}

#[test]
fn a_rotation_by_command_makes_the_next_key_unless_there_is_one() {
    let keys = [key("a", NOW, None)];
    assert_eq!(policy().rotation(&keys, NOW + DAY), make(NOW + DAY + LEAD));
    let both = [key("a", NOW, None), key("b", NOW + 2 * DAY, None)];
    assert!(policy().rotation(&both, NOW + DAY).is_nothing());
}

#[test]
fn a_leaked_key_that_is_enough_goes_at_once_and_the_others_with_it() {
    let keys = [
        key("over", NOW - DAY, Some(NOW)),
        key("former", NOW - DAY, Some(NOW + DAY)),
        key("signs", NOW - DAY, None),
        key("next", NOW + DAY, None),
    ];
    let gone = ["former", "signs", "next"].map(|id| (KeyId::new(id), NOW));
    assert_eq!(policy().rotation_at_once(&keys, NOW), Due { make: Some(NOW), expire: gone.to_vec() });
}

#[test]
fn a_leaked_key_that_is_not_enough_is_replaced_and_what_it_signed_stays_good() {
    let policy = Policy { is_enough: false, ..policy() };
    let keys = [key("signs", NOW - DAY, None), key("next", NOW + DAY, None)];
    let due = policy.rotation_at_once(&keys, NOW);
    assert_eq!(due.make, Some(NOW + SPREAD));
    assert_eq!(due.expire, [(KeyId::new("next"), NOW + DAY + KEPT)], "a server that has not heard may sign with it");
    let after = [keys[0].clone(), key("new", NOW + SPREAD, None)];
    assert_eq!(policy.due(&after, NOW + SPREAD), expire("signs", NOW + SPREAD + KEPT));
}

#[test]
fn the_lead_gives_everybody_who_keeps_the_published_keys_many_chances() {
    assert!(LEAD >= 10 * PUBLISHED_MAX_AGE && LEAD < DAY);
}

#[test]
fn nothing_is_due_only_if_neither_a_key_is_to_be_made_nor_one_to_expire() {
    assert!(Due::default().is_nothing());
    assert!(!make(NOW).is_nothing());
    assert!(!expire("a", NOW).is_nothing());
}
