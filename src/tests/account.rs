//! One's own account: what is known of it, all that is kept, and its end.

use super::support::{Backend, FIREFOX, PASSWORD, TestApp, TestAppBuilder, on_both_databases};
use latchkey::domain::activity::{Event, Kind};
use latchkey::domain::device::Device;
use latchkey::domain::id::SessionId;
use latchkey::domain::session::Session;
use latchkey::server::ports::{Changes, StartSession};
use latchkey::server::token::digest;
use serde_json::{Value, json};
use std::time::Duration;

on_both_databases! {
    async fn the_account_tells_when_the_password_was_changed(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let account = here.get("/api/account").await.expect(200).json();
        assert_eq!(account["username"], "ada");
        assert_eq!(account["passwordChangedAt"], account["createdAt"]);
        app.advance(Duration::from_secs(60));
        let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
        here.post("/auth/password", change).await.expect(204);
        let changed = here.get("/api/account").await.expect(200).json();
        assert_eq!(changed["passwordChangedAt"].as_i64(), account["createdAt"].as_i64().map(|at| at + 60_000));
    }

    async fn an_export_holds_all_that_is_kept_and_nothing_of_others_or_secret(app: TestAppBuilder) {
        let app = app.start().await;
        let here = app.signed_up("ada").await;
        let mut over = app.signed_in("ada").await;
        let (sid, secret) = (over.sid().await, over.refresh_token().to_owned());
        over.post("/auth/logout", json!({})).await.expect(204);
        app.signed_up("eve").await;
        for _ in 0..60 {
            app.browser().try_sign_in("ada", "not the right password").await.expect(401);
        }
        app.services().recorded().await;
        let export = here.get("/api/export").await.expect(200).json();
        assert_eq!(export["account"]["username"], "ada");
        let sessions = export["sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), 2, "one of them is over");
        let over = sessions.iter().find(|session| session["sid"] == json!(sid)).unwrap();
        assert_eq!((&over["endedAt"], &over["endedBecause"]), (&json!(app.now().as_millis()), &json!("signed_out")));
        assert_eq!((&over["ip"], &over["userAgent"], &over["clientId"]), (&json!("127.0.0.1"), &json!(FIREFOX), &json!("web")));
        let kinds = |kind: &str| export["activity"].as_array().unwrap().iter().filter(|e| e["kind"] == kind).count();
        assert_eq!((kinds("signed_up"), kinds("signed_in"), kinds("sign_in_failed")), (1, 2, 60));
        assert_eq!(export["activity"][0]["browser"], "Firefox");
        let text = export.to_string();
        for secret in ["argon2", "eve", "digest", "nonce", PASSWORD, &digest(&secret)] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    async fn an_export_is_written_page_by_page_and_whole(app: TestAppBuilder) {
        let app = app.start().await;
        let here = app.signed_up("ada").await;
        let store = app.store().await;
        let first = store.session(&SessionId::new(here.sid().await)).await.unwrap().unwrap();
        let password_changed_at = store.user(&first.user_id).await.unwrap().unwrap().password_changed_at;
        let event = |sid: &SessionId| Event {
            user_id: first.user_id.clone(),
            kind: Kind::SignedIn,
            at: app.now(),
            sid: Some(sid.clone()),
            ip: None,
            user_agent: String::new(),
            device: Device::default(),
            detail: None,
            other: None,
            by: None,
            names: None,
        };
        for n in 0..130 {
            let mut session = Session { id: SessionId::new(format!("session-{n:03}")), ..first.clone() };
            // Several of one time.
            session.lifetime.created_at = first.lifetime.created_at + Duration::from_millis(1 + n / 3);
            let event = event(&session.id);
            let start = StartSession { session: &session, password_changed_at, replaces: None, max: 1_000, event: &event };
            assert!(store.start_session(start).await.unwrap().is_some());
        }
        let events = vec![event(&first.id); 600];
        store.decide(vec![], Box::new(|_| Changes { changes: vec![], events })).await.unwrap();
        let reply = here.get("/api/export").await.expect(200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("content-length"), None, "nobody has all of it at once");
        let export = reply.json();
        let distinct = |list: &str, key: &str| {
            let list = export[list].as_array().unwrap();
            let mut keys: Vec<String> = list.iter().map(|item| item[key].to_string()).collect();
            keys.sort();
            keys.dedup();
            (list.len(), keys.len())
        };
        assert_eq!(distinct("sessions", "sid"), (131, 131));
        assert_eq!(distinct("activity", "sid"), (732, 132));
        let created: Vec<_> = export["sessions"].as_array().unwrap().iter().map(|s| s["createdAt"].as_i64()).collect();
        assert!(created.is_sorted_by(|a, b| a >= b), "newest first");
        assert_eq!((export["sessions"][0]["endedAt"].clone(), export["account"]["username"].clone()), (json!(null), json!("ada")));
    }

    async fn a_deleted_account_leaves_nothing_alive_and_its_name_free(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        let eve = app.signed_up("eve").await;
        let wrong = here.post("/auth/account/delete", json!({"password": "not the right password"})).await.expect(401);
        assert_eq!(wrong.code(), "invalid_credentials");
        assert!(here.is_in().await);

        let gone = here.post("/auth/account/delete", json!({"password": PASSWORD})).await.expect(204);
        let cleared: Vec<&str> = gone.set_cookies();
        assert!(cleared.iter().any(|cookie| cookie.starts_with("__Host-Http-latchkey-refresh=;")), "{cleared:?}");
        assert!(!here.is_in().await && !there.is_in().await && eve.is_in().await);
        there.try_refresh().await.expect(401);
        app.browser().try_sign_in("ada", PASSWORD).await.expect(401);

        let anew = app.signed_up("ada").await;
        let events = anew.get("/api/activity").await.expect(200).json()["events"].clone();
        assert!(events.as_array().unwrap().iter().all(|event: &Value| event["kind"] != "sign_in_failed"), "{events}");
    }

    async fn browsers_find_where_passwords_are_changed(app: TestAppBuilder) {
        let app = app.start().await;
        let answer = app.browser().get("/.well-known/change-password").await.expect(303);
        assert_eq!(answer.header("location"), Some("/account"));
    }
}
