//! `latchkey user link`.

use super::*;
use serde_json::json;

/// The token of a printed link.
fn token<'a>(url: &'a str, begin: &str) -> &'a str {
    let token = url.trim_end().strip_prefix(begin).unwrap_or_else(|| panic!("{url}"));
    assert_eq!(token.len(), 43, "{url}");
    token
}

on_both_databases! {
    async fn a_link_of_the_operator_s_changes_a_password_beside_a_running_server(app: TestAppBuilder) {
        let app = started(app).await;
        let mut ada = app.signed_up("ada").await;
        assert!(ada.is_in().await);
        let printed = latchkey(&app, &["user", "link", "Ada"]).expect(0);
        assert_eq!(printed.stderr, "");
        let token = token(&printed.stdout, "http://localhost:3000/reset/");
        let body = json!({"token": token, "newPassword": NEW_PASSWORD});
        app.browser().post("/auth/password/reset", body).await.expect(204);
        refuses(&mut ada).await;
        app.browser().try_sign_in("ada", NEW_PASSWORD).await.expect(200);
    }

    async fn an_invitation_makes_the_account_of_its_name(app: TestAppBuilder) {
        let app = started(app.with(|settings| settings.server.public_url = "https://id.example.org".into())).await;
        let printed = latchkey(&app, &["user", "link", "Bob", "--purpose", "invite"]).expect(0);
        latchkey(&app, &["user", "show", "bob"]).expect_error(1, "there is no user");
        let body = json!({"token": token(&printed.stdout, "http://localhost:3000/invite/"), "newPassword": PASSWORD});
        app.browser().post("/auth/invite", body).await.expect(204);
        app.signed_in("bob").await;
        latchkey(&app, &["user", "link", "bob", "--purpose", "invite"]).expect_error(1, "taken");
        latchkey(&app, &["user", "link", "a b", "--purpose", "invite"]).expect_error(1, "A username is made of");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_shown_as_json_and_lives_as_long_as_was_asked_for() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    let ada = app.signed_up("ada").await;
    let (hour, day) = (3_600_000, 86_400_000);
    for (user, more, purpose, life) in [
        ("ada", &[][..], "reset", hour),
        (&user_id(&ada).await, &["--expires", "30d"], "reset", 30 * day),
        ("bob", &["--purpose", "invite"], "invite", 7 * day),
        ("bob", &["--purpose", "invite", "--expires", "90m"], "invite", hour + hour / 2),
    ] {
        let before = SystemClock.now().as_millis();
        let arguments = [&["user", "link", user, "--json"], more].concat();
        let shown = latchkey(&app, &arguments).expect(0).json();
        assert_eq!(shown.len(), 1);
        let shown = &shown[0];
        assert_eq!(
            (&shown["purpose"], &shown["username"]),
            (&json!(purpose), &json!(if purpose == "reset" { "ada" } else { "bob" }))
        );
        token(shown["url"].as_str().unwrap(), &format!("http://localhost:3000/{purpose}/"));
        let end = shown["expiresAt"].as_i64().unwrap();
        assert!((before + life..=SystemClock.now().as_millis() + life).contains(&end), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_could_do_nothing_is_not_made() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    app.signed_up("ada").await;
    latchkey(&app, &["user", "link", "bob"]).expect_error(1, "there is no user with the name or id bob");
    for life in ["31d", "0s", "500ms"] {
        latchkey(&app, &["user", "link", "ada", "--expires", life]).expect_error(1, "between 1 second and 30 days");
    }
    latchkey(&app, &["user", "link", "ada", "--expires", "soon"]).expect_error(2, "is not a duration");
    latchkey(&app, &["user", "link", "ada", "--purpose", "magic"]).expect_error(2, "magic");
    latchkey(&app, &["user", "disable", "ada"]).expect(0);
    latchkey(&app, &["user", "link", "ada"]).expect_error(1, "is disabled");
    let mut closed = command(&app);
    closed.env("LATCHKEY_ACCOUNTS__REGISTRATION", "closed").args(["user", "link", "bob", "--purpose", "invite"]);
    let output = closed.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.contains("accounts.registration"), "{told}");
}
