//! A row that somebody holds locked, or that breaks the rules, is one session's trouble and nobody else's.

use crate::support::{Backend, SignedIn, TestApp, TestAppBuilder, Wire, on_both_databases};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};

async fn operator(app: &TestApp) -> AnyConnection {
    AnyConnection::connect(&app.settings().database.url).await.unwrap()
}

/// Ten others refresh while `device` does, and none of them is kept from it.
async fn others_go_on(device: &SignedIn, others: &mut [SignedIn], status: u16) {
    for _ in 0..3 {
        let mut device = device.clone();
        let trouble = tokio::spawn(async move { device.try_refresh().await });
        let going: Vec<_> = others
            .iter()
            .cloned()
            .map(|mut other| {
                tokio::spawn(async move {
                    other.try_refresh().await.expect(200);
                    other
                })
            })
            .collect();
        for (other, going) in others.iter_mut().zip(going) {
            *other = going.await.unwrap();
        }
        trouble.await.unwrap().expect(status);
    }
}

async fn crowd(app: &TestApp) -> Vec<SignedIn> {
    let mut others = Vec::new();
    for number in 0..10 {
        others.push(app.signed_up(&format!("eve-{number}")).await);
    }
    others
}

/// In one batch with it, which takes as long as the longest of its locks would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_held_in_postgresql_holds_up_no_other() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let mut device = app.signed_up("ada").await;
    let mut others = crowd(&app).await;
    let sid = device.sid().await;
    let mut operator = operator(&app).await;
    operator.execute("BEGIN").await.unwrap();
    operator.execute(AssertSqlSafe(format!("SELECT 1 FROM sessions WHERE id = '{sid}' FOR UPDATE"))).await.unwrap();
    others_go_on(&device, &mut others, 503).await;
    // What was seen of the others is written too.
    for other in &others {
        assert!(other.is_in().await);
    }
    app.services().flush().await.unwrap();
    let confirmed = "SELECT count(*) FROM sessions WHERE confirmed_at IS NOT NULL";
    let confirmed: i64 = sqlx::query_scalar(confirmed).fetch_one(&mut operator).await.unwrap();
    assert_eq!(confirmed, 10);
    operator.execute("ROLLBACK").await.unwrap();
    device.try_refresh().await.expect(200);
}

/// It is waited for, for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_held_for_a_moment_is_refreshed_when_it_is_free() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let device = app.signed_up("ada").await;
    let sid = device.sid().await;
    let mut answered = 0;
    for _ in 0..5 {
        let mut operator = operator(&app).await;
        operator.execute("BEGIN").await.unwrap();
        operator.execute(AssertSqlSafe(format!("SELECT 1 FROM sessions WHERE id = '{sid}' FOR UPDATE"))).await.unwrap();
        let mut tab = device.clone();
        let waiting = tokio::spawn(async move { tab.try_refresh().await });
        operator.execute("SELECT pg_sleep(0.1)").await.unwrap();
        operator.execute("ROLLBACK").await.unwrap();
        answered += usize::from(waiting.await.unwrap().status == 200);
    }
    assert!(answered > 0, "on a machine that is not too slow, all");
}

/// A server dies in the middle of a transaction, and its connection stays: nobody told PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_in_a_transaction_does_not_hold_its_sessions_for_ever() {
    let wire = Wire::to_postgres().await;
    let dying = TestApp::on(Backend::Postgres).over(&wire).start().await;
    let mut device = dying.signed_up("ada").await;
    let living = dying.twin().await;
    device.browser.goes_to(&living);
    let mut at_the_dying = device.clone();
    at_the_dying.browser.goes_to(&dying);
    wire.hold_back(&["UPDATE sessions SET generation"]);
    let lost = tokio::spawn(async move { at_the_dying.try_refresh().await });
    wire.holds().await;
    let mut tries = 0;
    while device.try_refresh().await.expect_either(200, 503) != 200 {
        tries += 1;
        assert!(tries < 60, "its locks are given back");
    }
    assert!(device.is_in().await);
    lost.await.unwrap().expect(503);
}

on_both_databases! {
    async fn a_row_that_breaks_the_rules_is_a_fault_of_ours_and_nobody_elses_trouble(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        let mut others = crowd(&app).await;
        let sid = device.sid().await;
        for other in &others {
            assert!(other.is_in().await);
        }
        let mut operator = operator(&app).await;
        operator.execute(AssertSqlSafe(format!("UPDATE sessions SET overtaken = 'odd' WHERE id = '{sid}'"))).await.unwrap();
        let reply = device.try_refresh().await.expect(500);
        assert_eq!(reply.code(), "internal");
        assert!(reply.set_cookies().is_empty() && reply.json()["requestId"].is_string(), "{reply:?}");
        others_go_on(&device, &mut others, 500).await;
        operator.execute(AssertSqlSafe(format!("UPDATE sessions SET overtaken = NULL WHERE id = '{sid}'"))).await.unwrap();
        device.try_refresh().await.expect(200);
    }
}

/// Where a server alone knows who is alive, one odd row must not make it ask again for everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_breaks_the_rules_empties_no_memory() {
    let app = TestApp::start().await;
    let (mut device, other) = (app.signed_up("ada").await, app.signed_up("eve").await);
    let (sid, others) = (device.sid().await, other.sid().await);
    let mut operator = operator(&app).await;
    operator.execute(AssertSqlSafe(format!("UPDATE sessions SET overtaken = 'odd' WHERE id = '{sid}'"))).await.unwrap();
    // Nobody looks there as long as it is remembered.
    operator.execute(AssertSqlSafe(format!("DELETE FROM sessions WHERE id = '{others}'"))).await.unwrap();
    device.try_refresh().await.expect(500);
    assert!(other.is_in().await);
}
