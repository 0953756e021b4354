//! What thieves do with a copied refresh token. None of them ever shows an access token to this server, which would
//! confirm it: they use theirs at services that verify offline. That is the harder case.

use super::chance::Chance;
use super::server::{ACCESS, Agent, Server};
use super::world::is_at_work;
use latchkey::domain::time::Timestamp;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Strategy {
    /// In step, by guess: knows the app, and presents when the owner's next renewal is likeliest to be near. The time
    /// of the last one is in the token (`iat`).
    Guess,
    /// In step, told: something tells him within this time that the owner has renewed.
    Told(Duration),
    /// The same from a program that does not send the owner's User-Agent.
    ToldElsewhere(Duration),
    /// One step behind: told, but presents only this long after the owner's renewal.
    Behind(Duration),
    /// Renews as often as this, at once.
    Greedy(Duration),
    /// Renews as an app would, by himself.
    AsAnApp,
    /// Sleeps up to so many days, then renews as an app would.
    Asleep(u32),
    /// Renews as an app would, but only while the owner is not at work.
    OffHours,
}

pub(crate) struct Thief {
    pub strategy: Strategy,
    /// The newest token that he holds.
    pub token: u64,
    pub got: u64,
    pub began: bool,
}

impl Thief {
    pub(crate) fn new(strategy: Strategy, token: u64) -> Self {
        Self { strategy, token, got: 0, began: false }
    }

    /// How long he waits before he first looks.
    pub(crate) fn first_wait(&self, server: &Server, now: Timestamp, chance: &mut Chance) -> Duration {
        match self.strategy {
            Strategy::Guess => until_likeliest(server.rotated_at(), now),
            Strategy::Told(poll) | Strategy::ToldElsewhere(poll) => poll.mul_f64(chance.part()),
            Strategy::Behind(_) => Duration::from_secs(1),
            Strategy::Greedy(_) | Strategy::AsAnApp | Strategy::OffHours => Duration::ZERO,
            Strategy::Asleep(days) => chance.between(DAY, DAY * days),
        }
    }

    pub(crate) fn agent(&self) -> Agent {
        if matches!(self.strategy, Strategy::ToldElsewhere(_)) { Agent::Foreign } else { Agent::Owners }
    }

    /// Whether he presents his token when he looks.
    pub(crate) fn presents(&self, server: &Server, now: Timestamp) -> bool {
        let is_superseded = server.generation() != self.token;
        match self.strategy {
            Strategy::Told(_) | Strategy::ToldElsewhere(_) => is_superseded,
            Strategy::Behind(delay) => is_superseded && now.since(server.rotated_at()) >= delay,
            Strategy::OffHours => !is_at_work(now),
            _ => true,
        }
    }

    /// When he looks again.
    pub(crate) fn next_wait(&self, server: &Server, now: Timestamp, chance: &mut Chance) -> Duration {
        match self.strategy {
            Strategy::Guess => until_likeliest(server.rotated_at(), now),
            Strategy::Told(poll) | Strategy::ToldElsewhere(poll) => poll,
            Strategy::Behind(delay) => delay / 4,
            Strategy::Greedy(pause) => pause,
            Strategy::AsAnApp | Strategy::OffHours | Strategy::Asleep(_) => {
                chance.between(ACCESS.mul_f64(0.6), ACCESS.mul_f64(0.9))
            }
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// The middle of the window in which the owner renews, or soon if it has passed.
fn until_likeliest(rotated_at: Timestamp, now: Timestamp) -> Duration {
    let middle = rotated_at + ACCESS.mul_f64(0.75 * 0.975);
    middle.since(now).max(Duration::from_secs(5))
}
