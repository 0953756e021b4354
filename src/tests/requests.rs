//! Requests as the RFCs have them, and as people and proxies send them.

use super::support::{Anonymous, Backend, PASSWORD, Program, Reply, TestApp};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes as they are, and reads the whole answer.
async fn exchange(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.url("").trim_start_matches("http://")).await.unwrap();
    // The server may close before it has read it all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// A11
#[tokio::test]
async fn what_can_be_read_answers_head_alike_without_its_body() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let bearer = format!("Bearer {}", device.access_token);
    let reads = server_fn::axum::server_fn_paths().filter(|(_, method)| method == Method::GET).map(|(path, _)| path);
    let paths: Vec<_> = reads
        .chain(["/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/healthz", "/readyz"])
        .collect();
    assert!(paths.contains(&"/api/me") && paths.contains(&"/api/sessions"), "{paths:?}");
    for path in paths {
        for token in [Some(&bearer), None] {
            let mut replies = Vec::new();
            for method in [Method::GET, Method::HEAD] {
                let mut request = device.browser.request(method, path);
                if let Some(token) = token {
                    request = request.header("Authorization", token);
                }
                replies.push(device.browser.send(request).await);
            }
            let [get, head] = <[Reply; 2]>::try_from(replies).unwrap();
            assert_eq!((get.status, ""), (head.status, head.text.as_str()), "{path}");
            assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
            assert!(!get.text.is_empty(), "{path}");
        }
    }
    let request = device.browser.request(Method::HEAD, "/api/live").header("Authorization", &bearer);
    let live = device.browser.send(request).await.expect(200);
    assert_eq!(live.header("content-type"), Some("text/event-stream"));
    // What changes something does not answer to it.
    let request = device.browser.request(Method::HEAD, "/auth/logout").header("Authorization", &bearer);
    device.browser.send(request).await.expect(405);
    assert!(device.is_in().await);
}

/// A11; RFC 9112 section 3.2
#[tokio::test]
async fn a_request_names_one_host() {
    let app = TestApp::start().await;
    let get = |version: &str, hosts: &str| format!("GET /healthz HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n");
    for (version, hosts, status) in [
        ("1.1", "Host: id.example.org\r\n", 200),
        ("1.1", "Host: [::1]:3000\r\n", 200),
        ("1.1", "Host:\r\n", 200),
        ("1.0", "", 200),
        ("1.1", "", 400),
        ("1.1", "Host: a\r\nHost: a\r\n", 400),
        ("1.1", "Host: a\r\nHost: b\r\n", 400),
        ("1.0", "Host: a\r\nHost: b\r\n", 400),
        ("1.1", "Host: a b\r\n", 400),
        ("1.1", "Host: ada@a\r\n", 400),
        ("1.1", "Host: a/b\r\n", 400),
        ("1.1", "Host: a, b\r\n", 400),
    ] {
        let answer = exchange(&app, &get(version, hosts)).await;
        let protocol = answer.get(..9).unwrap_or_default();
        assert!(answer.starts_with(&format!("{protocol}{status} ")), "{version} {hosts:?}: {answer}");
        assert_eq!(answer.contains("bad_request"), status == 400, "{hosts:?}: {answer}");
        assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
    }
}

/// A11; RFC 9112 section 7.1
#[tokio::test]
async fn chunks_that_do_not_read_are_a_bad_request_and_too_many_are_too_large() {
    let app = TestApp::start().await;
    let post = |chunks: &str| {
        format!(
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\
             Connection: close\r\n\r\n{chunks}"
        )
    };
    for chunks in
        ["zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}x\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n", "99999999999999999999\r\n"]
    {
        let answer = exchange(&app, &post(chunks)).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("bad_request"), "{chunks:?}: {answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    let answer = exchange(&app, &post(&format!("5000\r\n{}\r\n0\r\n\r\n", " ".repeat(0x5000)))).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload_too_large"), "{answer}");
    let answer = exchange(&app, &post("2\r\n{}\r\n0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
}

/// A11
#[tokio::test]
async fn json_is_typed_strictly_and_a_form_is_text() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for remember in [json!("true"), json!("on"), json!("false"), json!(""), json!(1), json!(null), json!([true])] {
        let body = json!({"username": "ada", "password": PASSWORD, "remember": remember});
        assert_eq!(browser.post("/auth/signup", body).await.expect(422).code(), "validation_failed", "{remember}");
    }
    for (n, remember) in ["true", "on", "1", "false", "off", "0", ""].into_iter().enumerate() {
        let fields =
            [("username", format!("ada{n}")), ("password", PASSWORD.to_owned()), ("remember", remember.to_owned())];
        let request = app.browser().request(Method::POST, "/auth/signup").form(&fields);
        let reply = app.browser().send(request).await.expect(201);
        let kept = reply.set_cookies().iter().any(|cookie| cookie.contains("refresh=") && cookie.contains("Max-Age="));
        assert_eq!(kept, n < 3, "{remember:?}");
    }
    let odd = [("username", "bob"), ("password", PASSWORD), ("remember", "maybe")];
    let request = browser.request(Method::POST, "/auth/signup").form(&odd);
    browser.send(request).await.expect(422);
}

/// P4
#[tokio::test]
async fn an_address_that_people_come_to_by_mistake_leads_on() {
    let app = TestApp::start().await;
    let mut people = app.browser();
    for (path, page) in [
        ("/auth/login", "/login"),
        ("/auth/signup", "/signup"),
        ("/auth/reauthenticate", "/reauthenticate"),
        ("/auth/password", "/account"),
        ("/auth/account/delete", "/account"),
        ("/auth/sessions/revoke", "/devices"),
        ("/auth/logout", "/devices"),
        ("/devices/", "/devices"),
        ("/activity/?show=warnings", "/activity?show=warnings"),
        ("/login/?returnTo=%2Faccount", "/login?returnTo=%2Faccount"),
    ] {
        assert_eq!(people.get(path).await.expect(303).header("location"), Some(page), "{path}");
    }
    for missing in ["/nothing/", "//", "/devices//x/", "//evil.example/", "/healthz/"] {
        people.get(missing).await.expect(404);
    }
    // Programs are told what it is.
    for (path, status) in [("/auth/login", 405), ("/auth/signup", 405), ("/devices/", 404)] {
        let reply = people.send(people.request(Method::GET, path)).await.expect(status);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{path}");
    }
}

/// P5: a proxy that asks for a password of its own sends it with every request.
#[tokio::test]
async fn a_scheme_that_is_not_ours_leaves_the_cookie_what_it_is() {
    let app = TestApp::start().await;
    let (device, other) = (app.signed_up("ada").await, app.signed_in("ada").await);
    let (mut browser, sid) = (device.browser.clone(), other.sid().await);
    browser.headers.insert("Authorization", "Basic cHJveHk6cGFzc3dvcmQ=".into());
    browser.post("/auth/sessions/rename", json!({"sid": sid, "name": "tablet"})).await.expect(204);
    browser.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
    browser.post("/auth/password", change).await.expect(204);
    browser.get("/devices").await.expect(200);
    // What reads needs a token of ours, and a bad one of ours does not fall back to the cookie.
    browser.send(browser.request(Method::GET, "/api/me")).await.expect(401);
    browser.headers.insert("Authorization", "Bearer odd".into());
    browser.post("/auth/sessions/rename", json!({"sid": device.sid().await, "name": "x"})).await.expect(401);
}

/// S10
#[tokio::test]
async fn who_opens_another_address_is_told_where_the_service_is() {
    let app = TestApp::on(Backend::Sqlite).start().await;
    let request = Client::new().post(app.url("/auth/login")).header("Origin", "http://192.168.1.5:3000");
    let reply = Reply::of(request.json(&json!({"username": "ada", "password": PASSWORD})).send().await.unwrap()).await;
    assert_eq!(reply.clone().expect(403).code(), "forbidden_origin");
    assert_eq!(reply.json()["publicUrl"], app.public_url());
}

/// S10, S11
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_each_foreign_origin_and_an_untrusted_proxy_once() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), "info").await;
    for origin in ["http://192.168.1.5:3000", "http://192.168.1.5:3000", "http://nas.local:3000", "null"] {
        let request = Client::new().post(format!("{}/auth/login", program.url)).header("Origin", origin);
        let request = request.header("X-Forwarded-For", "203.0.113.9").json(&json!({}));
        Reply::of(request.send().await.unwrap()).await.expect(403);
    }
    assert!(Anonymous::at(&program).sign_up("ada").await.is_in().await);
    let log = program.log();
    let warnings: Vec<Value> = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    let warnings: Vec<&Value> = warnings.iter().filter(|line| line["level"] == "WARN").collect();
    let origins: Vec<_> = warnings.iter().filter_map(|line| line["origin"].as_str()).collect();
    assert_eq!(origins, ["http://192.168.1.5:3000", "http://nas.local:3000"], "{log}");
    assert!(
        warnings
            .iter()
            .filter(|line| line["origin"].is_string())
            .all(|line| line["public_url"] == "http://localhost:3000")
    );
    let proxies: Vec<_> = warnings.iter().filter(|line| line["peer"].is_string()).collect();
    assert_eq!(proxies.len(), 1, "{log}");
    assert!(proxies[0]["message"].as_str().unwrap().contains("server.trusted_proxies"));
}
