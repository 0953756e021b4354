//! Counters by a label with a fixed set of values.

use crate::domain::redeem::{Decision, Refusal};
use crate::domain::session::{Reason, text_enum};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// The values of a label.
pub trait MetricLabel: Copy + PartialEq + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// The value as it is exported.
    fn as_str(self) -> &'static str;
}

macro_rules! labels {
    ($($type:ty),+) => {
        $(impl MetricLabel for $type {
            const ALL: &'static [Self] = &<$type>::ALL;

            fn as_str(self) -> &'static str {
                self.as_str()
            }
        })+
    };
}

labels!(Reason, RefreshResult, SignInResult);

text_enum! {
    /// What became of an attempt to sign in, or to create an account.
    SignInResult {
        /// It gave a session.
        Succeeded = "succeeded",
        /// It was refused for what was sent: a wrong password, a name that is taken, a closed registration.
        Refused = "refused",
        /// There were too many attempts.
        Limited = "limited",
        /// Too many passwords waited to be hashed.
        Busy = "busy",
        /// The server failed.
        Failed = "failed",
    }
}

text_enum! {
    /// What became of a presented refresh token: the words of [`redeem`](mod@crate::domain::redeem), and what comes before
    /// it is asked.
    RefreshResult {
        /// [`Decision::Rotate`].
        Rotated = "rotated",
        /// [`Decision::Repeat`].
        Repeated = "repeated",
        /// [`Decision::Fork`].
        Forked = "forked",
        /// [`Decision::Recover`].
        Recovered = "recovered",
        /// [`Decision::Reuse`]. Also if the token was to identify its session only, as at a sign-out.
        Reused = "reused",
        /// [`Refusal::Revoked`].
        Revoked = "revoked",
        /// [`Refusal::Expired`].
        Expired = "expired",
        /// [`Refusal::UserDisabled`].
        UserDisabled = "user_disabled",
        /// [`Refusal::NotOurs`], and tokens that cannot be read.
        Invalid = "invalid",
        /// [`Refusal::Overtaken`].
        Overtaken = "overtaken",
        /// [`Refusal::Late`].
        Late = "late",
        /// [`Refusal::OtherAgent`].
        OtherAgent = "other_agent",
        /// [`Refusal::Unrepeatable`].
        Unrepeatable = "unrepeatable",
        /// The session has refreshed too often.
        Limited = "limited",
        /// The server failed.
        Failed = "failed",
    }
}

impl From<Decision> for RefreshResult {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Rotate => Self::Rotated,
            Decision::Repeat => Self::Repeated,
            Decision::Fork => Self::Forked,
            Decision::Recover => Self::Recovered,
            Decision::Reuse(_) => Self::Reused,
            Decision::Refuse(refusal) => match refusal {
                Refusal::Revoked => Self::Revoked,
                Refusal::Expired => Self::Expired,
                Refusal::UserDisabled => Self::UserDisabled,
                Refusal::NotOurs => Self::Invalid,
                Refusal::Overtaken => Self::Overtaken,
                Refusal::Late => Self::Late,
                Refusal::OtherAgent(_) => Self::OtherAgent,
                Refusal::Unrepeatable(_) => Self::Unrepeatable,
            },
        }
    }
}

/// A family of counters with one label.
pub(super) type LabelFamily = Family<[(&'static str, &'static str); 1], Counter>;

/// A counter for each value of a label.
#[derive(Debug)]
pub struct Labelled<L>(Vec<(L, Counter)>);

impl<L: MetricLabel> Labelled<L> {
    /// All counters at zero, and the family to register.
    pub(super) fn new(label: &'static str) -> (Self, LabelFamily) {
        let family = LabelFamily::default();
        let counter = |value: L| family.get_or_create_owned(&[(label, value.as_str())]);
        (Self(L::ALL.iter().map(|value| (*value, counter(*value))).collect()), family)
    }

    /// Counts one.
    pub(super) fn count(&self, value: L) {
        for (_, counter) in self.0.iter().filter(|(of, _)| *of == value) {
            counter.inc();
        }
    }
}
