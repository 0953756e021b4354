//! Names that somebody types: of users and of devices.

use super::support::{Backend, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use latchkey::domain::credentials::Username;
use latchkey::server::ports::User;
use serde_json::json;

/// Cherokee, as it is typed, and as earlier versions stored it.
const TYPED: &str = "\u{13a4}\u{13a5}\u{13a6}";
const STORED: &str = "\u{ab74}\u{ab75}\u{ab76}";

/// Gives the user `from` the name that an earlier version stored.
async fn rename(app: &TestApp, from: &str) -> User {
    let store = app.store().await;
    let user = store.user_by_name(&Username::new(from).unwrap()).await.unwrap().unwrap();
    store.delete_user(&user.id).await.unwrap();
    let user = User { username: Username::stored(STORED.into()), ..user };
    assert!(store.add_user(&user, None).await.unwrap());
    user
}

on_both_databases! {
    async fn a_name_that_changes_when_it_is_prepared_again_is_refused_at_sign_up(app: TestAppBuilder) {
        let app = app.start().await;
        for name in [TYPED, STORED] {
            let body = json!({"username": name, "password": PASSWORD});
            let reply = app.browser().post("/auth/signup", body).await.expect(422);
            assert_eq!(reply.json()["errors"][0]["code"], "invalid", "{name}");
        }
    }

    async fn whoever_has_such_a_name_already_signs_in_changes_the_password_and_leaves(app: TestAppBuilder) {
        let app = app.start().await;
        app.signed_up("ada").await;
        rename(&app, "ada").await;
        for name in [STORED, &format!("{TYPED} ")] {
            app.browser().try_sign_in(name, PASSWORD).await.expect(200);
        }
        let mut browser = app.browser();
        let reply = browser.try_sign_in(TYPED, PASSWORD).await.expect(200);
        let mut here = SignedIn::new(browser, &reply);
        assert_eq!(here.get("/api/me").await.expect(200).json()["username"], STORED);
        here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(204);
        let new = "an entirely new password";
        here.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": new})).await.expect(204);
        app.browser().try_sign_in(TYPED, PASSWORD).await.expect(401);
        app.browser().try_sign_in(TYPED, new).await.expect(200);
        here.post("/auth/account/delete", json!({"password": new})).await.expect(204);
        app.browser().try_sign_in(TYPED, new).await.expect(401);
    }

    async fn white_space_around_a_name_is_none_of_it_by_json_and_by_a_form(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up(" ada\u{a0}").await;
        assert_eq!(ada.get("/api/me").await.expect(200).json()["username"], "ada");
        for name in ["ada ", "ada\u{a0}", "\tAda\n"] {
            app.browser().try_sign_in(name, PASSWORD).await.expect(200);
            let fields = [("username", name), ("password", PASSWORD)];
            let reply = app.browser().submit("/auth/login", &fields).await.expect(303);
            assert_eq!(reply.header("location"), Some("/devices"), "{name:?}");
        }
        // A password is taken as it is typed.
        app.browser().try_sign_in("ada", &format!("{PASSWORD} ")).await.expect(401);
        let taken = json!({"username": "ada ", "password": PASSWORD});
        assert_eq!(app.browser().post("/auth/signup", taken).await.expect(409).code(), "username_taken");
    }

    async fn a_device_is_not_named_by_what_nobody_can_see(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let sid = here.sid().await;
        for name in ["\u{200b}", "\u{2060}", "\u{2800}\u{2800}", "\u{3164}", "\u{ad}", &"\u{301}".repeat(64), "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}"] {
            let reply = here.post("/auth/sessions/rename", json!({"sid": sid, "name": name})).await.expect(422);
            assert_eq!(reply.json()["errors"][0]["field"], "name", "{name:?}");
        }
        assert_eq!(here.devices().await[0]["name"], json!(null));
        here.post("/auth/sessions/rename", json!({"sid": sid, "name": "👩🏽\u{200d}🚀 Cafe\u{301}"})).await.expect(204);
        assert_eq!(here.devices().await[0]["name"], "👩🏽\u{200d}🚀 Cafe\u{301}");
    }

    async fn a_device_that_was_named_so_before_is_called_by_what_is_known_of_it(app: TestAppBuilder) {
        let app = app.start().await;
        let here = app.signed_up("ada").await;
        let me = here.get("/api/me").await.expect(200).json();
        let (sub, sid) = (me["sub"].as_str().unwrap(), me["sid"].as_str().unwrap());
        let named = latchkey::domain::activity::Event {
            user_id: latchkey::domain::id::UserId::new(sub),
            kind: latchkey::domain::activity::Kind::SessionRenamed,
            at: app.now(),
            sid: None,
            ip: None,
            user_agent: String::new(),
            device: latchkey::domain::device::Device::default(),
            detail: None,
            other: None,
            by: None,
            names: None,
        };
        let sid = latchkey::domain::id::SessionId::new(sid);
        assert!(app.services().store().rename_session(&named.user_id, &sid, "\u{200b}", &named).await.unwrap());
        assert_eq!(here.devices().await[0]["name"], json!(null));
    }
}
