//! The note on the sign-in page that says why the browser's last session ended.

use super::session::{Reason, Session, text_enum};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

text_enum! {
    /// Why somebody is no longer signed in.
    Why {
        /// They signed out in this browser.
        SignedOut = "signed_out",
        /// They signed out everywhere, in this browser.
        SignedOutEverywhere = "signed_out_everywhere",
        /// They deleted the account, in this browser.
        Deleted = "deleted",
        /// The session was ended from another session of the account.
        EndedByUser = "ended_by_user",
        /// The same browser signed in again.
        Replaced = "replaced",
        /// Its refresh token was used twice.
        Reused = "reused",
        /// The password was changed elsewhere.
        PasswordChanged = "password_changed",
        /// There were too many sessions, and this one was chosen to end (see [`crowding`](super::crowding)).
        TooMany = "too_many",
        /// The operator ended the session.
        Operator = "operator",
        /// The operator disabled the account.
        Disabled = "disabled",
        /// The session was unused for too long, or reached its absolute end.
        Expired = "expired",
        /// The session's row is gone, though its token has not expired: the account was deleted.
        Gone = "gone",
    }
}

/// The content of the note. It has no name and no address: it is stored in a cookie, and anybody at this browser may
/// see it.
///
/// ```
/// use latchkey::domain::farewell::{Farewell, Why};
/// # use latchkey::domain::id::{ClientId, KeyId, SessionId, TokenDigest, UserId};
/// # use latchkey::domain::session::{Lifetime, Session};
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
/// # let lifetime = Lifetime::start(now, 14 * day, 30 * day, true);
/// # let (id, user_id) = (SessionId::new("s1"), UserId::new("u1"));
/// # let session = Session::start(id, user_id, ClientId::web(), lifetime, KeyId::new("k1"), "random".into());
/// # let session = session.minted(TokenDigest::new("d0"));
///
/// assert_eq!(Farewell::of(&session, now), None);
/// let end = session.lifetime.end();
/// assert_eq!(Farewell::of(&session, end), Some(Farewell::new(Why::Expired, Some(end))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// Why the session is over.
    pub why: Why,
    /// When the session ended, if known.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// The browser and the system that ended the session, if known and if the reader may know them.
    #[serde(default)]
    pub browser: Option<String>,
    /// The system, as `browser`.
    #[serde(default)]
    pub os: Option<String>,
}

impl Farewell {
    /// A farewell that names no device.
    pub const fn new(why: Why, at: Option<Timestamp>) -> Self {
        Self { why, at, browser: None, os: None }
    }

    /// The note for a session that has ended by `now`; `None` while it is alive.
    pub fn of(session: &Session, now: Timestamp) -> Option<Self> {
        if let Some(disabled_at) = session.user_disabled_at {
            return Some(Self::new(Why::Disabled, Some(disabled_at)));
        }
        let Some(revoked) = &session.revoked else {
            let end = session.lifetime.end();
            return (end <= now).then(|| Self::new(Why::Expired, Some(end)));
        };
        let why = match revoked.reason {
            Reason::SignedOut => Why::SignedOut,
            Reason::EndedByUser => Why::EndedByUser,
            Reason::Replaced => Why::Replaced,
            Reason::Reused => Why::Reused,
            Reason::PasswordChanged => Why::PasswordChanged,
            Reason::TooMany => Why::TooMany,
            Reason::Operator => Why::Operator,
        };
        Some(Self::new(why, Some(revoked.at)))
    }

    /// Whether another device ended the session, so that its owner may want to know which.
    pub const fn is_of_another_device(&self) -> bool {
        matches!(self.why, Why::EndedByUser | Why::PasswordChanged | Why::TooMany)
    }

    /// Whether the reader ended the session in this browser.
    pub const fn is_wanted(&self) -> bool {
        matches!(self.why, Why::SignedOut | Why::SignedOutEverywhere | Why::Deleted)
    }
}

/// Whether the holder of a token of this generation may learn which device ended the session. A token that was
/// exchanged long ago proves less: whoever kept a copy of it could not have read the list of devices with it.
pub fn may_know_device(session: &Session, generation: u64) -> bool {
    let parent = session.rotation.parent.as_ref().map(|parent| parent.generation);
    generation == session.rotation.generation || Some(generation) == parent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
    use crate::domain::second_factor::AuthenticatedBy;
    use crate::domain::session::{Label, Lifetime, Parent, Revocation, Rotation};
    use std::time::Duration;

    const HOUR: Duration = Duration::from_secs(3600);
    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn session(revoked: Option<Reason>) -> Session {
        Session {
            id: SessionId::new("s"),
            user_id: UserId::new("u"),
            client_id: ClientId::web(),
            rotation: Rotation {
                generation: 7,
                digest: TokenDigest::new("d"),
                parent: Some(Parent { generation: 5, digest: TokenDigest::new("p"), agent: AgentDigest::new("a") }),
                overtaken: vec![],
                rotated_at: START,
                confirmed_at: None,
                key_id: KeyId::new("k"),
                nonce: "n".into(),
            },
            lifetime: Lifetime::start(START, HOUR, 2 * HOUR, true),
            authenticated_at: START,
            authenticated_by: AuthenticatedBy::password(),
            second_factor_at: None,
            last_seen_at: START,
            revoked: revoked.map(|reason| Revocation { at: START, reason }),
            user_disabled_at: None,
            label: Label::default(),
        }
    }

    #[test]
    fn a_session_that_is_over_has_one_reason_and_one_that_lives_has_none() {
        assert_eq!(Farewell::of(&session(None), START), None);
        let expired = Farewell::of(&session(None), START + HOUR).unwrap();
        assert_eq!((expired.why, expired.at), (Why::Expired, Some(START + HOUR)));
        let ended = Farewell::of(&session(Some(Reason::PasswordChanged)), START + HOUR).unwrap();
        assert_eq!((ended.why, ended.at), (Why::PasswordChanged, Some(START)));
        let disabled = Session { user_disabled_at: Some(START), ..session(Some(Reason::Operator)) };
        assert_eq!(Farewell::of(&disabled, START).unwrap().why, Why::Disabled);
    }

    #[test]
    fn only_the_last_two_tokens_may_know_who_ended_their_session() {
        let told: Vec<u64> = (0..9).filter(|generation| may_know_device(&session(None), *generation)).collect();
        assert_eq!(told, [5, 7]);
    }
}
