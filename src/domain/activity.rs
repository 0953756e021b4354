//! The security events of a user's account, which the activity page lists.

use super::device::Device;
use super::id::{SessionId, UserId};
use super::session::text_enum;
use super::time::Timestamp;

text_enum! {
    /// The kind of event.
    Kind {
        /// The account was made.
        SignedUp = "signed_up",
        /// Somebody signed in with the right password.
        SignedIn = "signed_in",
        /// Somebody tried to sign in with a wrong password.
        SignInFailed = "sign_in_failed",
        /// So many sign-ins failed that further ones have to wait.
        SignInsBlocked = "sign_ins_blocked",
        /// A session was signed out by itself.
        SignedOut = "signed_out",
        /// A session was ended otherwise; [`Event::detail`] says why.
        SessionEnded = "session_ended",
        /// A session was given another name.
        SessionRenamed = "session_renamed",
        /// A successor that nobody had used was replaced: the answer that carried it was lost.
        Forked = "forked",
        /// A refresh token was used twice, and its session ended.
        Reused = "reused",
        /// The password was changed.
        PasswordChanged = "password_changed",
        /// The operator made a link with which a new password can be chosen.
        LinkMade = "link_made",
        /// A new password was chosen with such a link.
        PasswordReset = "password_reset",
        /// An authenticator app was set up.
        TotpAdded = "totp_added",
        /// The authenticator app was removed, and the recovery codes with it.
        TotpRemoved = "totp_removed",
        /// A set of recovery codes was made, in place of the earlier one.
        RecoveryCodesMade = "recovery_codes_made",
        /// A recovery code was used.
        RecoveryCodeUsed = "recovery_code_used",
        /// Somebody who knew the password entered a wrong second factor.
        SecondFactorFailed = "second_factor_failed",
    }
}

text_enum! {
    /// Which events the activity page shows, in the order in which it offers them.
    Filter {
        /// Everything.
        All = "all",
        /// Sign-ups and sign-ins, those that failed too.
        SignIns = "sign_ins",
        /// Those at which somebody else may have been.
        Warnings = "warnings",
    }
}

/// How many events each user keeps at most: the newest, apart from the [lasting](Kind::LASTING) ones.
pub const EVENTS_MAX: i64 = 10_000;
/// How many events of each [lasting](Kind::LASTING) kind are kept within [`EVENTS_MAX`], however many newer events
/// there are.
pub const LASTING_MAX: i64 = 500;

impl Filter {
    /// The kinds that it shows; `None` for all kinds.
    pub const fn kinds(self) -> Option<&'static [Kind]> {
        match self {
            Self::All => None,
            Self::SignIns => Some(&[
                Kind::SignedUp,
                Kind::SignedIn,
                Kind::SignInFailed,
                Kind::SignInsBlocked,
                Kind::SecondFactorFailed,
            ]),
            Self::Warnings => Some(&[Kind::SignInFailed, Kind::SignInsBlocked, Kind::Reused, Kind::SecondFactorFailed]),
        }
    }

    /// The kinds that it shows, and those that decide how wrong passwords among them are listed (see
    /// [`super::history`]).
    pub const fn kinds_with_context(self) -> Option<&'static [Kind]> {
        match self {
            Self::All => None,
            Self::SignIns => Some(&[
                Kind::SignedUp,
                Kind::SignedIn,
                Kind::SignInFailed,
                Kind::SignInsBlocked,
                Kind::SecondFactorFailed,
                Kind::PasswordChanged,
                Kind::SessionEnded,
            ]),
            Self::Warnings => Some(&[
                Kind::SignInFailed,
                Kind::SignInsBlocked,
                Kind::Reused,
                Kind::SecondFactorFailed,
                Kind::SignedIn,
                Kind::PasswordChanged,
                Kind::SessionEnded,
            ]),
        }
    }

    /// Whether it shows events of this kind.
    pub fn shows(self, kind: Kind) -> bool {
        self.kinds().is_none_or(|kinds| kinds.contains(&kind))
    }
}

impl Kind {
    /// Kinds of which the newest [`LASTING_MAX`] are kept however many other events follow: somebody who looks back
    /// must find them.
    pub const LASTING: [Self; 10] = [
        Self::SignedUp,
        Self::SignInFailed,
        Self::SignInsBlocked,
        Self::Reused,
        Self::PasswordChanged,
        Self::LinkMade,
        Self::PasswordReset,
        Self::TotpRemoved,
        Self::RecoveryCodeUsed,
        Self::SecondFactorFailed,
    ];

    /// Whether it is an action on a session, possibly by another session.
    pub const fn is_done_to_a_session(self) -> bool {
        matches!(self, Self::SessionEnded | Self::SessionRenamed)
    }

    /// Whether somebody else may have caused it.
    pub fn warns(self) -> bool {
        Filter::Warnings.kinds().is_some_and(|kinds| kinds.contains(&self))
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose event it is.
    pub user_id: UserId,
    /// What happened.
    pub kind: Kind,
    /// When it happened.
    pub at: Timestamp,
    /// The session that it concerns.
    pub sid: Option<SessionId>,
    /// The address of the request that caused it.
    pub ip: Option<String>,
    /// The User-Agent of that request, bounded.
    pub user_agent: String,
    /// The device of that request.
    pub device: Device,
    /// A stable code for details: why a session ended, how a reuse was found.
    pub detail: Option<&'static str>,
    /// For a reuse: the other side, which got the current token.
    pub other: Option<Party>,
    /// For an action on a session: the session that did it, if known.
    pub by: Option<SessionId>,
    /// For a rename: the names before and after.
    pub names: Option<Names>,
}

impl Event {
    /// An event that no request caused. Fill in what else is known.
    pub fn new(user_id: &UserId, kind: Kind, at: Timestamp) -> Self {
        Self {
            user_id: user_id.clone(),
            kind,
            at,
            sid: None,
            ip: None,
            user_agent: String::new(),
            device: Device::default(),
            detail: None,
            other: None,
            by: None,
            names: None,
        }
    }
}

/// The names of a session before and after a rename.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// `None` if the user had given it no name.
    pub before: Option<String>,
    /// The name since then.
    pub after: String,
}

/// Somebody who presented a token, as far as the server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// When the token was presented.
    pub at: Timestamp,
    /// From which address; `None` once it was erased.
    pub ip: Option<String>,
    /// With which program, as it named itself.
    pub user_agent: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_somebody_else_is_warned_of_and_the_filters_show_what_they_say() {
        for warning in [Kind::SignInFailed, Kind::SignInsBlocked, Kind::Reused, Kind::SecondFactorFailed] {
            assert!(warning.warns(), "{warning:?}");
        }
        for usual in [Kind::SignedUp, Kind::SignedIn, Kind::SignedOut, Kind::SessionEnded, Kind::PasswordChanged] {
            assert!(!usual.warns(), "{usual:?}");
        }
        for warning in Filter::Warnings.kinds().unwrap() {
            assert!(Kind::LASTING.contains(warning), "{warning:?}");
        }
        assert!(i64::try_from(Kind::LASTING.len()).unwrap() * LASTING_MAX <= EVENTS_MAX / 2, "others have places too");
        assert_eq!(Filter::All.kinds(), None);
        let sign_ins = Filter::SignIns.kinds().unwrap();
        assert!(sign_ins.contains(&Kind::SignedIn) && sign_ins.contains(&Kind::SignInFailed));
        assert!(!sign_ins.contains(&Kind::SessionEnded));
        for filter in Filter::ALL {
            let shown = filter.kinds().unwrap_or_default();
            let read = filter.kinds_with_context().unwrap_or_default();
            assert!(shown.iter().all(|kind| read.contains(kind) && filter.shows(*kind)), "{filter:?}");
        }
        assert!(!Filter::Warnings.shows(Kind::SignedIn) && Filter::All.shows(Kind::SignedIn));
    }
}
