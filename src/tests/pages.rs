//! Pages as the server renders them.

use super::support::{Backend, DEVICE, PASSWORD, TestApp};
use reqwest::Method;
use serde_json::json;
use sqlx::{AnyConnection, Connection as _};

#[tokio::test]
async fn a_signed_in_page_arrives_complete_and_holds_no_token() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let sid = device.sid().await;
    device.post("/auth/sessions/rename", json!({"sid": sid, "name": "</script><b>mine"})).await.expect(204);
    let page = device.browser.get("/devices").await.expect(200);
    for shown in ["Your devices", "ada", "This device", "127.0.0.1"] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains("</script><b>mine") && !page.text.contains("<b>mine"), "what users bring is inert");
    assert!(!page.text.contains(&device.access_token) && !page.text.contains(device.refresh_token()));
    assert!(!page.text.contains("eyJ"), "nothing that looks like a token");
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn every_script_of_a_page_carries_the_nonce_of_its_policy() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let mut nonces = Vec::new();
    for path in ["/login", "/signup", "/login"] {
        let page = browser.get(path).await.expect(200);
        let policy = page.header("content-security-policy").unwrap();
        assert!(!policy.contains("unsafe-inline") && policy.contains("'wasm-unsafe-eval'"), "{policy}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        for script in page.text.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(nonce), "<script{tag}>");
        }
        assert!(!page.text.contains(" style=\"") && !page.text.contains("onclick="));
        nonces.push(nonce.to_owned());
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3, "a nonce is used once");
}

#[tokio::test]
async fn the_doors_lead_where_one_should_be() {
    let app = TestApp::start().await;
    let mut visitor = app.browser();
    for (path, target) in [("/", "/login"), ("/devices", "/login?returnTo=%2Fdevices")] {
        assert_eq!(visitor.get(path).await.expect(303).header("location"), Some(target));
    }
    assert!(visitor.cookies.is_empty(), "a visitor gets no cookie for looking");
    let mut device = app.signed_up("ada").await.browser;
    for (path, target) in [("/", "/devices"), ("/login", "/devices"), ("/signup", "/devices")] {
        assert_eq!(device.get(path).await.expect(303).header("location"), Some(target));
    }
}

#[tokio::test]
async fn who_signs_in_comes_back_to_the_whole_address_they_asked_for() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let mut visitor = app.browser();
    let asked = visitor.get("/activity?show=warnings&error=unavailable&before=7").await.expect(303);
    let entrance = "/login?returnTo=%2Factivity%3Fshow%3Dwarnings%26before%3D7";
    assert_eq!(asked.header("location"), Some(entrance), "but for what had just happened there");
    let page = visitor.get(entrance).await.expect(200).text;
    assert!(page.contains("name=\"returnTo\" value=\"/activity?show=warnings&amp;before=7\""), "{page}");
    let form =
        |password| [("username", "ada"), ("password", password), ("returnTo", "/activity?show=warnings&before=7")];
    let refused = visitor.submit("/auth/login", &form("hunter2 hunter2 hunter2")).await.expect(303);
    let again = "/login?error=invalid_credentials&returnTo=%2Factivity%3Fshow%3Dwarnings%26before%3D7";
    assert_eq!(refused.header("location"), Some(again));
    let reply = visitor.submit("/auth/login", &form(PASSWORD)).await.expect(303);
    assert_eq!(reply.header("location"), Some("/activity?show=warnings&before=7"));
    assert_eq!(visitor.get(entrance).await.expect(303).header("location"), Some("/activity?show=warnings&before=7"));
}

#[tokio::test]
async fn rendering_never_rotates() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let token = device.refresh_token().to_owned();
    for _ in 0..3 {
        let page = device.browser.get("/devices").await.expect(200);
        assert!(page.set_cookies().is_empty());
    }
    assert_eq!(device.refresh_token(), token);
    device.try_refresh().await.expect(200);
}

#[tokio::test]
async fn a_visitor_whose_strict_cookie_was_withheld_is_not_treated_as_signed_out() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    // By a link from another site the Lax cookie comes, and the Strict one does not.
    let mut linked = device.browser.clone();
    linked.cookies.remove("__Host-Http-latchkey-refresh");
    let request = linked.request(Method::GET, "/devices").header("Accept", "text/html");
    let request = request.header("Sec-Fetch-Site", "cross-site");
    assert!(linked.send(request).await.expect(200).text.contains("This device"));
    // And with no cookie at all the page is a shell that asks once more from our own origin.
    let bare = app.browser();
    let mut request = bare.request(Method::GET, "/devices").header("Accept", "text/html").build().unwrap();
    request.headers_mut().insert("Sec-Fetch-Site", "cross-site".parse().unwrap());
    let reply = reqwest::Client::new().execute(request).await.unwrap();
    assert_eq!(reply.status(), 200);
    assert!(device.is_in().await);
}

#[tokio::test]
async fn an_ended_device_is_told_why_without_javascript() {
    let app = TestApp::start().await;
    let mut ended = app.signed_up("ada").await;
    let mut here = app.signed_in("ada").await;
    let sid = ended.sid().await;
    here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
    let reply = ended.browser.get("/devices").await.expect(303);
    assert_eq!(reply.header("location"), Some("/login?error=session_revoked&returnTo=%2Fdevices"));
    let page = ended.browser.get(reply.header("location").unwrap()).await.expect(200);
    assert!(page.text.contains("role=\"alert\""), "{}", page.text);
}

#[tokio::test]
async fn the_sign_in_page_clears_what_is_dead_and_a_refused_refresh_does_not() {
    let app = TestApp::start().await;
    let mut ended = app.signed_up("ada").await;
    let mut here = app.signed_in("ada").await;
    let sid = ended.sid().await;
    here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
    let refused = ended.try_refresh().await.expect(401);
    assert!(refused.set_cookies().is_empty() && ended.browser.cookies.len() == 3);
    ended.browser.get("/login").await.expect(200);
    assert_eq!(ended.browser.cookies.keys().collect::<Vec<_>>(), [DEVICE]);
    ended.browser.try_sign_in("ada", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_lost_web_session_is_made_anew_by_the_next_refresh() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    device.browser.cookies.remove("__Host-Http-latchkey-session");
    let shell = device.browser.get("/devices").await.expect(200);
    assert!(!shell.text.contains("This device"), "a refresh token renders no page");
    device.try_refresh().await.expect(200);
    assert!(device.browser.get("/devices").await.expect(200).text.contains("This device"));
}

#[tokio::test]
async fn a_refresh_token_that_is_shown_opens_no_page() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let stale = device.refresh_token().to_owned();
    device.try_refresh().await.expect(200);
    for token in [stale, device.refresh_token().to_owned()] {
        let mut thief = app.browser();
        thief.cookies.insert("__Host-Http-latchkey-refresh".into(), token);
        thief.get("/login").await.expect(303);
        assert!(!thief.cookies.contains_key("__Host-Http-latchkey-session"), "to show it is not to use it");
        let page = thief.get("/devices").await.expect(200);
        assert!(!page.text.contains("This device") && !page.text.contains("127.0.0.1"), "{}", page.text);
    }
    assert!(device.is_in().await, "and looking at pages ends nothing");
}

#[tokio::test]
async fn a_page_that_waits_for_a_refresh_is_there_after_it_whatever_web_session_the_browser_had() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    // A refused form leaves a web session that is nobody's.
    let mut visitor = app.browser();
    let wrong = [("username", "ada"), ("password", "not the right password")];
    visitor.submit("/auth/login", &wrong).await.expect(303);
    let name = "__Host-Http-latchkey-session";
    let nobodys = visitor.cookies[name].clone();
    device.browser.cookies.insert(name.into(), nobodys);
    assert!(!device.browser.get("/devices").await.expect(200).text.contains("This device"));
    device.try_refresh().await.expect(200);
    assert!(device.browser.get("/devices").await.expect(200).text.contains("This device"));
}

#[tokio::test]
async fn a_page_that_cannot_be_had_says_so_in_words() {
    let app = TestApp::on(Backend::Sqlite).start().await;
    let device = app.signed_up("ada").await;
    let mut connection = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    sqlx::query("ALTER TABLE users RENAME TO lost").execute(&mut connection).await.unwrap();
    let ask = |accept: &'static str| device.browser.request(Method::GET, "/devices").header("Accept", accept);
    let page = device.browser.clone().send(ask("text/html")).await;
    assert!(
        page.status.is_server_error() && page.header("content-type") == Some("text/html; charset=utf-8"),
        "{page:?}"
    );
    assert!(page.text.contains("role=\"alert\"") && page.text.contains("href=\"/devices\""), "{}", page.text);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let plain = device.browser.clone().send(ask("*/*")).await;
    assert_eq!((plain.status, plain.header("content-type")), (page.status, Some("application/problem+json")));
}
