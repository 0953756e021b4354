//! The devices: listing, ending, renaming, and when the password is asked for again.

use super::support::{Backend, DEVICE, PASSWORD, TestApp, TestAppBuilder, on_both_databases};
use serde_json::json;
use std::time::Duration;

on_both_databases! {
    async fn one_device_ends_another_at_once(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        let third = app.signed_in("ada").await;
        assert!(there.is_in().await, "its liveness is remembered by now");
        let sid = there.sid().await;
        here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
        assert!(!there.is_in().await);
        assert_eq!(there.try_refresh().await.expect(401).code(), "session_revoked");
        assert!(third.is_in().await && here.is_in().await);
        assert_eq!(here.devices().await.len(), 2);
        let again = here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(404);
        assert_eq!(again.code(), "not_found");
    }

    async fn all_others_end_and_this_one_stays(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let there = app.signed_in("ada").await;
        let stranger = app.signed_up("eve").await;
        assert!(there.is_in().await, "its liveness is remembered by now");
        here.post("/auth/logout-all", json!({"keepCurrent": true})).await.expect(204);
        assert!(here.is_in().await && stranger.is_in().await);
        assert!(!there.is_in().await);
    }

    async fn a_foreign_and_an_unknown_session_look_alike(app: TestAppBuilder) {
        let app = app.start().await;
        let mut ada = app.signed_up("ada").await;
        let eve = app.signed_up("eve").await;
        for path in ["/auth/sessions/revoke", "/auth/sessions/rename"] {
            let mut replies = Vec::new();
            for sid in [eve.sid().await, "nothing".to_owned(), "no\0thing".to_owned(), "x".repeat(5000), String::new()] {
                let reply = ada.post(path, json!({"sid": sid, "name": "mine"})).await.expect(404);
                replies.push(reply.text);
            }
            assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
        }
        assert!(eve.is_in().await);
    }

    async fn changing_the_password_ends_all_others(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let there = app.signed_in("ada").await;
        let new = "an entirely new password";
        let wrong = json!({"currentPassword": "not the right password", "newPassword": new});
        assert_eq!(here.post("/auth/password", wrong).await.expect(401).code(), "invalid_credentials");
        assert!(there.is_in().await);
        here.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": new})).await.expect(204);
        assert!(here.is_in().await);
        assert!(!there.is_in().await);
        app.browser().try_sign_in("ada", PASSWORD).await.expect(401);
        app.browser().try_sign_in("ada", new).await.expect(200);
    }
}

#[tokio::test]
async fn the_list_has_the_current_device_first_and_then_the_last_seen() {
    let app = TestApp::start().await;
    let oldest = app.signed_up("ada").await;
    app.advance(Duration::from_secs(60));
    let here = app.signed_in("ada").await;
    app.advance(Duration::from_secs(60));
    let newest = app.signed_in("ada").await;
    app.advance(Duration::from_secs(60));
    oldest.get("/api/me").await.expect(200);
    let list = here.devices().await;
    let sids: Vec<&str> = list.iter().map(|row| row["sid"].as_str().unwrap()).collect();
    assert_eq!(sids, [here.sid().await, oldest.sid().await, newest.sid().await]);
    assert_eq!(list[0]["current"], true);
    assert_eq!(list[1]["current"], false);
    assert_eq!(
        (&list[0]["browser"], &list[0]["os"], &list[0]["kind"]),
        (&json!("Firefox"), &json!("Linux"), &json!("desktop"))
    );
    assert_eq!(list[0]["ip"], "127.0.0.1");
    assert_eq!(list[1]["lastSeenAt"], app.now().as_millis());
}

#[tokio::test]
async fn a_device_gets_a_name_of_its_own() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let sid = here.sid().await;
    here.post("/auth/sessions/rename", json!({"sid": sid, "name": "  Küche <b>  "})).await.expect(204);
    assert_eq!(here.devices().await[0]["name"], "Küche <b>");
    for bad in ["", "   ", &"x".repeat(65), "line\nbreak"] {
        let reply = here.post("/auth/sessions/rename", json!({"sid": sid, "name": bad})).await.expect(422);
        assert_eq!(reply.json()["errors"][0]["field"], "name");
    }
}

#[tokio::test]
async fn ending_others_asks_for_the_password_again_after_a_while_and_signing_out_never_does() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let there = app.signed_in("ada").await;
    let sid = there.sid().await;
    app.advance(Duration::from_secs(600));
    here.try_refresh().await.expect(200);
    for (path, body) in [
        ("/auth/sessions/revoke", json!({"sid": sid})),
        ("/auth/logout-all", json!({"keepCurrent": true})),
        ("/auth/logout-all", json!({})),
    ] {
        assert_eq!(here.post(path, body).await.expect(403).code(), "reauthentication_required");
    }
    let wrong = here.post("/auth/reauthenticate", json!({"password": "not the right password"})).await;
    assert_eq!(wrong.expect(401).code(), "invalid_credentials");
    here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(204);
    here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204);
    app.advance(Duration::from_secs(600));
    here.try_refresh().await.expect(200);
    here.post("/auth/logout", json!({})).await.expect(204);
}

#[tokio::test]
async fn signing_out_works_with_an_expired_access_token_and_again_and_with_nothing() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    app.advance(Duration::from_secs(3600));
    let token = device.refresh_token().to_owned();
    let reply = device.post("/auth/logout", json!({})).await.expect(204);
    assert_eq!(reply.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(reply.set_cookies().len(), 2);
    assert_eq!(device.browser.cookies.keys().collect::<Vec<_>>(), [DEVICE]);
    device.set_refresh_token(&token);
    device.post("/auth/logout", json!({})).await.expect(204);
    app.browser().post("/auth/logout", json!({})).await.expect(204);
    device.set_refresh_token(&token);
    device.try_refresh().await.expect(401);
}

#[tokio::test]
async fn the_number_of_sessions_is_bounded_and_the_longest_unused_gives_way() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.sessions.max_per_user = 2).start().await;
    let first = app.signed_up("ada").await;
    app.advance(Duration::from_secs(1));
    let second = app.signed_in("ada").await;
    app.advance(Duration::from_secs(1));
    let third = app.signed_in("ada").await;
    assert!(!first.is_in().await);
    assert!(second.is_in().await && third.is_in().await);
}

#[tokio::test]
async fn a_device_that_renews_outlasts_a_program_that_signs_in_again_and_again() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.sessions.max_per_user = 10).start().await;
    let mut phone = app.signed_up("ada").await;
    phone.try_refresh().await.expect(200);
    let mut script = app.browser();
    script.user_agent = "curl/8.5.0".into();
    for _ in 0..30 {
        app.advance(Duration::from_secs(1));
        script.clone().sign_in("ada").await;
    }
    assert!(phone.is_in().await);
    assert_eq!(phone.devices().await.len(), 10);
    phone.try_refresh().await.expect(200);
}

#[tokio::test]
async fn a_disabled_or_deleted_user_gets_no_token_by_any_way() {
    let app = TestApp::start().await;
    let store = app.services().store();
    for delete in [false, true] {
        let name = if delete { "ada" } else { "bob" };
        let mut device = app.signed_up(name).await;
        let fresh = app.signed_in(name).await;
        let id = latchkey::domain::id::UserId::new(device.get("/api/me").await.json()["sub"].as_str().unwrap());
        let services = app.services();
        let ended = if delete { services.delete_user(&id).await } else { services.disable_user(&id).await };
        assert_eq!(ended.unwrap().len(), 2);
        assert!(!device.is_in().await && !fresh.is_in().await);
        device.try_refresh().await.expect(401);
        assert_eq!(app.browser().try_sign_in(name, PASSWORD).await.expect(401).code(), "invalid_credentials");
        assert_eq!(store.user(&id).await.unwrap().is_none(), delete);
    }
}
