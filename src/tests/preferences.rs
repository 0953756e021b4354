//! How somebody wants the pages: in which language, light or dark.

use super::support::{Anonymous, Backend, TestApp};
use latchkey::domain::preferences::ZONE_COOKIE;
use latchkey::server::config::Registration;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const COOKIE: &str = "__Host-Http-latchkey-preferences";

#[tokio::test]
async fn a_page_comes_in_the_language_that_the_browser_asks_for() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for (asked, tag, words) in [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Willkommen zurück."),
        ("fr-CA, en;q=0.5", "fr", "Bon retour."),
        ("ja", "en", "Welcome back."),
    ] {
        let request = browser.request(Method::GET, "/login").header("Accept", "text/html");
        let page = browser.send(request.header("Accept-Language", asked)).await.expect(200);
        assert!(page.text.contains(&format!("<html lang=\"{tag}\"")), "{asked}");
        assert!(page.text.contains(words), "{asked}: {}", page.text);
    }
    let kept: Vec<_> = browser.cookies.iter().collect();
    assert!(
        kept.iter().all(|(name, value)| *name == COOKIE && *value == "system."),
        "nothing is kept of who looks: {kept:?}"
    );
}

#[tokio::test]
async fn a_choice_is_kept_and_counts_more_than_what_the_browser_asks_for() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let reply = browser.submit("/preferences", &[("theme", "dark"), ("language", "fr"), ("returnTo", "/login")]).await;
    let reply = reply.expect(303);
    assert_eq!(reply.header("location"), Some("/login"));
    let cookie = reply.set_cookies().join("; ");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=31536000"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let request = browser.request(Method::GET, "/login").header("Accept", "text/html");
    let page = browser.send(request.header("Accept-Language", "de")).await.expect(200).text;
    assert!(page.contains("lang=\"fr\"") && page.contains("data-theme=\"dark\""), "{page}");

    // What is not chosen now stays.
    browser.post("/preferences", json!({"theme": "light"})).await.expect(204);
    assert_eq!(browser.cookies.get(COOKIE).map(String::as_str), Some("light.fr"));
}

#[tokio::test]
async fn a_form_comes_back_to_its_page_and_nowhere_else() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for (from, to) in [
        ("/signup?returnTo=%2Faccount&error=username_taken", "/signup?returnTo=%2Faccount"),
        ("/activity?show=warnings", "/activity?show=warnings"),
        ("//evil.example/login", "/devices"),
    ] {
        let reply = browser.submit("/preferences", &[("language", "de"), ("returnTo", from)]).await.expect(303);
        assert_eq!(reply.header("location"), Some(to), "{from}");
    }
}

#[tokio::test]
async fn nonsense_is_refused_and_a_forged_cookie_is_inert() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for odd in [json!({"theme": "neon"}), json!({"language": "\"><script>"}), json!({"theme": 7})] {
        browser.post("/preferences", odd).await.expect(422);
    }
    browser.cookies.insert(COOKIE.into(), "\"><script>alert(1)</script>.\"><b>".into());
    let page = browser.get("/login").await.expect(200).text;
    assert!(page.contains("lang=\"en\"") && page.contains("data-theme=\"system\""), "{page}");
    assert!(!page.contains("alert(1)"));
}

#[tokio::test]
async fn times_are_told_in_the_time_zone_that_the_browser_is_in() {
    // 2027-01-15, 08:00 in UTC.
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let account = async |browser: &mut Anonymous| browser.get("/account").await.expect(200).text;
    let devices = async |browser: &mut Anonymous| browser.get("/devices").await.expect(200).text;
    assert!(devices(&mut device.browser).await.contains("15 Jan 2027, 08:00 UTC"), "untold, it is UTC");
    for (zone, told) in [
        ("Europe/Berlin", "15 Jan 2027, 09:00<"),
        ("America/New_York", "15 Jan 2027, 03:00<"),
        ("Asia/Kathmandu", "15 Jan 2027, 13:45<"),
        ("Atlantis/Capital", "15 Jan 2027, 08:00 UTC<"),
    ] {
        device.browser.cookies.insert(ZONE_COOKIE.into(), zone.into());
        let page = devices(&mut device.browser).await;
        assert!(page.contains(told) && page.contains(&format!("data-time-zone=\"{zone}\"")), "{zone}: {page}");
    }
    device.browser.cookies.insert(ZONE_COOKIE.into(), "Pacific/Kiritimati".into());
    app.advance(Duration::from_secs(3 * 3_600));
    let later = app.signed_up("bob").await.browser;
    device.browser.cookies.extend(later.cookies);
    assert!(account(&mut device.browser).await.contains("16 Jan 2027<"), "there it is tomorrow already");
}

#[tokio::test]
async fn nonsense_is_no_time_zone() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    for odd in ["", "../../etc/passwd", "a b", "\"><script>alert(1)</script>", &"x".repeat(65)] {
        browser.cookies.insert(ZONE_COOKIE.into(), odd.into());
        let page = browser.get("/login").await.expect(200).text;
        assert!(!page.contains("alert(1)") && !page.contains("data-time-zone"), "{odd}: {page}");
    }
}

#[tokio::test]
async fn signing_out_leaves_the_choice() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    device.browser.submit("/preferences", &[("theme", "dark"), ("returnTo", "/devices")]).await.expect(303);
    device.browser.submit("/auth/logout", &[]).await.expect(303);
    assert_eq!(device.browser.cookies.get(COOKIE).map(String::as_str), Some("dark."));
}

#[tokio::test]
async fn pages_know_the_rules_of_this_installation() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| {
        settings.password.min_length = 21;
        settings.accounts.registration = Registration::Closed;
    });
    let app = app.start().await;
    let mut browser = app.browser();
    let login = browser.get("/login").await.expect(200).text;
    assert!(login.contains("made by the operator") && !login.contains("href=\"/signup"), "{login}");
    let signup = browser.get("/signup").await.expect(200).text;
    assert!(signup.contains("made by the operator") && !signup.contains("name=\"password\""), "{signup}");
    assert!(signup.contains("data-password-min=\"21\""), "{signup}");
}
