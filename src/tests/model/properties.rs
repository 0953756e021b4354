//! Properties that must hold in every reachable state. Some of them play a state on by the same rule.

use super::machine::{Machine, State};
use super::rule::{GRACE, Rule};
use super::world::{Agent, History, Token, World, gives};
use latchkey::domain::redeem::{Decision, Refusal};
use stateright::Property;

pub(super) const NEVER_SIGNED_OUT: &str = "an honest run never ends revoked";
pub(super) const ALWAYS_ANSWERED: &str =
    "what is in an honest cookie jar is always good for an answer, by now or after the grace";
pub(super) const FOUND_OUT: &str =
    "when thief and owner have each refreshed twice out of step, the thief holds nothing that lives";
pub(super) const EMPTY_HANDED: &str =
    "once the owner has refreshed and shown it, a thief out of step holds nothing that lives";
pub(super) const ONE_BRANCH: &str = "of two tokens that can be exchanged, exchanging either ends the other";
pub(super) const BOUNDED_GRACE: &str = "only the parent is repeated, and only within the grace of its first rotation";
pub(super) const OWN_AGENT: &str = "within the grace another User-Agent gets nothing";
pub(super) const STAYS_REVOKED: &str = "revoked stays revoked";
pub(super) const FIXED_END: &str = "the absolute end never moves, and after it nothing is given";

pub(super) fn of(machine: &Machine) -> Vec<Property<Machine>> {
    let mut all: Vec<Property<Machine>> = vec![
        Property::always(ONE_BRANCH, one_branch),
        Property::always(BOUNDED_GRACE, bounded_grace),
        Property::always(OWN_AGENT, own_agent),
        Property::always(STAYS_REVOKED, stays_revoked),
        Property::always(FIXED_END, fixed_end),
    ];
    if machine.has_thief {
        all.push(Property::always(FOUND_OUT, |machine: &Machine, state: &State| {
            won_by_the_thief(machine.rule, &state.world, false).is_none()
        }));
        all.push(Property::always(EMPTY_HANDED, |machine: &Machine, state: &State| {
            won_by_the_thief(machine.rule, &state.world, true).is_none()
        }));
    } else {
        all.push(Property::always(NEVER_SIGNED_OUT, |_: &Machine, state: &State| !state.world.was_revoked));
        all.push(Property::always(ALWAYS_ANSWERED, always_answered));
    }
    all
}

fn judge(machine: &Machine, world: &World, token: Token, agent: Agent) -> Decision {
    world.judge(machine.rule, token, agent, History::default())
}

fn always_answered(machine: &Machine, state: &State) -> bool {
    machine.tabs.iter().all(|agent| match judge(machine, &state.world, state.world.jar, *agent) {
        Decision::Refuse(Refusal::Expired) => true,
        Decision::Refuse(Refusal::OtherAgent(_) | Refusal::Unrepeatable(_)) => {
            let later = judge(machine, &later(state.world), state.world.jar, *agent);
            gives(later) || later == Decision::Refuse(Refusal::Expired)
        }
        decision => gives(decision),
    })
}

fn one_branch(machine: &Machine, state: &State) -> bool {
    let new =
        |world: &World, token| matches!(judge(machine, world, token, Agent::Owners), Decision::Rotate | Decision::Fork);
    let living: Vec<Token> = Token::ALL.into_iter().filter(|token| new(&state.world, *token)).collect();
    living.iter().all(|exchanged| {
        let mut after = state.world;
        after.present(machine.rule, *exchanged, Agent::Owners, History::default());
        let others = living.iter().filter(|token| *token != exchanged);
        others.map(|token| token.after(*exchanged)).all(|token| !gives(judge(machine, &after, token, Agent::Owners)))
    })
}

fn bounded_grace(machine: &Machine, state: &State) -> bool {
    let may = |token| token == Token::Parent || (token == Token::Current && machine.rule == Rule::OneRotationPerGrace);
    Token::ALL.into_iter().all(|token| {
        judge(machine, &state.world, token, Agent::Owners) != Decision::Repeat
            || (may(token) && state.world.age() < GRACE)
    })
}

fn own_agent(machine: &Machine, state: &State) -> bool {
    let world = &state.world;
    let repeats = |agent| judge(machine, world, Token::Parent, agent) == Decision::Repeat;
    world.age() >= GRACE || !(repeats(Agent::Owners) && repeats(Agent::Another))
}

fn stays_revoked(machine: &Machine, state: &State) -> bool {
    let refused = |token| judge(machine, &state.world, token, Agent::Owners) == Decision::Refuse(Refusal::Revoked);
    !state.world.was_revoked || (state.world.revoked && Token::ALL.into_iter().all(refused))
}

fn fixed_end(machine: &Machine, state: &State) -> bool {
    let Some((_, absolute)) = machine.ends else { return true };
    let world = &state.world;
    let end = GRACE + absolute;
    let given = |token| gives(judge(machine, world, token, Agent::Owners));
    world.end == end && (world.now < end || !Token::ALL.into_iter().any(given))
}

/// Plays on from `world`, each step after the grace of the one before: thief, owner, thief, owner. The thief presents
/// any of his tokens or none, and uses what he gets or not. In each of these plays the session must end, or all of the
/// thief's tokens must be useless. With `shown`, the owner also uses the access token that he gets, and one refresh of
/// his is enough. Returns the play that the thief wins, if there is one, last step first.
pub(super) fn won_by_the_thief(rule: Rule, world: &World, shown: bool) -> Option<Vec<String>> {
    play(rule, *world, shown, if shown { 1 } else { 2 })
}

fn play(rule: Rule, world: World, shown: bool, rounds: u8) -> Option<Vec<String>> {
    if world.revoked || world.loot().next().is_none() {
        return None;
    }
    if rounds == 0 {
        let world = later(world);
        let judged = world.loot().map(|token| (token, world.judge(rule, token, Agent::Owners, History::default())));
        return judged
            .filter(|(_, decision)| gives(*decision))
            .map(|(token, decision)| vec![format!("the thief still holds {token:?} => {decision:?}")])
            .next();
    }
    let presents = world.loot().flat_map(|token| [(Some(token), false), (Some(token), true)]);
    std::iter::once((None, false)).chain(presents).find_map(|(token, uses)| {
        let (world, thief) = match token {
            Some(token) => thief_presents(rule, world, token, uses),
            None => (world, Decision::Refuse(Refusal::NotOurs)),
        };
        let jar = world.jar;
        let (world, owner) = owner_refreshes(rule, world, shown);
        let mut steps = play(rule, world, shown, rounds - 1)?;
        let shows = if shown { ", uses the access token" } else { "" };
        steps.push(format!("later, the owner presents {jar:?} => {owner:?}{shows}"));
        if let Some(token) = token {
            let uses = if uses { ", uses the access token" } else { "" };
            steps.push(format!("later, the thief presents {token:?} => {thief:?}{uses}"));
        }
        Some(steps)
    })
}

fn thief_presents(rule: Rule, world: World, token: Token, uses: bool) -> (World, Decision) {
    let mut world = later(world);
    let decision = world.present(rule, token, Agent::Owners, History::default());
    if gives(decision) {
        world.steal(Token::Current);
        if uses {
            world.confirm();
        }
    }
    (world, decision)
}

fn owner_refreshes(rule: Rule, world: World, shows: bool) -> (World, Decision) {
    let mut world = later(world);
    let decision = world.present(rule, world.jar, Agent::Owners, History::default());
    if gives(decision) {
        world.jar = Token::Current;
        if shows {
            world.confirm();
        }
    }
    (world, decision)
}

fn later(mut world: World) -> World {
    for _ in 0..GRACE {
        world.tick();
    }
    world
}
