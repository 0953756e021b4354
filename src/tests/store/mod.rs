//! The contract of `Store`: the same stories on every database that it is kept in.

mod busy;
mod judging;
mod keeping;
mod keys;
mod postgres_tls;
mod purging;
mod races;
mod second_factors;
mod sessions;
mod sqlite_files;
mod users;

use crate::support::Backend;
use latchkey::domain::activity::{Event, Filter, Kind, Names};
use latchkey::domain::credentials::Username;
use latchkey::domain::device::{Device, DeviceKind};
use latchkey::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use latchkey::domain::second_factor::{AuthenticatedBy, FactorMethod};
use latchkey::domain::session::{Exchanged, Label, Lifetime, Parent, Rotation, Session};
use latchkey::domain::time::Timestamp;
use latchkey::server::ports::{Changes, EventPage, Recorded, SessionChange, StartSession, Store, User};
use latchkey::server::storage;
use std::sync::Arc;
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Runs a story on each database.
macro_rules! stories {
    ($(async fn $name:ident($world:ident: World) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                async fn story($world: World) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    story(World::new(Backend::Sqlite).await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    story(World::new(Backend::Postgres).await).await;
                }
            }
        )*
    };
}
pub(crate) use stories;

/// A database of a test's own.
struct World {
    url: String,
    folder: tempfile::TempDir,
}

impl World {
    async fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: backend.url(folder.path()).await, folder }
    }

    /// Opens it, as each server that runs on it does.
    async fn open(&self) -> Arc<dyn Store> {
        storage::connect(&self.url).await.unwrap()
    }

    /// Opens it, with the user `ada` in it.
    async fn open_with_ada(&self) -> Arc<dyn Store> {
        let store = self.open().await;
        assert!(store.add_user(&user("ada"), None).await.unwrap());
        store
    }
}

fn user(name: &str) -> User {
    User {
        id: user_id(name),
        username: Username::new(name).unwrap(),
        password_hash: format!("hash-of-{name}"),
        created_at: NOW,
        password_changed_at: NOW,
        disabled_at: None,
    }
}

fn user_id(name: &str) -> UserId {
    UserId::new(format!("id-of-{name}"))
}

fn sid(id: &str) -> SessionId {
    SessionId::new(id)
}

/// A session with something in every field that a new one can have.
fn session(id: &str, name: &str) -> Session {
    Session {
        id: sid(id),
        user_id: user_id(name),
        client_id: ClientId::web(),
        rotation: Rotation {
            generation: 0,
            digest: TokenDigest::new(format!("digest-0-of-{id}")),
            parent: None,
            overtaken: vec![],
            rotated_at: NOW,
            confirmed_at: None,
            key_id: KeyId::new("key"),
            nonce: format!("nonce-of-{id}"),
        },
        lifetime: Lifetime::start(NOW, 14 * DAY, 30 * DAY, true),
        authenticated_at: NOW,
        authenticated_by: AuthenticatedBy::password().and(FactorMethod::Totp),
        second_factor_at: Some(NOW + MINUTE),
        last_seen_at: NOW,
        revoked: None,
        user_disabled_at: None,
        label: Label {
            name: None,
            device: Device { browser: Some("Firefox".into()), os: Some("Linux".into()), kind: DeviceKind::Desktop },
            user_agent: "Mozilla/5.0 (\"quoted\"; back\\slash; umläut; 🐘)".into(),
            ip: Some("2001:db8::1".into()),
        },
    }
}

fn event(name: &str, kind: Kind) -> Event {
    Event {
        user_id: user_id(name),
        kind,
        at: NOW,
        sid: None,
        ip: Some("192.0.2.7".into()),
        user_agent: "curl/8".into(),
        device: Device::default(),
        detail: None,
        other: None,
        by: None,
        names: None,
    }
}

/// Starts a session that replaces none; all of the user's others stay.
async fn start(store: &dyn Store, session: &Session) {
    let event = Event { user_id: session.user_id.clone(), sid: Some(session.id.clone()), ..event("", Kind::SignedIn) };
    let start = StartSession { session, password_changed_at: NOW, replaces: None, max: 50, event: &event };
    assert_eq!(store.start_session(start).await.unwrap(), Some(vec![]));
}

/// `session` after the next exchange of its token, `after` it started.
fn rotation(session: &Session, after: Duration) -> Box<Session> {
    let at = NOW + after;
    let Rotation { generation, digest, nonce, .. } = session.rotation.clone();
    Box::new(Session {
        rotation: Rotation {
            generation: generation + 1,
            digest: TokenDigest::new(format!("digest-{}-of-{}", generation + 1, session.id)),
            parent: Some(Parent { generation, digest, agent: AgentDigest::new("agent-digest") }),
            overtaken: vec![Exchanged { generation: 0, at }],
            rotated_at: at,
            confirmed_at: None,
            key_id: KeyId::new("newer-key"),
            nonce,
        },
        lifetime: Lifetime { idle_expires_at: session.lifetime.token_end(at), ..session.lifetime.clone() },
        last_seen_at: at,
        label: Label {
            name: Some("names change otherwise".into()),
            device: Device { browser: Some("Firefox 6".into()), os: None, kind: DeviceKind::Phone },
            user_agent: "Mozilla/6.0".into(),
            ip: None,
        },
        ..session.clone()
    })
}

/// Judges without looking.
async fn apply(store: &dyn Store, changes: Vec<SessionChange>) {
    let ids = changes.iter().map(|change| match change {
        SessionChange::Rotated(rotated) => rotated.id.clone(),
        SessionChange::Ended { id, .. } => id.clone(),
    });
    let ids = ids.collect();
    store.decide(ids, Box::new(move |_| Changes { changes, events: vec![] })).await.unwrap();
}

async fn load(store: &dyn Store, id: &str) -> Session {
    store.session(&sid(id)).await.unwrap().expect("the session exists")
}

/// Why a session ended, `None` while it has not.
async fn reason(store: &dyn Store, id: &str) -> Option<&'static str> {
    load(store, id).await.revoked.map(|revoked| revoked.reason.as_str())
}

fn page(before: Option<i64>, limit: u32) -> EventPage {
    EventPage { kinds: None, before, limit }
}

async fn activity(store: &dyn Store, name: &str) -> Vec<Recorded> {
    store.activity(&user_id(name), page(None, 100)).await.unwrap()
}

/// What happened to a user, newest first: kind, session, detail.
async fn told(store: &dyn Store, name: &str) -> Vec<(Kind, Option<SessionId>, Option<String>)> {
    activity(store, name).await.into_iter().map(|event| (event.kind, event.sid, event.detail)).collect()
}

fn sorted(mut ids: Vec<SessionId>) -> Vec<String> {
    ids.sort();
    ids.iter().map(ToString::to_string).collect()
}
