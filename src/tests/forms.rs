//! Without JavaScript: plain forms that come back to our own pages.

use super::support::{Backend, DEVICE, PASSWORD, TestApp};
use reqwest::Method;
use std::time::Duration;

#[tokio::test]
async fn the_whole_story_without_javascript() {
    let app = TestApp::start().await;
    let mut here = app.browser();
    let signed_up =
        here.submit("/auth/signup", &[("username", "ada"), ("password", PASSWORD), ("remember", "on")]).await;
    assert_eq!(signed_up.expect(303).header("location"), Some("/devices"));
    let there = app.signed_in("ada").await;
    let page = here.get("/devices").await.expect(200);
    let sid = there.sid().await;
    assert!(page.text.contains(&sid), "the page has a form for the other device");

    let revoked = here.submit("/auth/sessions/revoke", &[("sid", &sid)]).await.expect(303);
    assert_eq!(revoked.header("location"), Some("/devices"));
    assert!(!there.is_in().await);
    let signed_out = here.submit("/auth/logout", &[]).await.expect(303);
    assert_eq!(signed_out.header("location"), Some("/login"));
    assert_eq!(here.cookies.keys().collect::<Vec<_>>(), [DEVICE]);
    assert_eq!(here.get("/devices").await.expect(303).header("location"), Some("/login?returnTo=%2Fdevices"));
}

#[tokio::test]
async fn a_refused_form_comes_back_with_its_reason_and_the_name_that_was_typed() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let mut browser = app.browser();
    let fields = [("username", "ada"), ("password", "hunter2 hunter2 hunter2"), ("returnTo", "https://evil.example/")];
    let reply = browser.submit("/auth/login", &fields).await.expect(303);
    let location = reply.header("location").unwrap().to_owned();
    assert_eq!(location, "/login?error=invalid_credentials&returnTo=%2Fdevices");
    let page = browser.get(&location).await.expect(200);
    assert!(page.text.contains("value=\"ada\""), "{}", page.text);
    assert!(page.text.contains("role=\"alert\""));
    assert!(!page.text.contains("hunter2"));
    let reply = browser.submit("/auth/signup", &[("username", "bob"), ("password", "short")]).await.expect(303);
    assert_eq!(reply.header("location"), Some("/signup?error=validation_failed&field=password&reason=too_short"));
}

#[tokio::test]
async fn only_a_name_that_was_judged_and_can_be_one_is_kept() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.limits.login_per_address = 2).start().await;
    let url = format!("sqlite://{}", app.folder().join("latchkey.db").display());
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let mut kept = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM web_sessions").fetch_one(&mut connection).await.unwrap()
    };
    let wrong = ("password", "hunter2 hunter2 hunter2");
    let long = "x".repeat(65);
    for (path, fields, error) in [
        // Too long to be a name; too long to be looked at; a field that is missing; no session; the limit, twice.
        ("/auth/login", vec![("username", long.as_str()), wrong], "invalid_credentials"),
        ("/auth/login", vec![("username", "ada"), ("password", &"x".repeat(5_000))], "validation_failed"),
        ("/auth/signup", vec![("username", "ada")], "validation_failed"),
        ("/auth/reauthenticate", vec![("username", "ada"), wrong], "invalid_token"),
        ("/auth/login", vec![("username", long.as_str()), wrong], "invalid_credentials"),
        ("/auth/login", vec![("username", "ada"), wrong], "rate_limited"),
    ] {
        let reply = app.browser().submit(path, &fields).await.expect(303);
        assert!(reply.header("location").unwrap().contains(error), "{path}: {reply:?}");
        assert!(reply.set_cookies().is_empty(), "{path}: {reply:?}");
        assert_eq!(kept().await, 0, "{path}: {error}");
    }
    app.advance(Duration::from_secs(60));
    let longest = "x".repeat(64);
    let mut browser = app.browser();
    browser.submit("/auth/login", &[("username", &longest), wrong]).await.expect(303);
    assert_eq!(kept().await, 1);
    assert!(browser.get("/login").await.expect(200).text.contains(&format!("value=\"{longest}\"")));
}

#[tokio::test]
async fn neither_the_referer_nor_the_host_decides_where_a_form_goes() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let mut browser = app.browser();
    for (path, fields) in [
        ("/auth/login", vec![("username", "ada"), ("password", PASSWORD)]),
        ("/auth/login", vec![("username", "ada"), ("password", "wrong")]),
        ("/auth/logout", vec![]),
    ] {
        let request = browser
            .request(Method::POST, path)
            .header("Accept", "text/html")
            .header("Referer", "https://evil.example/")
            .header("Host", "evil.example")
            .form(&fields);
        let reply = browser.send(request).await.expect(303);
        assert!(reply.header("location").unwrap().starts_with('/'), "{reply:?}");
        assert!(!format!("{reply:?}").contains("evil"), "{reply:?}");
    }
}

#[tokio::test]
async fn the_password_is_asked_for_on_a_page_of_its_own() {
    let app = TestApp::start().await;
    let mut here = app.browser();
    here.submit("/auth/signup", &[("username", "ada"), ("password", PASSWORD), ("remember", "on")]).await.expect(303);
    let mut there = app.signed_in("ada").await;
    let sid = there.sid().await;
    app.advance(Duration::from_secs(600));
    let reply = here.submit("/auth/sessions/revoke", &[("sid", &sid)]).await.expect(303);
    let location = reply.header("location").unwrap().to_owned();
    assert!(location.starts_with("/reauthenticate?"), "{location}");
    here.get(&location).await.expect(200);
    let fields = [("password", PASSWORD), ("returnTo", "/devices")];
    // Which says that nothing is done yet.
    let confirmed = here.submit("/auth/reauthenticate", &fields).await.expect(303);
    assert_eq!(confirmed.header("location"), Some("/devices?confirmed=true"));
    there.try_refresh().await.expect(200);
    here.submit("/auth/sessions/revoke", &[("sid", &sid)]).await.expect(303);
    there.try_refresh().await.expect(401);
}
