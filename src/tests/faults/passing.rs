//! RT13: faults that pass.

use crate::support::{Anonymous, Backend, SignedIn, TestApp, Wire};
use faulty_vfs::{Failure, Folder};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::Duration;

/// Only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(60);

/// The same token, refused for now, and good again when the fault is over.
async fn refused_for_now(device: &mut SignedIn) {
    let token = device.refresh_token().to_owned();
    let reply = device.try_refresh().await.expect(503);
    assert_eq!(reply.code(), "unavailable");
    assert!(reply.header("retry-after").is_some() && reply.set_cookies().is_empty(), "{reply:?}");
    assert_eq!(device.refresh_token(), token);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_signs_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let files = Folder::watch(folder.path());
    let app = TestApp::on(Backend::Sqlite).start_in(folder).await;
    let mut device = app.signed_up("ada").await;
    files.fail(1, Failure::Full, true);
    for _ in 0..3 {
        refused_for_now(&mut device).await;
    }
    assert!(device.is_in().await, "reading goes on");
    app.browser().try_sign_in("ada", super::super::support::PASSWORD).await.expect(503);
    files.heal();
    device.try_refresh().await.expect(200);
    assert!(device.is_in().await);
}

/// S14: a balancer sends requests elsewhere, until there is room again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let files = Folder::watch(folder.path());
    let app = TestApp::on(Backend::Sqlite).start_in(folder).await;
    let mut browser = app.browser();
    browser.get("/readyz").await.expect(200);
    files.fail(1, Failure::Full, true);
    // An answer counts for a second.
    let change = async |browser: &mut Anonymous, status: u16| while browser.get("/readyz").await.status != status {};
    tokio::time::timeout(TOO_LONG, change(&mut browser, 503)).await.expect("it is not ready");
    browser.get("/healthz").await.expect(200);
    files.heal();
    tokio::time::timeout(TOO_LONG, change(&mut browser, 200)).await.expect("it is ready again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_signs_nobody_out() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let url = format!("sqlite://{}", app.folder().join("latchkey.db").display());
    let mut lock = AnyConnection::connect(&url).await.unwrap();
    let ten_seconds = tokio::spawn(tokio::time::sleep(Duration::from_secs(10)));
    lock.execute("BEGIN EXCLUSIVE").await.unwrap();
    // Ten real seconds: longer than any patience of the server's own.
    while !ten_seconds.is_finished() {
        refused_for_now(&mut device).await;
        assert!(device.is_in().await, "reading goes on");
    }
    let reply = device.clone().post("/auth/logout", json!({})).await.expect(503);
    assert!(reply.header("retry-after").is_some() && reply.set_cookies().is_empty(), "{reply:?}");
    // A restart of the browser, many at once, a minute later: all the same.
    app.advance(Duration::from_secs(60));
    let waiting: Vec<_> = (0..10).map(|_| device.clone()).collect();
    let waiting = waiting.into_iter().map(|mut tab| tokio::spawn(async move { refused_for_now(&mut tab).await }));
    for tab in waiting.collect::<Vec<_>>() {
        tab.await.unwrap();
    }
    lock.execute("ROLLBACK").await.unwrap();
    device.try_refresh().await.expect(200);
    assert!(device.is_in().await);
}

/// An operator's open transaction holds one session: its owner is told to come again, and the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_holds_a_session_locked_signs_nobody_out_and_others_go_on() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let (mut device, mut other) = (app.signed_up("ada").await, app.signed_up("eve").await);
    let mut operator = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    operator.execute("BEGIN").await.unwrap();
    let lock = "SELECT id FROM sessions WHERE user_id = (SELECT id FROM users WHERE username = 'ada') FOR UPDATE";
    operator.execute(lock).await.unwrap();
    let ten_seconds = tokio::spawn(tokio::time::sleep(Duration::from_secs(10)));
    while !ten_seconds.is_finished() {
        let answered = tokio::time::timeout(Duration::from_secs(30), refused_for_now(&mut device)).await;
        answered.expect("it is told to come again");
        other.try_refresh().await.expect(200);
        assert!(device.is_in().await && other.is_in().await);
    }
    operator.execute("ROLLBACK").await.unwrap();
    device.try_refresh().await.expect(200);
    assert!(device.is_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_breaks_off_its_connections_signs_nobody_out() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let mut device = app.signed_up("ada").await;
    let mut operator = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    for _ in 0..5 {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let ended: i64 = sqlx::query_scalar(end).fetch_one(&mut operator).await.unwrap();
        assert!(ended > 0);
        // Each broken connection may be met once.
        let mut tries = 0;
        while device.try_refresh().await.status != 200 {
            tries += 1;
            assert!(tries <= 20, "it recovers by itself");
        }
        assert!(device.is_in().await);
    }
}

/// While refreshes are being judged the network falls silent, and nobody tells the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_to_postgresql_that_falls_silent_signs_nobody_out_and_holds_nobody_up_for_ever() {
    let wire = Wire::to_postgres().await;
    let app = TestApp::on(Backend::Postgres).over(&wire).start().await;
    let (mut device, mut other) = (app.signed_up("ada").await, app.signed_up("eve").await);
    let mut operator = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    operator.execute("BEGIN").await.unwrap();
    operator.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let judged = tokio::spawn(async move {
        refused_for_now(&mut device).await;
        device
    });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut operator).await.unwrap() == 0 {}
    wire.fall_silent();
    let next = tokio::spawn(async move {
        refused_for_now(&mut other).await;
        other
    });
    let answered = async { (judged.await.unwrap(), next.await.unwrap()) };
    let answered = tokio::time::timeout(Duration::from_secs(60), answered).await.expect("they are told to come again");
    wire.heal();
    operator.execute("ROLLBACK").await.unwrap();
    for mut device in [answered.0, answered.1] {
        let mut tries = 0;
        while device.try_refresh().await.status != 200 {
            tries += 1;
            assert!(tries <= 20, "it recovers by itself");
        }
        assert!(device.is_in().await);
    }
}
