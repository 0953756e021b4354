//! Passing faults are told apart from impossible ones, change nothing, and pass.

use super::*;
use crate::support::TestApp;
use latchkey::domain::session::Reason;
use latchkey::server::ports::StoreError;
use sqlx::{AnyConnection, Connection as _};
use std::sync::Mutex;
use tokio::task::JoinSet;

/// A world in which somebody else holds what a judgement of the session `one` needs.
async fn held(world: &World, store: &dyn Store, lock: &'static [&'static str]) -> AnyConnection {
    start(store, &session("one", "ada")).await;
    let mut connection = AnyConnection::connect(&world.url).await.unwrap();
    for statement in lock {
        sqlx::query(*statement).execute(&mut connection).await.unwrap();
    }
    connection
}

fn end_it() -> Vec<SessionChange> {
    vec![SessionChange::Ended { id: sid("one"), user_id: user_id("ada"), reason: Reason::Reused, at: NOW }]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_sqlite_is_unavailable_changes_nothing_and_works_again() {
    let world = World::new(Backend::Sqlite).await;
    let store = world.open_with_ada().await;
    let mut other = held(&world, &*store, &["BEGIN IMMEDIATE"]).await;
    let change = end_it();
    let judged = store.decide(vec![sid("one")], Box::new(|_| Changes { changes: change, events: vec![] })).await;
    assert!(matches!(judged, Err(StoreError::Unavailable(_))), "{judged:?}");
    // Reading goes on meanwhile.
    assert_eq!(load(&*store, "one").await, session("one", "ada"));
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    apply(&*store, end_it()).await;
    assert_eq!(reason(&*store, "one").await, Some("reused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_hangs_up_is_unavailable_changes_nothing_and_works_again() {
    let world = World::new(Backend::Postgres).await;
    let store = world.open_with_ada().await;
    let mut other = held(&world, &*store, &["BEGIN", "LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE"]).await;
    let waiting = store.clone();
    let judging = tokio::spawn(async move {
        let verdict = Changes { changes: end_it(), events: vec![] };
        waiting.decide(vec![sid("one")], Box::new(|_| verdict)).await
    });
    // As a restart of the server would.
    let hang_up = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(hang_up).fetch_one(&mut other).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    let judged = judging.await.unwrap();
    assert!(matches!(judged, Err(StoreError::Unavailable(_))), "{judged:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(load(&*store, "one").await, session("one", "ada"));
    apply(&*store, end_it()).await;
    assert_eq!(reason(&*store, "one").await, Some("reused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_held_in_postgres_keeps_no_other_from_its_judgement() {
    let world = World::new(Backend::Postgres).await;
    let store = world.open_with_ada().await;
    // A sign-in locks all of its user's sessions, so it comes first.
    start(&*store, &session("two", "ada")).await;
    let mut other = held(&world, &*store, &["BEGIN", "SELECT 1 FROM sessions WHERE id = 'one' FOR UPDATE"]).await;
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = shown.clone();
    let judge = Box::new(move |sessions: Vec<Session>| {
        seen.lock().unwrap().extend(sessions.into_iter().map(|session| session.id));
        Changes::default()
    });
    let undecided = store.decide(["none", "one", "two"].map(sid).to_vec(), judge).await.unwrap();
    assert_eq!((undecided.held, &*shown.lock().unwrap()), (vec![sid("one")], &vec![sid("two")]));
    assert!(undecided.broken.is_empty());
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    apply(&*store, end_it()).await;
    assert_eq!(reason(&*store, "one").await, Some("reused"));
}

/// Somebody else's transaction that never ends: whoever needs what it holds is told to come again, and whatever it does
/// not hold goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_in_postgres_that_is_not_given_back_is_unavailable_in_time() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let (mut device, mut other) = (app.signed_up("ada").await, app.signed_up("eve").await);
    let mut holder = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    let hold = format!("SELECT 1 FROM sessions WHERE id = '{}' FOR UPDATE", device.sid().await);
    sqlx::query("BEGIN").execute(&mut holder).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(hold)).execute(&mut holder).await.unwrap();
    let reply = device.try_refresh().await.expect(503);
    assert!(reply.header("retry-after").is_some() && reply.set_cookies().is_empty(), "{reply:?}");
    other.try_refresh().await.expect(200);
    sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
    device.try_refresh().await.expect(200);
}

/// AV1, A3: on SQLite all writers wait for one place; a refresh waits behind one of them at most.
#[tokio::test]
async fn a_refresh_goes_before_all_others_that_wait_to_write() {
    let world = World::new(Backend::Sqlite).await;
    let store = world.open_with_ada().await;
    let mut other = held(&world, &*store, &["BEGIN IMMEDIATE"]).await;
    let order: Arc<Mutex<Vec<&str>>> = Arc::default();
    let mut writers = JoinSet::new();
    for n in 0..20 {
        let (store, order) = (store.clone(), order.clone());
        writers.spawn(async move {
            let judge = Box::new(move |tallies| {
                order.lock().unwrap().push("attempt");
                tallies
            });
            store.tally(vec![n.to_string()], judge).await.unwrap();
        });
    }
    // On this one thread each of them gets as far as it can.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let (refreshing, refreshed) = (store.clone(), order.clone());
    writers.spawn(async move {
        let judge = Box::new(move |_| {
            refreshed.lock().unwrap().push("refresh");
            Changes::default()
        });
        refreshing.decide(vec![sid("one")], judge).await.unwrap();
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    writers.join_all().await;
    let order = order.lock().unwrap().clone();
    assert_eq!(order.len(), 21);
    assert!(order[..2].contains(&"refresh"), "{order:?}");
}
