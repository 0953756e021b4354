//! One session as the server stores it, the holders of its tokens, and what each holder can do.
//!
//! The rule only compares generations, so all tokens of a session fall into four classes ([`Token`]), and all times
//! after the grace of the last rotation are alike. The number of states is therefore finite without a bound on the
//! length of a trace.

use super::rule::{GRACE, Rule, TICK};
use latchkey::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use latchkey::domain::redeem::Decision;
use latchkey::domain::refresh_token::Presented;
use latchkey::domain::second_factor::AuthenticatedBy;
use latchkey::domain::session::{Exchanged, Label, Lifetime, Parent, Reason, Revocation, Rotation, Session};
use latchkey::domain::time::Timestamp;
use std::time::Duration;

/// A refresh token of the session, by its state. The order is that of the generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Token {
    /// More than one exchange before the current one.
    Older,
    /// The token whose exchange created the current one.
    Parent,
    /// Created after the parent, and displaced by a fork.
    Displaced,
    Current,
}

impl Token {
    pub(super) const ALL: [Self; 4] = [Self::Older, Self::Parent, Self::Displaced, Self::Current];

    const fn generation(self) -> u64 {
        self as u64
    }

    fn digest(self) -> TokenDigest {
        TokenDigest::new(format!("g{}", self.generation()))
    }

    /// The class of this token after `exchanged` got a new successor.
    pub(super) fn after(self, exchanged: Self) -> Self {
        match (exchanged, self) {
            (presented, token) if presented == token => Self::Parent,
            // A fork displaces tokens newer than the presented one.
            (Self::Parent, Self::Current | Self::Displaced) => Self::Displaced,
            // Only a wrong rule exchanges a displaced token.
            (Self::Displaced, Self::Current) => Self::Displaced,
            _ => Self::Older,
        }
    }
}

/// What the server knows about a presented token, besides the session's last exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// If the token was exchanged less than a grace ago: when, relative to its request.
    pub exchanged: Option<Since>,
    /// How many ticks the request has waited in the server.
    pub waited: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Since {
    /// Before the request arrived.
    Before,
    /// Before the request arrived, and its successor was exchanged afterwards.
    Superseded,
    /// After the request arrived.
    Arrival,
}

/// A time shorter than a tick.
const MOMENT: Duration = Duration::from_millis(1);

/// The first number of ticks that is longer than a request may wait.
pub(super) const TOO_LATE: u8 = 2;

/// A User-Agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Agent {
    Owners,
    Another,
}

impl Agent {
    fn digest(self) -> AgentDigest {
        AgentDigest::new(format!("{self:?}"))
    }
}

/// The row, the server's memory, and what the owner's browser and the thief hold. Times are in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub now: u8,
    rotated_at: u8,
    /// History, not part of the row: when the current token was created, whatever the rule says about it.
    made_at: u8,
    /// The User-Agent that exchanged the parent, if there is one.
    parent: Option<Agent>,
    confirmed: bool,
    /// Whether the current token can be computed again: neither its key nor the form of tokens has changed since.
    can_repeat: bool,
    /// What the memory of the server notes and the row does not say yet.
    noted: bool,
    pub revoked: bool,
    /// History: whether the session was ever revoked.
    pub was_revoked: bool,
    idle_end: u8,
    pub end: u8,
    idle: u8,
    /// The cookie that all of the owner's tabs share.
    pub jar: Token,
    /// Whether the owner's tabs, or the thief, hold an access token of the current generation.
    pub owner_has_access: bool,
    pub thief_has_access: bool,
    /// The classes of refresh tokens that the thief holds.
    loot: [bool; 4],
}

impl World {
    /// A new session that ends in this many ticks.
    pub(super) fn signed_in(idle: u8, absolute: u8) -> Self {
        Self {
            now: GRACE,
            rotated_at: GRACE,
            made_at: GRACE,
            parent: None,
            confirmed: false,
            can_repeat: true,
            noted: false,
            revoked: false,
            was_revoked: false,
            idle_end: GRACE + idle.min(absolute),
            end: GRACE + absolute,
            idle,
            jar: Token::Current,
            owner_has_access: true,
            thief_has_access: false,
            loot: [false; 4],
        }
    }

    /// The row in the form that the real rule reads, with the history of the presented token.
    fn session(&self, history: History) -> Session {
        let overtaken = history.exchanged.map(|since| match since {
            Since::Before | Since::Superseded => self.arrived(history),
            Since::Arrival => self.arrived(history) + MOMENT,
        });
        let is_superseded = history.exchanged == Some(Since::Superseded);
        let rotated_at = at(self.rotated_at) + if is_superseded { MOMENT } else { Duration::ZERO };
        let parent = |agent: Agent| Parent {
            generation: Token::Parent.generation(),
            digest: Token::Parent.digest(),
            agent: agent.digest(),
        };
        Session {
            id: SessionId::new(""),
            user_id: UserId::new(""),
            client_id: ClientId::new(""),
            rotation: Rotation {
                generation: Token::Current.generation(),
                digest: Token::Current.digest(),
                parent: self.parent.map(parent),
                rotated_at,
                overtaken: overtaken
                    .map(|at| Exchanged { generation: Token::Older.generation(), at })
                    .into_iter()
                    .collect(),
                confirmed_at: self.confirmed.then(|| at(self.rotated_at)),
                key_id: KeyId::new(""),
                nonce: String::new(),
            },
            lifetime: Lifetime {
                created_at: at(GRACE),
                expires_at: at(self.end),
                idle_expires_at: at(self.idle_end),
                idle: ticks(self.idle),
                remember: true,
            },
            authenticated_at: at(GRACE),
            authenticated_by: AuthenticatedBy::password(),
            second_factor_at: None,
            last_seen_at: at(self.rotated_at),
            revoked: self.revoked.then(|| Revocation { at: at(self.now), reason: Reason::Reused }),
            user_disabled_at: None,
            label: Label::default(),
        }
    }

    fn arrived(&self, history: History) -> Timestamp {
        at(self.now) - ticks(history.waited)
    }

    /// The decision of the rule now, without any change.
    pub(super) fn judge(&self, rule: Rule, token: Token, agent: Agent, history: History) -> Decision {
        let presented = self.presented(rule, token, agent, history);
        rule.decide(&self.session(history), &presented, self.confirmed || self.noted, self.can_repeat)
    }

    fn presented(&self, rule: Rule, token: Token, agent: Agent, history: History) -> Presented {
        Presented {
            sid: SessionId::new(""),
            generation: token.generation(),
            digest: token.digest(),
            agent: agent.digest(),
            at: self.arrived(history),
            decided_at: at(self.now),
            may_be_later: true,
            shared: rule != Rule::Unshared,
        }
    }

    /// Presents a token: decides, and carries the decision out durably, as the server does.
    pub(super) fn present(&mut self, rule: Rule, token: Token, agent: Agent, history: History) -> Decision {
        let decision = self.judge(rule, token, agent, history);
        match decision {
            Decision::Rotate | Decision::Fork | Decision::Recover => self.make_successor(rule, token, agent, history),
            Decision::Repeat if rule == Rule::SlidingGrace => self.rotated_at = self.now,
            Decision::Reuse(_) => (self.revoked, self.was_revoked) = (true, true),
            Decision::Repeat | Decision::Refuse(_) => {}
        }
        decision
    }

    /// The row after the real succession, with the changes of a mutation.
    fn make_successor(&mut self, rule: Rule, exchanged: Token, agent: Agent, history: History) {
        let presented = rule.dated(self.presented(rule, exchanged, agent, history));
        let next = self.session(History::default()).succeeded(&presented, KeyId::new(""), ticks(GRACE));
        let next = next.minted(Token::Current.digest());
        self.rotated_at = tick_of(next.rotation.rotated_at);
        self.idle_end = tick_of(next.lifetime.idle_expires_at);
        self.end = tick_of(next.lifetime.expires_at) + u8::from(rule == Rule::EndMoves);
        self.revoked &= rule != Rule::RevocationForgotten;
        self.confirmed = match rule {
            Rule::ConfirmationOutlivesRotation => self.confirmed,
            _ => next.rotation.confirmed_at.is_some(),
        };
        (self.noted, self.can_repeat) = (false, true);
        self.parent = next.rotation.parent.map(|_| agent);
        self.made_at = self.now;
        (self.owner_has_access, self.thief_has_access) = (false, false);
        self.jar = self.jar.after(exchanged);
        let held = self.loot;
        self.loot = [false; 4];
        for token in Token::ALL.into_iter().filter(|token| held[*token as usize]) {
            self.loot[token.after(exchanged) as usize] = true;
        }
    }

    /// The server sees an access token of the current generation (with one mutation: of any generation).
    pub(super) fn confirm(&mut self) {
        self.noted = !self.confirmed;
    }

    /// The last uses are written to the row.
    pub(super) fn flush(&mut self) {
        self.confirmed |= std::mem::take(&mut self.noted);
    }

    /// The server crashes and loses its memory.
    pub(super) fn crash(&mut self) {
        self.noted = false;
    }

    /// The key of the current token goes, or the form of tokens changes.
    pub(super) fn change_key(&mut self) {
        self.can_repeat = false;
    }

    pub(super) fn steal(&mut self, token: Token) {
        self.loot[token as usize] = true;
    }

    pub(super) fn loot(&self) -> impl Iterator<Item = Token> + use<> {
        let loot = self.loot;
        Token::ALL.into_iter().filter(move |token| loot[*token as usize])
    }

    /// The age of the current token, in ticks.
    pub(super) fn age(&self) -> u8 {
        self.now - self.made_at
    }

    pub(super) fn tick(&mut self) {
        self.now = self.now.saturating_add(1);
    }

    /// Forgets what no rule depends on: the date, and how long ago the last rotation was once its grace is over.
    pub(super) fn settle(&mut self) {
        let shift = self.now - GRACE;
        self.now = GRACE;
        self.rotated_at = self.rotated_at.saturating_sub(shift);
        self.made_at = self.made_at.saturating_sub(shift);
        self.idle_end = GRACE + self.idle;
    }
}

/// Whether a decision gives the presenter a valid token.
pub(super) fn gives(decision: Decision) -> bool {
    matches!(decision, Decision::Rotate | Decision::Repeat | Decision::Fork | Decision::Recover)
}

fn ticks(count: u8) -> Duration {
    TICK * u32::from(count)
}

fn at(tick: u8) -> Timestamp {
    Timestamp::from_millis(0) + ticks(tick)
}

fn tick_of(time: Timestamp) -> u8 {
    let tick = time.since(at(0)).as_millis() / TICK.as_millis();
    u8::try_from(tick).unwrap_or(u8::MAX)
}
