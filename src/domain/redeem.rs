//! The rotation rule: what a presented refresh token means. It is decided only here; the code for HTTP and SQL carries
//! the decision out.

use super::refresh_token::Presented;
use super::session::{Exchanged, Parent, Rotation, Session, text_enum};
use super::time::Timestamp;
use std::time::Duration;

/// How long a request may wait in the server, for the queue or for the database, and still be decided: as long as the
/// web app waits for an answer. Exchanges in the meantime are remembered for at least as long.
pub const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// What a presented refresh token means for its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The current token: a successor replaces it.
    Rotate,
    /// The predecessor, within the grace after its exchange: the same successor is sent again, and nothing changes.
    Repeat,
    /// The predecessor, after the grace, and nobody has used its successor: the answer was lost. A new successor, with
    /// the presented token as its parent, replaces the unused one.
    Fork,
    /// A valid token that the row does not know yet: later writes to the row were lost (a standby that was behind took
    /// over, or a backup was restored). The session goes on from the presented token.
    Recover,
    /// A token that was already exchanged: somebody has a copy. The session ends.
    Reuse(Reuse),
    /// No token is issued, and nothing changes.
    Refuse(Refusal),
}

text_enum! {
    /// How the second use of a token was found.
    Reuse {
        /// The predecessor, after the grace, and its successor is in use.
        Predecessor = "predecessor",
        /// A token that a fork or a recovery displaced, or one more than one generation back.
        Older = "older",
    }
}

/// Why no token is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The session was ended. The row has the reason.
    Revoked,
    /// The idle or the absolute end was reached.
    Expired,
    /// The session's user was disabled.
    UserDisabled,
    /// The session does not know the token, and cannot have lost it.
    NotOurs,
    /// Other requests exchanged the token, and its successor too, while this request was on its way or waited in the
    /// server. They have the newest token.
    Overtaken,
    /// The request waited in the server for too long to tell which exchanges it competed with.
    Late,
    /// The predecessor, within the grace, but with another User-Agent than the request that exchanged it: either the
    /// browser has changed its User-Agent, or somebody has a copy. Carries the rest of the grace. After it the token
    /// means a fork or a reuse, depending on whether its successor was used.
    OtherAgent(Duration),
    /// The predecessor, within the grace, but its successor cannot be computed again. With the rest of the grace, after
    /// which it is decided by whether the successor was shown.
    Unrepeatable(Duration),
}

/// Decides what `presented` means for its session `session`. Its signature is valid, and its `jti` was made with the
/// session's nonce; so if the row does not know the token, the row is behind.
///
/// `grace` is how long after the first rotation the predecessor gets the same answer. `confirmed` says whether the
/// current token, or an access token issued with it, has been seen by the server, in memory or on the row.
/// `can_repeat` says whether the current token can be computed again; it cannot once its key is gone or the form of
/// tokens has changed. It is asked only where that matters, since it costs an HMAC.
///
/// ```
/// use latchkey::domain::redeem::{Decision, Reuse, redeem};
/// use latchkey::domain::refresh_token::Presented;
/// # use latchkey::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
/// # use latchkey::domain::session::{Lifetime, Session};
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
/// # let lifetime = Lifetime::start(now, 14 * day, 30 * day, true);
/// # let (id, user_id) = (SessionId::new("s1"), UserId::new("u1"));
/// # let session = Session::start(id, user_id, ClientId::web(), lifetime, KeyId::new("k1"), "random".into());
/// # let session = session.minted(TokenDigest::new("d0"));
/// # let first = Presented {
/// #     sid: session.id.clone(),
/// #     generation: 0,
/// #     digest: TokenDigest::new("d0"),
/// #     agent: AgentDigest::new("Firefox"),
/// #     at: now,
/// #     decided_at: now,
/// #     may_be_later: true,
/// #     shared: false,
/// # };
///
/// let grace = Duration::from_secs(10);
/// assert_eq!(redeem(&session, &first, grace, false, || true), Decision::Rotate);
///
/// // The same token again: the answer may have been lost on the way.
/// let next = session.succeeded(&first, KeyId::new("k1"), grace).minted(TokenDigest::new("d1"));
/// assert_eq!(redeem(&next, &first, grace, false, || true), Decision::Repeat);
/// let late = Presented { at: now + grace, decided_at: now + grace, ..first };
/// assert_eq!(redeem(&next, &late, grace, false, || true), Decision::Fork);
///
/// // But somebody uses the successor already.
/// assert_eq!(redeem(&next, &late, grace, true, || true), Decision::Reuse(Reuse::Predecessor));
/// ```
pub fn redeem(
    session: &Session,
    presented: &Presented,
    grace: Duration,
    confirmed: bool,
    can_repeat: impl FnOnce() -> bool,
) -> Decision {
    if let Some(refusal) = refuse(session, presented.at) {
        return Decision::Refuse(refusal);
    }
    if presented.decided_at.since(presented.at) > LONGEST_WAIT {
        return Decision::Refuse(Refusal::Late);
    }
    let rotation = &session.rotation;
    if presented.generation >= rotation.generation {
        let is_current = presented.generation == rotation.generation && presented.digest == rotation.digest;
        return match presented.may_be_later {
            _ if is_current => Decision::Rotate,
            true => Decision::Recover,
            // A leaked key that was replaced must not create tokens of later generations.
            false => Decision::Refuse(Refusal::NotOurs),
        };
    }
    match &rotation.parent {
        Some(parent) if presented.generation == parent.generation && presented.digest == parent.digest => {
            redeem_predecessor(parent, rotation.rotated_at, presented, grace, confirmed, can_repeat)
        }
        _ if is_overtaken(rotation, presented, grace) => Decision::Refuse(Refusal::Overtaken),
        _ => Decision::Reuse(Reuse::Older),
    }
}

/// Whether other requests exchanged the token first and this is no reuse: the token was current when the request
/// arrived; or it was then the parent, within the grace; or the client shares it, and it was exchanged within the
/// grace.
///
/// Tokens are compared by generation. After data loss two tokens can have the same generation, and both match.
fn is_overtaken(rotation: &Rotation, presented: &Presented, grace: Duration) -> bool {
    let last =
        rotation.parent.iter().map(|parent| Exchanged { generation: parent.generation, at: rotation.rotated_at });
    let all = || rotation.overtaken.iter().copied().chain(last.clone());
    let was_parent = all().all(|it| it.generation <= presented.generation || it.at > presented.at);
    all().filter(|it| it.generation == presented.generation).any(|own| {
        let in_grace = presented.at.since(own.at) < grace;
        own.at > presented.at || (in_grace && (presented.shared || was_parent))
    })
}

fn refuse(session: &Session, now: Timestamp) -> Option<Refusal> {
    if session.revoked.is_some() {
        Some(Refusal::Revoked)
    } else if session.user_disabled_at.is_some() {
        Some(Refusal::UserDisabled)
    } else if now >= session.lifetime.end() {
        Some(Refusal::Expired)
    } else {
        None
    }
}

fn redeem_predecessor(
    parent: &Parent,
    rotated_at: Timestamp,
    presented: &Presented,
    grace: Duration,
    confirmed: bool,
    can_repeat: impl FnOnce() -> bool,
) -> Decision {
    let age = presented.at.since(rotated_at);
    // An exchange after the request arrived is a race, whatever the grace.
    if age < grace || rotated_at > presented.at {
        if presented.agent != parent.agent {
            Decision::Refuse(Refusal::OtherAgent(grace.saturating_sub(age)))
        } else if can_repeat() {
            Decision::Repeat
        } else if confirmed {
            Decision::Refuse(Refusal::Overtaken)
        } else {
            // Whoever has the successor may be about to use it.
            Decision::Refuse(Refusal::Unrepeatable(grace.saturating_sub(age)))
        }
    } else if confirmed {
        Decision::Reuse(Reuse::Predecessor)
    } else {
        Decision::Fork
    }
}

#[cfg(test)]
#[path = "redeem_tests.rs"]
mod tests;
