//! The story that everything grows from, as a client over HTTP sees it, on both databases.

use super::support::{Backend, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use serde_json::json;

on_both_databases! {
    async fn sign_in_refresh_and_sign_out(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device: SignedIn = app.signed_up("ada").await;
        let me = device.get("/api/me").await.expect(200).json();
        assert_eq!((&me["username"], &me["scope"]), (&json!("ada"), &json!("account")));

        let (first, first_access) = (device.refresh_token().to_owned(), device.access_token.clone());
        let refreshed = device.try_refresh().await.expect(200);
        assert_ne!(device.refresh_token(), first);
        assert_ne!(device.access_token, first_access);
        assert_eq!(refreshed.json()["tokenType"], "Bearer");
        let expires_in = refreshed.json()["expiresIn"].as_u64().unwrap();
        assert!((570..=600).contains(&expires_in), "{expires_in}");
        assert!(refreshed.json().get("refreshToken").is_none(), "a browser's never leaves by the body");

        let last = device.refresh_token().to_owned();
        device.post("/auth/logout", json!({})).await.expect(204);
        assert!(!device.is_in().await);
        device.set_refresh_token(&last);
        assert_eq!(device.try_refresh().await.expect(401).code(), "session_revoked");
    }

    async fn signing_out_everywhere_ends_every_session(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let there = app.signed_in("ada").await;
        let other = app.signed_up("eve").await;
        here.post("/auth/logout-all", json!({})).await.expect(204);
        assert!(!here.is_in().await);
        assert!(!there.is_in().await);
        assert_eq!(there.clone().try_refresh().await.expect(401).code(), "session_revoked");
        assert!(other.is_in().await);
    }

    async fn a_restart_signs_nobody_out_and_nobody_in(app: TestAppBuilder) {
        let mut app = app.start().await;
        let mut ended = app.signed_up("ada").await;
        let mut living = app.signed_in("ada").await;
        let token = ended.refresh_token().to_owned();
        ended.post("/auth/logout", json!({})).await.expect(204);
        app.restart().await;
        for device in [&mut ended, &mut living] {
            device.browser.goes_to(&app);
        }
        assert!(living.is_in().await);
        living.try_refresh().await.expect(200);
        assert!(!ended.is_in().await);
        ended.set_refresh_token(&token);
        assert_eq!(ended.try_refresh().await.expect(401).code(), "session_revoked");
    }
}
