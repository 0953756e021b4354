//! Pages are valid HTML, as far as a parser can tell, and hold no secret where a script or a style can read it.

use super::support::{Anonymous, TestApp};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use reqwest::Method;
use serde_json::json;
use std::collections::HashSet;

/// Elements that have no end (HTML Living Standard, section 13.1.2).
const VOID: [&str; 5] = ["meta", "link", "input", "br", "hr"];

/// How far a browser looks for the encoding, in bytes (HTML Living Standard, section 4.2.5.4).
const ENCODING_WITHIN: usize = 1_024;

/// Every kind of page: of somebody who is signed in and keeps many devices, and of a visitor.
async fn pages() -> Vec<(&'static str, String)> {
    let app = TestApp::start().await;
    let mut device = app.signed_up("adaco").await;
    let sid = device.sid().await;
    device.post("/auth/sessions/rename", json!({"sid": sid, "name": "A <b>\"name\"</b> & 'more'"})).await.expect(204);
    for _ in 0..8 {
        app.signed_in("adaco").await;
    }
    device.browser.submit("/preferences", &[("theme", "system"), ("language", "fr")]).await.expect(303);
    let mut pages = Vec::new();
    for path in ["/devices", "/activity", "/account", "/reauthenticate", "/devices?rename=x&error=unavailable"] {
        pages.push((path, device.browser.get(path).await.expect(200).text));
    }
    let mut other = app.signed_up("eve").await;
    pages.push(("authenticator-app", other.browser.get("/account/authenticator").await.expect(200).text));
    other.browser.submit("/auth/totp", &[]).await.expect(303);
    pages.push(("the secret of an app", other.browser.get("/account/authenticator").await.expect(200).text));
    other.set_up_totp(&app).await;
    pages.push(("recovery-codes", other.browser.get("/account/recovery-codes").await.expect(200).text));
    pages.push(("the codes", other.browser.submit("/auth/recovery-codes", &[]).await.expect(200).text));
    pages.push(("a second factor", other.browser.get("/account").await.expect(200).text));
    let mut asked = app.browser();
    asked.asked_for_factor("eve").await;
    pages.push(("second-factor", asked.get("/second-factor").await.expect(200).text));
    let mut visitor = app.browser();
    for (path, status) in [("/login?error=invalid_credentials", 200), ("/signup", 200), ("/nothing", 404)] {
        pages.push((path, visitor.get(path).await.expect(status).text));
    }
    let id = latchkey::domain::id::UserId::new(device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap());
    let link = app.services().make_reset_link(&id, std::time::Duration::from_secs(60)).await.unwrap();
    let link = format!("/reset/{}", link.token.expose());
    for (name, path, status) in [
        ("reset", link.as_str(), 200),
        ("link-invalid", "/invite/x", 410),
        ("reset-done", "/reset/done", 200),
        ("forgot", "/forgot", 200),
    ] {
        pages.push((name, visitor.get(path).await.expect(status).text));
    }
    pages.push(("resuming", elsewhere(&visitor, Method::GET, "/devices").await));
    pages.push(("refused", elsewhere(&visitor, Method::POST, "/auth/login").await));
    pages
}

/// A request that another site led to.
async fn elsewhere(visitor: &Anonymous, method: Method, path: &str) -> String {
    let mut request = visitor.request(method, path).header("Accept", "text/html").build().unwrap();
    request.headers_mut().insert("Sec-Fetch-Site", "cross-site".parse().unwrap());
    reqwest::Client::new().execute(request).await.unwrap().text().await.unwrap()
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn attributes(tag: &StartTag<()>) -> Vec<(String, String)> {
    tag.attributes.iter().map(|(key, value)| (name(key), String::from_utf8_lossy(value).into_owned())).collect()
}

#[tokio::test]
async fn a_page_is_well_formed_and_ends_with_its_document() {
    for (what, page) in pages().await {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let (mut open, mut ids) = (Vec::new(), HashSet::new());
        for token in Tokenizer::new_with_emitter(&page, emitter) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => {
                    let element = name(&tag.name);
                    for (key, value) in attributes(&tag) {
                        assert!(key != "id" || ids.insert(value.clone()), "{what}: two elements are called {value}");
                    }
                    if !VOID.contains(&element.as_str()) && !tag.self_closing {
                        open.push(element);
                    }
                }
                Token::EndTag(tag) => assert_eq!(open.pop(), Some(name(&tag.name)), "{what}"),
                Token::Error(error) => panic!("{what}: {error:?}"),
                _ => {}
            }
        }
        assert!(open.is_empty(), "{what}: {open:?}");
        assert!(page.ends_with("</html>"), "{what}: {}", &page[page.len() - 200..]);
        let encoding = page.find("charset=\"utf-8\"").expect("it says how it is encoded");
        assert!(encoding < ENCODING_WITHIN, "{what}: told only after {encoding} bytes");
    }
}

/// A10: an attribute of any other name is read by scripts and by styles; browsers hide a nonce from both.
#[tokio::test]
async fn the_nonce_of_a_page_stands_in_no_attribute_but_nonce() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    for path in ["/devices", "/activity", "/account"] {
        let page = device.browser.get(path).await.expect(200);
        let policy = page.header("content-security-policy").unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        let hidden = page.text.matches(&format!(" nonce=\"{nonce}\"")).count();
        assert!(hidden >= 1, "{path}: its scripts have it");
        assert_eq!(page.text.matches(nonce).count(), hidden, "{path}: {}", page.text);
    }
}
