//! Signing up.

use super::support::{PASSWORD, TestApp};
use latchkey::server::config::Registration;
use serde_json::json;

#[tokio::test]
async fn a_taken_name_is_told_and_nothing_changes() {
    let app = TestApp::start().await;
    let ada = app.signed_up("ada").await;
    let body = json!({"username": "ADA", "password": "another fine password of mine"});
    let reply = app.browser().post("/auth/signup", body).await.expect(409);
    assert_eq!(reply.code(), "username_taken");
    assert!(reply.set_cookies().is_empty());
    assert!(ada.is_in().await);
    app.signed_in("ada").await;
}

#[tokio::test]
async fn what_is_refused_names_its_field_and_the_reason() {
    let app = TestApp::start().await;
    for (username, password, field, code) in [
        ("a", PASSWORD, "username", "too_short"),
        (&"a".repeat(65), PASSWORD, "username", "too_long"),
        ("two words", PASSWORD, "username", "invalid"),
        ("ada", "too short", "password", "too_short"),
        ("ada", "passwordpassword", "password", "too_common"),
        ("ada", "latchkeylatchkey", "password", "too_common"),
        ("ada", "id.example.org.1", "password", "too_common"),
        ("ada", "correct horse battery staple", "password", "too_common"),
        ("ada", "correcthorsebatterystaple", "password", "too_common"),
        ("ada", "latchkey latchkey", "password", "too_common"),
        ("ada", "localhost localhost", "password", "too_common"),
        ("ada", "iloveyou iloveyou", "password", "too_common"),
        ("ada", "a tab is no\tcharacter of it", "password", "invalid"),
        ("ada-lovelace", "ada-lovelace-1815", "password", "contains_username"),
    ] {
        let body = json!({"username": username, "password": password});
        let reply = app.browser().post("/auth/signup", body).await.expect(422);
        assert_eq!(reply.code(), "validation_failed");
        let errors = reply.json()["errors"].clone();
        assert_eq!((&errors[0]["field"], &errors[0]["code"]), (&json!(field), &json!(code)), "{username} {password}");
    }
}

#[tokio::test]
async fn a_password_may_be_made_of_whatever_keyboards_type_today() {
    let app = TestApp::start().await;
    let password = "🤣 🥰 👍🏽 ❤\u{fe0f} 👩\u{200d}🚀 and words";
    let body = json!({"username": "ada", "password": password});
    app.browser().post("/auth/signup", body).await.expect(201);
    app.browser().try_sign_in("ada", password).await.expect(200);
    app.browser().try_sign_in("ada", &password.replace('\u{200d}', "")).await.expect(401);
}

#[tokio::test]
async fn closed_registration_is_closed() {
    let builder = TestApp::on(super::support::Backend::Sqlite);
    let app = builder.with(|settings| settings.accounts.registration = Registration::Closed).start().await;
    let body = json!({"username": "ada", "password": PASSWORD});
    assert_eq!(app.browser().post("/auth/signup", body).await.expect(403).code(), "registration_closed");
    app.services().add_user("ada", PASSWORD, None).await.unwrap();
    app.signed_in("ada").await;
}
