//! The session after the exchange of its refresh token. [`super::redeem()`] decides whether the token is exchanged.

use super::id::{KeyId, TokenDigest};
use super::redeem::LONGEST_WAIT;
use super::refresh_token::Presented;
use super::session::{Exchanged, Parent, Rotation, Session, Unminted};
use std::time::Duration;

/// How many overtaken tokens are remembered. If there are more, the earliest are forgotten. A browser that opens this
/// many tabs at once still has its tabs take turns.
const OVERTAKEN: usize = 32;

impl Session {
    /// The session after `presented` was exchanged for a token made with the key `key_id`. `presented` is the current
    /// token, its parent (a fork), or one that the row has lost (a recovery).
    ///
    /// ```
    /// # use latchkey::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
    /// # use latchkey::domain::session::{Lifetime, Session};
    /// # use latchkey::domain::time::Timestamp;
    /// # use std::time::Duration;
    /// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
    /// # let lifetime = Lifetime::start(now, 14 * day, 30 * day, true);
    /// # let (id, user_id) = (SessionId::new("s1"), UserId::new("u1"));
    /// # let session = Session::start(id, user_id, ClientId::web(), lifetime, KeyId::new("k1"), "random".into());
    /// # let session = session.minted(TokenDigest::new("d0"));
    /// use latchkey::domain::refresh_token::Presented;
    ///
    /// let presented = Presented {
    ///     sid: session.id.clone(),
    ///     generation: 0,
    ///     digest: session.rotation.digest.clone(),
    ///     agent: AgentDigest::new("Firefox"),
    ///     at: now + day,
    ///     decided_at: now + day,
    ///     may_be_later: true,
    ///     shared: false,
    /// };
    /// let next = session.succeeded(&presented, KeyId::new("k1"), Duration::from_secs(10));
    /// let next = next.minted(TokenDigest::new("d1"));
    /// assert_eq!(next.rotation.generation, 1);
    /// assert_eq!(next.rotation.parent.map(|parent| parent.generation), Some(0));
    /// assert_eq!(next.lifetime.idle_expires_at, now + 15 * day);
    /// ```
    pub fn succeeded(&self, presented: &Presented, key_id: KeyId, grace: Duration) -> Unminted {
        let mut next = self.clone();
        next.rotation = Rotation {
            generation: self.rotation.generation.max(presented.generation).saturating_add(1),
            digest: TokenDigest::new(""),
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
        Unminted::of(next)
    }
}

/// The exchanged tokens before the parent, after the exchange of `presented`. A request that arrives within `grace` of
/// another exchange may wait in the server while more exchanges happen, so each one is remembered for the grace and the
/// wait.
fn overtaken(rotation: &Rotation, presented: &Presented, grace: Duration) -> Vec<Exchanged> {
    let parent = rotation.parent.as_ref().map(|parent| parent.generation);
    let is_ahead = presented.generation > rotation.generation;
    let left = parent.filter(|parent| *parent != presented.generation && !is_ahead);
    let left = left.map(|generation| Exchanged { generation, at: rotation.rotated_at });
    // It is unknown when the lost tokens were exchanged, so the time of this exchange counts. The parent may have been
    // exchanged once more (a fork).
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
