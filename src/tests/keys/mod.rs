//! Rotation of keys, which signs nobody out (SECURITY JW6).

mod commands;
mod servers;

use super::support::{Backend, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use latchkey::domain::key_schedule::LEAD;
use serde_json::Value;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

async fn published(app: &TestApp) -> Vec<String> {
    let keys = app.browser().get("/.well-known/jwks.json").await.expect(200).json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn tick(app: &TestApp) {
    app.services().housekeeping().await.unwrap();
}

/// The same browser, back at an older refresh token.
fn with_refresh_token(device: &SignedIn, token: &str) -> SignedIn {
    let mut device = device.clone();
    device.set_refresh_token(token);
    device
}

/// Lets keys rotate daily, so that a session outlives many.
fn daily(app: TestAppBuilder) -> TestAppBuilder {
    app.with(|settings| settings.tokens.key_rotation = DAY)
}

/// Lets time pass up to the moment before the next keys take over from those that sign now.
async fn until_just_before_the_takeover(app: &TestApp) {
    let stored = app.services().store().keys().await.unwrap();
    let takeover = stored.iter().map(|key| key.active_at).max().unwrap() + DAY;
    app.advance((takeover - LEAD).since(app.now()));
    tick(app).await;
    app.advance(LEAD - SECOND);
    tick(app).await;
}

on_both_databases! {
    async fn an_old_access_token_is_good_until_its_end_and_refreshing_goes_on(app: TestAppBuilder) {
        let app = daily(app).start().await;
        let mut device = app.signed_up("ada").await;
        let mut seen = vec![(kid(&device.access_token), kid(device.refresh_token()))];
        for _ in 0..4 {
            until_just_before_the_takeover(&app).await;
            device.try_refresh().await.expect(200);
            let last = device.clone();
            assert_eq!((kid(&last.access_token), kid(last.refresh_token())), *seen.last().unwrap());
            app.advance(2 * SECOND);
            tick(&app).await;
            device.try_refresh().await.expect(200);
            let keys = (kid(&device.access_token), kid(device.refresh_token()));
            assert!(seen.iter().all(|(access, refresh)| *access != keys.0 && *refresh != keys.1), "both are new");
            seen.push(keys);
            assert!(last.is_in().await && device.is_in().await, "tokens of both keys are good");
            app.advance(9 * MINUTE);
            tick(&app).await;
            assert!(last.is_in().await, "to its end");
            app.advance(2 * MINUTE);
            tick(&app).await;
            assert_eq!(last.get("/api/me").await.expect(401).code(), "invalid_token");
            device.try_refresh().await.expect(200);
            assert!(device.is_in().await);
            app.advance(SECOND);
        }
        let first = seen[0].0.clone();
        assert!(!published(&app).await.contains(&first));
    }

    async fn a_repeat_gets_the_same_bytes_across_a_change_of_keys(app: TestAppBuilder) {
        let app = daily(app).start().await;
        let mut device = app.signed_up("ada").await;
        until_just_before_the_takeover(&app).await;
        // Presented before, exchanged with the old key; repeated when the new one signs.
        let predecessor = device.refresh_token().to_owned();
        device.try_refresh().await.expect(200);
        app.advance(2 * SECOND);
        tick(&app).await;
        let mut tab = with_refresh_token(&device, &predecessor);
        tab.try_refresh().await.expect(200);
        assert_eq!(tab.refresh_token(), device.refresh_token());
        // A token of the old key, exchanged for one of the new key; repeated.
        let predecessor = device.refresh_token().to_owned();
        device.try_refresh().await.expect(200);
        assert_ne!(kid(&predecessor), kid(device.refresh_token()));
        app.advance(3 * SECOND);
        let mut tab = with_refresh_token(&device, &predecessor);
        tab.try_refresh().await.expect(200);
        assert_eq!(tab.refresh_token(), device.refresh_token());
        assert!(device.is_in().await && tab.is_in().await);
        // And a reuse is still known for one.
        app.advance(MINUTE);
        let mut thief = with_refresh_token(&device, &predecessor);
        assert_eq!(thief.try_refresh().await.expect(401).code(), "refresh_reused");
    }

    async fn the_next_key_is_published_before_it_signs_and_the_former_until_its_tokens_ended(app: TestAppBuilder) {
        let app = daily(app).start().await;
        let mut device = app.signed_up("ada").await;
        let old = kid(&device.access_token);
        app.advance(DAY - LEAD - SECOND);
        tick(&app).await;
        assert_eq!(published(&app).await, [old.as_str()]);
        app.advance(SECOND);
        tick(&app).await;
        let both = published(&app).await;
        let [first, new] = both.as_slice() else { panic!("{both:?}") };
        assert_eq!(*first, old);
        app.advance(LEAD - SECOND);
        device.try_refresh().await.expect(200);
        assert_eq!(kid(&device.access_token), old);
        app.advance(SECOND);
        device.try_refresh().await.expect(200);
        assert_eq!(kid(&device.access_token), *new, "on time, without any housekeeping");
        tick(&app).await;
        app.advance(15 * MINUTE);
        assert_eq!(published(&app).await, both, "somebody may still show a token of the old key");
        app.advance(11 * SECOND);
        assert_eq!(published(&app).await, [new.as_str()]);
        tick(&app).await;
        let stored = app.services().store().keys().await.unwrap();
        assert!(stored.iter().all(|key| key.id.as_str() != old), "and it is deleted");
    }

    async fn a_restart_at_any_moment_changes_nothing(app: TestAppBuilder) {
        let mut app = daily(app).start().await;
        let mut device = app.signed_up("ada").await;
        app.restart().await;
        device.browser.goes_to(&app);
        assert_eq!(published(&app).await, [kid(&device.access_token)]);
        app.advance(DAY - LEAD);
        app.restart().await;
        tick(&app).await;
        let both = published(&app).await;
        assert_eq!(both.len(), 2);
        app.advance(LEAD - SECOND);
        app.restart().await;
        device.browser.goes_to(&app);
        device.try_refresh().await.expect(200);
        let last = device.clone();
        app.advance(SECOND);
        app.restart().await;
        device.browser.goes_to(&app);
        let mut last = last;
        last.browser.goes_to(&app);
        assert_eq!(published(&app).await, both);
        device.try_refresh().await.expect(200);
        assert_eq!((kid(&last.access_token), kid(&device.access_token)), (both[0].clone(), both[1].clone()));
        assert!(last.is_in().await && device.is_in().await);
    }

    async fn a_server_that_was_away_for_months_signs_nobody_out_who_may_still_be_in(app: TestAppBuilder) {
        let mut app = daily(app).with(|settings| {
            settings.tokens.refresh_idle = 90 * DAY;
            settings.tokens.refresh_absolute = 90 * DAY;
        }).start().await;
        let mut device = app.signed_up("ada").await;
        app.advance(60 * DAY);
        app.restart().await;
        device.browser.goes_to(&app);
        tick(&app).await;
        device.try_refresh().await.expect(200);
        app.advance(2 * LEAD);
        tick(&app).await;
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
    }

    async fn another_algorithm_takes_over_with_notice_and_the_old_one_goes(app: TestAppBuilder) {
        let mut app = app.with(|settings| settings.tokens.key_rotation = Duration::ZERO).start().await;
        let mut device = app.signed_up("ada").await;
        app.change(|settings| settings.tokens.algorithm = Algorithm::ES256);
        app.restart().await;
        device.browser.goes_to(&app);
        let old = kid(&device.access_token);
        tick(&app).await;
        assert_eq!(published(&app).await.len(), 2);
        app.advance(LEAD - SECOND);
        device.try_refresh().await.expect(200);
        assert_eq!(header(&device.access_token)["alg"], "EdDSA", "not before everybody can know the new one");
        let last = device.clone();
        app.advance(SECOND);
        tick(&app).await;
        device.try_refresh().await.expect(200);
        assert_eq!(header(&device.access_token)["alg"], "ES256");
        assert!(last.is_in().await && device.is_in().await);
        app.advance(16 * MINUTE);
        tick(&app).await;
        assert!(!published(&app).await.contains(&old));
        tick(&app).await;
        assert_eq!(published(&app).await.len(), 1, "once is enough");
    }
}

#[tokio::test]
async fn keys_stay_as_they_are_when_the_schedule_is_off() {
    let builder = TestApp::on(Backend::Sqlite).with(|settings| settings.tokens.key_rotation = Duration::ZERO);
    let app = builder.start().await;
    let before = app.services().store().keys().await.unwrap();
    app.advance(1_000 * DAY);
    tick(&app).await;
    assert_eq!(app.services().store().keys().await.unwrap(), before);
}
