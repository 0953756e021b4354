//! RL1, AV1: whoever does nothing wrong is not kept out by being many, by what others do, or by a clock; and who is
//! refused costs nobody anything.

use super::support::{Backend, DEVICE, PASSWORD, Reply, TestApp, TestAppBuilder, on_both_databases};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _};
use std::time::Duration;
use tokio::task::JoinSet;

const WRONG: &str = "not the password at all";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The limits as shipped.
fn shipped(app: TestAppBuilder) -> TestAppBuilder {
    app.with(|settings| settings.limits = Default::default())
}

fn status(reply: &Reply) -> u16 {
    reply.status.as_u16()
}

on_both_databases! {
    /// N6
    async fn all_who_are_right_get_in_from_one_address_however_many_at_once(app: TestAppBuilder) {
        let app = shipped(app).start().await;
        for n in 0..20 {
            app.signed_up(&format!("ada-{n}")).await;
        }
        let mut attempts = JoinSet::new();
        for n in 0..20 {
            let mut browser = app.browser();
            attempts.spawn(async move {
                loop {
                    let reply = browser.try_sign_in(&format!("ada-{n}"), PASSWORD).await;
                    // A busy machine may put it off, but nobody is refused.
                    if status(&reply) != 503 {
                        return reply;
                    }
                }
            });
        }
        for reply in attempts.join_all().await {
            assert_eq!(status(&reply), 200, "{reply:?}");
        }
        // None of it was used up.
        for n in 0..5 {
            app.browser().try_sign_in(&format!("bob-{n}"), WRONG).await.expect(401);
        }
        app.browser().try_sign_in("bob-5", WRONG).await.expect(429);
    }

    /// A3
    async fn who_is_refused_writes_nothing_and_waits_for_nobody_who_writes(app: TestAppBuilder) {
        let mut app = shipped(app).start().await;
        app.signed_up("ada").await;
        let taken = json!({"username": "ada", "password": PASSWORD});
        for _ in 0..5 {
            app.browser().try_sign_in("ada", WRONG).await.expect(401);
            app.browser().post("/auth/signup", taken.clone()).await.expect(409);
        }
        // What is known of this must not be from memory alone.
        app.restart().await;
        let mut writer = AnyConnection::connect(&app.settings().database.url).await.unwrap();
        let hold = match app.settings().database.url.starts_with("sqlite") {
            true => "BEGIN IMMEDIATE",
            false => "BEGIN; LOCK TABLE limits, users, sessions, activity, web_sessions IN EXCLUSIVE MODE",
        };
        sqlx::raw_sql(hold).execute(&mut writer).await.unwrap();
        let mut attempts = JoinSet::new();
        for n in 0..50 {
            let (mut browser, taken) = (app.browser(), taken.clone());
            attempts.spawn(async move {
                match n % 3 {
                    0 => browser.try_sign_in("ada", PASSWORD).await,
                    1 => browser.try_sign_in(&format!("nobody-{n}"), WRONG).await,
                    _ => browser.post("/auth/signup", taken).await,
                }
            });
        }
        for reply in attempts.join_all().await {
            assert_eq!(status(&reply), 429, "{reply:?}");
            assert!(reply.header("retry-after").is_some() && reply.set_cookies().is_empty(), "{reply:?}");
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut writer).await.unwrap();
    }

    /// N7
    async fn a_clock_that_was_a_day_ahead_keeps_nobody_out_afterwards(app: TestAppBuilder) {
        let app = shipped(app).start().await;
        let mut owner = app.signed_up("ada").await;
        app.advance(DAY);
        for _ in 0..5 {
            app.browser().try_sign_in("ada", WRONG).await.expect(401);
        }
        app.browser().try_sign_in("ada", WRONG).await.expect(429);
        while status(&app.browser().post("/auth/signup", json!({"username": "ada", "password": PASSWORD})).await) == 409 {}
        while status(&owner.try_refresh().await) == 200 {}
        app.step_back(DAY);
        app.signed_in("ada").await;
        app.signed_up("eve").await;
        owner.try_refresh().await.expect(200);
    }

    /// A7
    async fn those_who_get_in_do_so_only_so_often(app: TestAppBuilder) {
        let app = app.with(|settings| settings.limits.sign_ins_per_account = 3).start().await;
        let (owner, _) = (app.signed_up("ada").await, app.signed_up("eve").await);
        for _ in 0..3 {
            app.signed_in("ada").await;
        }
        let refused = app.browser().try_sign_in("ada", PASSWORD).await.expect(429);
        assert_eq!(refused.header("retry-after"), Some("20"));
        // Nobody else's, and not on the browser that has a session of the account.
        app.signed_in("eve").await;
        owner.browser.clone().try_sign_in("ada", PASSWORD).await.expect(200);
        app.advance(Duration::from_secs(20));
        app.signed_in("ada").await;
    }
}

/// Ten guesses at a name, from nowhere in particular: whoever is not known has to wait.
async fn guess_at(app: &TestApp, name: &str) {
    while status(&app.browser().try_sign_in(name, WRONG).await) == 401 {}
    app.browser().try_sign_in(name, PASSWORD).await.expect(429);
}

fn by_account(app: TestAppBuilder) -> TestAppBuilder {
    app.with(|settings| settings.limits.login_per_account = 10)
}

on_both_databases! {
    /// A9
    async fn guesses_of_others_keep_nobody_out_of_a_browser_that_they_signed_in_from(app: TestAppBuilder) {
        let mut app = by_account(app).start().await;
        let mut owner = app.signed_up("ada").await;
        let eve = app.signed_up("eve").await;
        owner.browser.post("/auth/logout", json!({})).await.expect(204);
        assert_eq!(owner.browser.cookies.keys().collect::<Vec<_>>(), [DEVICE], "what is left after signing out");
        guess_at(&app, "ada").await;
        app.restart().await;
        owner.browser.goes_to(&app);
        let reply = owner.browser.clone().try_sign_in("ada", PASSWORD).await.expect(200);
        let kept = reply.set_cookies().into_iter().find(|cookie| cookie.starts_with(DEVICE)).unwrap();
        assert_eq!(
            kept,
            format!("{DEVICE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=34560000", owner.browser.cookies[DEVICE])
        );
        // Nobody else's opens anything, nor does one that was made up, which is not kept either.
        let mut others = app.browser();
        others.cookies.insert(DEVICE.into(), eve.browser.cookies[DEVICE].clone());
        others.try_sign_in("ada", PASSWORD).await.expect(429);
        let mut made_up = app.browser();
        made_up.cookies.insert(DEVICE.into(), "A".repeat(43));
        made_up.clone().try_sign_in("ada", PASSWORD).await.expect(429);
        made_up.try_sign_in("eve", PASSWORD).await.expect(200);
        assert_ne!(made_up.cookies[DEVICE], "A".repeat(43));
    }

    /// A9
    async fn whoever_steals_such_a_cookie_may_guess_as_often_as_anybody_and_no_more(app: TestAppBuilder) {
        let app = by_account(app).start().await;
        let (mut owner, mut other) = (app.signed_up("ada").await, app.signed_in("ada").await);
        owner.browser.post("/auth/logout", json!({})).await.expect(204);
        other.browser.post("/auth/logout", json!({})).await.expect(204);
        let mut thief = app.browser();
        thief.cookies.insert(DEVICE.into(), owner.browser.cookies[DEVICE].clone());
        thief.get("/devices").await.expect(303);
        for _ in 0..10 {
            thief.try_sign_in("ada", WRONG).await.expect(401);
        }
        thief.try_sign_in("ada", PASSWORD).await.expect(429);
        // The account and the owner's other browser are none the worse for it.
        app.signed_in("ada").await;
        other.browser.try_sign_in("ada", PASSWORD).await.expect(200);
    }

    /// A9
    async fn a_changed_password_makes_all_other_browsers_strangers(app: TestAppBuilder) {
        let app = by_account(app).start().await;
        let (mut here, mut there) = (app.signed_up("ada").await, app.signed_in("ada").await);
        there.browser.post("/auth/logout", json!({})).await.expect(204);
        let new = "an entirely new password";
        here.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": new})).await.expect(204);
        here.browser.post("/auth/logout", json!({})).await.expect(204);
        guess_at(&app, "ada").await;
        there.browser.try_sign_in("ada", new).await.expect(429);
        here.browser.try_sign_in("ada", new).await.expect(200);
    }
}

#[tokio::test]
async fn the_browsers_that_an_account_knows_are_bounded_exported_and_forgotten_in_time() {
    let app = TestApp::on(Backend::Sqlite).start().await;
    let first = app.signed_up("ada").await;
    app.advance(Duration::from_millis(1));
    for _ in 0..59 {
        app.signed_in("ada").await;
    }
    let last = app.signed_in("ada").await;
    let known = last.get("/api/export").await.expect(200).json()["knownBrowsers"].clone();
    assert_eq!(known.as_array().unwrap().len(), 50);
    assert_eq!(known[49]["knownSince"], app.now().as_millis(), "the oldest gave way");
    let url = format!("sqlite://{}", app.folder().join("latchkey.db").display());
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    let mut kept = async || -> Vec<String> {
        sqlx::query_scalar("SELECT digest FROM known_browsers").fetch_all(&mut connection).await.unwrap()
    };
    assert!(
        !kept()
            .await
            .iter()
            .any(|digest| *digest == first.browser.cookies[DEVICE] || *digest == last.browser.cookies[DEVICE])
    );
    app.advance(400 * DAY + Duration::from_secs(1));
    app.services().housekeeping().await.unwrap();
    assert!(kept().await.is_empty());
}

/// Of many at once who are right, none more than that gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_who_are_right_at_once_slip_nobody_past() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.limits.sign_ins_per_account = 7).start().await;
    app.signed_up("ada").await;
    let mut attempts = JoinSet::new();
    for _ in 0..50 {
        let mut browser = app.browser();
        attempts.spawn(async move { browser.try_sign_in("ada", PASSWORD).await.status.as_u16() });
    }
    let statuses = attempts.join_all().await;
    let of = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((of(200), of(429)), (7, 43), "{statuses:?}");
}

/// A4: what is refused as unchanged is never judged, and each check of the current password counts.
#[tokio::test]
async fn changing_a_password_to_itself_is_not_free() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.limits.sign_ins_per_account = 3).start().await;
    let mut device = app.signed_up("ada").await;
    let same = json!({"currentPassword": PASSWORD, "newPassword": PASSWORD});
    for _ in 0..3 {
        let reply = device.post("/auth/password", same.clone()).await.expect(422);
        assert_eq!(reply.json()["errors"][0]["code"], "unchanged");
    }
    device.post("/auth/password", same).await.expect(429);
}

/// A5: one address brings more than there is room for; a new browser elsewhere, and the owner's own, still get in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_floods_the_hashing_waits_behind_itself() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| {
        (settings.password.argon2_memory, settings.password.max_parallel, settings.password.queue) = (8 * 1024, 1, 8);
        settings.server.trusted_proxies = vec!["127.0.0.1".into()];
    });
    let app = app.start().await;
    let owner = app.signed_up("ada").await;
    app.signed_up("eve").await;
    let mut flood = JoinSet::new();
    for n in 0..60 {
        let mut browser = app.browser();
        browser.headers.insert("X-Forwarded-For", format!("2001:db8:0:{n:x}::1"));
        flood.spawn(async move {
            let mut statuses = Vec::new();
            for round in 0..4 {
                statuses.push(status(&browser.try_sign_in(&format!("nobody-{n}-{round}"), WRONG).await));
            }
            statuses
        });
    }
    let mut stranger = app.browser();
    stranger.headers.insert("X-Forwarded-For", "192.0.2.7".into());
    let mut known = owner.browser.clone();
    known.headers.insert("X-Forwarded-For", "2001:db8:0:1::2".into());
    for _ in 0..5 {
        stranger.clone().try_sign_in("eve", PASSWORD).await.expect(200);
        known.try_sign_in("ada", PASSWORD).await.expect(200);
    }
    let statuses: Vec<u16> = flood.join_all().await.into_iter().flatten().collect();
    assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
}
