//! The rule when the database loses committed data: a standby that was behind takes over, once, at any moment.
//!
//! After a loss there can be two tokens of one generation, so the classes of [`super::world`] are not enough. Here
//! tokens have numbers, and the number of exchanges is bounded.

use super::rule::{GRACE, Rule, TICK};
use latchkey::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use latchkey::domain::redeem::{Decision, Refusal};
use latchkey::domain::refresh_token::Presented;
use latchkey::domain::second_factor::AuthenticatedBy;
use latchkey::domain::session::{Exchanged, Label, Lifetime, Parent, Reason, Revocation, Rotation, Session};
use latchkey::domain::time::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// A refresh token: its generation, and whether it was created after the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Token {
    pub generation: u8,
    pub after_loss: bool,
}

impl Token {
    fn digest(self) -> TokenDigest {
        TokenDigest::new(format!("{self:?}"))
    }
}

/// The session in the database. Times are in ticks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub current: Token,
    parent: Option<Token>,
    rotated_at: u8,
    confirmed: bool,
    pub revoked: bool,
    /// Generations before the parent, with the times of their exchanges.
    overtaken: Vec<(u8, u8)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub now: u8,
    pub row: Row,
    /// The row of the standby.
    pub standby: Row,
    pub has_lost: bool,
    /// The generation of the newest access token that the server has seen but not written yet.
    seen: Option<u8>,
    pub jar: Token,
    /// The generation of the owner's access token. Access tokens from before the loss are not used after it (see
    /// `docs/rotation.md`, Limits), and the server forgets that it saw them.
    pub owner_access: Option<u8>,
    pub thief_access: Option<u8>,
    pub loot: BTreeSet<Token>,
}

impl World {
    pub(super) fn signed_in() -> Self {
        let current = Token { generation: 0, after_loss: false };
        let row = Row { current, parent: None, rotated_at: 0, confirmed: false, revoked: false, overtaken: Vec::new() };
        Self {
            now: GRACE,
            standby: row.clone(),
            row,
            has_lost: false,
            seen: None,
            jar: current,
            owner_access: Some(0),
            thief_access: None,
            loot: BTreeSet::new(),
        }
    }

    fn session(&self) -> Session {
        let row = &self.row;
        let parent = |token: Token| Parent {
            generation: token.generation.into(),
            digest: token.digest(),
            agent: AgentDigest::new(""),
        };
        let overtaken = |(generation, tick): &(u8, u8)| Exchanged { generation: (*generation).into(), at: at(*tick) };
        Session {
            id: SessionId::new(""),
            user_id: UserId::new(""),
            client_id: ClientId::new(""),
            rotation: Rotation {
                generation: row.current.generation.into(),
                digest: row.current.digest(),
                parent: row.parent.map(parent),
                overtaken: row.overtaken.iter().map(overtaken).collect(),
                rotated_at: at(row.rotated_at),
                confirmed_at: row.confirmed.then_some(at(row.rotated_at)),
                key_id: KeyId::new(""),
                nonce: String::new(),
            },
            lifetime: Lifetime::start(at(0), TICK * 1_000, TICK * 1_000, true),
            authenticated_at: at(0),
            authenticated_by: AuthenticatedBy::password(),
            second_factor_at: None,
            last_seen_at: at(row.rotated_at),
            revoked: row.revoked.then_some(Revocation { at: at(self.now), reason: Reason::Reused }),
            user_disabled_at: None,
            label: Label::default(),
        }
    }

    fn presented(&self, token: Token) -> Presented {
        Presented {
            sid: SessionId::new(""),
            generation: token.generation.into(),
            digest: token.digest(),
            agent: AgentDigest::new(""),
            at: at(self.now),
            decided_at: at(self.now),
            may_be_later: true,
            shared: true,
        }
    }

    pub(super) fn judge(&self, rule: Rule, token: Token) -> Decision {
        let confirmed = self.row.confirmed || self.seen == Some(self.row.current.generation);
        rule.decide(&self.session(), &self.presented(token), confirmed, true)
    }

    /// Presents a token: decides, and carries the decision out as the server does.
    pub(super) fn present(&mut self, rule: Rule, token: Token) -> Decision {
        let decision = self.judge(rule, token);
        match decision {
            Decision::Rotate | Decision::Fork | Decision::Recover => {
                let grace = TICK * u32::from(GRACE);
                let next = self.session().succeeded(&self.presented(token), KeyId::new(""), grace);
                let next = next.minted(TokenDigest::new("")).rotation;
                let generation = match rule {
                    Rule::RecoveryKeepsNumbers => self.row.current.generation + 1,
                    _ => u8::try_from(next.generation).expect("few exchanges"),
                };
                self.row = Row {
                    current: Token { generation, after_loss: self.has_lost },
                    parent: Some(token),
                    rotated_at: self.now,
                    confirmed: false,
                    revoked: false,
                    overtaken: next.overtaken.iter().map(|it| (it.generation as u8, tick_of(it.at))).collect(),
                };
            }
            Decision::Reuse(_) => self.row.revoked = true,
            Decision::Repeat | Decision::Refuse(_) => {}
        }
        decision
    }

    /// The server sees an access token of this generation.
    pub(super) fn see(&mut self, generation: u8) {
        self.seen = self.seen.max(Some(generation));
    }

    /// Writes the last use to the row, and forgets it.
    pub(super) fn flush(&mut self) {
        self.row.confirmed |= self.seen.take() == Some(self.row.current.generation);
    }

    pub(super) fn replicate(&mut self) {
        self.standby = self.row.clone();
    }

    /// The standby takes over.
    pub(super) fn lose(&mut self) {
        (self.row, self.has_lost) = (self.standby.clone(), true);
        (self.owner_access, self.seen) = (None, None);
    }

    pub(super) fn tick(&mut self) {
        self.now += 1;
    }

    /// Forgets the date, and the exact age of everything past the grace.
    pub(super) fn settle(&mut self) {
        let shift = self.now - GRACE;
        self.now = GRACE;
        for row in [&mut self.row, &mut self.standby] {
            row.rotated_at = row.rotated_at.saturating_sub(shift);
            for (_, at) in &mut row.overtaken {
                *at = at.saturating_sub(shift);
            }
            row.overtaken.retain(|(_, at)| *at > 0);
        }
        if self.has_lost {
            self.standby = self.row.clone();
        }
    }
}

pub(super) fn gives(decision: Decision) -> bool {
    matches!(decision, Decision::Rotate | Decision::Repeat | Decision::Fork | Decision::Recover)
}

/// Whether an honest client is asked to try again, and will then get an answer.
pub(super) fn comes_again(decision: Decision) -> bool {
    matches!(decision, Decision::Refuse(Refusal::Overtaken))
}

/// Plays on from `world`, each step after the grace of the one before: in each round the thief presents one of his
/// tokens and uses what he gets or not, then the owner refreshes. After that the session must have ended, or all of the
/// thief's tokens must be useless. Returns whether the thief wins.
pub(super) fn is_won_by_the_thief(rule: Rule, world: &World, rounds: u8) -> bool {
    if world.row.revoked {
        return false;
    }
    if rounds == 0 {
        let world = later(world);
        return world.loot.iter().any(|token| gives(world.judge(rule, *token)));
    }
    world.loot.iter().any(|token| {
        [false, true].into_iter().any(|uses| {
            let mut world = later(world);
            if gives(world.present(rule, *token)) {
                world.loot.insert(world.row.current);
                if uses {
                    world.see(world.row.current.generation);
                }
            }
            let mut world = later(&world);
            let jar = world.jar;
            if gives(world.present(rule, jar)) {
                world.jar = world.row.current;
            }
            is_won_by_the_thief(rule, &world, rounds - 1)
        })
    })
}

fn later(world: &World) -> World {
    let mut world = world.clone();
    (0..GRACE).for_each(|_| world.tick());
    world.settle();
    world
}

fn at(tick: u8) -> Timestamp {
    Timestamp::from_millis(0) + TICK * u32::from(tick)
}

fn tick_of(time: Timestamp) -> u8 {
    let tick: Duration = time.since(at(0));
    u8::try_from(tick.as_millis() / TICK.as_millis()).unwrap_or(u8::MAX)
}
