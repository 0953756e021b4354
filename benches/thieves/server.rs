//! One session on the server: the real rule, carried out as the server does.

use latchkey::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use latchkey::domain::redeem::{Decision, redeem};
use latchkey::domain::refresh_token::Presented;
use latchkey::domain::second_factor::AuthenticatedBy;
use latchkey::domain::session::{Label, Lifetime, Reason, Revocation, Rotation, Session};
use latchkey::domain::time::Timestamp;
use std::time::Duration;

pub(crate) const GRACE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(14 * 86_400);
pub(crate) const ABSOLUTE: Duration = Duration::from_secs(30 * 86_400);
/// The life of an access token, and by what part it is shortened at random.
pub(crate) const ACCESS: Duration = Duration::from_secs(600);
pub(crate) const JITTER: f64 = 0.05;

/// A User-Agent. Thieves have the owner's, which is easily copied, where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agent {
    Owners,
    /// What the owner's browser sends once it is told to show itself differently.
    OwnersOther,
    /// Another program's.
    Foreign,
}

pub(crate) struct Server {
    session: Session,
    grace: Duration,
}

impl Server {
    pub(crate) fn signed_in(now: Timestamp, grace: Duration) -> Self {
        let session = Session {
            id: SessionId::new(""),
            user_id: UserId::new(""),
            client_id: ClientId::new(""),
            rotation: Rotation {
                generation: 0,
                digest: digest(0),
                parent: None,
                overtaken: Vec::new(),
                rotated_at: now,
                confirmed_at: None,
                key_id: KeyId::new(""),
                nonce: String::new(),
            },
            lifetime: Lifetime::start(now, IDLE, ABSOLUTE, true),
            authenticated_at: now,
            authenticated_by: AuthenticatedBy::password(),
            second_factor_at: None,
            last_seen_at: now,
            revoked: None,
            user_disabled_at: None,
            label: Label::default(),
        };
        Self { session, grace }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.session.rotation.generation
    }

    pub(crate) fn rotated_at(&self) -> Timestamp {
        self.session.rotation.rotated_at
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.session.revoked.is_some()
    }

    /// Exchanges the token of a generation.
    pub(crate) fn present(&mut self, generation: u64, agent: Agent, now: Timestamp) -> Decision {
        let presented = Presented {
            sid: SessionId::new(""),
            generation,
            digest: digest(generation),
            agent: AgentDigest::new(format!("{agent:?}")),
            at: now,
            decided_at: now,
            may_be_later: true,
            shared: true,
        };
        let confirmed = self.session.rotation.confirmed_at.is_some();
        let decision = redeem(&self.session, &presented, self.grace, confirmed, || true);
        match decision {
            Decision::Rotate | Decision::Fork | Decision::Recover => {
                let next = self.session.succeeded(&presented, KeyId::new(""), self.grace);
                let digest = digest(next.token_input().generation);
                self.session = next.minted(digest);
            }
            Decision::Reuse(_) => self.session.revoked = Some(Revocation { at: now, reason: Reason::Reused }),
            Decision::Repeat | Decision::Refuse(_) => {}
        }
        decision
    }

    /// An access token of a generation is shown.
    pub(crate) fn confirm(&mut self, generation: u64, now: Timestamp) {
        if generation == self.session.rotation.generation {
            self.session.rotation.confirmed_at.get_or_insert(now);
        }
    }
}

fn digest(generation: u64) -> TokenDigest {
    TokenDigest::new(generation.to_string())
}
