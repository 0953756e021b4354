//! One session's life: the owner's tabs, a network that loses and delays, and the thieves; event after event.

use super::chance::Chance;
use super::server::{ABSOLUTE, ACCESS, Agent, JITTER, Server};
use super::strategy::{Strategy, Thief};
use latchkey::domain::access_token::jittered;
use latchkey::domain::redeem::{Decision, Refusal, Reuse};
use latchkey::domain::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

const START: Timestamp = Timestamp::from_secs(0);
const DAY: Duration = Duration::from_secs(86_400);
/// How long the owner has the app open each day, from the time of day of the sign-in on.
const WORK: Duration = Duration::from_secs(3 * 3600);
/// How often an access token is shown to the server after a renewal.
const USES: f64 = 0.9;
/// How often what was noted of that is lost with the server's memory.
const FORGETS: f64 = 0.001;
/// How long a tab waits that others have overtaken.
const RACE_PAUSE: Duration = Duration::from_millis(300);
/// After this the app takes an answer for lost.
const PATIENCE: Duration = Duration::from_secs(8);

/// The owner and the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub tabs: usize,
    /// Whether tabs renew one after another.
    pub turns: bool,
    /// How often a request, or its answer, is lost.
    pub loss: f64,
    /// How often a message takes up to 5 s, instead of up to 300 ms.
    pub slow: f64,
    /// How often the browser shows itself differently after an answer was lost.
    pub switches: f64,
    /// How often a page is loaded anew within seconds after it got its token.
    pub reload: f64,
    pub grace: Duration,
}

/// How a session's life went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    /// All of the owner's renewals.
    pub cycles: u64,
    /// Those from the first act of a thief on.
    pub cycles_with_thief: u64,
    pub found: Option<Reuse>,
    /// Access tokens that thieves got.
    pub got: u64,
    pub forks: u64,
    /// Refreshes of the owner that were told that other tabs were faster.
    pub overtaken: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The owner opens the app, all of its tabs.
    Open,
    /// A tab asks, with what is in the jar by then.
    Send(usize),
    /// A request arrives; whether its answer will be lost.
    Decide {
        tab: usize,
        token: u64,
        agent: Agent,
        is_lost: bool,
    },
    Answer {
        tab: usize,
        token: u64,
    },
    /// A tab got no token for what it sent, or gave up.
    NoAnswer,
    Use {
        token: u64,
    },
    Steal(usize),
    Look(usize),
}

struct World<'a> {
    setting: Setting,
    chance: &'a mut Chance,
    server: Server,
    jar: u64,
    /// What the owner's browser sends.
    agent: Agent,
    now: Timestamp,
    /// Of each tab, when it asks next; what was planned before is void.
    due: Vec<Timestamp>,
    thieves: Vec<Option<Thief>>,
    /// How many of the owner's refreshes have no answer yet.
    under_way: usize,
    queue: BinaryHeap<Reverse<(Timestamp, Event)>>,
    life: Life,
}

/// Whether the owner has the app open.
pub(crate) fn is_at_work(now: Timestamp) -> bool {
    now.since(START).as_millis() % DAY.as_millis() < WORK.as_millis()
}

/// Lives through one session, from sign-in to its end. Each thief copies the jar at some renewal of the first days.
pub(crate) fn live(setting: Setting, thieves: &[Strategy], chance: &mut Chance) -> Life {
    let mut world = World {
        server: Server::signed_in(START, setting.grace),
        jar: 0,
        agent: Agent::Owners,
        now: START,
        due: vec![START; setting.tabs],
        thieves: thieves.iter().map(|_| None).collect(),
        under_way: 0,
        queue: BinaryHeap::new(),
        life: Life::default(),
        setting,
        chance,
    };
    world.after(Duration::from_secs(1), Event::Open);
    for index in 0..thieves.len() {
        let day = DAY * (world.chance.part() * 3.0) as u32;
        let moment = world.chance.between(Duration::from_secs(60), WORK);
        world.after(day + moment, Event::Steal(index));
    }
    while let Some(Reverse((now, event))) = world.queue.pop() {
        if now.since(START) >= ABSOLUTE || world.server.is_revoked() {
            break;
        }
        world.now = now;
        world.happen(event, thieves);
    }
    world.life.got = world.thieves.iter().flatten().map(|thief| thief.got).sum();
    world.life
}

impl World<'_> {
    fn after(&mut self, wait: Duration, event: Event) {
        self.queue.push(Reverse((self.now + wait, event)));
    }

    fn happen(&mut self, event: Event, strategies: &[Strategy]) {
        match event {
            Event::Open => {
                for tab in 0..self.setting.tabs {
                    let wait = self.chance.between(Duration::ZERO, Duration::from_secs(3));
                    self.plan(tab, wait);
                }
                self.after(DAY, Event::Open);
            }
            Event::Send(tab) if self.due[tab] == self.now && self.setting.turns && self.under_way > 0 => {
                self.plan(tab, Duration::from_millis(50));
            }
            Event::Send(tab) if self.due[tab] == self.now && is_at_work(self.now) => self.send(tab),
            Event::Send(_) => {}
            Event::Decide { tab, token, agent, is_lost } => self.decide(tab, token, agent, is_lost),
            Event::Answer { tab, token } => self.reload(tab, token),
            Event::NoAnswer => self.under_way -= 1,
            Event::Use { token } => self.server.confirm(token, self.now),
            Event::Steal(index) => {
                let thief = Thief::new(strategies[index], self.jar);
                let wait = thief.first_wait(&self.server, self.now, self.chance);
                self.thieves[index] = Some(thief);
                self.after(wait, Event::Look(index));
            }
            Event::Look(index) => self.look(index),
        }
    }

    fn plan(&mut self, tab: usize, wait: Duration) {
        self.due[tab] = self.now + wait;
        self.after(wait, Event::Send(tab));
    }

    fn latency(&mut self) -> Duration {
        let most = if self.chance.happens(self.setting.slow) { 5_000 } else { 300 };
        self.chance.between(Duration::from_millis(10), Duration::from_millis(most))
    }

    fn send(&mut self, tab: usize) {
        self.under_way += 1;
        let (half, latency) = (self.setting.loss / 2.0, self.latency());
        let (is_request_lost, is_lost) = (self.chance.happens(half), self.chance.happens(half));
        if is_request_lost || is_lost {
            // The app sees a broken connection at once, or hears nothing until its patience is over.
            let notices = if self.chance.happens(0.5) { latency } else { PATIENCE };
            let pause = self.chance.between(Duration::from_secs(1), Duration::from_secs(2));
            self.plan(tab, notices + pause);
            self.after(notices, Event::NoAnswer);
        }
        if !is_request_lost {
            self.after(latency, Event::Decide { tab, token: self.jar, agent: self.agent, is_lost });
        }
        let may_switch = self.setting.switches > 0.0 && (is_request_lost || is_lost);
        if may_switch && self.chance.happens(self.setting.switches) {
            let is_usual = self.agent == Agent::Owners;
            self.agent = if is_usual { Agent::OwnersOther } else { Agent::Owners };
        }
    }

    fn decide(&mut self, tab: usize, token: u64, agent: Agent, is_lost: bool) {
        self.life.cycles += 1;
        self.life.cycles_with_thief += u64::from(self.thieves.iter().flatten().any(|thief| thief.began));
        let decision = self.present(token, agent);
        if is_lost {
            return;
        }
        let latency = self.latency();
        if gives(decision) {
            self.after(latency, Event::Answer { tab, token: self.server.generation() });
        } else if decision == Decision::Refuse(Refusal::Overtaken) {
            self.life.overtaken += 1;
            // The app asks again with what is in the jar by then.
            self.plan(tab, latency + RACE_PAUSE);
            self.after(latency, Event::NoAnswer);
        } else if let Decision::Refuse(Refusal::OtherAgent(wait)) = decision {
            self.life.overtaken += 1;
            self.plan(tab, latency + wait);
            self.after(latency, Event::NoAnswer);
        } else {
            self.after(latency, Event::NoAnswer);
        }
    }

    fn present(&mut self, token: u64, agent: Agent) -> Decision {
        let decision = self.server.present(token, agent, self.now);
        self.life.forks += u64::from(decision == Decision::Fork);
        if let Decision::Reuse(reuse) = decision {
            self.life.found = Some(reuse);
        }
        decision
    }

    fn reload(&mut self, tab: usize, token: u64) {
        self.under_way -= 1;
        self.jar = token;
        if self.chance.happens(self.setting.reload) {
            let wait = self.chance.between(Duration::from_millis(100), Duration::from_secs(3));
            self.plan(tab, wait);
        } else {
            let life = jittered(ACCESS, JITTER, self.chance.whole());
            let wait = self.chance.between(life.mul_f64(0.6), life.mul_f64(0.9));
            self.plan(tab, wait);
        }
        if self.chance.happens(USES * (1.0 - FORGETS)) {
            let wait = self.chance.between(Duration::from_millis(50), Duration::from_secs(60));
            self.after(wait, Event::Use { token });
        }
    }

    fn look(&mut self, index: usize) {
        let Some(mut thief) = self.thieves[index].take() else { return };
        if thief.presents(&self.server, self.now) {
            thief.began = true;
            if gives(self.present(thief.token, thief.agent())) {
                thief.token = self.server.generation();
                thief.got += 1;
            }
        }
        let wait = thief.next_wait(&self.server, self.now, self.chance);
        self.thieves[index] = Some(thief);
        self.after(wait, Event::Look(index));
    }
}

/// Whether who presented the token got another for it.
fn gives(decision: Decision) -> bool {
    matches!(decision, Decision::Rotate | Decision::Repeat | Decision::Fork | Decision::Recover)
}
