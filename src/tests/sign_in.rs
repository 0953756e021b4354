//! Signing in: what is answered, and what is not told.

use super::support::{DEVICE, PASSWORD, Reply, TestApp};
use latchkey::domain::id::UserId;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::json;

#[tokio::test]
async fn an_unknown_user_a_wrong_password_and_a_disabled_user_are_answered_alike() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let eve = app.signed_up("eve").await.get("/api/me").await.json()["sub"].as_str().map(UserId::new).unwrap();
    app.services().disable_user(&eve).await.unwrap();
    let mut replies = Vec::new();
    for (username, password) in
        [("ada", "wrong horse battery staple"), ("bob", PASSWORD), ("a b", PASSWORD), ("ada", "x"), ("eve", PASSWORD)]
    {
        let reply = app.browser().try_sign_in(username, password).await.expect(401);
        assert_eq!(reply.code(), "invalid_credentials");
        assert!(reply.set_cookies().is_empty());
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        headers.remove("date");
        replies.push((reply.text, headers));
    }
    assert!(replies.windows(2).all(|pair| pair[0] == pair[1]), "{replies:?}");
}

#[tokio::test]
async fn names_are_the_same_whatever_their_case_or_form() {
    let app = TestApp::start().await;
    app.signed_up("Zoë").await;
    for name in ["zoë", "ZOË", "zoe\u{308}"] {
        let device = app.signed_in(name).await;
        assert_eq!(device.get("/api/me").await.json()["username"], "zoë");
    }
}

#[tokio::test]
async fn a_password_is_taken_as_typed_but_for_its_form() {
    let app = TestApp::start().await;
    let password = "  four wörds of mine  ";
    app.browser().post("/auth/signup", json!({"username": "ada", "password": password})).await.expect(201);
    app.browser().try_sign_in("ada", "  four wo\u{308}rds of mine  ").await.expect(200);
    app.browser().try_sign_in("ada", password.trim()).await.expect(401);
}

#[tokio::test]
async fn an_oversized_password_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let reply = app.browser().try_sign_in("ada", &"a".repeat(5000)).await.expect(422);
    assert_eq!(reply.json()["errors"][0]["code"], "too_long");
    let reply = app.browser().try_sign_in("ada", &"a".repeat(20_000)).await.expect(413);
    assert_eq!(reply.code(), "payload_too_large");
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_that_the_browser_had_and_adopts_nothing() {
    let app = TestApp::start().await;
    let mut first = app.signed_up("ada").await;
    let elsewhere = app.signed_in("ada").await;
    let before = first.browser.cookies.clone();
    first.browser.try_sign_in("ada", PASSWORD).await.expect(200);
    // But for the one by which the browser is known: it proves nothing.
    let adopted = |(name, value): &(&String, &String)| before[*name] == **value && *name != DEVICE;
    assert!(!first.browser.cookies.iter().any(|cookie| adopted(&cookie)), "every cookie is new");
    assert!(!first.is_in().await, "the access token of the former session is dead");
    assert!(elsewhere.is_in().await);
    assert_eq!(elsewhere.devices().await.len(), 2);
}

#[tokio::test]
async fn cookies_carry_their_attributes_and_end_with_the_browser_unless_kept() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    for (remember, kept) in [(true, true), (false, false)] {
        let body = json!({"username": "ada", "password": PASSWORD, "remember": remember});
        let reply = app.browser().post("/auth/login", body).await.expect(200);
        let cookies = reply.set_cookies();
        assert_eq!(cookies.len(), 3, "{cookies:?}");
        for (name, same_site) in [("refresh", "Strict"), ("session", "Lax"), ("device", "Strict")] {
            let cookie = cookies.iter().find(|cookie| cookie.starts_with(&format!("__Host-Http-latchkey-{name}=")));
            let cookie = cookie.expect("the cookie");
            let flags = format!("; Path=/; Secure; HttpOnly; SameSite={same_site}");
            assert!(cookie.contains(&flags) && !cookie.contains("Domain"), "{cookie}");
            assert_eq!(cookie.contains("Max-Age="), kept, "{cookie}");
        }
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn json_and_forms_are_read_and_nothing_else() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let mut browser = app.browser();
    let form = browser.request(Method::POST, "/auth/login").form(&[("username", "ada"), ("password", PASSWORD)]);
    browser.send(form).await.expect(200);
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/xml"] {
        let body = json!({"username": "ada", "password": PASSWORD}).to_string();
        let request =
            app.browser().request(Method::POST, "/auth/login").header("Content-Type", content_type).body(body);
        let reply = browser.send(request).await.expect(415);
        assert_eq!(reply.code(), "unsupported_media_type", "{content_type}");
    }
}

#[tokio::test]
async fn a_malformed_body_is_told_and_never_echoed() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let reply = browser.post("/auth/login", json!({"username": "ada"})).await.expect(422);
    assert_eq!(reply.code(), "validation_failed");
    assert_eq!(reply.json()["errors"][0]["field"], "password");
    for body in [
        &b"{\"username\": \"ada\", \"password\": hunter2}"[..],
        b"[\"hunter2\"]",
        // As many as there are fields.
        b"[\"ada\", \"hunter2\", true, null]",
        b"{\"username\": {\"a\": \"hunter2\"}}",
        // No UTF-8, where nobody looks.
        b"{\"username\": \"ada\", \"password\": \"violet kettle under snowfall\", \"x\": \"\xf7\"}",
    ] {
        let request = browser.request(Method::POST, "/auth/login").header("Content-Type", "application/json");
        let reply = browser.send(request.body(body)).await.expect(422);
        assert!(!reply.text.contains("hunter2"), "{reply:?}");
    }
}

#[tokio::test]
async fn an_unknown_client_is_refused() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let body = json!({"username": "ada", "password": PASSWORD, "client": "nobody"});
    let reply = app.browser().post("/auth/login", body).await.expect(422);
    assert_eq!(reply.json()["errors"][0]["field"], "client");
}

/// P6: a browser that keeps no cookies is told so, before anything is made that it could not use.
#[tokio::test]
async fn a_browser_that_keeps_no_cookies_is_told_and_leaves_no_session() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    // As a browser asks, new or old, for a page; a program is given nothing.
    for (name, value) in [("Sec-Fetch-Dest", "document"), ("Accept-Language", "de")] {
        let ask = async |path: &str| {
            let client = Client::builder().redirect(Policy::none()).build().unwrap();
            let request = client.get(app.url(path)).header("Accept", "text/html").header(name, value);
            Reply::of(request.send().await.unwrap()).await
        };
        let page = ask("/login").await.expect(200);
        assert!(page.text.contains("name=\"checkCookies\" value=\"true\""), "{}", page.text);
        let cookie = page.set_cookies().join("\n");
        let expected = "__Host-Http-latchkey-preferences=system.; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(cookie, expected, "it is forgotten when the browser is closed");
        assert!(ask("/nothing").await.set_cookies().is_empty() && ask("/devices").await.set_cookies().is_empty());

        let mut browser = app.browser();
        let form = [("username", "ada"), ("password", PASSWORD), ("checkCookies", "true")];
        for path in ["/auth/login", "/auth/signup"] {
            let refused = browser.submit(path, &form).await.expect(303);
            let back = format!("{}?error=cookies_required", path.replace("/auth", ""));
            assert_eq!(refused.header("location"), Some(back.as_str()));
            let told = browser.get(&back).await.expect(200).text;
            assert!(told.contains("role=\"alert\"") && told.contains("keeps no cookies"), "{told}");
        }
        let body = json!({"username": "ada", "password": PASSWORD, "checkCookies": true});
        assert_eq!(browser.post("/auth/login", body).await.expect(400).code(), "cookies_required");
        assert_eq!(device.devices().await.len(), 1, "nobody was signed in");

        let (kept, _) = cookie.split_once(';').unwrap();
        let (name, value) = kept.split_once('=').unwrap();
        browser.cookies.insert(name.to_owned(), value.to_owned());
        let mut kept = browser.clone();
        assert_eq!(kept.submit("/auth/login", &form).await.expect(303).header("location"), Some("/devices"));
        kept.submit("/auth/logout", &[]).await.expect(303);
    }
    // Whoever does not ask for the check needs no cookie.
    let body = json!({"username": "ada", "password": PASSWORD});
    app.browser().post("/auth/login", body).await.expect(200);
}
