//! RL1, PW4: attempts are limited, by account and by address, and the owner is not kept out.

use super::support::{Backend, PASSWORD, Reply, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use latchkey::domain::id::UserId;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;

const WRONG: &str = "not the password at all";
const NEW_PASSWORD: &str = "seven quiet herons at dawn";

fn by_account(app: TestAppBuilder) -> TestAppBuilder {
    app.with(|settings| settings.limits.login_per_account = 10)
}

fn by_address(app: TestAppBuilder) -> TestAppBuilder {
    app.with(|settings| settings.limits.login_per_address = 5)
}

fn limited(reply: &Reply) -> u64 {
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (429, "rate_limited"), "{reply:?}");
    assert!(reply.set_cookies().is_empty());
    reply.header("retry-after").expect("Retry-After").parse().unwrap()
}

/// Fifty at once; how many of them were judged.
async fn judged_of_fifty(app: &TestApp, names: &[&str]) -> usize {
    let mut attempts = JoinSet::new();
    for n in 0..50 {
        let (mut browser, name) = (app.browser(), names[n % names.len()].to_owned());
        attempts.spawn(async move { browser.try_sign_in(&name, WRONG).await });
    }
    let replies = attempts.join_all().await;
    for reply in &replies {
        assert!([401, 429].contains(&reply.status.as_u16()), "{reply:?}");
    }
    replies.iter().filter(|reply| reply.status == 401).count()
}

on_both_databases! {
    async fn fifty_guesses_at_once_slip_nobody_past_however_the_name_is_spelled(app: TestAppBuilder) {
        let app = by_account(app).start().await;
        app.signed_up("zoë").await;
        let spelled = ["zoë", "Zoë", "ZOE\u{308}", "zoe\u{308}"];
        assert_eq!(judged_of_fifty(&app, &spelled).await, 10);
        assert_eq!(limited(&app.browser().try_sign_in("zoë", PASSWORD).await), 1, "the right one is not judged either");
    }

    async fn fifty_guesses_at_once_from_one_address_slip_nobody_past(app: TestAppBuilder) {
        let app = by_address(app).start().await;
        app.signed_up("ada").await;
        assert_eq!(judged_of_fifty(&app, &["ada", "bob", "eve", "nobody"]).await, 5);
        assert_eq!(limited(&app.browser().try_sign_in("ada", PASSWORD).await), 12);
        app.advance(Duration::from_secs(12));
        app.signed_in("ada").await;
    }

    async fn an_account_that_is_guessed_at_waits_and_recovers_by_itself(app: TestAppBuilder) {
        let app = by_account(app).start().await;
        app.signed_up("ada").await;
        assert_eq!(judged_of_fifty(&app, &["ada"]).await, 10);
        for wait in [1, 2, 4, 8, 16] {
            let mut guesser = app.browser();
            assert_eq!(limited(&guesser.try_sign_in("ada", WRONG).await), wait);
            app.advance(Duration::from_secs(wait));
            guesser.try_sign_in("ada", WRONG).await.expect(401);
        }
        app.advance(Duration::from_secs(32));
        app.signed_in("ada").await;
        // The success cleared it.
        app.browser().try_sign_in("ada", WRONG).await.expect(401);
        app.browser().try_sign_in("ada", WRONG).await.expect(401);
    }

    async fn a_password_chosen_with_a_link_ends_the_wait(app: TestAppBuilder) {
        let app = by_account(app).start().await;
        let ada = app.signed_up("ada").await;
        let id = UserId::new(ada.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap());
        let link = app.services().make_reset_link(&id, Duration::from_secs(3_600)).await.unwrap();
        assert_eq!(judged_of_fifty(&app, &["ada"]).await, 10);
        limited(&app.browser().try_sign_in("ada", PASSWORD).await);
        let body = json!({"token": link.token.expose(), "newPassword": NEW_PASSWORD});
        app.browser().post("/auth/password/reset", body).await.expect(204);
        app.browser().try_sign_in("ada", NEW_PASSWORD).await.expect(200);
    }

    async fn a_known_browser_stays_known_when_its_user_resets_the_password_there(app: TestAppBuilder) {
        let app = by_account(app).start().await;
        let mut ada = app.signed_up("ada").await;
        let id = UserId::new(ada.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap());
        // From here on only the cookie by which the account knows it is left.
        ada.post("/auth/logout", json!({})).await.expect(204);
        let link = app.services().make_reset_link(&id, Duration::from_secs(3_600)).await.unwrap();
        let body = json!({"token": link.token.expose(), "newPassword": NEW_PASSWORD});
        ada.browser.post("/auth/password/reset", body).await.expect(204);
        assert_eq!(judged_of_fifty(&app, &["ada"]).await, 10);
        limited(&app.browser().try_sign_in("ada", NEW_PASSWORD).await);
        ada.browser.try_sign_in("ada", NEW_PASSWORD).await.expect(200);
    }

    async fn limits_survive_a_restart(app: TestAppBuilder) {
        let mut app = by_address(by_account(app)).start().await;
        app.signed_up("ada").await;
        judged_of_fifty(&app, &["ada"]).await;
        app.restart().await;
        limited(&app.browser().try_sign_in("ada", PASSWORD).await);
    }

    async fn the_owner_gets_in_from_a_browser_that_has_a_session_of_the_account(app: TestAppBuilder) {
        let app = by_account(app).start().await;
        let owner = app.signed_up("ada").await;
        let other = app.signed_up("eve").await;
        judged_of_fifty(&app, &["ada"]).await;
        limited(&app.browser().try_sign_in("ada", PASSWORD).await);
        // A session of somebody else's opens nothing.
        limited(&other.browser.clone().try_sign_in("ada", PASSWORD).await);
        // The owner's session may be over: it still says whose browser it is.
        owner.clone().browser.post("/auth/logout", json!({})).await.expect(204);
        let mut browser = owner.browser.clone();
        let reply = browser.try_sign_in("ada", PASSWORD).await.expect(200);
        let mut device = SignedIn::new(browser, &reply);
        assert!(device.is_in().await);
        // And its own guesses are limited too.
        for _ in 0..10 {
            device.post("/auth/reauthenticate", json!({"password": WRONG})).await.expect(401);
        }
        limited(&device.post("/auth/reauthenticate", json!({"password": PASSWORD})).await);
        let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
        limited(&device.post("/auth/password", change).await);
    }

    async fn those_who_get_in_never_use_up_the_address(app: TestAppBuilder) {
        let app = by_address(app).start().await;
        for n in 0..20 {
            app.signed_up(&format!("ada-{n}")).await;
            app.signed_in(&format!("ada-{n}")).await;
        }
        app.browser().try_sign_in("ada-1", WRONG).await.expect(401);
    }

    async fn names_cannot_be_tried_out_by_signing_up(app: TestAppBuilder) {
        let app = by_address(app).start().await;
        app.signed_up("ada").await;
        let body = json!({"username": "ada", "password": PASSWORD});
        for _ in 0..5 {
            app.browser().post("/auth/signup", body.clone()).await.expect(409);
        }
        limited(&app.browser().post("/auth/signup", body).await);
        // Signing in has its own count.
        app.signed_in("ada").await;
    }
}

#[tokio::test]
async fn an_account_that_is_not_there_is_limited_alike() {
    let app = by_account(TestApp::on(Backend::Sqlite)).start().await;
    app.signed_up("ada").await;
    for _ in 0..14 {
        let known = app.browser().try_sign_in("ada", WRONG).await;
        let unknown = app.browser().try_sign_in("bob", WRONG).await;
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
        let names = |reply: &Reply| {
            let other = |name: &&reqwest::header::HeaderName| !["x-request-id", "date"].contains(&name.as_str());
            let all = reply.headers.keys().filter(other);
            all.map(|name| (name.to_string(), reply.header(name.as_str()).map(str::to_owned))).collect::<Vec<_>>()
        };
        assert_eq!(names(&known), names(&unknown));
    }
}

#[tokio::test]
async fn a_block_is_told_to_the_user_once() {
    let app = by_account(TestApp::on(Backend::Sqlite)).start().await;
    let owner = app.signed_up("ada").await;
    judged_of_fifty(&app, &["ada"]).await;
    app.advance(Duration::from_secs(1));
    app.browser().try_sign_in("ada", WRONG).await.expect(401);
    app.services().recorded().await;
    let events = owner.get("/api/activity").await.expect(200).json()["events"].clone();
    let count = |kind: &str| events.as_array().unwrap().iter().filter(|event| event["kind"] == kind).count();
    assert_eq!((count("sign_in_failed"), count("sign_ins_blocked")), (11, 1));
}

#[tokio::test]
async fn an_untrusted_forwarding_header_is_no_way_around() {
    let app = by_address(TestApp::on(Backend::Sqlite)).start().await;
    for n in 0..6 {
        let browser = app.browser();
        let body = json!({"username": "ada", "password": WRONG});
        let request = browser.request(reqwest::Method::POST, "/auth/login").json(&body);
        let reply = Reply::of(request.header("X-Forwarded-For", format!("192.0.2.{n}")).send().await.unwrap()).await;
        assert_eq!(reply.status, if n < 5 { 401 } else { 429 });
    }
}

/// Two in the queue and one that is hashed: of many at once most are put off, and those do not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_off_counts_against_nobody() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| {
        (settings.password.argon2_memory, settings.password.max_parallel, settings.password.queue) = (8 * 1024, 1, 2);
        (settings.limits.login_per_account, settings.limits.login_per_address) = (1_000, 1_000);
    });
    let app = app.start().await;
    app.signed_up("ada").await;
    let mut attempts = JoinSet::new();
    for n in 0..60 {
        let mut browser = app.browser();
        // Half of them fail to sign in, half to sign up with a name that is taken.
        let (path, password) = if n % 2 == 0 { ("/auth/login", WRONG) } else { ("/auth/signup", PASSWORD) };
        let body = json!({"username": "ada", "password": password});
        attempts.spawn(async move { browser.post(path, body).await.status.as_u16() });
    }
    let statuses = attempts.join_all().await;
    let (wrong, taken, put_off) = (of(&statuses, 401), of(&statuses, 409), of(&statuses, 503));
    assert!(wrong > 0 && put_off > 0 && wrong + taken + put_off == 60, "{statuses:?}");

    let url = format!("sqlite://{}", app.folder().join("latchkey.db").display());
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let failures: i64 = sqlx::query_scalar("SELECT max(count) FROM limits").fetch_one(&mut connection).await.unwrap();
    assert_eq!(failures, wrong, "of the account");
    // Of the address: 60 ms for each of a thousand a minute; of accounts that are made, of which there is one, ten times
    // as many may be.
    let mut expected = vec![wrong * 60, taken * 60, 6];
    expected.retain(|used| *used > 0);
    expected.sort_unstable();
    let sql = "SELECT until - $1 FROM limits WHERE count = 0 AND until > $1 ORDER BY until";
    let used: Vec<i64> = sqlx::query_scalar(sql).bind(app.now().as_millis()).fetch_all(&mut connection).await.unwrap();
    assert_eq!(used, expected);
}

fn of(statuses: &[u16], status: u16) -> i64 {
    i64::try_from(statuses.iter().filter(|found| **found == status).count()).unwrap()
}

/// RL3
#[tokio::test]
async fn an_oversized_password_is_refused_before_it_counts() {
    let app = by_address(by_account(TestApp::on(Backend::Sqlite))).start().await;
    app.signed_up("ada").await;
    for _ in 0..20 {
        let reply = app.browser().try_sign_in("ada", &"x".repeat(5_000)).await.expect(422);
        assert_eq!(reply.json()["errors"][0]["code"], "too_long");
    }
    app.signed_in("ada").await;
}

#[tokio::test]
async fn a_session_refreshes_so_often_a_minute_and_is_none_the_worse_for_more() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.limits.refresh_per_session = 60).start().await;
    let mut device = app.signed_up("ada").await;
    let other = app.signed_in("ada").await;
    for _ in 0..60 {
        device.try_refresh().await.expect(200);
    }
    assert_eq!(limited(&device.try_refresh().await), 1);
    assert!(device.is_in().await);
    other.clone().try_refresh().await.expect(200);
    app.advance(Duration::from_secs(1));
    device.try_refresh().await.expect(200);
}

#[tokio::test]
async fn a_session_names_devices_and_exports_so_often_a_minute() {
    let app = TestApp::on(Backend::Sqlite)
        .with(|settings| (settings.limits.rename_per_session, settings.limits.export_per_session) = (30, 5));
    let app = app.start().await;
    let (mut device, other) = (app.signed_up("ada").await, app.signed_in("ada").await);
    let name = json!({"sid": device.sid().await, "name": "my telephone"});
    for _ in 0..30 {
        device.post("/auth/sessions/rename", name.clone()).await.expect(204);
    }
    assert_eq!(limited(&device.post("/auth/sessions/rename", name.clone()).await), 2);
    for _ in 0..5 {
        device.get("/api/export").await.expect(200);
    }
    assert_eq!(limited(&device.get("/api/export").await), 12);
    other.clone().post("/auth/sessions/rename", name.clone()).await.expect(204);
    other.get("/api/export").await.expect(200);
    app.advance(Duration::from_secs(12));
    device.post("/auth/sessions/rename", name).await.expect(204);
    device.get("/api/export").await.expect(200);
}

#[tokio::test]
async fn a_form_says_so_in_words() {
    let app = by_account(TestApp::on(Backend::Sqlite)).start().await;
    judged_of_fifty(&app, &["ada"]).await;
    let mut browser = app.browser();
    let reply = browser.submit("/auth/login", &[("username", "ada"), ("password", WRONG)]).await.expect(303);
    assert_eq!(reply.header("location"), Some("/login?error=rate_limited"));
    assert!(browser.get("/login?error=rate_limited").await.expect(200).text.contains("Too many attempts"));
}

#[tokio::test]
async fn what_is_kept_of_attempts_decays_and_is_bounded() {
    let app = by_address(by_account(TestApp::on(Backend::Sqlite))).start().await;
    app.signed_up("ada").await;
    judged_of_fifty(&app, &["ada"]).await;
    let url = format!("sqlite://{}", app.folder().join("latchkey.db").display());
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let kept = async |connection: &mut sqlx::AnyConnection| -> Vec<String> {
        sqlx::query_scalar("SELECT key FROM limits").fetch_all(connection).await.unwrap()
    };
    let keys = kept(&mut connection).await;
    assert!(keys.len() >= 3, "the account, and its address for signing in and for accounts made: {keys:?}");
    assert!(keys.iter().all(|key| !key.contains("ada") && !key.contains("127.0.0.1")), "{keys:?}");
    app.advance(Duration::from_secs(24 * 3600));
    app.services().housekeeping().await.unwrap();
    assert!(kept(&mut connection).await.is_empty());
}

/// RL2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_sign_ins_at_once_are_judged_or_put_off_and_others_are_served_meanwhile() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| {
        settings.password.argon2_memory = 8 * 1024;
        settings.password.max_parallel = 2;
        settings.password.queue = 16;
    });
    let app = app.start().await;
    let mut device = app.signed_up("ada").await;
    let mut attempts = JoinSet::new();
    for n in 0..200 {
        let mut browser = app.browser();
        attempts.spawn(async move { browser.try_sign_in("ada", if n % 2 == 0 { PASSWORD } else { WRONG }).await });
    }
    let (mut judged, mut put_off, mut served) = (0, 0, 0);
    while let Some(reply) = attempts.join_next().await {
        let reply = reply.unwrap();
        match reply.status.as_u16() {
            200 | 401 => judged += 1,
            503 => {
                assert!(reply.header("retry-after").is_some() && reply.set_cookies().is_empty(), "{reply:?}");
                put_off += 1;
            }
            _ => panic!("{reply:?}"),
        }
        if served < 10 {
            assert!(device.is_in().await);
            device.try_refresh().await.expect(200);
            served += 1;
        }
    }
    assert!(judged >= 16 && put_off > 0, "{judged} judged, {put_off} put off");
    app.signed_in("ada").await;
}
