//! Several servers on one database, and keys that leaked (SECURITY JW6).

use super::*;
use latchkey::api::Secret;
use latchkey::domain::client::TokenTransport;
use latchkey::domain::id::KeyId;
use latchkey::domain::key_schedule::SPREAD;
use latchkey::domain::scope::Scope;
use latchkey::server::application::{self, Runtime};
use latchkey::server::ports::KeyChanges;
use latchkey::server::service::{PresentedToken, ServiceError, Services};
use latchkey::server::storage;
use latchkey::server::system::SystemEntropy;
use latchkey::server::token::key_manager::When;
use latchkey::server::token::keys::KeyPurpose;
use sqlx::{Connection as _, Executor as _};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Another server on the same database, which hears of nothing by itself: nobody keeps house in it.
async fn deaf_twin(app: &TestApp) -> Arc<Services> {
    let settings = Arc::new(app.settings().clone());
    let store = storage::connect(&settings.database.url).await.unwrap();
    let world = Runtime { clock: app.clock(), entropy: Arc::new(SystemEntropy) };
    application::services(store, settings, &world).await.unwrap()
}

on_both_databases! {
    async fn servers_that_rotate_at_once_make_one_next_key(app: TestAppBuilder) {
        // A key that takes long to make, so that all of them have begun before the first is done.
        let app = daily(app).with(|settings| settings.tokens.algorithm = Algorithm::RS256).start().await;
        let servers = [deaf_twin(&app).await, deaf_twin(&app).await, deaf_twin(&app).await];
        app.advance(DAY - LEAD);
        let mut ticks = JoinSet::new();
        for server in servers.clone() {
            ticks.spawn(async move { server.housekeeping().await.unwrap() });
        }
        ticks.join_all().await;
        let stored = app.services().store().keys().await.unwrap();
        assert_eq!(stored.len(), 4, "one next key for each purpose: {stored:?}");
        for server in servers {
            assert_eq!(server.access_tokens().ring().jwks(app.now()).keys.len(), 2);
        }
    }

    async fn a_server_asks_for_a_key_that_another_made_as_soon_as_a_token_names_it(app: TestAppBuilder) {
        let app = daily(app).start().await;
        let deaf = deaf_twin(&app).await;
        let mut device = app.signed_up("ada").await;
        until_just_before_the_takeover(&app).await;
        app.advance(SECOND);
        device.try_refresh().await.expect(200);
        assert_eq!(deaf.access_tokens().ring().jwks(app.now()).keys.len(), 1);
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let (deaf, token) = (deaf.clone(), device.access_token.clone());
            calls.spawn(async move { deaf.by_access_token(&token, Scope::Account).await.is_ok() });
        }
        assert!(calls.join_all().await.into_iter().all(|is_in| is_in), "nobody is refused meanwhile");
        assert_eq!(deaf.access_tokens().ring().jwks(app.now()).keys.len(), 2);
        // A refresh token makes it ask, too.
        let deaf = deaf_twin(&app).await;
        until_just_before_the_takeover(&app).await;
        app.advance(SECOND);
        device.try_refresh().await.expect(200);
        let shown = PresentedToken { token: Secret::new(device.refresh_token().to_owned()), transport: TokenTransport::Cookie };
        assert!(deaf.family(&shown).await.unwrap().is_some());
    }

    async fn keys_that_nobody_made_have_the_database_asked_every_five_seconds_at_most(app: TestAppBuilder) {
        let app = app.start().await;
        let deaf = deaf_twin(&app).await;
        let mut device = app.signed_up("ada").await;
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"made-up"}"#);
        deaf.by_access_token(&format!("{header}.e30.AAAA"), Scope::Account).await.unwrap_err();
        app.services().keys().rotate(&KeyPurpose::ALL, When::AtOnce, app.now()).await.unwrap();
        tick(&app).await;
        device.try_refresh().await.expect(200);
        app.advance(4 * SECOND);
        assert!(matches!(deaf.by_access_token(&device.access_token, Scope::Account).await, Err(ServiceError::InvalidToken)));
        app.advance(SECOND);
        deaf.by_access_token(&device.access_token, Scope::Account).await.unwrap();
    }

    async fn a_token_whose_key_cannot_be_asked_for_is_not_refused_for_good(app: TestAppBuilder) {
        let app = daily(app).start().await;
        let deaf = deaf_twin(&app).await;
        let mut device = app.signed_up("ada").await;
        until_just_before_the_takeover(&app).await;
        app.advance(SECOND);
        device.try_refresh().await.expect(200);
        let url = app.settings().database.url.clone();
        sqlx::any::install_default_drivers();
        let mut operator = sqlx::AnyConnection::connect(&url).await.unwrap();
        operator.execute("ALTER TABLE keys RENAME TO away").await.unwrap();
        for _ in 0..2 {
            let result = deaf.by_access_token(&device.access_token, Scope::Account).await;
            assert!(matches!(result, Err(ServiceError::Store(_))), "nobody knows whether it is good");
        }
        operator.execute("ALTER TABLE away RENAME TO keys").await.unwrap();
        app.advance(5 * SECOND);
        deaf.by_access_token(&device.access_token, Scope::Account).await.unwrap();
    }

    async fn what_is_withdrawn_is_refused_by_every_server_once_it_has_heard(app: TestAppBuilder) {
        let app = app.start().await;
        let deaf = deaf_twin(&app).await;
        let device = app.signed_up("ada").await;
        deaf.by_access_token(&device.access_token, Scope::Account).await.unwrap();
        app.services().keys().rotate(&[KeyPurpose::Access], When::AtOnce, app.now()).await.unwrap();
        deaf.housekeeping().await.unwrap();
        let refused = deaf.by_access_token(&device.access_token, Scope::Account).await;
        assert!(matches!(refused, Err(ServiceError::InvalidToken)), "though it was verified before");
    }

    async fn a_key_that_expires_takes_along_what_is_remembered_of_it(app: TestAppBuilder) {
        let app = app.start().await;
        let device = app.signed_up("ada").await;
        let (id, end) = (KeyId::new(kid(&device.access_token)), app.now() + MINUTE);
        let change = KeyChanges { expire: vec![(id, end)], ..KeyChanges::default() };
        app.services().store().change_keys(Box::new(move |_| change)).await.unwrap();
        tick(&app).await;
        assert!(device.is_in().await);
        app.advance(MINUTE);
        assert!(!device.is_in().await);
    }

    async fn a_leaked_key_is_withdrawn_at_once_and_sessions_go_on(app: TestAppBuilder) {
        let app = app.start().await;
        let mut device = app.signed_up("ada").await;
        assert!(device.is_in().await, "and the token is remembered as verified");
        let stolen = device.clone();
        app.services().keys().rotate(&KeyPurpose::ALL, When::AtOnce, app.now()).await.unwrap();
        tick(&app).await;
        assert_eq!(stolen.get("/api/me").await.expect(401).code(), "invalid_token");
        assert!(!published(&app).await.contains(&kid(&stolen.access_token)));
        let predecessor = device.refresh_token().to_owned();
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
        assert_eq!(kid(device.refresh_token()), kid(&predecessor), "every server has the new one first");
        app.advance(SPREAD);
        device.try_refresh().await.expect(200);
        assert_ne!(kid(device.refresh_token()), kid(&predecessor));
        tick(&app).await;
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_take_each_others_tokens() {
    let one = daily(TestApp::on(Backend::Postgres)).start().await;
    let two = one.twin().await;
    let mut device = one.signed_up("ada").await;
    until_just_before_the_takeover(&one).await;
    tick(&two).await;
    one.advance(SECOND);
    device.try_refresh().await.expect(200);
    device.browser.goes_to(&two);
    assert!(device.is_in().await);
    device.try_refresh().await.expect(200);
    device.browser.goes_to(&one);
    assert!(device.is_in().await);
    device.try_refresh().await.expect(200);
}
