//! What an open page is told by itself (`GET /api/live`).

use super::support::{Backend, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;

/// A page that listens.
struct Page {
    stream: Response,
    text: String,
}

impl Page {
    async fn of(device: &SignedIn) -> Self {
        Self::new(device.listen().await)
    }

    /// A page that shows the sessions in this version.
    async fn showing(device: &SignedIn, version: &str) -> Self {
        let request = device.browser.request(Method::GET, "/api/live").header("Last-Event-ID", version);
        Self::new(request.bearer_auth(&device.access_token).send().await.expect("an answer"))
    }

    fn new(stream: Response) -> Self {
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        assert_eq!(stream.headers()["cache-control"], "no-store");
        Self { stream, text: String::new() }
    }

    /// The next event, its name and what it carries; `None` when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.clone().split_once("\n\n") {
                self.text = rest.to_owned();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let Some(name) = field("event:") else { continue };
                return Some((name.to_owned(), serde_json::from_str(field("data:").unwrap()).unwrap()));
            }
            let more = tokio::time::timeout(Duration::from_secs(20), self.stream.chunk());
            let more = more.await.expect("news").ok().flatten()?;
            self.text += std::str::from_utf8(&more).unwrap();
        }
    }

    async fn hears(&mut self, name: &str, data: Value) {
        assert_eq!(self.next().await, Some((name.to_owned(), data)));
    }
}

/// The version of the sessions that the devices page is rendered with.
async fn rendered(device: &mut SignedIn) -> Option<String> {
    let page = device.browser.get("/devices").await.expect(200).text;
    let (_, rest) = page.split_once("'version':'")?;
    Some(rest.split_once('\'').expect("its end").0.to_owned())
}

on_both_databases! {
    async fn a_page_that_shows_the_list_as_it_is_hears_so_and_of_each_change_since(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        app.signed_in("ada").await;
        let version = rendered(&mut here).await.expect("a version");
        here.try_refresh().await.expect(200);
        let mut page = Page::showing(&here, &version).await;
        page.hears("unchanged", json!({})).await;
        let sid = here.sid().await;
        here.post("/auth/sessions/rename", json!({"sid": sid, "name": "Desk"})).await.expect(204);
        page.hears("session-renamed", json!({"sid": sid, "name": "Desk"})).await;
        // The list in its new version, heard by a page that was rendered with it and by one that was rendered before.
        let renamed = rendered(&mut here).await.expect("a version");
        assert_ne!(renamed, version);
        Page::showing(&here, &renamed).await.hears("unchanged", json!({})).await;
        let mut late = Page::showing(&here, &version).await;
        let there = app.signed_in("ada").await.sid().await;
        late.hears("session-created", json!({"sid": there})).await;
    }

    async fn whatever_changes_between_the_page_and_its_stream_is_not_hidden(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        let sid = there.sid().await;
        for change in ["sign-in", "rename", "sign-out"] {
            let version = rendered(&mut here).await.expect("a version");
            match change {
                "sign-in" => drop(app.signed_in("ada").await),
                "rename" => {
                    let name = json!({"sid": sid, "name": "Desk"});
                    drop(there.post("/auth/sessions/rename", name).await.expect(204));
                }
                _ => drop(there.post("/auth/logout", json!({})).await.expect(204)),
            }
            let mut page = Page::showing(&here, &version).await;
            let next = app.signed_in("ada").await.sid().await;
            page.hears("session-created", json!({"sid": next})).await;
        }
    }

    async fn a_page_hears_of_devices_that_come_go_and_are_renamed(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        app.signed_up("eve").await;
        let mut page = Page::of(&here).await;
        let there = app.signed_in("ada").await;
        let sid = there.sid().await;
        page.hears("session-created", json!({ "sid": sid })).await;
        here.post("/auth/sessions/rename", json!({"sid": sid, "name": "Desk"})).await.expect(204);
        page.hears("session-renamed", json!({ "sid": sid, "name": "Desk" })).await;
        here.post("/auth/sessions/revoke", json!({ "sid": sid })).await.expect(204);
        page.hears("session-revoked", json!({ "sid": sid })).await;
    }

    async fn the_page_of_an_ended_device_hears_why_and_nothing_more(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let ended = Page::of(&app.signed_in("ada").await).await;
        let mut left = app.signed_in("ada").await;
        let leaving = Page::of(&left).await;
        left.post("/auth/logout", json!({})).await.expect(204);
        here.post("/auth/logout-all", json!({"keepCurrent": true})).await.expect(204);
        for (mut page, reason) in [(ended, "ended_by_user"), (leaving, "signed_out")] {
            loop {
                let (name, data) = page.next().await.expect("the end");
                if name == "signed-out" {
                    assert_eq!(data["reason"], reason);
                    break;
                }
            }
            assert_eq!(page.next().await, None);
        }
    }

    async fn a_changed_password_and_a_reuse_are_heard_of(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut thief = app.signed_in("ada").await;
        let mut page = Page::of(&thief).await;
        let mut owner = thief.clone();
        owner.try_refresh().await.expect(200);
        owner.try_refresh().await.expect(200);
        thief.try_refresh().await.expect(401);
        page.hears("signed-out", json!({"reason": "reused"})).await;
        let mut page = Page::of(&app.signed_in("ada").await).await;
        let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
        here.post("/auth/password", change).await.expect(204);
        page.hears("signed-out", json!({"reason": "password_changed"})).await;
    }

    async fn a_renewal_is_not_told(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        let mut page = Page::of(&here).await;
        there.try_refresh().await.expect(200);
        app.services().flush().await.unwrap();
        here.post("/auth/sessions/rename", json!({"sid": here.sid().await, "name": "Desk"})).await.expect(204);
        page.hears("session-renamed", json!({"sid": here.sid().await, "name": "Desk"})).await;
    }
}

/// A renewal by another address or browser changes the row of the page's own device, which is not announced.
#[tokio::test]
async fn a_page_whose_own_row_is_going_to_change_asks_for_the_list() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    assert!(rendered(&mut here).await.is_some());
    here.browser.user_agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0".into();
    assert_eq!(rendered(&mut here).await, None);
    here.try_refresh().await.expect(200);
    assert!(rendered(&mut here).await.is_some());
}

#[tokio::test]
async fn on_one_postgres_an_end_at_another_server_is_heard_of() {
    let app = TestApp::on(Backend::Postgres).start().await;
    let twin = app.twin().await;
    let mut here = app.signed_up("ada").await;
    let mut there = app.signed_in("ada").await;
    there.browser.goes_to(&twin);
    let mut page = Page::of(&there).await;
    here.post("/auth/logout-all", json!({"keepCurrent": true})).await.expect(204);
    page.hears("signed-out", json!({"reason": "ended_by_user"})).await;
}

#[tokio::test]
async fn only_who_is_signed_in_may_listen_and_not_without_end() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/api/live").await.expect(401).code(), "invalid_token");
    let here = app.signed_up("ada").await;
    let mut pages = Vec::new();
    let refused = loop {
        let stream = here.listen().await;
        match stream.status().as_u16() {
            200 => pages.push(stream),
            status => break status,
        }
        assert!(pages.len() < 200);
    };
    assert_eq!(refused, 429);
}

/// The times are real: who listens on shows a new token.
#[tokio::test]
async fn listening_ends_with_the_access_token_that_was_shown() {
    let short = |settings: &mut latchkey::server::config::Settings| {
        settings.tokens.access_ttl = Duration::from_secs(2);
        settings.tokens.access_jitter = 0.0;
    };
    let app = TestApp::on(Backend::Sqlite).with(short).start().await;
    let here = app.signed_up("ada").await;
    let mut page = Page::of(&here).await;
    assert_eq!(page.next().await, None);
    assert!(here.is_in().await, "the session goes on");
}

#[tokio::test]
async fn a_server_that_stops_lets_nobody_wait() {
    let mut app = TestApp::start().await;
    let here = app.signed_up("ada").await;
    let mut page = Page::of(&here).await;
    app.restart().await;
    assert_eq!(page.next().await, None);
}
