//! The pieces of work whose instructions are counted.

use crate::browser::{Browser, FixedEntropy, NOW, Server};
use latchkey::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use latchkey::domain::redeem::{Decision, redeem};
use latchkey::domain::refresh_token::Presented;
use latchkey::domain::session::{Lifetime, Session};
use latchkey::server::site::SiteSource;
use latchkey::server::telemetry;
use std::hint::black_box;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const GRACE: Duration = Duration::from_secs(10);
const SESSIONS: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Decision,
    Token,
    Healthz,
    Me,
    Sessions,
    Refresh,
    LoginPage,
    DevicesPage,
}

impl Work {
    pub(crate) const ALL: [Self; 8] = [
        Self::Decision,
        Self::Token,
        Self::Healthz,
        Self::Me,
        Self::Sessions,
        Self::Refresh,
        Self::LoginPage,
        Self::DevicesPage,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Token => "access-token",
            Self::Healthz => "healthz",
            Self::Me => "me",
            Self::Sessions => "sessions",
            Self::Refresh => "refresh",
            Self::LoginPage => "login-page",
            Self::DevicesPage => "devices-page",
        }
    }

    /// Few repetitions, and by how many more the second run has: so many that the start, which the library's own
    /// randomness makes a little longer or shorter, hardly counts.
    pub(crate) const fn repetitions(self) -> (u64, u64) {
        match self {
            Self::Decision => (1_000, 10_000),
            Self::Healthz | Self::Me => (50, 1_000),
            Self::Sessions | Self::Refresh => (50, 200),
            Self::Token | Self::LoginPage | Self::DevicesPage => (20, 100),
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.name() == name)
    }

    /// Does it so many times.
    pub(crate) fn run(self, times: u64) {
        if self == Self::Decision {
            return decide(times);
        }
        // Lines are formatted and written as the program does it.
        let _log = telemetry::start("info").expect("a log");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(self.ask(times));
    }

    async fn ask(self, times: u64) {
        let server = Server::start(SiteSource::Folder("no-site".into())).await;
        let mut browser = Browser::enter(&server, "/auth/signup", "ada").await;
        if matches!(self, Self::Sessions | Self::DevicesPage) {
            for _ in 1..SESSIONS {
                browser = Browser::enter(&server, "/auth/login", "ada").await;
            }
        }
        let (session, entropy, nobody) = (session(), FixedEntropy::new(), Browser::nobody(&server));
        for _ in 0..times {
            match self {
                Self::Decision => {}
                Self::Token => {
                    let tokens = server.services.access_tokens();
                    // Each is another token, so none is in the cache of verified ones.
                    let issued = tokens.issue(&session, &entropy, NOW).expect("a token");
                    black_box(tokens.verify(&issued.token, NOW).expect("claims"));
                }
                Self::Healthz => _ = black_box(browser.get("/healthz").await),
                Self::Me => _ = black_box(browser.get("/api/me").await),
                Self::Sessions => _ = black_box(browser.get("/api/sessions").await),
                Self::Refresh => browser.post("/auth/refresh", String::new()).await,
                Self::LoginPage => _ = black_box(nobody.get("/login").await),
                Self::DevicesPage => _ = black_box(browser.get("/devices").await),
            }
        }
    }
}

fn session() -> Session {
    let lifetime = Lifetime::start(NOW, 14 * DAY, 30 * DAY, true);
    let (id, user_id, key_id) = (SessionId::new("session"), UserId::new("user"), KeyId::new("key"));
    let session = Session::start(id, user_id, ClientId::web(), lifetime, key_id, "nonce".into());
    session.minted(TokenDigest::new("first"))
}

/// The rule alone: a rotation, and the same token again.
fn decide(times: u64) {
    let session = session();
    let first = Presented {
        sid: session.id.clone(),
        generation: 0,
        digest: session.rotation.digest.clone(),
        agent: AgentDigest::new("Firefox"),
        at: NOW,
        decided_at: NOW,
        may_be_later: true,
        shared: false,
    };
    let next = session.succeeded(&first, KeyId::new("key"), GRACE).minted(TokenDigest::new("second"));
    for _ in 0..times {
        assert_eq!(redeem(black_box(&session), black_box(&first), GRACE, false, || true), Decision::Rotate);
        assert_eq!(redeem(black_box(&next), black_box(&first), GRACE, false, || true), Decision::Repeat);
    }
}
