//! What the sign-in page says to a browser whose session is over.

use super::support::{Anonymous, PASSWORD, SignedIn, TestApp};
use latchkey::domain::id::UserId;
use serde_json::json;
use std::time::Duration;

const FAREWELL: &str = "__Host-Http-latchkey-farewell";

/// A browser in which somebody reads English.
fn reader(app: &TestApp) -> Anonymous {
    let mut browser = app.browser();
    browser.headers.insert("Accept-Language", "en".into());
    browser
}

async fn signed_up(app: &TestApp, name: &str) -> SignedIn {
    reader(app).sign_up(name).await
}

async fn signed_in(app: &TestApp, name: &str) -> SignedIn {
    reader(app).sign_in(name).await
}

/// Goes where the visitor of the devices page is led, and reads what the page says.
async fn said_to(browser: &mut Anonymous) -> String {
    let led = browser.get("/devices").await.expect(303);
    browser.get(led.header("location").unwrap()).await.expect(200).text
}

async fn user_id(device: &SignedIn) -> UserId {
    UserId::new(device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap())
}

#[tokio::test]
async fn who_signs_out_is_told_so_in_every_tab_and_until_they_sign_in() {
    let app = TestApp::start().await;
    let mut here = signed_up(&app, "ada").await;
    here.browser.submit("/auth/logout", &[]).await.expect(303);
    // Two tabs, one after the other.
    for _ in 0..2 {
        let page = here.browser.get("/login").await.expect(200).text;
        assert!(page.contains("You are signed out.") && !page.contains("Welcome back."), "{page}");
        assert!(!page.contains("role=\"alert\""), "which nobody need worry about: {page}");
    }
    here.browser.try_sign_in("ada", PASSWORD).await.expect(200);
    here.browser.post("/auth/logout-all", json!({})).await.expect(204);
    let page = here.browser.get("/login").await.expect(200).text;
    assert!(page.contains("You are signed out on all your devices."), "{page}");
    here.browser.try_sign_in("ada", PASSWORD).await.expect(200);
    assert!(!here.browser.cookies.contains_key(FAREWELL), "nothing is left of it: {:?}", here.browser.cookies);
}

#[tokio::test]
async fn a_program_gets_no_cookie_for_a_page_that_it_does_not_show() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    here.post("/auth/logout", json!({})).await.expect(204);
    assert!(!here.browser.cookies.contains_key(FAREWELL), "{:?}", here.browser.cookies);
}

#[tokio::test]
async fn an_ended_session_is_told_why_when_and_by_which_device_in_every_tab() {
    let app = TestApp::start().await;
    let mut ended = signed_up(&app, "ada").await;
    let mut here = reader(&app);
    here.user_agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0".into();
    let mut here = here.sign_in("ada").await;
    let sid = ended.sid().await;
    here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
    app.advance(Duration::from_secs(5 * 60));
    let first = said_to(&mut ended.browser).await;
    // By now the cookie is gone that said so.
    let second = said_to(&mut ended.browser).await;
    for page in [first, second] {
        for told in ["signed out from another device", "5 minutes ago", "by Firefox on Windows", "change your password"]
        {
            assert!(page.contains(told), "{told}: {page}");
        }
        assert!(!page.contains("127.0.0.1") && !page.contains("ada"), "no more than that: {page}");
    }
}

#[tokio::test]
async fn a_changed_password_is_the_reason_where_it_is_one() {
    let app = TestApp::start().await;
    let mut ended = signed_up(&app, "ada").await;
    let mut here = signed_in(&app, "ada").await;
    let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
    here.post("/auth/password", change).await.expect(204);
    let page = said_to(&mut ended.browser).await;
    assert!(page.contains("because the password was changed") && !page.contains("from another device"), "{page}");
}

#[tokio::test]
async fn whoever_kept_an_old_token_is_not_told_which_device_it_was() {
    let app = TestApp::start().await;
    let mut ended = signed_up(&app, "ada").await;
    let old = ended.refresh_token().to_owned();
    for _ in 0..3 {
        ended.try_refresh().await.expect(200);
    }
    let sid = ended.sid().await;
    let mut here = signed_in(&app, "ada").await;
    here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
    for (token, is_told) in [(old, false), (ended.refresh_token().to_owned(), true)] {
        let mut browser = reader(&app);
        browser.cookies.insert("__Host-Http-latchkey-refresh".into(), token);
        let page = said_to(&mut browser).await;
        assert!(page.contains("signed out from another device"), "{page}");
        assert_eq!(page.contains("by Firefox"), is_told, "{page}");
    }
}

#[tokio::test]
async fn every_other_reason_is_told_too() {
    let app = TestApp::start().await;
    let mut expired = signed_up(&app, "ada").await;
    app.advance(Duration::from_secs(15 * 86_400));
    assert!(said_to(&mut expired.browser).await.contains("has expired"));

    let mut disabled = signed_up(&app, "bob").await;
    app.services().disable_user(&user_id(&disabled).await).await.unwrap();
    assert!(said_to(&mut disabled.browser).await.contains("has disabled this account"));

    let mut gone = signed_up(&app, "eve").await;
    app.services().delete_user(&user_id(&gone).await).await.unwrap();
    assert!(said_to(&mut gone.browser).await.contains("may have been deleted"));

    let mut reused = signed_up(&app, "mia").await;
    let stolen = reused.refresh_token().to_owned();
    for _ in 0..3 {
        reused.try_refresh().await.expect(200);
        app.advance(Duration::from_secs(60));
    }
    let mut thief = app.browser();
    thief.cookies.insert("__Host-Http-latchkey-refresh".into(), stolen);
    thief.post("/auth/refresh", json!({})).await.expect(401);
    assert!(said_to(&mut reused.browser).await.contains("may have copied this sign-in"));

    let mut deleted = signed_up(&app, "kim").await;
    deleted.browser.submit("/auth/account/delete", &[("password", PASSWORD)]).await.expect(303);
    assert!(deleted.browser.get("/login").await.expect(200).text.contains("Your account is deleted."));
}

#[tokio::test]
async fn an_address_can_say_nothing_of_it() {
    let app = TestApp::start().await;
    for address in ["/login?error=refresh_reused", "/login?error=session_revoked", "/login?done=deleted"] {
        let page = reader(&app).get(address).await.expect(200).text;
        for never in ["copied", "another device", "is deleted"] {
            assert!(!page.contains(never), "{address}: {page}");
        }
    }
    let mut browser = reader(&app);
    browser.cookies.insert("__Host-Http-latchkey-refresh".into(), "not.a.token".into());
    let page = browser.get("/login").await.expect(200).text;
    assert!(page.contains("Welcome back.") && !page.contains("role=\"alert\""), "{page}");
}
