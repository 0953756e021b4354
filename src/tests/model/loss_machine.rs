//! The state machine of [`super::loss`]: like [`super::machine`], with fewer steps at once, and a standby that takes
//! over.

use super::loss::{Token, World, comes_again, gives, is_won_by_the_thief};
use super::rule::{GRACE, Rule};
use latchkey::domain::redeem::{Decision, Refusal};
use stateright::{Model, Property};

pub(super) const NEVER_SIGNED_OUT: &str = "a loss signs nobody honest out";
pub(super) const ALWAYS_ANSWERED: &str = "after a loss too, what is in an honest cookie jar is good for an answer";
pub(super) const FOUND_OUT: &str =
    "after a loss too, when thief and owner have each refreshed twice out of step, the thief holds nothing that lives";
pub(super) const ONE_OF_A_KIND: &str = "of two tokens of one generation, exchanging either ends the other";
pub(super) const REPEATED: &str = "what was exchanged is repeated within the grace, and not exchanged again";
pub(super) const OWNER_KNOWS: &str = "the owner is never sent away while somebody else goes on";

/// The configuration of a check; see the module.
#[derive(Clone, Debug)]
pub(super) struct LossMachine {
    pub rule: Rule,
    pub has_thief: bool,
    /// The maximum number of the owner's messages on their way.
    pub under_way: usize,
    /// The highest generation that is exchanged.
    pub generations: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Message {
    /// A request with this token; how many ticks ago the token was exchanged, if that was within the grace; and whether
    /// the browser has received another token since that is not older.
    Request(Token, Option<u8>, bool),
    Answer(Token),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub world: World,
    wire: Vec<Message>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Send,
    Decide(Message),
    TakeIn(Token),
    Drop(Message),
    OwnerUsesAccess,
    Flush,
    Tick,
    Replicate,
    /// The standby takes over.
    Lose,
    Steal,
    ThiefPresents(Token),
    ThiefUsesAccess,
}

impl LossMachine {
    pub(super) fn honest(rule: Rule) -> Self {
        Self { rule, has_thief: false, under_way: 2, generations: 3 }
    }

    pub(super) fn with_thief(rule: Rule) -> Self {
        Self { rule, has_thief: true, under_way: 1, generations: 3 }
    }

    fn present(&self, state: &mut State, token: Token) -> Decision {
        let decision = state.world.present(self.rule, token);
        if matches!(decision, Decision::Rotate | Decision::Fork | Decision::Recover) {
            for message in &mut state.wire {
                if let Message::Request(held, exchanged, _) = message
                    && held.generation == token.generation
                {
                    *exchanged = Some(0);
                }
            }
        }
        decision
    }

    /// The assumptions, as without a loss: a request that the browser has overtaken arrives within the grace of its
    /// token's exchange. An answer is received while its token is current or lost, and not after the answer of a later
    /// exchange that only the database has forgotten.
    fn may_arrive(&self, world: &World, message: &Message) -> bool {
        match message {
            _ if self.has_thief => true,
            Message::Request(_, exchanged, overtaken) => !overtaken || exchanged.is_some(),
            Message::Answer(token) => {
                let is_lost = token.generation > world.row.current.generation;
                (*token == world.row.current || is_lost) && token.generation >= world.jar.generation
            }
        }
    }
}

impl Model for LossMachine {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State { world: World::signed_in(), wire: Vec::new() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let State { world, wire } = state;
        if wire.len() < self.under_way {
            actions.push(Action::Send);
        }
        for message in wire {
            actions.push(match *message {
                Message::Request(..) => Action::Decide(*message),
                Message::Answer(token) => Action::TakeIn(token),
            });
            actions.push(Action::Drop(*message));
        }
        actions.extend([Action::OwnerUsesAccess, Action::Flush, Action::Tick]);
        if !world.has_lost {
            actions.extend([Action::Replicate, Action::Lose]);
        }
        if self.has_thief {
            actions.push(Action::Steal);
            actions.extend(world.loot.iter().map(|token| Action::ThiefPresents(*token)));
            actions.extend(world.thief_access.map(|_| Action::ThiefUsesAccess));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let world = &mut state.world;
        match action {
            Action::Send => state.wire.push(Message::Request(world.jar, None, false)),
            Action::Decide(message) => {
                take(&mut state.wire, &message);
                let Message::Request(token, ..) = message else { return None };
                if gives(self.present(&mut state, token)) {
                    state.wire.push(Message::Answer(state.world.row.current));
                }
            }
            Action::TakeIn(token) => {
                take(&mut state.wire, &Message::Answer(token));
                world.jar = token;
                world.owner_access = Some(token.generation).filter(|_| token.after_loss == world.has_lost);
                for message in &mut state.wire {
                    if let Message::Request(held, _, overtaken) = message {
                        *overtaken |= *held != token && held.generation <= token.generation;
                    }
                }
            }
            Action::Drop(message) => take(&mut state.wire, &message),
            Action::OwnerUsesAccess => world.see(world.owner_access?),
            Action::ThiefUsesAccess => world.see(world.thief_access?),
            Action::Flush => world.flush(),
            Action::Tick => {
                world.tick();
                for message in &mut state.wire {
                    if let Message::Request(_, exchanged, _) = message {
                        *exchanged = exchanged.map(|age| age + 1).filter(|age| *age < GRACE);
                    }
                }
            }
            Action::Replicate => world.replicate(),
            Action::Lose => world.lose(),
            Action::Steal => {
                world.loot.insert(world.jar);
            }
            Action::ThiefPresents(token) => {
                if gives(self.present(&mut state, token)) {
                    let current = state.world.row.current;
                    state.world.loot.insert(current);
                    state.world.thief_access = Some(current.generation);
                }
            }
        }
        state.world.settle();
        let State { world, wire } = &mut state;
        wire.retain(|message| self.may_arrive(world, message));
        wire.sort_unstable();
        let is_within = state.world.row.current.generation <= self.generations;
        (is_within && state.wire.len() <= self.under_way && state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::always(ONE_OF_A_KIND, one_of_a_kind),
            Property::always(REPEATED, |machine: &Self, state: &State| {
                let (mut world, jar) = (state.world.clone(), state.world.jar);
                let decision = world.present(machine.rule, jar);
                let is_new = gives(decision) && decision != Decision::Repeat;
                !is_new || world.judge(machine.rule, jar) == Decision::Repeat
            }),
            Property::always(OWNER_KNOWS, |machine: &Self, state: &State| {
                state.world.judge(machine.rule, state.world.jar) != Decision::Refuse(Refusal::NotOurs)
            }),
        ];
        if self.has_thief {
            all.push(Property::always(FOUND_OUT, |machine: &Self, state: &State| {
                !is_won_by_the_thief(machine.rule, &state.world, 2)
            }));
        } else {
            all.push(Property::always(NEVER_SIGNED_OUT, |_: &Self, state: &State| !state.world.row.revoked));
            all.push(Property::always(ALWAYS_ANSWERED, |machine: &Self, state: &State| {
                let decision = state.world.judge(machine.rule, state.world.jar);
                gives(decision) || comes_again(decision)
            }));
        }
        all
    }
}

/// Each generation has one token that was created before the loss, and at most one created after it.
fn one_of_a_kind(machine: &LossMachine, state: &State) -> bool {
    (0..=state.world.row.current.generation).all(|generation| {
        let pair = [false, true].map(|after_loss| Token { generation, after_loss });
        let known = |token: Token| token.after_loss == state.world.row.current.after_loss || !token.after_loss;
        pair.iter().zip(pair.iter().rev()).all(|(exchanged, other)| {
            let mut world = state.world.clone();
            if !state.world.has_lost || !known(*exchanged) || !gives(world.present(machine.rule, *exchanged)) {
                return true;
            }
            !gives(world.judge(machine.rule, *other))
        })
    })
}

fn take(wire: &mut Vec<Message>, message: &Message) {
    if let Some(index) = wire.iter().position(|other| other == message) {
        wire.remove(index);
    }
}
