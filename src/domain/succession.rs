//! What becomes of a session when its refresh token is exchanged. Whether it is, [`super::redeem()`] decides.

use super::id::KeyId;
use super::redeem::LONGEST_WAIT;
use super::refresh_token::Presented;
use super::session::{Exchanged, Parent, Rotation, Session};
use std::time::Duration;

/// How many overtaken tokens are remembered; of more, the earliest are forgotten. A browser that opens this many tabs at
/// once still has them take turns.
const OVERTAKEN: usize = 32;

impl Session {
    /// The session after `presented` was exchanged for a token that is made with the key `key_id`: its current token, its
    /// parent (a fork), or one that it has lost (a recovery). The digest of the new token is a function of what this returns, and empty in it.
    pub fn succeeded(&self, presented: &Presented, key_id: KeyId, grace: Duration) -> Self {
        let mut next = self.clone();
        next.rotation = Rotation {
            generation: self.rotation.generation.max(presented.generation).saturating_add(1),
            digest: String::new(),
            parent: Some(Parent {
                generation: presented.generation,
                digest: presented.digest.clone(),
                agent: presented.agent.clone(),
            }),
            overtaken: overtaken(&self.rotation, presented, grace),
            rotated_at: presented.decided_at,
            confirmed_at: None,
            key_id,
            nonce: self.rotation.nonce.clone(),
        };
        next.lifetime.idle_expires_at = self.lifetime.token_end(presented.decided_at);
        next.last_seen_at = self.last_seen_at.max(presented.decided_at);
        next
    }
}

/// What the exchange of `presented` leaves behind the parent. A request that arrives within `grace` of another exchange
/// may wait here before it is decided, and more exchanges happen meanwhile: so each is remembered for both.
fn overtaken(rotation: &Rotation, presented: &Presented, grace: Duration) -> Vec<Exchanged> {
    let parent = rotation.parent.as_ref().map(|parent| parent.generation);
    let is_ahead = presented.generation > rotation.generation;
    let left = parent.filter(|parent| *parent != presented.generation && !is_ahead);
    let left = left.map(|generation| Exchanged { generation, at: rotation.rotated_at });
    // When those that were lost had been exchanged, nobody knows: as if it were now. The parent may have been exchanged
    // once more (a fork).
    let first_lost = parent.filter(|_| is_ahead).unwrap_or(rotation.generation);
    let first_lost = first_lost.max(presented.generation.saturating_sub(OVERTAKEN as u64));
    let lost = first_lost..presented.generation;
    let lost = lost.map(|generation| Exchanged { generation, at: presented.decided_at });
    let known = rotation.overtaken.iter().copied().chain(left).chain(lost);
    let kept = grace.saturating_add(LONGEST_WAIT);
    let mut recent: Vec<Exchanged> = known.filter(|it| presented.decided_at.since(it.at) < kept).collect();
    recent.drain(..recent.len().saturating_sub(OVERTAKEN));
    recent
}

#[cfg(test)]
#[path = "succession_tests.rs"]
mod tests;
