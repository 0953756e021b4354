//! HD4: what users bring, in every field that they may bring something in, does nothing: not in a page, not in the data
//! that the app starts from, not in JSON, not in the log.

use super::support::{Anonymous, Backend, PASSWORD, Program, Reply, SignedIn, TestApp};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use latchkey::domain::id::SessionId;
use latchkey::server::http::routes;
use reqwest::Method;
use serde_json::{Value, json};

/// What all of it says, so that it is found.
const MARK: &str = "xyzzy";

const HOSTILE: [&str; 14] = [
    "<xyzzy>",
    "</script><xyzzy>",
    "<!--<script><xyzzy>",
    "]]><xyzzy>",
    "\"><xyzzy a=\"",
    "'><xyzzy a='",
    "\" xyzzy=\"1",
    "' xyzzy='1",
    "&lt;xyzzy&gt;&#60;xyzzy&#62;",
    "\\u003cxyzzy>\\x3cxyzzy>",
    "${xyzzy}{{xyzzy}}`xyzzy`<%=xyzzy%>",
    "\",\"xyzzy\":[{\"",
    "javascript:xyzzy()",
    "\u{feff}xyzzy\u{1F480}",
];
/// What does not stay where it is put: refused, or left out, wherever a user brings it.
const UNRULY: [&str; 6] = ["xyz\u{0}zy", "xyz\nzy", "xyz\u{2028}zy", "xyz\u{2029}zy", "xyz\u{202e}zy", "xyz\u{2066}zy"];

/// A page as a browser takes it apart: no element and no attribute is theirs, nothing links where they want, and what
/// they brought is data in a script, if it is in one at all.
fn is_inert(page: &str, what: &str) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut script = false;
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                assert!(!name.contains(MARK), "{what}: <{name}>");
                script = name == "script";
                for (attribute, value) in tag.attributes {
                    let (attribute, value) = (String::from_utf8_lossy(&attribute), String::from_utf8_lossy(&value));
                    assert!(!attribute.contains(MARK) && !attribute.starts_with("on"), "{what}: {attribute}={value}");
                    if ["href", "src", "action", "formaction"].contains(&&*attribute) {
                        let ours = (value.starts_with('/') && !value.starts_with("//")) || value.starts_with('#');
                        assert!(ours && !value.starts_with("/\\"), "{what}: {attribute}={value}");
                    }
                }
            }
            Token::EndTag(_) => script = false,
            Token::Comment(text) => assert!(!String::from_utf8_lossy(&text).contains(MARK), "{what}: a comment"),
            Token::String(text) if script => is_data(&String::from_utf8_lossy(&text), what),
            _ => {}
        }
    }
    assert!(!page.chars().any(|c| c == '\0' || ('\u{202a}'..='\u{202e}').contains(&c)), "{what}");
}

/// In a script what they brought stands in strings only, and in these is nothing that could end the script.
fn is_data(script: &str, what: &str) {
    let mut code = String::new();
    let mut rest = script.chars();
    while let Some(c) = rest.next() {
        if c == '"' {
            let mut string = String::from("\"");
            while let Some(c) = rest.next() {
                string.push(c);
                match c {
                    '\\' => string.extend(rest.next()),
                    '"' => break,
                    _ => {}
                }
            }
            assert!(!string.contains(MARK) || !string.contains('<'), "{what}: {string}");
        } else {
            code.push(c);
        }
    }
    assert!(!code.contains(MARK), "{what}: {script}");
}

/// Only those characters that a header may have.
fn header(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_control()).collect()
}

/// Everything that a browser says of itself, all of it hostile.
fn says(browser: &mut Anonymous, hostile: &str) {
    let hostile = header(hostile);
    let quoted = format!("\"{}\"", hostile.replace('\\', "\\\\").replace('"', "\\\""));
    browser.user_agent = format!("Mozilla/5.0 (X11; Linux) {hostile}");
    for name in ["sec-ch-ua-platform", "sec-ch-ua-platform-version", "sec-ch-ua-model"] {
        browser.headers.insert(name, quoted.clone());
    }
    browser.headers.insert("sec-ch-ua", format!("{quoted};v=\"{MARK}\", \"Chromium\";v=\"1\""));
    for name in ["x-forwarded-for", "x-forwarded-host", "forwarded", "referer", "accept-language", "x-request-id"] {
        browser.headers.insert(name, hostile.clone());
    }
}

/// Brings it in every field of every call, as often in vain as not; gives the answers.
async fn brings(mut device: SignedIn, hostile: &str) -> Vec<Reply> {
    let mut replies = Vec::new();
    says(&mut device.browser, hostile);
    replies.push(device.try_refresh().await.expect(200));
    let sid = device.sid().await;
    for (path, body) in [
        ("/auth/sessions/rename", json!({"sid": sid, "name": hostile})),
        ("/auth/sessions/rename", json!({"sid": hostile, "name": "x"})),
        ("/auth/sessions/revoke", json!({"sid": hostile})),
        ("/auth/reauthenticate", json!({"password": hostile})),
        ("/auth/reauthenticate", json!({hostile: hostile})),
        ("/auth/password", json!({"currentPassword": hostile, "newPassword": hostile})),
        ("/auth/account/delete", json!({"password": hostile})),
    ] {
        replies.push(device.post(path, body).await);
    }
    let mut nobody = device.browser.clone();
    nobody.cookies.clear();
    for body in [
        json!({"username": hostile, "password": hostile, "client": hostile}),
        json!({"username": [hostile], "password": {hostile: 1}}),
        json!({"refreshToken": hostile}),
    ] {
        for path in ["/auth/login", "/auth/signup", "/auth/refresh", "/auth/logout"] {
            replies.push(nobody.post(path, body.clone()).await);
        }
    }
    let request = nobody.request(Method::GET, "/api/me").header("authorization", format!("Bearer {}", header(hostile)));
    replies.push(nobody.send(request).await.expect(401));
    replies.push(nobody.post("/preferences", json!({"theme": hostile, "language": hostile})).await.expect(422));
    for path in ["/api/me", "/api/sessions", "/api/activity", "/api/account", "/api/export"] {
        replies.push(device.get(path).await.expect(200));
    }
    replies
}

/// Looks at every page, as somebody and as nobody, with it in every part of the address and in the cookies.
async fn looks(device: &SignedIn, hostile: &str) -> Vec<Reply> {
    let mut replies = Vec::new();
    let mut nobody = device.browser.clone();
    nobody.cookies.clear();
    // What was typed into a form that was refused stands in it again.
    let fields = [("username", hostile), ("password", hostile), ("returnTo", hostile)];
    for path in ["/auth/login", "/auth/signup"] {
        replies.push(nobody.submit(path, &fields).await.expect(303));
        let back = replies.last().unwrap().header("location").unwrap().to_owned();
        replies.push(nobody.get(&back).await.expect(200));
    }
    let query = ["error", "field", "reason", "returnTo", "rename", "show", "before"].map(|name| (name, hostile));
    let query = serde_urlencoded::to_string(query).unwrap();
    let encoded = serde_urlencoded::to_string([("", hostile)]).unwrap();
    let plain = header(hostile).replace(';', "");
    let pages = routes().into_iter().filter(|(path, method)| *method == Method::GET && !path.starts_with("/api/"));
    let missing = format!("/{}", encoded.trim_start_matches('='));
    for path in pages.map(|(path, _)| path).chain([missing.as_str()]) {
        for browser in [&device.browser, &nobody] {
            let mut browser = browser.clone();
            replies.push(browser.get(path).await);
            replies.push(browser.get(&format!("{path}?{query}")).await);
            browser.cookies.insert("__Host-Http-latchkey-preferences".into(), plain.clone());
            browser.cookies.insert("__Host-Http-latchkey-refresh".into(), plain.clone());
            replies.push(browser.get(path).await);
        }
    }
    replies
}

fn all_are_inert(replies: &[Reply], what: &str) {
    for reply in replies {
        let headers =
            reply.headers.iter().filter(|(_, value)| value.as_bytes().windows(5).any(|part| part == b"xyzzy"));
        for (name, value) in headers {
            // It says where a page is that was asked for.
            assert!(name == "location" && value.as_bytes().starts_with(b"/"), "{what}: {name}: {value:?}");
        }
        match reply.header("content-type") {
            Some(html) if html.starts_with("text/html") => is_inert(&reply.text, what),
            Some("application/json" | "application/problem+json" | "application/jwk-set+json") => drop(reply.json()),
            Some("text/plain; charset=utf-8") => assert!(!reply.text.contains(MARK), "{what}"),
            other => assert!(other.is_none() && reply.text.is_empty(), "{what}: {reply:?}"),
        }
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_user_brings_does_anything_in_a_page_or_an_answer() {
    // So that what is said of the address counts.
    let proxies = vec!["127.0.0.1".into()];
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.server.trusted_proxies = proxies).start().await;
    let mut shown = 0;
    for (n, hostile) in HOSTILE.into_iter().enumerate() {
        let device = app.signed_up(&format!("user-{n}")).await;
        let mut replies = brings(device.clone(), hostile).await;
        let listed = device.devices().await;
        assert_eq!(listed[0]["name"], hostile, "a name is kept as it is");
        replies.extend(looks(&device, hostile).await);
        all_are_inert(&replies, hostile);
        shown += replies.iter().filter(|reply| reply.text.contains("<html") && reply.text.contains(MARK)).count();
    }
    assert!(shown > HOSTILE.len(), "it was there to be seen: {shown}");
}

/// Of usernames few characters are refused.
#[tokio::test]
async fn nor_does_a_username() {
    let app = TestApp::start().await;
    let mut taken = 0;
    for hostile in HOSTILE {
        let body = json!({"username": hostile, "password": PASSWORD});
        let mut browser = app.browser();
        let reply = browser.post("/auth/signup", body).await;
        if reply.status == 201 {
            taken += 1;
            let device = SignedIn::new(browser, &reply);
            let mut replies =
                vec![device.get("/api/me").await.expect(200), device.get("/api/export").await.expect(200)];
            replies.extend(looks(&device, hostile).await);
            all_are_inert(&replies, hostile);
            assert!(replies.iter().any(|reply| reply.text.contains("<html") && reply.text.contains(MARK)), "{hostile}");
        } else {
            assert_eq!(reply.expect(422).json()["errors"][0]["field"], "username");
        }
    }
    assert!(taken > 5, "{taken}");
}

#[tokio::test]
async fn what_does_not_stay_where_it_is_put_is_refused_or_left_out() {
    let app = TestApp::start().await;
    for (n, unruly) in UNRULY.into_iter().enumerate() {
        let mut device = app.signed_up(&format!("user-{n}")).await;
        let sid = device.sid().await;
        let reply = device.post("/auth/sessions/rename", json!({"sid": sid, "name": unruly})).await.expect(422);
        assert_eq!(reply.json()["errors"][0]["field"], "name", "{unruly:?}");
        let signup = json!({"username": unruly, "password": PASSWORD});
        let reply = app.browser().post("/auth/signup", signup).await.expect(422);
        assert_eq!(reply.json()["errors"][0]["field"], "username", "{unruly:?}");
        let mut replies = brings(device.clone(), unruly).await;
        replies.extend(looks(&device, unruly).await);
        all_are_inert(&replies, unruly);
        let kept = app.services().store().session(&SessionId::new(sid)).await.unwrap().unwrap().label.user_agent;
        assert!(kept.contains("xyz") && !kept.contains(|c| unruly.contains(c) && !"xyz".contains(c)), "{kept:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_in_the_log_where_every_line_is_one_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), "trace").await;
    let forged =
        "xyzzy\n{\"level\":\"INFO\",\"message\":\"signed in\",\"user\":\"admin\"}\r\nxyzzy: forged\u{2028}\u{9b}2J";
    for (n, hostile) in HOSTILE.into_iter().chain(UNRULY).chain([forged]).enumerate() {
        let device = Anonymous::at(&program).sign_up(&format!("user-{n}")).await;
        brings(device.clone(), hostile).await;
        looks(&device, hostile).await;
    }
    let log = program.log();
    assert!(log.lines().count() > 1_000);
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(event["timestamp"].is_string() && event["level"].is_string() && event["user"] != "admin", "{line}");
    }
    assert!(!log.contains(|c: char| c != '\n' && c.is_control()) && !log.contains(['\u{2028}', '\u{202e}']));
}
