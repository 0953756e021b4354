//! `latchkey user`.

use super::*;
use latchkey::domain::credentials::Username;
use latchkey::domain::id::UserId;
use latchkey::server::ports::User;
use serde_json::json;

async fn activity(device: &SignedIn) -> Vec<Value> {
    device.get("/api/activity").await.expect(200).json()["events"].as_array().unwrap().clone()
}

/// Adds a user who never signs in.
async fn add(app: &TestApp, id: &str, name: &str) {
    let user = User {
        id: UserId::new(id),
        username: Username::new(name).unwrap(),
        password_hash: "none".into(),
        created_at: app.now(),
        password_changed_at: app.now(),
        disabled_at: None,
    };
    assert!(app.services().store().add_user(&user, None).await.unwrap());
}

on_both_databases! {
    async fn a_user_is_shown_by_name_as_typed_and_by_id(app: TestAppBuilder) {
        let app = started(app).await;
        let ada = app.signed_up("ada").await;
        app.signed_in("ada").await;
        let id = user_id(&ada).await;
        for user in ["ada", " ADA ", &id] {
            let shown = latchkey(&app, &["user", "show", user]).expect(0).stdout;
            let lines: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            for line in [&format!("id {id}"), "name ada", "state enabled", "live sessions 2"] {
                assert!(lines.iter().any(|shown| shown == line), "{line}: {shown}");
            }
            let shown = latchkey(&app, &["user", "show", user, "--json"]).expect(0).json();
            assert_eq!(shown.len(), 1);
            assert_eq!((&shown[0]["id"], &shown[0]["username"]), (&json!(id), &json!("ada")));
            assert_eq!((&shown[0]["sessions"], &shown[0]["disabledAt"]), (&json!(2), &json!(null)));
            assert_eq!(shown[0]["lastSeenAt"], json!(app.now().as_millis()));
        }
    }

    async fn all_users_are_listed_however_many(app: TestAppBuilder) {
        let app = started(app).await;
        for number in 0..501 {
            add(&app, &format!("id-{number}"), &format!("user{number:04}")).await;
        }
        latchkey(&app, &["user", "disable", "user0007"]).expect(0);
        let listed = latchkey(&app, &["user", "list"]).expect(0);
        let names: Vec<&str> = listed.fields().iter().map(|fields| fields[1]).collect();
        let expected: Vec<String> = (0..501).map(|number| format!("user{number:04}")).collect();
        assert_eq!(names, expected);
        assert_eq!(listed.fields()[7], ["id-7", "user0007", "disabled"]);
        let listed = latchkey(&app, &["user", "list", "--json"]).expect(0).json();
        assert_eq!(listed.len(), 501);
        let disabled: Vec<usize> = (0..501).filter(|number| !listed[*number]["disabledAt"].is_null()).collect();
        assert_eq!(disabled, [7]);
    }

    async fn a_disabled_user_is_out_until_enabled(app: TestAppBuilder) {
        let app = started(app).await;
        let (mut ada, eve) = (app.signed_up("ada").await, app.signed_up("eve").await);
        assert!(ada.is_in().await);
        let said = latchkey(&app, &["user", "disable", "Ada"]).expect(0).stdout;
        assert!(said.starts_with("Disabled ada (") && said.contains("1 session ended"), "{said}");
        refuses(&mut ada).await;
        app.browser().try_sign_in("ada", PASSWORD).await.expect(401);
        assert!(latchkey(&app, &["user", "show", "ada"]).expect(0).stdout.contains("disabled since 20"));
        latchkey(&app, &["user", "disable", "ada"]).expect(0);
        latchkey(&app, &["user", "enable", "ada"]).expect(0);
        let ada = app.signed_in("ada").await;
        let ended = activity(&ada).await.into_iter().find(|event| event["kind"] == "session_ended").unwrap();
        assert_eq!((&ended["detail"], &ended["ip"], &ended["userAgent"]), (&json!("operator"), &json!(null), &json!("")));
        assert!(eve.is_in().await);
    }

    async fn a_new_password_lets_its_user_in_and_nobody_with_the_old_one(app: TestAppBuilder) {
        let app = started(app).await;
        let mut ada = app.signed_up("ada").await;
        let browser = ada.browser.clone();
        assert!(ada.is_in().await);
        let short = latchkey_reads(&app, &["user", "set-password", "ada"], "short\n");
        short.expect_error(1, "at least 15 characters");
        assert!(ada.is_in().await);
        let id = user_id(&ada).await;
        let said = latchkey_reads(&app, &["user", "set-password", &id], &format!("{NEW_PASSWORD}\n")).expect(0).stdout;
        assert!(said.contains("1 session ended") && !said.contains(NEW_PASSWORD), "{said}");
        refuses(&mut ada).await;
        app.browser().try_sign_in("ada", PASSWORD).await.expect(401);
        let reply = browser.clone().try_sign_in("ada", NEW_PASSWORD).await.expect(200);
        let ada = SignedIn::new(browser, &reply);
        let told: Vec<(Value, Value, Value)> = activity(&ada).await.into_iter()
            .filter(|event| event["kind"] == "password_changed" || event["kind"] == "session_ended")
            .map(|event| (event["kind"].clone(), event["detail"].clone(), event["ip"].clone()))
            .collect();
        let told_of = |kind: &str, detail: &str| (json!(kind), json!(detail), json!(null));
        assert_eq!(told, [told_of("session_ended", "password_changed"), told_of("password_changed", "operator")]);
        let known = app.services().store().known_browsers(&UserId::new(id)).await.unwrap();
        assert_eq!(known.len(), 1, "only the one that signed in since");
    }

    async fn a_new_password_ends_the_wait_after_wrong_ones(app: TestAppBuilder) {
        let app = started(app.with(|settings| settings.limits.login_per_account = 1)).await;
        app.signed_up("ada").await;
        for wait in [0, 1, 2, 4, 8] {
            app.advance(Duration::from_secs(wait));
            app.browser().try_sign_in("ada", "not the password at all").await.expect(401);
        }
        app.browser().try_sign_in("ada", PASSWORD).await.expect(429);
        latchkey_reads(&app, &["user", "set-password", "ada"], &format!("{NEW_PASSWORD}\n")).expect(0);
        // The server reads again what it has refused for.
        app.advance(Duration::from_secs(5));
        app.browser().try_sign_in("ada", NEW_PASSWORD).await.expect(200);
    }

    async fn a_deleted_user_is_gone_with_everything(app: TestAppBuilder) {
        let app = started(app).await;
        let mut ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        latchkey(&app, &["user", "delete", "ada"]).expect_error(2, "--yes");
        assert!(ada.is_in().await);
        latchkey(&app, &["user", "delete", "ada", "--yes"]).expect(0);
        refuses(&mut ada).await;
        app.browser().try_sign_in("ada", PASSWORD).await.expect(401);
        for user in ["ada", &id] {
            latchkey(&app, &["user", "show", user]).expect_error(1, "there is no user");
        }
        assert!(latchkey(&app, &["user", "list"]).expect(0).stdout.is_empty());
        let again = app.signed_up("ada").await;
        assert_ne!(user_id(&again).await, id);
        assert_eq!(activity(&again).await.len(), 2, "signed up, signed in");
    }

    async fn a_renamed_user_stays_signed_in_and_signs_in_by_the_new_name(app: TestAppBuilder) {
        let app = started(app).await;
        let mut ada = app.signed_up("ada").await;
        app.signed_up("eve").await;
        assert!(ada.is_in().await);
        latchkey(&app, &["user", "rename", "ada", "EVE"]).expect_error(1, "taken");
        latchkey(&app, &["user", "rename", "ada", "a b"]).expect_error(1, "A username is made of");
        let said = latchkey(&app, &["user", "rename", "ada", "Ada.Lovelace"]).expect(0).stdout;
        assert!(said.ends_with("to ada.lovelace.\n"), "{said}");
        let renamed = async {
            while ada.get("/api/me").await.expect(200).json()["username"] != "ada.lovelace" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(TOO_LONG, renamed).await.expect("the server hears of it");
        ada.try_refresh().await.expect(200);
        app.browser().try_sign_in("ada", PASSWORD).await.expect(401);
        app.signed_in("Ada.Lovelace").await;
        app.signed_up("ada").await;
    }

    /// Nobody is meant by mistake.
    async fn an_id_that_is_somebody_elses_name_is_refused(app: TestAppBuilder) {
        let app = started(app).await;
        let ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        add(&app, "the-other", &id).await;
        latchkey(&app, &["user", "delete", &id, "--yes"]).expect_error(1, "the id of another one");
        latchkey(&app, &["user", "delete", "the-other", "--yes"]).expect(0);
        assert!(latchkey(&app, &["user", "show", &id]).expect(0).stdout.contains("ada"));
    }
}
