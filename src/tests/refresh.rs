//! The rotation table, as a client over HTTP meets it. The rule itself is tested in `domain::redeem`.

use super::support::{Anonymous, Backend, PASSWORD, REFRESH, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(10);
const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36";
const DESKTOP_SITE: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36";
const SECOND: Duration = Duration::from_secs(1);

/// The same browser, back at an older token.
fn with_token(device: &SignedIn, token: &str) -> SignedIn {
    let mut device = device.clone();
    device.set_refresh_token(token);
    device
}

on_both_databases! {
    async fn the_predecessor_gets_the_same_bytes_within_the_grace(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        let first = device.refresh_token().to_owned();
        device.try_refresh().await.expect(200);
        let successor = device.refresh_token().to_owned();
        for _ in 0..3 {
            app.advance(3 * SECOND);
            let mut tab = with_token(&device, &first);
            tab.try_refresh().await.expect(200);
            assert_eq!(tab.refresh_token(), successor);
            assert!(tab.is_in().await);
        }
        // The grace does not slide: it is over ten seconds after the first rotation.
        app.advance(SECOND);
        device.get("/api/me").await.expect(200);
        let reply = with_token(&device, &first).try_refresh().await.expect(401);
        assert_eq!(reply.code(), "refresh_reused");
    }

    async fn a_reuse_ends_that_session_and_no_other(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        let other = app.signed_in("ada").await;
        let first = device.refresh_token().to_owned();
        device.try_refresh().await.expect(200);
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await, "its liveness is remembered by now");
        let reply = with_token(&device, &first).try_refresh().await.expect(401);
        assert_eq!(reply.code(), "refresh_reused");
        assert!(reply.set_cookies().is_empty(), "a refusal touches no cookie");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        assert!(!device.is_in().await);
        assert_eq!(device.try_refresh().await.expect(401).code(), "refresh_reused");
        assert!(other.is_in().await);
    }

    async fn a_tab_that_others_overtook_twice_is_told_so_and_nothing_ends(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        let mut slow = device.clone();
        for _ in 0..3 {
            device.try_refresh().await.expect(200);
            app.advance(2 * SECOND);
        }
        let reply = slow.try_shared_refresh().await.expect(409);
        assert_eq!(reply.code(), "refresh_overtaken");
        assert!(reply.set_cookies().is_empty());
        assert!(device.is_in().await);
        // What it finds in the cookie jar by then is good.
        let mut again = with_token(&slow, device.refresh_token());
        again.try_shared_refresh().await.expect(200);
        app.advance(4 * SECOND);
        assert_eq!(slow.try_shared_refresh().await.expect(401).code(), "refresh_reused");
        assert!(!device.is_in().await);
    }

    async fn a_lost_answer_costs_nobody_a_session(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        let kept = device.refresh_token().to_owned();
        let mut lost = device.clone();
        lost.try_refresh().await.expect(200);
        app.advance(GRACE);
        device.try_refresh().await.expect(200);
        assert_ne!(device.refresh_token(), lost.refresh_token());
        assert_ne!(device.refresh_token(), kept);
        assert!(device.is_in().await);
        // Should the lost one turn up after all, somebody else holds it.
        assert_eq!(lost.try_refresh().await.expect(401).code(), "refresh_reused");
        assert!(!device.is_in().await);
    }

    async fn an_access_token_confirms_the_refresh_token_that_came_with_it(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        let kept = device.refresh_token().to_owned();
        device.try_refresh().await.expect(200);
        device.get("/api/me").await.expect(200);
        app.advance(GRACE);
        assert_eq!(with_token(&device, &kept).try_refresh().await.expect(401).code(), "refresh_reused");
    }

    /// A phone loses the answer, and then asks for the desktop's page: it is the same browser, and the same person.
    async fn another_agent_within_the_grace_gets_nothing_and_ends_nothing_and_later_is_signed_in(app: TestAppBuilder) {
        let app = app.start().await;
        let mut phone = app.signed_up("ada").await;
        phone.browser.user_agent = PHONE.into();
        let mut lost = phone.clone();
        lost.try_refresh().await.expect(200);
        phone.browser.user_agent = DESKTOP_SITE.into();
        app.advance(4 * SECOND - Duration::from_millis(500));
        let kept = phone.refresh_token().to_owned();
        for _ in 0..3 {
            let reply = phone.try_shared_refresh().await.expect(409);
            assert_eq!((reply.code().as_str(), reply.header("retry-after")), ("refresh_overtaken", Some("7")));
            assert!(reply.set_cookies().is_empty(), "a refusal touches no cookie");
            assert_eq!(phone.refresh_token(), kept);
        }
        // A page that the server writes knows the person all the while.
        assert!(phone.browser.get("/devices").await.expect(200).text.contains(&phone.sid().await));
        app.advance(7 * SECOND);
        phone.try_shared_refresh().await.expect(200);
        assert!(phone.is_in().await);
        assert!(!phone.browser.get("/activity").await.expect(200).text.contains("used twice"));
    }

    async fn a_copy_in_another_program_gets_nothing_and_is_found_out_after_the_grace(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        let mut thief = device.clone();
        thief.browser.user_agent = "curl/8.0".into();
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
        assert_eq!(thief.try_refresh().await.expect(409).code(), "refresh_overtaken");
        assert!(device.is_in().await, "a thief who gets nothing signs nobody out");
        app.advance(GRACE);
        assert_eq!(thief.try_refresh().await.expect(401).code(), "refresh_reused");
        assert!(!device.is_in().await);
    }

    async fn fifty_at_once_get_one_successor(app: TestAppBuilder) {
        let app = app.start().await;
        let device = app.signed_up("ada").await;
        let racing = (0..50).map(|_| {
            let mut tab = device.clone();
            tokio::spawn(async move {
                tab.try_refresh().await.expect(200);
                tab.refresh_token().to_owned()
            })
        });
        let racing: Vec<_> = racing.collect();
        let mut successors = Vec::new();
        for tab in racing {
            successors.push(tab.await.unwrap());
        }
        successors.dedup();
        assert_eq!(successors.len(), 1);
        let mut device = with_token(&device, &successors[0]);
        device.try_refresh().await.expect(200);
        assert_eq!(device.devices().await.len(), 1);
    }
}

#[tokio::test]
async fn the_absolute_end_never_moves_and_the_cookie_says_what_is_left() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let day = Duration::from_secs(86_400);
    for age in 1..=29_u64 {
        app.advance(day);
        let reply = device.try_refresh().await.expect(200);
        let cookie = reply.set_cookies()[0];
        let left = 14.min(30 - age) * 86_400;
        assert!(cookie.ends_with(&format!("Max-Age={left}")), "after {age} days: {cookie}");
    }
    app.advance(day);
    assert_eq!(device.try_refresh().await.expect(401).code(), "invalid_token");
}

/// SE6
#[tokio::test]
async fn a_purge_makes_no_replay_look_harmless() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let first = device.refresh_token().to_owned();
    for _ in 0..2 {
        device.try_refresh().await.expect(200);
    }
    with_token(&device, &first).try_refresh().await.expect(401);
    for _ in 0..13 {
        app.advance(Duration::from_secs(86_400));
        app.services().housekeeping().await.unwrap();
        for token in [first.as_str(), device.refresh_token()] {
            assert_eq!(with_token(&device, token).try_refresh().await.expect(401).code(), "refresh_reused");
        }
    }
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_and_is_not_listed() {
    let app = TestApp::start().await;
    let mut idle = app.signed_up("ada").await;
    app.advance(Duration::from_secs(14 * 86_400));
    let here = app.signed_in("ada").await;
    assert_eq!(here.devices().await.len(), 1);
    assert_eq!(idle.try_refresh().await.expect(401).code(), "invalid_token");
}

#[tokio::test]
async fn without_being_kept_it_ends_after_half_a_day_unused_and_a_day_at_most() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let hour = Duration::from_secs(3600);
    let mut browser = app.browser();
    let reply = browser.post("/auth/login", json!({"username": "ada", "password": PASSWORD})).await.expect(200);
    let mut device = SignedIn::new(browser, &reply);
    for _ in 0..2 {
        app.advance(11 * hour);
        device.try_refresh().await.expect(200);
    }
    app.advance(2 * hour);
    device.try_refresh().await.expect(401);
}

#[tokio::test]
async fn a_refresh_takes_post_only_and_its_token_only_as_a_cookie() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let token = device.refresh_token().to_owned();
    let mut bare = Anonymous::new(&app);
    let get = bare.request(Method::GET, "/auth/refresh");
    assert_eq!(bare.send(get).await.expect(405).code(), "method_not_allowed");
    let query = bare.request(Method::POST, &format!("/auth/refresh?refreshToken={token}"));
    assert_eq!(bare.send(query).await.expect(401).code(), "invalid_token");
    let bearer = bare.request(Method::POST, "/auth/refresh").bearer_auth(&token);
    assert_eq!(bare.send(bearer).await.expect(401).code(), "invalid_token");
    // A browser's token in a body is stolen goods; but its owner, who has it as a cookie, is not punished for it.
    assert_eq!(bare.post("/auth/refresh", json!({"refreshToken": token})).await.expect(401).code(), "invalid_token");
    assert!(device.is_in().await);
    device.clone().try_refresh().await.expect(200);
}

#[tokio::test]
async fn two_cookies_of_the_name_are_none() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let name = "__Host-Http-latchkey-refresh";
    let twice = format!("{name}={}; {name}=other", device.refresh_token());
    let mut bare = Anonymous::new(&app);
    let request = bare.request(Method::POST, "/auth/refresh").header("Cookie", twice);
    assert_eq!(bare.send(request).await.expect(401).code(), "invalid_token");
    assert!(device.is_in().await);
}

/// SE2: the answer may come after a newer sign-in in the same browser.
#[tokio::test]
async fn a_refusal_touches_no_cookie_whatever_the_request_brought() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let web = device.browser.cookies["__Host-Http-latchkey-session"].clone();
    device.clone().post("/auth/logout", json!({})).await.expect(204);
    for brought in [web.as_str(), "odd", ""] {
        device.browser.cookies.insert("__Host-Http-latchkey-session".into(), brought.into());
        let token = device.refresh_token().to_owned();
        for token in [token.as_str(), "odd"] {
            let mut device = with_token(&device, token);
            let reply = device.try_refresh().await.expect(401);
            assert!(reply.set_cookies().is_empty(), "{brought:?}: {:?}", reply.set_cookies());
            let reply =
                device.browser.post("/auth/sessions/rename", json!({"sid": "x", "name": "x"})).await.expect(401);
            assert!(reply.set_cookies().is_empty(), "{brought:?}: {:?}", reply.set_cookies());
        }
    }
}

#[tokio::test]
async fn a_native_client_gets_its_tokens_in_the_body_and_never_a_cookie() {
    let client: latchkey::domain::client::Client =
        serde_json::from_value(json!({"id": "cli", "kind": "native"})).unwrap();
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.clients = vec![client]).start().await;
    app.signed_up("ada").await;
    let mut cli = app.browser();
    let body = json!({"username": "ada", "password": PASSWORD, "client": "cli"});
    let reply = cli.post("/auth/login", body).await.expect(200);
    assert!(reply.set_cookies().is_empty());
    let first = reply.json()["refreshToken"].as_str().unwrap().to_owned();
    assert_eq!(reply.json()["refreshExpiresIn"], 12 * 3600);
    let reply = cli.post("/auth/refresh", json!({"refreshToken": first})).await.expect(200);
    assert!(reply.set_cookies().is_empty());
    let second = reply.json()["refreshToken"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    // As a cookie it is worth nothing.
    let mut device = SignedIn::new(cli.clone(), &reply);
    device.set_refresh_token(&second);
    device.try_refresh().await.expect(401);
    assert_eq!(device.get("/api/me").await.expect(200).json()["username"], "ada");
    cli.post("/auth/logout", json!({"refreshToken": second})).await.expect(204);
    cli.post("/auth/refresh", json!({"refreshToken": second})).await.expect(401);
}

/// CK3
#[tokio::test]
async fn a_foreign_cookie_that_is_odd_or_huge_signs_nobody_out() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    for foreign in
        ["x".repeat(4_000), "=; ;;=".into(), "\u{e9}=\u{fc}".into(), "a=\"b; c=d".into(), "%5f_Host-x=1".into()]
    {
        let cookie = format!("huge={foreign}; {REFRESH}={}; more={foreign}", device.refresh_token());
        let cookie = reqwest::header::HeaderValue::from_bytes(cookie.as_bytes()).unwrap();
        let mut browser = device.browser.clone();
        browser.cookies.clear();
        let request = browser.request(Method::POST, "/auth/refresh").header("Cookie", cookie);
        browser.send(request).await.expect(200);
        device.set_refresh_token(&browser.cookies[REFRESH].clone());
    }
    assert!(device.is_in().await);
}

#[tokio::test]
async fn a_session_has_one_web_session_however_often_its_cookie_is_lost() {
    const WEB_SESSION: &str = "__Host-Http-latchkey-session";
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let first = device.browser.cookies[WEB_SESSION].clone();
    for _ in 0..5 {
        device.browser.cookies.remove(WEB_SESSION);
        device.try_refresh().await.expect(200);
    }
    let url = format!("sqlite://{}", app.folder().join("latchkey.db").display());
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM web_sessions").fetch_one(&mut connection).await.unwrap();
    assert_eq!(rows, 1);
    assert!(device.browser.get("/devices").await.expect(200).text.contains(&device.sid().await));
    // A former one is good for nothing any more, whoever has it.
    let mut former = app.browser();
    former.cookies.insert(WEB_SESSION.into(), first);
    former.get("/devices").await.expect(303);
}
