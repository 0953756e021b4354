//! The second factor: signing in with an authenticator app, and with a recovery code.

mod account;
mod forms;
mod limits;

use super::support::{
    Authenticator, Backend, DEVICE, PASSWORD, REFRESH, STEP, SignedIn, TestApp, TestAppBuilder, on_both_databases, part,
};
use latchkey::domain::client::{Client, ClientKind};
use latchkey::domain::id::{ClientId, UserId};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

const MINUTE: Duration = Duration::from_secs(60);

/// Ada, signed in, with an authenticator app whose last code is used up and over.
async fn ada(app: &TestApp) -> (SignedIn, Authenticator) {
    let mut ada = app.signed_up("ada").await;
    let authenticator = ada.set_up_totp(app).await;
    app.advance(STEP);
    (ada, authenticator)
}

async fn user_id(device: &SignedIn) -> UserId {
    UserId::new(device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap())
}

/// The kinds of the user's events, newest first.
async fn kinds(app: &TestApp, device: &SignedIn) -> Vec<String> {
    app.services().recorded().await;
    let events = device.get("/api/activity").await.expect(200).json()["events"].as_array().unwrap().clone();
    events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn a_sign_in_takes_the_password_and_then_the_code(app: TestAppBuilder) {
        let app = app.start().await;
        let (_, authenticator) = ada(&app).await;
        let mut browser = app.browser();
        let asked = browser.asked_for_factor("ada").await;
        assert_eq!(asked.json()["methods"], json!(["totp"]));
        assert_eq!(asked.json().get("signIn"), None, "of a browser, the web session has it");
        assert!(!browser.cookies.contains_key(REFRESH) && !browser.cookies.contains_key(DEVICE));
        assert_eq!(browser.answer(&authenticator.wrong(&app)).await.expect(401).code(), "second_factor_invalid");

        let reply = browser.answer(&authenticator.code(&app)).await.expect(200);
        let device = SignedIn::new(browser, &reply);
        assert!(device.is_in().await && device.browser.cookies.contains_key(REFRESH));
        assert_eq!(part(&device.access_token, 1)["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(device.devices().await[0]["authenticatedBy"], "password+totp");
        assert_eq!(kinds(&app, &device).await[..3], ["signed_in", "second_factor_failed", "totp_added"]);
        assert_eq!(device.browser.clone().answer("123456").await.expect(401).code(), "sign_in_expired", "once");
    }

    async fn a_code_is_good_once(app: TestAppBuilder) {
        let app = app.start().await;
        let mut ada = app.signed_up("ada").await;
        let authenticator = ada.set_up_totp(&app).await;
        let mut browser = app.browser();
        browser.asked_for_factor("ada").await;
        let used = authenticator.code(&app);
        browser.answer(&used).await.expect(401);
        app.advance(STEP);
        browser.answer(&used).await.expect(401);
        browser.answer(&authenticator.code(&app)).await.expect(200);
        let mut other = app.browser();
        other.asked_for_factor("ada").await;
        other.answer(&authenticator.code(&app)).await.expect(401);
        other.answer(&authenticator.code_in(&app, 1)).await.expect(200);
    }

    async fn of_fifty_uses_of_one_code_at_once_one_signs_in(app: TestAppBuilder) {
        let app = app.start().await;
        let (mut ada, authenticator) = ada(&app).await;
        let recovery = ada.recovery_codes().await.remove(0);
        for code in [authenticator.code(&app), recovery] {
            let mut attempts = JoinSet::new();
            for _ in 0..50 {
                let mut browser = app.browser();
                browser.asked_for_factor("ada").await;
                let code = code.clone();
                attempts.spawn(async move { browser.answer(&code).await.status.as_u16() });
            }
            let mut statuses = attempts.join_all().await;
            statuses.sort_unstable();
            assert_eq!((statuses[0], &statuses[1..]), (200, &[401; 49][..]));
        }
    }

    async fn a_recovery_code_is_good_once_and_told(app: TestAppBuilder) {
        let app = app.start().await;
        let (mut here, authenticator) = ada(&app).await;
        let codes = here.recovery_codes().await;
        assert_eq!(codes.len(), 10);
        let mut browser = app.browser();
        assert_eq!(browser.asked_for_factor("ada").await.json()["methods"], json!(["totp", "recovery_code"]));
        let typed = codes[0].to_uppercase().replace('-', " ");
        let reply = browser.post("/auth/second-factor", json!({"recoveryCode": typed})).await.expect(200);
        let device = SignedIn::new(browser, &reply);
        assert_eq!(part(&device.access_token, 1)["amr"], json!(["pwd", "mfa"]));
        assert_eq!(device.devices().await[0]["authenticatedBy"], "password+recovery_code");
        assert_eq!(kinds(&app, &device).await[..2], ["signed_in", "recovery_code_used"]);
        assert_eq!(device.get("/api/account").await.json()["secondFactor"]["recoveryCodesLeft"], 9);

        let mut other = app.browser();
        other.asked_for_factor("ada").await;
        other.answer(&codes[0]).await.expect(401);
        for steps in [-1, 0, 1] {
            other.answer(&authenticator.code_in(&app, steps)).await.expect(401);
        }
        // A new set ends the old one.
        let new = here.recovery_codes().await;
        assert_eq!(other.answer(&codes[1]).await.expect(401).code(), "second_factor_invalid");
        let mut third = app.browser();
        third.asked_for_factor("ada").await;
        third.answer(&new[1]).await.expect(200);
    }

    async fn what_waits_is_bound_to_time_tries_password_and_browser(app: TestAppBuilder) {
        let app = app.start().await;
        let (mut here, authenticator) = ada(&app).await;
        assert_eq!(app.browser().answer(&authenticator.code(&app)).await.expect(401).code(), "sign_in_expired");

        let mut late = app.browser();
        late.asked_for_factor("ada").await;
        app.advance(5 * MINUTE);
        assert_eq!(late.answer(&authenticator.code(&app)).await.expect(401).code(), "sign_in_expired");

        let mut guessing = app.browser();
        guessing.asked_for_factor("ada").await;
        for _ in 0..5 {
            assert_eq!(guessing.answer(&authenticator.wrong(&app)).await.code(), "second_factor_invalid");
        }
        assert_eq!(guessing.answer(&authenticator.code(&app)).await.expect(401).code(), "sign_in_expired");

        let mut before = app.browser();
        before.asked_for_factor("ada").await;
        let new = "seven ochre lanterns at dusk";
        here.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": new})).await.expect(204);
        assert_eq!(before.answer(&authenticator.code(&app)).await.expect(401).code(), "sign_in_expired");
        let mut after = app.browser();
        assert_eq!(after.try_sign_in("ada", new).await.code(), "second_factor_required");
        after.answer(&authenticator.code(&app)).await.expect(200);
    }

    async fn a_native_client_goes_on_with_an_opaque_value(app: TestAppBuilder) {
        let phone = Client { id: ClientId::new("phone"), kind: ClientKind::Native };
        let app = app.with(|settings| settings.clients = vec![phone]).start().await;
        let (_, authenticator) = ada(&app).await;
        let sign_in = json!({"username": "ada", "password": PASSWORD, "client": "phone"});
        let asked = app.browser().post("/auth/login", sign_in).await.expect(401);
        assert!(asked.set_cookies().is_empty());
        let value = asked.json()["signIn"].as_str().unwrap().to_owned();
        // What a browser waits with is no value for a body, and the other way round.
        let mut browser = app.browser();
        browser.asked_for_factor("ada").await;
        let answer = |value: &str, code: String| json!({"signIn": value, "code": code});
        app.browser().post("/auth/second-factor", answer("x", authenticator.code(&app))).await.expect(401);
        app.browser().post("/auth/second-factor", answer(&value, authenticator.wrong(&app))).await.expect(401);
        let reply = app.browser().post("/auth/second-factor", answer(&value, authenticator.code(&app))).await.expect(200);
        assert!(reply.set_cookies().is_empty() && reply.json()["refreshToken"].is_string(), "{reply:?}");
        app.advance(STEP);
        let again = app.browser().post("/auth/second-factor", answer(&value, authenticator.code(&app))).await.expect(401);
        assert_eq!(again.code(), "sign_in_expired");
    }
}

#[tokio::test]
async fn nothing_tells_who_has_a_second_factor_before_the_password_was_right() {
    let app = TestApp::start().await;
    ada(&app).await;
    app.signed_up("bob").await;
    let mut answers = Vec::new();
    for name in ["ada", "bob", "nobody"] {
        let reply = app.browser().try_sign_in(name, "not the password at all").await.expect(401);
        assert!(reply.set_cookies().is_empty());
        answers.push(reply.text);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[tokio::test]
async fn an_account_without_a_second_factor_is_told_nothing_new() {
    let app = TestApp::start().await;
    let device = app.signed_up("bob").await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let claims = part(&device.access_token, 1);
    let expected = ["aud", "auth_time", "azp", "client_id", "exp", "iat", "iss", "jti", "scope", "sid", "sub"];
    assert_eq!(keys(&claims), expected);
    let session = &device.devices().await[0];
    assert_eq!(session.get("authenticatedBy"), None);
    assert_eq!(keys(&device.get("/api/account").await.json()), ["createdAt", "passwordChangedAt", "sub", "username"]);
    let export = device.get("/api/export").await.expect(200).json();
    assert_eq!(export["sessions"][0].get("secondFactorAt"), None);
}

#[tokio::test]
async fn a_refresh_keeps_how_the_user_signed_in() {
    let app = TestApp::start().await;
    let (_, authenticator) = ada(&app).await;
    let mut device = app.browser().sign_in_with("ada", &authenticator.code(&app)).await;
    device.try_refresh().await.expect(200);
    assert_eq!(part(&device.access_token, 1)["amr"], json!(["pwd", "otp", "mfa"]));
}

#[tokio::test]
async fn a_disabled_or_deleted_user_gets_no_further() {
    let app = TestApp::start().await;
    let (here, authenticator) = ada(&app).await;
    let id = user_id(&here).await;
    let mut browser = app.browser();
    browser.asked_for_factor("ada").await;
    app.services().disable_user(&id).await.unwrap();
    assert_eq!(browser.answer(&authenticator.code(&app)).await.expect(401).code(), "sign_in_expired");
    app.services().enable_user(&id).await.unwrap();
    browser.answer(&authenticator.code(&app)).await.expect(200);
    let mut other = app.browser();
    app.advance(STEP);
    other.asked_for_factor("ada").await;
    app.services().delete_user(&id).await.unwrap();
    assert_eq!(other.answer(&authenticator.code(&app)).await.expect(401).code(), "sign_in_expired");
}

/// The operator's link is not the account: the sign-in after it asks for the code.
#[tokio::test]
async fn a_new_password_by_a_link_keeps_the_second_factor() {
    let app = TestApp::start().await;
    let (here, authenticator) = ada(&app).await;
    let id = user_id(&here).await;
    let link = app.services().make_reset_link(&id, MINUTE).await.unwrap();
    let new = "seven ochre lanterns at dusk";
    let body = json!({"token": link.token.expose(), "newPassword": new});
    app.browser().post("/auth/password/reset", body).await.expect(204);
    let mut browser = app.browser();
    assert_eq!(browser.try_sign_in("ada", new).await.expect(401).code(), "second_factor_required");
    browser.answer(&authenticator.code(&app)).await.expect(200);
}

#[tokio::test]
async fn a_restart_ends_nothing() {
    let mut app = TestApp::start().await;
    let (_, authenticator) = ada(&app).await;
    let mut browser = app.browser();
    browser.asked_for_factor("ada").await;
    app.restart().await;
    browser.goes_to(&app);
    browser.answer(&authenticator.code(&app)).await.expect(200);
}

#[tokio::test]
async fn an_answer_that_can_be_no_code_is_refused_and_uses_no_try_up() {
    let app = TestApp::start().await;
    let (_, authenticator) = ada(&app).await;
    let mut browser = app.browser();
    browser.asked_for_factor("ada").await;
    for odd in ["", "12345", "abcdef", "1234567", "zzzzz-zzzzu"] {
        assert_eq!(browser.answer(odd).await.expect(401).code(), "second_factor_invalid", "{odd:?}");
    }
    for body in [json!({}), json!({"code": "123456", "recoveryCode": "zzzzz-zzzzz"})] {
        assert_eq!(browser.post("/auth/second-factor", body).await.expect(422).code(), "validation_failed");
    }
    browser.answer(&authenticator.code(&app)).await.expect(200);
}
