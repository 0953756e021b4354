//! Setting a second factor up, renewing its codes and removing it.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

#[tokio::test]
async fn an_app_counts_once_its_first_code_was_entered() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    assert_eq!(here.post("/auth/totp/confirm", json!({"code": "123456"})).await.expect(404).code(), "not_found");
    let begun = here.post("/auth/totp", json!({})).await.expect(200).json();
    let secret = begun["secret"].as_str().unwrap();
    let address = begun["otpauthUri"].as_str().unwrap();
    assert!(address.starts_with("otpauth://totp/id.example.org:ada?secret=") && address.contains(secret), "{address}");
    assert!(begun["qrSvg"].as_str().unwrap().starts_with("<svg xmlns="));
    app.browser().try_sign_in("ada", PASSWORD).await.expect(200);

    let authenticator = Authenticator::new(secret);
    let confirm = json!({"code": authenticator.wrong(&app)});
    assert_eq!(here.post("/auth/totp/confirm", confirm).await.expect(401).code(), "second_factor_invalid");
    here.post("/auth/totp/confirm", json!({"code": authenticator.code(&app)})).await.expect(204);
    app.browser().asked_for_factor("ada").await;
    assert!(here.is_in().await, "sessions stay");
    assert_eq!(here.post("/auth/totp", json!({})).await.expect(409).code(), "already_set_up");
    let known = here.get("/api/account").await.json();
    assert_eq!(known["secondFactor"], json!({"totpSince": app.now().as_millis(), "recoveryCodesLeft": 0}));
}

#[tokio::test]
async fn an_app_that_nobody_confirmed_in_time_is_forgotten() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let begun = here.post("/auth/totp", json!({})).await.expect(200).json();
    app.advance(30 * MINUTE);
    here.try_refresh().await.expect(200);
    here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(204);
    let code = Authenticator::new(begun["secret"].as_str().unwrap()).code(&app);
    here.post("/auth/totp/confirm", json!({"code": code})).await.expect(404);
}

#[tokio::test]
async fn whoever_sets_one_up_has_entered_the_password_lately() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    app.advance(10 * MINUTE);
    here.try_refresh().await.expect(200);
    for path in ["/auth/totp", "/auth/recovery-codes", "/auth/totp/delete"] {
        assert_eq!(here.post(path, json!({})).await.expect(403).code(), "reauthentication_required", "{path}");
    }
    here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(204);
    here.post("/auth/totp", json!({})).await.expect(200);
    for path in ["/auth/recovery-codes", "/auth/totp/delete"] {
        here.post(path, json!({})).await.expect(404);
    }
}

/// With a stolen session and the password, nobody removes the second factor.
#[tokio::test]
async fn what_changes_the_second_factor_needs_it() {
    let app = TestApp::start().await;
    let (mut here, authenticator) = ada(&app).await;
    let codes = here.recovery_codes().await;
    app.advance(10 * MINUTE);
    here.try_refresh().await.expect(200);
    here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(204);
    for path in ["/auth/recovery-codes", "/auth/totp/delete"] {
        assert_eq!(here.post(path, json!({})).await.expect(403).code(), "reauthentication_required", "{path}");
    }
    let prove = |code: String| json!({"password": PASSWORD, "code": code});
    let wrong = here.post("/auth/reauthenticate", prove(authenticator.wrong(&app))).await.expect(401);
    assert_eq!(wrong.code(), "second_factor_invalid");
    here.post("/auth/recovery-codes", json!({})).await.expect(403);
    here.post("/auth/reauthenticate", prove(authenticator.code(&app))).await.expect(204);
    here.post("/auth/reauthenticate", prove(authenticator.code(&app))).await.expect(401);
    here.post("/auth/recovery-codes", json!({})).await.expect(200);
    assert!(here.get("/api/account").await.json()["secondFactor"]["recoveryCodesLeft"] == 10);

    app.advance(10 * MINUTE);
    here.try_refresh().await.expect(200);
    assert_eq!(
        here.post("/auth/reauthenticate", prove(codes[0].clone())).await.expect(401).code(),
        "second_factor_invalid"
    );
    here.post("/auth/reauthenticate", prove(authenticator.code(&app))).await.expect(204);
    here.post("/auth/totp/delete", json!({})).await.expect(204);
    assert_eq!(kinds(&app, &here).await[0], "totp_removed");
    app.browser().try_sign_in("ada", PASSWORD).await.expect(200);
    assert!(here.is_in().await, "sessions stay");
    here.set_up_totp(&app).await;
    assert_eq!(here.get("/api/account").await.json()["secondFactor"]["recoveryCodesLeft"], 0, "the old codes ended");
}

#[tokio::test]
async fn whoever_lost_the_app_removes_it_after_a_recovery_code() {
    let app = TestApp::start().await;
    let (mut here, _) = ada(&app).await;
    let codes = here.recovery_codes().await;
    let mut there = app.browser().sign_in_with("ada", &codes[3]).await;
    there.post("/auth/totp/delete", json!({})).await.expect(204);
    app.browser().try_sign_in("ada", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_removal_ends_the_sign_ins_that_wait_and_the_operator_can_do_it() {
    let app = TestApp::start().await;
    let (here, authenticator) = ada(&app).await;
    let mut browser = app.browser();
    browser.asked_for_factor("ada").await;
    let id = user_id(&here).await;
    app.services().remove_second_factors(&id).await.unwrap();
    assert_eq!(browser.answer(&authenticator.code(&app)).await.expect(401).code(), "sign_in_expired");
    browser.try_sign_in("ada", PASSWORD).await.expect(200);
    let events = here.get("/api/activity").await.json()["events"].clone();
    let removed = events.as_array().unwrap().iter().find(|event| event["kind"] == "totp_removed").unwrap();
    assert_eq!(removed["detail"], "operator");
    assert!(app.services().remove_second_factors(&id).await.is_err(), "there is none");
}

#[tokio::test]
async fn the_files_hold_neither_the_secret_nor_a_recovery_code() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let begun = here.post("/auth/totp", json!({})).await.expect(200).json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let code = Authenticator::new(&secret).code(&app);
    here.post("/auth/totp/confirm", json!({"code": code})).await.expect(204);
    let codes = here.recovery_codes().await;
    let mut browser = app.browser();
    browser.asked_for_factor("ada").await;
    let files = std::fs::read_dir(app.folder()).unwrap().map(|entry| entry.unwrap().path());
    let disk: Vec<u8> = files.flat_map(|file| std::fs::read(file).unwrap()).collect();
    let holds = |needle: &[u8]| disk.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"ada"), "the search finds what is there");
    for secret in codes.iter().flat_map(|code| [code.clone(), code.replace('-', "")]).chain([secret]) {
        assert!(!holds(secret.as_bytes()), "as it is");
        for encoded in [STANDARD.encode(&secret), URL_SAFE_NO_PAD.encode(&secret)] {
            assert!(!holds(encoded.trim_end_matches('=').as_bytes()), "in base64");
        }
    }
}
