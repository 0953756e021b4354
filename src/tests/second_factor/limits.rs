//! Wrong codes are limited by account, and a right password gives no more tries.

use super::*;

#[tokio::test]
async fn ten_wrong_codes_block_further_ones_however_often_the_password_is_right() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.limits.login_per_account = 10).start().await;
    let (here, authenticator) = ada(&app).await;
    for _ in 0..2 {
        let mut browser = app.browser();
        browser.asked_for_factor("ada").await;
        for _ in 0..5 {
            browser.answer(&authenticator.wrong(&app)).await.expect(401);
        }
    }
    let mut browser = app.browser();
    browser.asked_for_factor("ada").await;
    let refused = browser.answer(&authenticator.code(&app)).await.expect(429);
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("rate_limited", Some("1")));
    assert!(kinds(&app, &here).await.contains(&"sign_ins_blocked".to_owned()));
    app.advance(Duration::from_secs(1));
    browser.answer(&authenticator.code(&app)).await.expect(200);
}

/// Somebody else's guesses keep the owner out of nowhere where the owner has signed in before.
#[tokio::test]
async fn a_known_browser_counts_by_itself() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.limits.login_per_account = 5).start().await;
    let (here, authenticator) = ada(&app).await;
    let mut stranger = app.browser();
    stranger.asked_for_factor("ada").await;
    for _ in 0..5 {
        stranger.answer(&authenticator.wrong(&app)).await.expect(401);
    }
    let mut own = here.browser.clone();
    own.asked_for_factor("ada").await;
    own.answer(&authenticator.code(&app)).await.expect(200);
}
