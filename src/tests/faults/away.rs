//! PostgreSQL is away, or not what it was: a proxy whose backend is gone, a role that may not log in any more, a
//! database that takes no writes or is gone. Whoever asks is told to come again, and nobody is signed out.

use crate::support::{Backend, PASSWORD, SignedIn, TestApp, Wire};
use reqwest::Method;
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};

/// A connection of the operator's to another database of the same server.
async fn operator(direct: &str) -> AnyConnection {
    let (server, _) = direct.rsplit_once('/').unwrap();
    AnyConnection::connect(&format!("{server}/postgres")).await.unwrap()
}

async fn run(operator: &mut AnyConnection, sql: String) {
    operator.execute(AssertSqlSafe(sql)).await.unwrap();
}

/// Breaks off all connections to a database.
async fn break_off(operator: &mut AnyConnection, database: &str) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
    run(operator, format!("{end}'{database}' AND pid <> pg_backend_pid()")).await;
}

fn database(app: &TestApp) -> &str {
    app.settings().database.url.rsplit_once('/').unwrap().1
}

/// Everything is answered with 503, and nothing with anything else.
async fn all_are_told_to_come_again(app: &TestApp, device: &SignedIn) {
    let bearer = |method, path: &str| device.browser.request(method, path).bearer_auth(&device.access_token);
    let post = |path: &str| device.browser.request(Method::POST, path);
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let mut calls = vec![
        ("sign in", app.browser().request(Method::POST, "/auth/login").json(&credentials)),
        ("me", bearer(Method::GET, "/api/me")),
        ("sessions", bearer(Method::GET, "/api/sessions")),
        ("rename", bearer(Method::POST, "/auth/sessions/rename").json(&json!({"sid": "x", "name": "x"}))),
        ("refresh", post("/auth/refresh")),
        ("shared refresh", post("/auth/refresh").json(&json!({"shared": true}))),
        ("sign out", post("/auth/logout").json(&json!({}))),
    ];
    // Over each connection that broke meanwhile, and over new ones.
    for _ in 0..3 {
        for (name, call) in &mut calls {
            let reply = app.browser().send(call.try_clone().unwrap()).await;
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "unavailable"), "{name}: {reply:?}");
            assert!(reply.header("retry-after").is_some(), "{name}: {reply:?}");
            assert!(reply.set_cookies().is_empty(), "{name}: {reply:?}");
        }
    }
    assert_eq!(app.browser().get("/readyz").await.status, 503);
    assert_eq!(app.browser().get("/healthz").await.status, 200);
}

async fn goes_on(mut device: SignedIn) {
    let mut tries = 0;
    while device.try_refresh().await.status != 200 {
        tries += 1;
        assert!(tries <= 20, "it recovers by itself");
    }
    assert!(device.is_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_whose_postgresql_is_away_signs_nobody_out() {
    let wire = Wire::to_postgres().await;
    let app = TestApp::on(Backend::Postgres).over(&wire).start().await;
    let device = app.signed_up("ada").await;
    wire.break_off();
    all_are_told_to_come_again(&app, &device).await;
    wire.heal();
    goes_on(device).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_takes_no_writes_signs_nobody_out() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let device = app.signed_up("ada").await;
    let (mut operator, database) = (operator(&app.settings().database.url).await, database(&app));
    run(&mut operator, format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
    break_off(&mut operator, database).await;
    // Not even from old data: it might be a standby, which does not have everything.
    all_are_told_to_come_again(&app, &device).await;
    run(&mut operator, format!("ALTER DATABASE {database} RESET default_transaction_read_only")).await;
    goes_on(device).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_lets_nobody_in_signs_nobody_out() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let device = app.signed_up("ada").await;
    let (mut operator, database) = (operator(&app.settings().database.url).await, database(&app));
    run(&mut operator, format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false")).await;
    break_off(&mut operator, database).await;
    all_are_told_to_come_again(&app, &device).await;
    run(&mut operator, format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true")).await;
    // Meanwhile it has another name: there is none of the old one.
    run(&mut operator, format!("ALTER DATABASE {database} RENAME TO {database}_away")).await;
    all_are_told_to_come_again(&app, &device).await;
    run(&mut operator, format!("ALTER DATABASE {database}_away RENAME TO {database}")).await;
    goes_on(device).await;
}

#[tokio::test]
async fn a_server_does_not_start_on_a_postgresql_that_takes_no_writes_and_says_why() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let url = app.settings().database.url.clone();
    let (mut operator, database) = (operator(&url).await, database(&app));
    run(&mut operator, format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
    let refused = latchkey::server::storage::connect(&url).await.err().map(|error| error.to_string());
    let told = refused.expect("it is refused");
    assert!(told.contains("takes no writes") && told.contains("read only") && told.contains("database.url"), "{told}");
}
