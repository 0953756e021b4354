//! The state machine: the owner's tabs, the network, crashes of the server, the clock and the thief, one step at a
//! time.

use super::properties;
use super::rule::{GRACE, Rule};
use super::world::{Agent, History, Since, TOO_LATE, Token, World, gives};
use latchkey::domain::redeem::Decision;
use stateright::{Model, Property};

/// The assumption about the owner's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requests {
    /// None: they arrive at any time.
    Whenever,
    /// A request that is still on its way when the browser receives the successor of its token arrives within the grace
    /// of that exchange, or never.
    WithinGrace,
    /// The same, and before the successor is exchanged in turn, or never. Clients that do not say that they share their
    /// token must guarantee this.
    BeforeTheNext,
}

/// The assumption about the answers to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    Whenever,
    /// An answer is received less than a grace after its token was created, or never.
    WithinGrace,
    /// An answer is received while its token is the current one, or never.
    WhileCurrent,
}

/// The configuration of a check.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub rule: Rule,
    pub requests: Requests,
    pub answers: Answers,
    /// The User-Agents that the owner's tabs have.
    pub tabs: &'static [Agent],
    pub has_thief: bool,
    /// The maximum number of the owner's messages on their way.
    pub under_way: usize,
    /// Whether requests that have arrived may wait in the server while others are decided.
    pub waiting: bool,
    /// The idle and the absolute end in ticks. Without ends, the model has no dates.
    pub ends: Option<(u8, u8)>,
}

/// A message between the owner's browser and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Message {
    Request(Ask),
    /// A request that has arrived and waits in the server: for how many ticks so far, and what has happened to its
    /// token since.
    Waiting(Ask, u8, Since),
    /// Carries this token as `Set-Cookie`, and an access token with it; how long ago the token was created.
    Answer(Token, u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ask {
    pub token: Token,
    pub agent: Agent,
    /// How many ticks ago its token was exchanged, if that was within the grace.
    pub exchanged: Option<u8>,
    /// Whether the browser has received a newer token since.
    pub overtaken: bool,
    /// Whether it arrived after the grace of that exchange.
    pub late: bool,
}

impl Ask {
    /// The history of a request that is decided on arrival.
    fn history(self) -> History {
        History { exchanged: self.exchanged.map(|_| Since::Before), waited: 0 }
    }

    /// The history of a request that has waited.
    fn waited(self, waited: u8, since: Since) -> History {
        History { exchanged: self.exchanged.map(|_| since), waited }
    }

    /// Updates the request after `exchanged` got a new successor.
    fn after(&mut self, exchanged: Token) {
        if self.token == exchanged {
            (self.exchanged, self.late) = (Some(0), false);
        }
        self.token = self.token.after(exchanged);
    }

    fn tick(&mut self) {
        self.exchanged = self.exchanged.map(|age| age + 1).filter(|age| *age < GRACE);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub world: World,
    pub wire: Vec<Message>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// A tab sends the token in the cookie jar.
    Send(Agent),
    /// A request is decided. With `again`, the network will deliver it once more.
    Decide {
        ask: Ask,
        again: bool,
    },
    /// A request arrives, and waits in the server.
    Arrive(Ask),
    DecideWaiting(Ask, u8, Since),
    /// An answer reaches the browser, and its token goes into the cookie jar.
    TakeIn {
        token: Token,
        age: u8,
        again: bool,
    },
    Lose(Message),
    OwnerUsesAccess,
    Flush,
    /// Between messages. A crash before a commit equals this and a lost request; a crash after it, this and a lost
    /// answer.
    Crash,
    /// The current token cannot be computed again from now on.
    ChangeKey,
    Tick,
    /// The thief copies the cookie jar.
    Steal,
    ThiefPresents(Token, Agent),
    ThiefUsesAccess,
}

impl Machine {
    pub(super) fn honest(rule: Rule) -> Self {
        Self {
            rule,
            requests: Requests::WithinGrace,
            answers: Answers::WhileCurrent,
            tabs: &[Agent::Owners],
            has_thief: false,
            under_way: 3,
            waiting: false,
            ends: None,
        }
    }

    /// With a thief there are no assumptions about the network.
    pub(super) fn with_thief(rule: Rule) -> Self {
        Self {
            requests: Requests::Whenever,
            answers: Answers::Whenever,
            has_thief: true,
            under_way: 2,
            ..Self::honest(rule)
        }
    }

    /// The decision that an action leads to in a state, for printing a trace.
    pub(super) fn decision(&self, state: &State, action: Action) -> Option<Decision> {
        let (token, agent, history) = match action {
            Action::Decide { ask, .. } => (ask.token, ask.agent, ask.history()),
            Action::DecideWaiting(ask, waited, since) => (ask.token, ask.agent, ask.waited(waited, since)),
            Action::ThiefPresents(token, agent) => (token, agent, History::default()),
            _ => return None,
        };
        Some(state.world.judge(self.rule, token, agent, history))
    }

    fn present(&self, state: &mut State, token: Token, agent: Agent, history: History) -> Decision {
        let decision = state.world.present(self.rule, token, agent, history);
        if matches!(decision, Decision::Rotate | Decision::Fork | Decision::Recover) {
            for message in &mut state.wire {
                match message {
                    Message::Answer(held, _) => *held = held.after(token),
                    Message::Request(ask) => ask.after(token),
                    Message::Waiting(ask, _, since) => {
                        *since = match *since {
                            _ if ask.token == token => Since::Arrival,
                            Since::Before if ask.token == Token::Parent => Since::Superseded,
                            known => known,
                        };
                        ask.after(token);
                    }
                }
            }
        }
        decision
    }

    fn decide(&self, state: &mut State, ask: Ask, history: History) {
        if gives(self.present(state, ask.token, ask.agent, history)) {
            state.wire.push(Message::Answer(Token::Current, state.world.age()));
        }
    }

    /// Messages that an assumption rules out are never delivered.
    fn may_arrive(&self, message: &Message) -> bool {
        match message {
            Message::Request(ask) if ask.overtaken => match self.requests {
                Requests::Whenever => true,
                Requests::WithinGrace => ask.exchanged.is_some(),
                Requests::BeforeTheNext => ask.exchanged.is_some() && ask.token == Token::Parent,
            },
            Message::Waiting(ask, ..) if ask.overtaken && ask.late => self.requests == Requests::Whenever,
            Message::Request(_) | Message::Waiting(..) => true,
            Message::Answer(token, age) => match self.answers {
                Answers::Whenever => true,
                Answers::WithinGrace => *age < GRACE,
                Answers::WhileCurrent => *token == Token::Current,
            },
        }
    }
}

impl Model for Machine {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let (idle, absolute) = self.ends.unwrap_or((100, 100));
        vec![State { world: World::signed_in(idle, absolute), wire: Vec::new() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let State { world, wire } = state;
        if wire.len() < self.under_way {
            actions.extend(self.tabs.iter().map(|agent| Action::Send(*agent)));
        }
        for message in wire {
            match *message {
                Message::Request(ask) => {
                    actions.extend([false, true].map(|again| Action::Decide { ask, again }));
                    actions.extend(self.waiting.then_some(Action::Arrive(ask)));
                }
                Message::Waiting(ask, waited, since) => actions.push(Action::DecideWaiting(ask, waited, since)),
                Message::Answer(token, age) => {
                    actions.extend([false, true].map(|again| Action::TakeIn { token, age, again }));
                }
            }
            actions.push(Action::Lose(*message));
        }
        if world.owner_has_access || self.rule == Rule::ConfirmedByAnyAccessToken {
            actions.push(Action::OwnerUsesAccess);
        }
        if self.ends.is_none_or(|_| world.now <= world.end) {
            actions.push(Action::Tick);
        }
        actions.extend([Action::Flush, Action::Crash, Action::ChangeKey]);
        if self.has_thief {
            actions.push(Action::Steal);
            let agents = [Agent::Owners, Agent::Another];
            actions.extend(world.loot().flat_map(|token| agents.map(|agent| Action::ThiefPresents(token, agent))));
            if world.thief_has_access {
                actions.push(Action::ThiefUsesAccess);
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let world = &mut state.world;
        match action {
            Action::Send(agent) => {
                let exchanged = (world.jar == Token::Parent).then(|| world.age()).filter(|age| *age < GRACE);
                let ask = Ask { token: world.jar, agent, exchanged, overtaken: false, late: false };
                state.wire.push(Message::Request(ask));
            }
            Action::Decide { ask, again } => {
                if !again {
                    take(&mut state.wire, &Message::Request(ask));
                }
                self.decide(&mut state, ask, ask.history());
            }
            Action::Arrive(ask) => {
                take(&mut state.wire, &Message::Request(ask));
                let late = ask.token != Token::Current && ask.exchanged.is_none();
                state.wire.push(Message::Waiting(Ask { late, ..ask }, 0, Since::Before));
            }
            Action::DecideWaiting(ask, waited, since) => {
                take(&mut state.wire, &Message::Waiting(ask, waited, since));
                self.decide(&mut state, ask, ask.waited(waited, since));
            }
            Action::TakeIn { token, age, again } => {
                if !again {
                    take(&mut state.wire, &Message::Answer(token, age));
                }
                world.jar = token;
                world.owner_has_access |= token == Token::Current;
                for message in &mut state.wire {
                    if let Message::Request(ask) | Message::Waiting(ask, ..) = message {
                        ask.overtaken |= ask.token < token;
                    }
                }
            }
            Action::Lose(message) => take(&mut state.wire, &message),
            Action::OwnerUsesAccess | Action::ThiefUsesAccess => world.confirm(),
            Action::Flush => world.flush(),
            Action::Crash => world.crash(),
            Action::ChangeKey => world.change_key(),
            Action::Tick => {
                world.tick();
                for message in &mut state.wire {
                    match message {
                        Message::Request(ask) => ask.tick(),
                        // The race at its arrival is remembered for as long as it may wait.
                        Message::Waiting(_, waited, _) => *waited = TOO_LATE.min(*waited + 1),
                        Message::Answer(_, age) => *age = GRACE.min(*age + 1),
                    }
                }
            }
            Action::Steal => world.steal(world.jar),
            Action::ThiefPresents(token, agent) => {
                if gives(self.present(&mut state, token, agent, History::default())) {
                    state.world.steal(Token::Current);
                    state.world.thief_has_access = true;
                }
            }
        }
        if self.ends.is_none() {
            state.world.settle();
        }
        state.wire.retain(|message| self.may_arrive(message));
        state.wire.sort_unstable();
        (state.wire.len() <= self.under_way && state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

fn take(wire: &mut Vec<Message>, message: &Message) {
    if let Some(index) = wire.iter().position(|other| other == message) {
        wire.remove(index);
    }
}
