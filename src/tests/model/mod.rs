//! The rotation rule as a state machine, checked exhaustively: in every state that owner, tabs, network, crashes, clock
//! and thief can reach, in any order. The decision is the real `latchkey::domain::redeem`.
//!
//! `Current`, `Parent`, `Displaced` and `Older` in traces are classes of generations; see [`world::Token`].

mod loss;
mod loss_machine;
mod machine;
mod properties;
mod rule;
mod world;

use machine::{Action, Answers, Machine, Requests, State};
use properties::*;
use rule::Rule;
use stateright::{Checker, HasDiscoveries, Model};
use std::collections::HashSet;
use world::Agent;

/// Explores all states, and fails with the shortest trace if a property does not hold.
fn holds(what: &str, machine: Machine) {
    let checker = machine.clone().checker().threads(2).spawn_bfs().join();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    println!("{what}: {states} states, {steps} steps, depth {}", checker.max_depth());
    let refuted = checker.discoveries().into_keys().next();
    assert!(refuted.is_none(), "{what}: {refuted:?}\n{}", refuted.map(|it| tell(&machine, it)).unwrap_or_default());
    assert!(checker.is_done());
}

/// Explores until `property` is refuted, and prints the shortest trace. Fails if nothing refutes it.
fn refuted(what: &str, machine: Machine, property: &'static str) {
    let first = HasDiscoveries::AnyOf([property].into());
    let checker = machine.clone().checker().finish_when(first).spawn_bfs().join();
    assert!(checker.discovery(property).is_some(), "{what}: not refuted: {property}");
    println!("{what} refutes: {property}\n{}", tell(&machine, property));
}

/// The shortest way to a state in which `property` does not hold, with the decision of each step. The checker explores
/// in blocks and reports the last one that it finds in a block; this search goes strictly by length.
fn tell(machine: &Machine, property: &'static str) -> String {
    let holds = machine.property(property).condition;
    let mut states = machine.init_states();
    let mut known: HashSet<State> = states.iter().cloned().collect();
    let mut reached: Vec<(usize, Option<Action>)> = vec![(0, None); states.len()];
    let mut next = 0;
    while holds(machine, &states[next]) {
        for (action, state) in machine.next_steps(&states[next]) {
            if known.insert(state.clone()) {
                states.push(state);
                reached.push((next, Some(action)));
            }
        }
        next += 1;
    }
    // The last step comes first.
    let mut steps = match property {
        FOUND_OUT | EMPTY_HANDED => won_by_the_thief(machine.rule, &states[next].world, property == EMPTY_HANDED),
        _ => None,
    }
    .unwrap_or_default();
    while let (before, Some(action)) = reached[next] {
        let decision = machine.decision(&states[before], action).map(|decision| format!(" => {decision:?}"));
        steps.push(format!("{action:?}{}", decision.unwrap_or_default()));
        next = before;
    }
    steps.reverse();
    format!("  {}", steps.join("\n  "))
}

#[test]
fn nobody_honest_is_signed_out_by_tabs_losses_repeats_or_crashes() {
    holds("honest", Machine::honest(Rule::Real));
}

#[test]
fn nobody_honest_is_signed_out_by_a_browser_that_shows_itself_differently() {
    let tabs = &[Agent::Owners, Agent::Another];
    holds("two User-Agents", Machine { tabs, ..Machine::honest(Rule::Real) });
    holds(
        "two User-Agents, unshared",
        Machine { tabs, requests: Requests::BeforeTheNext, ..Machine::honest(Rule::Unshared) },
    );
}

#[test]
fn nobody_honest_is_signed_out_by_waiting_in_the_server() {
    let machine = |rule| Machine { waiting: true, ..Machine::honest(rule) };
    holds("waiting", machine(Rule::Real));
    holds("waiting, unshared", Machine { requests: Requests::BeforeTheNext, ..machine(Rule::Unshared) });
}

#[test]
fn a_thief_is_found_out_whatever_waits_in_the_server() {
    holds("waiting, with a thief", Machine { waiting: true, ..Machine::with_thief(Rule::Real) });
}

#[test]
fn a_thief_is_found_out_whatever_the_network_does() {
    holds("thief", Machine::with_thief(Rule::Real));
}

#[test]
fn both_ends_are_kept_with_and_without_a_thief() {
    let ends = Some((4, 6));
    holds("honest, with ends", Machine { ends, under_way: 1, ..Machine::honest(Rule::Real) });
    holds("thief, with ends", Machine { ends, under_way: 1, ..Machine::with_thief(Rule::Real) });
}

mod losses {
    //! The database loses committed data; see [`super::loss`].

    use super::*;
    use loss_machine::{FOUND_OUT, LossMachine, NEVER_SIGNED_OUT, ONE_OF_A_KIND, OWNER_KNOWS, REPEATED};

    fn holds(what: &str, machine: LossMachine) {
        let checker = machine.checker().threads(2).spawn_bfs().join();
        println!("{what}: {} states, depth {}", checker.unique_state_count(), checker.max_depth());
        checker.assert_properties();
        assert!(checker.is_done());
    }

    fn refuted(what: &str, machine: LossMachine, property: &'static str) {
        let first = HasDiscoveries::AnyOf([property].into());
        let checker = machine.checker().finish_when(first).spawn_bfs().join();
        let trace = checker.discovery(property);
        let steps = trace.unwrap_or_else(|| panic!("{what}: not refuted: {property}")).into_actions();
        println!("{what} refutes: {property}\n  {steps:?}");
    }

    #[test]
    fn nobody_honest_is_signed_out_by_a_loss() {
        holds("a loss", LossMachine::honest(Rule::Real));
    }

    #[test]
    fn a_thief_is_found_out_after_a_loss() {
        holds("a loss, with a thief", LossMachine::with_thief(Rule::Real));
    }

    #[test]
    fn refusing_what_the_row_does_not_know_is_refuted() {
        refuted("ahead is refused", LossMachine::honest(Rule::AheadIsRefused), OWNER_KNOWS);
        refuted("a sibling is refused", LossMachine::with_thief(Rule::SiblingIsRefused), OWNER_KNOWS);
        refuted("the parent's sibling is refused", LossMachine::with_thief(Rule::OtherOfParentIsRefused), OWNER_KNOWS);
    }

    #[test]
    fn recovering_without_going_on_from_the_presented_generation_is_refuted() {
        refuted("numbers are kept", LossMachine::honest(Rule::RecoveryKeepsNumbers), REPEATED);
    }

    #[test]
    fn ignoring_the_confirmation_or_a_reuse_is_refuted_after_a_loss_too() {
        refuted("a reuse that ends nothing", LossMachine::with_thief(Rule::ReuseEndsNothing), FOUND_OUT);
        refuted("confirmed from the start", LossMachine::honest(Rule::AlwaysConfirmed), NEVER_SIGNED_OUT);
        let displaced = LossMachine::with_thief(Rule::DisplacedLives);
        refuted("what a recovery displaced lives", displaced, ONE_OF_A_KIND);
    }
}

mod limits {
    //! The limits of the rule: what happens without each assumption.

    use super::*;

    #[test]
    fn a_request_that_arrives_after_the_grace_of_the_rotation_that_overtook_it_counts_as_a_reuse() {
        let machine = Machine { requests: Requests::Whenever, ..Machine::honest(Rule::Real) };
        refuted("a request after the grace", machine, NEVER_SIGNED_OUT);
    }

    #[test]
    fn who_does_not_say_that_a_token_is_shared_must_not_let_two_rotations_overtake_a_request() {
        let machine = Machine::honest(Rule::Unshared);
        refuted("a request overtaken twice", machine, NEVER_SIGNED_OUT);
        let requests = Requests::BeforeTheNext;
        holds("unshared, one at a time", Machine { requests, ..Machine::honest(Rule::Unshared) });
        holds("unshared, with a thief", Machine::with_thief(Rule::Unshared));
    }

    #[test]
    fn an_answer_that_brings_back_the_cookie_of_before_counts_as_a_reuse_later() {
        let late = Machine { answers: Answers::Whenever, ..Machine::honest(Rule::Real) };
        refuted("an answer taken in after the grace", late, NEVER_SIGNED_OUT);
        let overtaken = Machine { answers: Answers::WithinGrace, ..Machine::honest(Rule::Real) };
        refuted("an answer taken in within the grace, after that of the next rotation", overtaken, NEVER_SIGNED_OUT);
    }

    #[test]
    fn one_rotation_per_grace_would_close_the_second_and_lets_no_thief_live() {
        let rule = Rule::OneRotationPerGrace;
        holds("one rotation per grace", Machine { answers: Answers::WithinGrace, ..Machine::honest(rule) });
        holds("one rotation per grace, with a thief", Machine::with_thief(rule));
    }
}

mod mutations {
    //! A check that no mutation fails would prove nothing.

    use super::*;

    #[test]
    fn a_grace_that_slides_is_refuted() {
        refuted("a grace that slides", Machine::with_thief(Rule::SlidingGrace), BOUNDED_GRACE);
    }

    #[test]
    fn a_fork_without_displacement_is_refuted() {
        refuted("a fork without displacement", Machine::with_thief(Rule::ForkWithoutDisplacement), ONE_BRANCH);
    }

    #[test]
    fn a_repeat_without_limit_is_refuted() {
        refuted("a repeat without limit", Machine::with_thief(Rule::RepeatWithoutLimit), FOUND_OUT);
    }

    #[test]
    fn a_reuse_that_ends_nothing_is_refuted() {
        refuted("a reuse that ends nothing", Machine::with_thief(Rule::ReuseEndsNothing), FOUND_OUT);
    }

    #[test]
    fn sparing_older_tokens_at_any_age_is_refuted() {
        refuted("all are spared", Machine::with_thief(Rule::AllAreSpared), FOUND_OUT);
    }

    #[test]
    fn ignoring_the_confirmation_is_refuted() {
        refuted("confirmation ignored", Machine::with_thief(Rule::NeverConfirmed), EMPTY_HANDED);
    }

    #[test]
    fn confirming_what_nobody_saw_is_refuted() {
        refuted("confirmed from the start", Machine::honest(Rule::AlwaysConfirmed), NEVER_SIGNED_OUT);
        refuted("confirmed by any access token", Machine::honest(Rule::ConfirmedByAnyAccessToken), NEVER_SIGNED_OUT);
        let kept = Machine::honest(Rule::ConfirmationOutlivesRotation);
        refuted("a confirmation that outlives its rotation", kept, NEVER_SIGNED_OUT);
    }

    #[test]
    fn repeating_for_any_user_agent_is_refuted() {
        refuted("any User-Agent", Machine::with_thief(Rule::AnyAgent), OWN_AGENT);
    }

    #[test]
    fn ending_the_session_for_another_user_agent_is_refuted() {
        let tabs = &[Agent::Owners, Agent::Another];
        let machine = Machine { tabs, ..Machine::honest(Rule::OtherAgentIsReuse) };
        refuted("another User-Agent is a reuse", machine, NEVER_SIGNED_OUT);
    }

    #[test]
    fn exchanging_a_predecessor_whose_successor_cannot_be_repeated_is_refuted() {
        refuted("an unrepeatable fork", Machine::honest(Rule::UnrepeatableForks), NEVER_SIGNED_OUT);
    }

    #[test]
    fn judging_what_waited_by_when_it_is_decided_is_refuted() {
        let machine = |rule| Machine { waiting: true, requests: Requests::BeforeTheNext, ..Machine::honest(rule) };
        refuted("judged when decided", machine(Rule::JudgedWhenDecided), NEVER_SIGNED_OUT);
        let machine = Machine { waiting: true, ..Machine::honest(Rule::DatedByArrival) };
        refuted("dated by arrival", machine, NEVER_SIGNED_OUT);
    }

    #[test]
    fn forgetting_a_revocation_is_refuted() {
        refuted("a revocation forgotten", Machine::with_thief(Rule::RevocationForgotten), STAYS_REVOKED);
    }

    #[test]
    fn an_absolute_end_that_moves_is_refuted() {
        let machine = Machine { ends: Some((4, 6)), ..Machine::honest(Rule::EndMoves) };
        refuted("an end that moves", machine, FIXED_END);
    }
}
