//! What the pages say of rules and settings is true, and says it once.

use super::support::{Backend, TestApp};
use latchkey::server::config::Registration;
use std::time::Duration;

#[tokio::test]
async fn where_only_the_operator_makes_accounts_no_page_says_otherwise() {
    let app = TestApp::start().await;
    let open = app.browser().get("/signup").await.expect(200).text;
    assert!(open.contains("Create an account") && open.contains("That is all we ask for."), "{open}");
    let app = TestApp::on(Backend::Sqlite)
        .with(|settings| settings.accounts.registration = Registration::Closed)
        .start()
        .await;
    let closed = app.browser().get("/signup").await.expect(200).text;
    assert!(closed.contains("New accounts are made by the operator of this site. Ask them for one."), "{closed}");
    for otherwise in ["Create an account", "That is all we ask for.", "type=\"password\""] {
        assert!(!closed.contains(otherwise), "{otherwise}: {closed}");
    }
    let sign_in = app.browser().get("/login").await.expect(200).text;
    assert!(sign_in.contains("New accounts are made by the operator") && !sign_in.contains("New here?"), "{sign_in}");
}

#[tokio::test]
async fn keep_me_signed_in_says_how_long_in_the_language_of_the_page() {
    let app = TestApp::on(Backend::Sqlite)
        .with(|settings| {
            settings.tokens.refresh_absolute = Duration::from_secs(90 * 86_400);
            settings.tokens.refresh_idle = Duration::from_secs(36 * 3_600);
            settings.tokens.refresh_absolute_short = Duration::from_secs(90 * 60);
        })
        .start()
        .await;
    for (language, longest, unused, short) in [
        ("en", "90 days", "36 hours", "90 minutes"),
        ("de", "90 Tage", "36 Stunden", "90 Minuten"),
        ("fr", "90 jours", "36 heures", "90 minutes"),
    ] {
        for path in ["/login", "/signup"] {
            let mut browser = app.browser();
            browser.headers.insert("Accept-Language", language.into());
            let page = browser.get(path).await.expect(200).text;
            let hint = page.split("id=\"remember-hint\"").nth(1).unwrap().split("</p>").next().unwrap();
            for told in [longest, unused, short] {
                assert!(hint.contains(told), "{language} {told}: {hint}");
            }
        }
    }
}

#[tokio::test]
async fn a_device_says_that_it_ends_if_it_is_not_used_and_when_at_the_latest() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let page = device.browser.get("/devices").await.expect(200).text;
    assert!(page.contains("Ends in 14 days if not used, in 30 days at the latest"), "{page}");
    let session = &device.devices().await[0];
    let of = |name: &str| session[name].as_i64().unwrap();
    assert_eq!(of("absoluteExpiresAt"), of("createdAt") + 30 * 86_400_000);
    assert!(of("expiresAt") <= of("createdAt") + 14 * 86_400_000);
    // In the last days only the longest life counts.
    for _ in 0..2 {
        app.advance(Duration::from_secs(13 * 86_400));
        device.try_refresh().await.expect(200);
    }
    let page = device.browser.get("/devices").await.expect(200).text;
    assert!(page.contains("Ends in 4 days") && !page.contains("if not used"), "{page}");
}
