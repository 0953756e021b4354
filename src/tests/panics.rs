//! LG3, LG2: wherever the server panics, that ends one request, and nobody learns what the panic said.

use super::support::{Anonymous, Backend, PASSWORD, Reply, TestApp};
use reqwest::Method;
use serde_json::json;
use std::process::Command;

/// Says to this program that it is the one whose log is read.
const WATCHED: &str = "LATCHKEY_TEST_WATCHED";
/// What the panics say: something that nobody must read.
const SECRET: &str = "eyJhbGciOiJIUzUxMiJ9.of-somebody.secret";

/// The most often that a request may ask what time it is.
const LOOKS: i64 = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_ends_one_request_and_keeps_what_it_says() {
    if std::env::var_os(WATCHED).is_some() {
        let _log = latchkey::server::telemetry::start("info").unwrap();
        return panic_everywhere().await;
    }
    let mut watched = Command::new(std::env::current_exe().unwrap());
    watched.args(["panics::a_panic_ends_one_request_and_keeps_what_it_says", "--exact", "--nocapture"]);
    let output = watched.env(WATCHED, "1").env("LATCHKEY_LOG", "trace").output().unwrap();
    let (log, told) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{told}\n{log}");
    assert!(!log.contains(SECRET) && !told.contains(SECRET), "{log}");
    let panics: Vec<&str> = log.lines().filter(|line| line.contains("something panicked")).collect();
    assert!(panics.iter().all(|line| line.contains("src/tests/support/app.rs:")), "each says where: {panics:#?}");
    let ids: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("request ")).collect();
    assert!(ids.len() >= CALLS.len());
    for id in ids {
        assert!(panics.iter().any(|line| line.contains(id)), "the log has the cause of {id}");
    }
}

const CALLS: [(Method, &str); 8] = [
    (Method::GET, "/.well-known/jwks.json"),
    (Method::GET, "/login"),
    (Method::GET, "/devices"),
    (Method::GET, "/api/me"),
    (Method::GET, "/api/live"),
    (Method::POST, "/auth/login"),
    (Method::POST, "/auth/refresh"),
    (Method::POST, "/auth/reauthenticate"),
];

/// Sends each call again and again, with a panic at its first, second, third … look at the clock, until it has no more.
async fn panic_everywhere() {
    let app = TestApp::on(Backend::Sqlite).with_last_words(SECRET).start().await;
    let device = app.signed_up("ada").await;
    app.signed_up("eve").await;
    for (method, path) in CALLS {
        let mut panicked = 0;
        for look in 1.. {
            assert!(look < LOOKS, "{path} looks at the clock without end");
            let mut browser = device.browser.clone();
            if path == "/auth/login" {
                // It would end the session that this browser has.
                browser.cookies.clear();
            }
            let mut request = browser.request(method.clone(), path).bearer_auth(&device.access_token);
            if method == Method::POST && path != "/auth/refresh" {
                request = request.json(&json!({"username": "ada", "password": PASSWORD}));
            }
            app.panics_at(look);
            let response = request.send().await.expect("an answer");
            if path == "/api/live" && response.status() == 200 {
                // It goes on for as long as somebody listens, or until it panics.
                drop(response);
                app.panics_no_more();
                lives_on(&app, device.browser.clone()).await;
                break;
            }
            let reply = Reply::of(response).await;
            if app.panics_no_more() {
                break;
            }
            if reply.status == 500 {
                is_complete(&reply);
                panicked += 1;
            }
            lives_on(&app, device.browser.clone()).await;
        }
        assert!(panicked > 0, "{path}");
    }
}

/// A fault of ours, told like any other answer.
fn is_complete(reply: &Reply) {
    assert_eq!(reply.code(), "internal");
    let id = reply.header("x-request-id").unwrap();
    assert_eq!(reply.json()["requestId"], id);
    println!("request {id}");
    for name in ["content-security-policy", "strict-transport-security", "x-content-type-options"] {
        assert!(reply.header(name).is_some(), "{name}");
    }
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(!reply.text.contains(SECRET) && !reply.headers.contains_key("set-cookie"), "{reply:?}");
}

/// Everything works as before, with the same refresh token.
async fn lives_on(app: &TestApp, mut browser: Anonymous) {
    browser.get("/readyz").await.expect(200);
    app.browser().try_sign_in("eve", PASSWORD).await.expect(200);
    browser.post("/auth/refresh", json!({"shared": true})).await.expect(200);
}
