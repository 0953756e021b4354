//! The user's own security events, as the user reads them.

use super::support::{Backend, FIREFOX, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use serde_json::{Value, json};
use std::time::Duration;

async fn kinds(device: &SignedIn) -> Vec<(String, Option<String>)> {
    let events = device.get("/api/activity").await.expect(200).json()["events"].clone();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    events.as_array().unwrap().iter().map(|event| (text(&event["kind"]).unwrap(), text(&event["detail"]))).collect()
}

on_both_databases! {
    async fn what_happened_is_told_newest_first(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let there = app.signed_in("ada").await;
        app.signed_up("eve").await;
        let mut thief = there.clone();
        let mut owner = there.clone();
        owner.try_refresh().await.expect(200);
        owner.try_refresh().await.expect(200);
        thief.try_refresh().await.expect(401);
        let sid = here.sid().await;
        here.post("/auth/sessions/rename", json!({"sid": sid, "name": "Desk"})).await.expect(204);
        let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
        here.post("/auth/password", change).await.expect(204);
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            ("password_changed", None),
            ("session_renamed", None),
            ("reused", some("older")),
            ("signed_in", None),
            ("signed_in", None),
            ("signed_up", None),
        ];
        assert_eq!(kinds(&here).await, expected.map(|(kind, detail)| (kind.to_owned(), detail)));
    }

    async fn only_what_is_asked_for_is_shown(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let sid = here.sid().await;
        here.post("/auth/sessions/rename", json!({"sid": sid, "name": "Desk"})).await.expect(204);
        let count = async |query: &str| {
            let reply = here.get(&format!("/api/activity{query}")).await.expect(200);
            reply.json()["events"].as_array().map(Vec::len)
        };
        assert_eq!(count("").await, Some(3));
        assert_eq!(count("?show=sign_ins").await, Some(2));
        assert_eq!(count("?show=warnings").await, Some(0));
        here.get("/api/activity?show=nonsense").await.expect(422);
    }

    async fn a_reuse_tells_what_is_known_of_both_sides(app: TestAppBuilder) {
        let app = app.start().await;
        let here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        let mut thief = there.clone();
        app.advance(Duration::from_secs(60));
        there.try_refresh().await.expect(200);
        let exchanged = app.now();
        assert!(there.is_in().await);
        app.advance(Duration::from_secs(60));
        thief.browser.user_agent = "curl/8.0".into();
        thief.try_refresh().await.expect(401);
        let event = here.get("/api/activity").await.expect(200).json()["events"][0].clone();
        assert_eq!((&event["kind"], &event["detail"]), (&json!("reused"), &json!("predecessor")));
        assert_eq!((&event["at"], &event["ip"], &event["userAgent"]), (
            &json!(app.now().as_millis()),
            &json!("127.0.0.1"),
            &json!("curl/8.0"),
        ));
        let other = json!({"at": exchanged.as_millis(), "ip": "127.0.0.1", "userAgent": FIREFOX});
        assert_eq!(event["other"], other);
    }

    async fn a_fork_and_who_ended_a_session_are_told(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        there.clone().try_refresh().await.expect(200);
        app.advance(Duration::from_secs(10));
        there.try_refresh().await.expect(200);
        let sid = there.sid().await;
        here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
        let told = kinds(&here).await;
        assert_eq!(told[0], ("session_ended".to_owned(), Some("ended_by_user".to_owned())));
        assert_eq!(told[1].0, "forked");
    }

    async fn a_renamed_device_is_told_by_both_names_and_by_whom(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let there = app.signed_in("ada").await;
        let (mine, theirs) = (here.sid().await, there.sid().await);
        for name in ["Kitchen", "Attic"] {
            here.post("/auth/sessions/rename", json!({"sid": theirs, "name": name})).await.expect(204);
        }
        here.post("/auth/sessions/revoke", json!({"sid": theirs})).await.expect(204);
        let events = here.get("/api/activity").await.expect(200).json()["events"].clone();
        let told = |place: usize| (events[place]["names"].clone(), events[place]["by"].clone());
        assert_eq!(told(0), (json!(null), json!(mine)));
        assert_eq!(told(1), (json!({"before": "Kitchen", "after": "Attic"}), json!(mine)));
        assert_eq!(told(2), (json!({"before": null, "after": "Kitchen"}), json!(mine)));
        let page = here.browser.get("/activity").await.expect(200).text;
        for words in ["Firefox on Linux was renamed to Kitchen", "Kitchen was renamed to Attic", "Attic was signed out"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }

    async fn who_came_and_went_is_told_with_the_session_and_who_caused_it(app: TestAppBuilder) {
        let app = app.with(|settings| settings.sessions.max_per_user = 3).start().await;
        let mut here = app.signed_up("ada").await;
        here.try_refresh().await.expect(200);
        let mut guesser = app.browser();
        guesser.user_agent = "curl/8.0".into();
        guesser.try_sign_in("ada", "not the right password").await.expect(401);
        app.services().recorded().await;
        let mut left = app.signed_in("ada").await;
        let mut expected = vec![("signed_out", Some("signed_out"), left.sid().await, FIREFOX)];
        left.post("/auth/logout", json!({})).await.expect(204);

        let before = app.signed_in("ada").await;
        let replaced = before.sid().await;
        let mut browser = before.browser.clone();
        browser.user_agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5) Safari/605.1.15".into();
        let reply = browser.try_sign_in("ada", PASSWORD).await.expect(200);
        let after = SignedIn::new(browser, &reply);
        expected.push(("session_ended", Some("replaced"), replaced, &after.browser.user_agent));

        app.advance(Duration::from_secs(60));
        here.get("/api/me").await.expect(200);
        app.services().flush().await.unwrap();
        let crowded_out = after.sid().await;
        app.advance(Duration::from_secs(60));
        here.get("/api/me").await.expect(200);
        app.services().flush().await.unwrap();
        let mut third = app.signed_in("ada").await;
        third.try_refresh().await.expect(200);
        app.advance(Duration::from_secs(60));
        here.get("/api/me").await.expect(200);
        app.services().flush().await.unwrap();
        app.signed_in("ada").await;
        expected.push(("session_ended", Some("too_many"), crowded_out, FIREFOX));

        let events = here.get("/api/activity").await.expect(200).json()["events"].clone();
        let events = events.as_array().unwrap();
        for (kind, detail, sid, by) in expected {
            let told = events.iter().filter(|event| event["kind"] == kind && event["sid"] == json!(sid));
            let told: Vec<_> = told.map(|event| (event["detail"].as_str(), event["userAgent"].as_str())).collect();
            assert_eq!(told, [(detail, Some(by))], "{kind} {detail:?}");
        }
        let failed = events.iter().find(|event| event["kind"] == "sign_in_failed").unwrap();
        assert_eq!((&failed["userAgent"], &failed["ip"]), (&json!("curl/8.0"), &json!("127.0.0.1")));
    }
}

#[tokio::test]
async fn a_long_history_comes_in_pages() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let sid = here.sid().await;
    for n in 0..120 {
        here.post("/auth/sessions/rename", json!({"sid": sid, "name": format!("Desk {n}")})).await.expect(204);
    }
    let (mut cursor, mut sizes) = (String::new(), Vec::new());
    loop {
        let page = here.get(&format!("/api/activity{cursor}")).await.expect(200).json();
        sizes.push(page["events"].as_array().unwrap().len());
        match page["next"].as_i64() {
            Some(next) => cursor = format!("?cursor={next}"),
            None => break,
        }
    }
    assert_eq!(sizes, [50, 50, 22]);
    here.get("/api/activity?cursor=soon").await.expect(422);
}
