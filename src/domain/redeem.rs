//! The rotation rule: what a presented refresh token means. The one place that decides it; HTTP and SQL only carry
//! it out.

use super::refresh_token::Presented;
use super::session::{Exchanged, Parent, Rotation, Session, text_enum};
use super::time::Timestamp;
use std::time::Duration;

/// The longest that a request may have waited in the server, for the queue or for the database, and still be decided:
/// as long as the web app waits for an answer. Whatever happened meanwhile is remembered for at least as long.
pub const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// What a presented refresh token means for its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The current token: a successor takes its place.
    Rotate,
    /// The predecessor, within the grace of its first rotation: the same successor again, and nothing moves.
    Repeat,
    /// The predecessor, after the grace, and nobody has shown the successor: the answer was lost on the way. The
    /// unseen successor is displaced and a new one made, with the presented token as its parent.
    Fork,
    /// A token of ours that the row knows nothing of yet: what was written after the row was lost (a standby that was
    /// behind took over, a backup was put back). The session goes on from the presented token.
    Recover,
    /// A token that was used up: somebody else holds a copy. The session ends.
    Reuse(Reuse),
    /// Nothing is given, and nothing changes.
    Refuse(Refusal),
}

text_enum! {
    /// How a token was found to be used twice.
    Reuse {
        /// The predecessor, after the grace, though its successor is in use.
        Predecessor = "predecessor",
        /// A token that a fork or a recovery displaced, or one more than one generation back.
        Older = "older",
    }
}

/// Why nothing is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The session was ended, and why is on its row.
    Revoked,
    /// The idle or the absolute end was reached.
    Expired,
    UserDisabled,
    /// No session knows of the token, nor can have forgotten it.
    NotOurs,
    /// Others exchanged the token, and its successor too, while this request was under way or waited here: the newest
    /// one is with them.
    Overtaken,
    /// The request waited here for so long that nobody can tell what it raced.
    Late,
    /// The predecessor, within the grace, but from another User-Agent than the one that exchanged it: a browser that
    /// shows itself differently since, or somebody with a copy. With the rest of the grace, after which it is decided
    /// by whether the successor was shown.
    OtherAgent(Duration),
}

/// Decides what `presented` means for `session`, whose token it is: its signature is ours, and its `jti` was made with
/// the session's nonce. So if the row does not know it, the row is behind.
///
/// `grace` is how long after the first rotation the predecessor gets the same answer. `confirmed` says whether the
/// current token, or an access token issued with it, has been seen by the server, in memory or on the row.
/// `can_repeat` says whether the current token can be computed again; it cannot once its key is gone or the form of
/// tokens has changed. It is asked only where that matters, since it costs an HMAC.
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
            // A key that leaked and was replaced must not make tokens of times to come.
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

/// Of a generation of which there are two tokens, since data were lost between them, both are meant.
///
/// Whether the presented token was current when the request arrived, or the parent within the grace; or, where others
/// share it, was exchanged so lately that the request may have been under way by then.
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
    // An exchange since the request arrived is a race, whatever the grace.
    if age < grace || rotated_at > presented.at {
        if presented.agent != parent.agent {
            Decision::Refuse(Refusal::OtherAgent(grace.saturating_sub(age)))
        } else if can_repeat() {
            Decision::Repeat
        } else if confirmed {
            Decision::Refuse(Refusal::Overtaken)
        } else {
            Decision::Fork
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
