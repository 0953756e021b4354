//! The database loses what it had committed: a standby that was behind takes over, a backup is put back. Nobody honest
//! is signed out, what was ended stays ended as far as anybody remembers, and a thief gains nothing.

use super::support::{Backend, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use latchkey::domain::id::UserId;
use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Executor as _};
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(10);

/// A connection by which the database is made to lose.
async fn operator(app: &TestApp) -> AnyConnection {
    AnyConnection::connect(&app.settings().database.url).await.unwrap()
}

/// The standby has what there is by now.
async fn replicate(app: &TestApp) {
    let mut operator = operator(app).await;
    operator.execute("DROP TABLE IF EXISTS standby").await.unwrap();
    operator.execute("CREATE TABLE standby AS SELECT * FROM sessions").await.unwrap();
}

/// The standby takes over; all connections break.
async fn take_over(app: &TestApp) {
    let mut operator = operator(app).await;
    const BACK: &str = "UPDATE sessions SET (generation, token_digest, parent_generation, parent_digest, parent_agent, \
                        overtaken, rotated_at, confirmed_at, key_id, idle_expires_at, revoked_at, revocation_reason) = \
                        (SELECT generation, token_digest, parent_generation, parent_digest, parent_agent, overtaken, \
                        rotated_at, confirmed_at, key_id, idle_expires_at, revoked_at, revocation_reason \
                        FROM standby WHERE standby.id = sessions.id) WHERE id IN (SELECT id FROM standby)";
    operator.execute(BACK).await.unwrap();
    if app.settings().database.url.starts_with("postgres") {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        operator.execute(end).await.unwrap();
    }
}

/// Refreshes; each broken connection may be met once.
async fn refreshes(device: &mut SignedIn) {
    let mut tries = 0;
    loop {
        let reply = device.try_refresh().await;
        match reply.status.as_u16() {
            200 => return,
            503 => tries += 1,
            _ => panic!("signed out: {reply:?}"),
        }
        assert!(tries <= 20, "it recovers by itself");
    }
}

on_both_databases! {
    async fn a_standby_that_was_behind_signs_nobody_out(app: TestAppBuilder) {
        let app = app.start().await;
        let mut devices = Vec::new();
        for renewals in 0..4 {
            devices.push((renewals, app.signed_up(&format!("ada-{renewals}")).await));
        }
        replicate(&app).await;
        for (renewals, device) in &mut devices {
            for _ in 0..*renewals {
                device.try_refresh().await.expect(200);
            }
            assert!(device.is_in().await);
        }
        take_over(&app).await;
        for (_, device) in &mut devices {
            for _ in 0..3 {
                refreshes(device).await;
                assert!(device.is_in().await);
            }
            app.advance(GRACE);
        }
    }

    /// The answer was lost together with what the database knew of it.
    async fn an_answer_that_was_lost_with_the_data_costs_nobody_a_session(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        replicate(&app).await;
        device.try_refresh().await.expect(200);
        device.clone().try_refresh().await.expect(200);
        take_over(&app).await;
        app.advance(GRACE);
        for _ in 0..2 {
            refreshes(&mut device).await;
            assert!(device.is_in().await);
        }
    }

    async fn a_thief_is_found_out_after_a_loss_too(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        replicate(&app).await;
        device.try_refresh().await.expect(200);
        let mut thief = device.clone();
        device.try_refresh().await.expect(200);
        take_over(&app).await;
        app.advance(Duration::from_secs(1));
        // Before it that would have been a reuse; by now nobody can tell, until the owner comes.
        refreshes(&mut thief).await;
        app.advance(GRACE);
        refreshes(&mut device).await;
        app.advance(GRACE);
        assert_eq!(thief.try_refresh().await.expect(401).code(), "refresh_reused");
        assert_eq!(device.try_refresh().await.expect(401).code(), "refresh_reused");
    }

    /// Two tokens of one generation, one from before the loss and one from after it.
    async fn of_two_tokens_of_one_generation_one_lives(app: TestAppBuilder) {
        let app = app.start().await;
        let mut thief = app.signed_up("ada").await;
        replicate(&app).await;
        let mut device = thief.clone();
        device.try_refresh().await.expect(200);
        take_over(&app).await;
        app.advance(Duration::from_secs(1));
        refreshes(&mut thief).await;
        assert_ne!(thief.refresh_token(), device.refresh_token());
        app.advance(GRACE);
        refreshes(&mut device).await;
        app.advance(GRACE);
        assert_eq!(thief.try_refresh().await.expect(401).code(), "refresh_reused");
    }

    /// What a server remembers as ended is over, whatever the database says.
    async fn a_session_that_was_ended_does_not_come_back(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        let user = UserId::new(here.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap());
        let sid = there.sid().await;
        replicate(&app).await;
        here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
        take_over(&app).await;
        assert!(!there.is_in().await);
        refreshes(&mut here).await;
        assert_eq!(there.try_refresh().await.expect(401).code(), "session_revoked");
        let living = app.services().store().live_sessions(&user, app.now()).await.unwrap();
        assert_eq!(living.len(), 1, "the database knows again");
    }
}

/// Nobody has asked for it by its token: it is ended again by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_ended_is_ended_again_when_the_database_comes_back() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let mut here = app.signed_up("ada").await;
    let there = app.signed_in("ada").await;
    let user = UserId::new(here.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap());
    let sid = there.sid().await;
    replicate(&app).await;
    here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
    take_over(&app).await;
    refreshes(&mut here).await;
    let mut tries = 0;
    while app.services().flush().await.is_err() {
        tries += 1;
        assert!(tries <= 20, "it recovers by itself");
    }
    assert_eq!(app.services().store().live_sessions(&user, app.now()).await.unwrap().len(), 1);
}
