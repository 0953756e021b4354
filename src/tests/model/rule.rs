//! The rule under test: the real one, and mutations of it, which the checks must refute.

use latchkey::domain::redeem::{Decision, Refusal, Reuse, redeem};
use latchkey::domain::refresh_token::Presented;
use latchkey::domain::session::Session;
use std::time::Duration;

/// The time that a tick of the model's clock stands for.
pub(super) const TICK: Duration = Duration::from_secs(5);
/// The grace in ticks.
pub(super) const GRACE: u8 = 2;

/// The rule that decides. Every rule except [`Rule::Real`] is wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    /// `latchkey::domain::redeem`, unchanged, for tabs that say that they share their token.
    Real,
    /// Each repeat starts the grace again.
    SlidingGrace,
    /// After a fork the displaced successor is still valid.
    ForkWithoutDisplacement,
    /// The predecessor is repeated however long after its exchange.
    RepeatWithoutLimit,
    /// A reuse is refused, but does not end the session.
    ReuseEndsNothing,
    /// No successor ever counts as seen.
    NeverConfirmed,
    /// Each successor counts as seen from the start.
    AlwaysConfirmed,
    /// An access token of any generation confirms the current one.
    ConfirmedByAnyAccessToken,
    /// A rotation keeps the confirmation of the token before.
    ConfirmationOutlivesRotation,
    /// Within the grace a predecessor whose successor cannot be computed again is exchanged.
    UnrepeatableForks,
    /// Within the grace another User-Agent ends the session.
    OtherAgentIsReuse,
    /// Within the grace any User-Agent gets the repeat.
    AnyAgent,
    /// The current token revives a revoked session.
    RevocationForgotten,
    /// Expiry and grace are measured at the decision, however long the request has waited.
    JudgedWhenDecided,
    /// An exchange takes place at the arrival of its request.
    DatedByArrival,
    /// A token that is ahead of its row is refused.
    AheadIsRefused,
    /// A token of the row's generation that is not the row's token is refused.
    SiblingIsRefused,
    /// A token of the parent's generation that is not the parent is refused.
    OtherOfParentIsRefused,
    /// A token of the parent's generation that is not the parent is exchanged, as if more data had been lost.
    DisplacedLives,
    /// A recovery numbers its token like a rotation.
    RecoveryKeepsNumbers,
    /// A rotation also moves the absolute end.
    EndMoves,
    /// Not a mutation: the real rule for clients that do not say that they share their token.
    Unshared,
    /// Older tokens are refused at any age, and do not end the session.
    AllAreSpared,
    /// A proposal, not a mutation: a token that was created less than a grace ago is not exchanged, but sent again.
    OneRotationPerGrace,
}

impl Rule {
    /// What `presented` means.
    pub(super) fn decide(
        self,
        session: &Session,
        presented: &Presented,
        confirmed: bool,
        can_repeat: bool,
    ) -> Decision {
        let grace = TICK * u32::from(GRACE);
        let real = |grace, confirmed| redeem(session, presented, grace, confirmed, || can_repeat);
        match self {
            Self::RepeatWithoutLimit => real(Duration::MAX, confirmed),
            Self::NeverConfirmed => real(grace, false),
            Self::AlwaysConfirmed => real(grace, true),
            Self::AnyAgent => {
                let agent = session.rotation.parent.as_ref().map_or(&presented.agent, |parent| &parent.agent).clone();
                redeem(session, &Presented { agent, ..presented.clone() }, grace, confirmed, || can_repeat)
            }
            Self::RevocationForgotten if presented.generation == session.rotation.generation => {
                redeem(&Session { revoked: None, ..session.clone() }, presented, grace, confirmed, || can_repeat)
            }
            Self::JudgedWhenDecided => {
                let presented = Presented { at: presented.decided_at, ..presented.clone() };
                redeem(session, &presented, grace, confirmed, || can_repeat)
            }
            Self::AheadIsRefused | Self::SiblingIsRefused => match real(grace, confirmed) {
                Decision::Recover
                    if self == Self::AheadIsRefused || presented.generation == session.rotation.generation =>
                {
                    Decision::Refuse(Refusal::NotOurs)
                }
                other => other,
            },
            Self::DisplacedLives
                if session.rotation.parent.as_ref().is_some_and(|parent| {
                    parent.generation == presented.generation && parent.digest != presented.digest
                }) =>
            {
                Decision::Recover
            }
            Self::OtherOfParentIsRefused => match (real(grace, confirmed), &session.rotation.parent) {
                (_, Some(parent)) if parent.generation == presented.generation && parent.digest != presented.digest => {
                    Decision::Refuse(Refusal::NotOurs)
                }
                (decision, _) => decision,
            },
            Self::UnrepeatableForks => match real(grace, confirmed) {
                Decision::Refuse(Refusal::Unrepeatable(_)) => Decision::Fork,
                other => other,
            },
            Self::OtherAgentIsReuse => match real(grace, confirmed) {
                Decision::Refuse(Refusal::OtherAgent(_)) => Decision::Reuse(Reuse::Predecessor),
                other => other,
            },
            Self::ReuseEndsNothing => match real(grace, confirmed) {
                Decision::Reuse(_) => Decision::Refuse(Refusal::NotOurs),
                other => other,
            },
            Self::ForkWithoutDisplacement => match real(grace, confirmed) {
                Decision::Reuse(Reuse::Older) if is_displaced(session, presented) => Decision::Rotate,
                other => other,
            },
            Self::AllAreSpared => match real(grace, confirmed) {
                Decision::Reuse(Reuse::Older) => Decision::Refuse(Refusal::Overtaken),
                other => other,
            },
            Self::OneRotationPerGrace => match real(grace, confirmed) {
                Decision::Rotate if is_fresh(session, presented, grace) => Decision::Repeat,
                other => other,
            },
            _ => real(grace, confirmed),
        }
    }
}

impl Rule {
    /// The presented token with the time that counts for its successor.
    pub(super) fn dated(self, presented: Presented) -> Presented {
        match self {
            Self::DatedByArrival => Presented { decided_at: presented.at, ..presented },
            _ => presented,
        }
    }
}

fn is_displaced(session: &Session, presented: &Presented) -> bool {
    session.rotation.parent.as_ref().is_some_and(|parent| presented.generation > parent.generation)
}

fn is_fresh(session: &Session, presented: &Presented, grace: Duration) -> bool {
    session.rotation.parent.is_some() && presented.at.since(session.rotation.rotated_at) < grace
}
