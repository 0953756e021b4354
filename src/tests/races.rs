//! Races over HTTP: many refreshes of one token (RT3), a refresh against every kind of revocation (RT9), a sign-in
//! against a disabled user (RT10) and against the bound on sessions (SE6).

use super::support::{Backend, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use latchkey::domain::id::UserId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::JoinSet;

fn generation(refresh_token: &str) -> u64 {
    let claims = URL_SAFE_NO_PAD.decode(refresh_token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["gen"].as_u64().unwrap()
}

async fn user_id(device: &SignedIn) -> UserId {
    UserId::new(device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap())
}

async fn refreshed_by_many_at_once(app: TestAppBuilder) {
    let app = app.start().await;
    let mut device = app.signed_up("ada").await;
    let user = user_id(&device).await;
    for run in 1..=100 {
        let mut tabs = JoinSet::new();
        for _ in 0..50 {
            let mut tab = device.clone();
            tabs.spawn(async move {
                tab.try_refresh().await.expect(200);
                (tab.refresh_token().to_owned(), tab)
            });
        }
        let tabs = tabs.join_all().await;
        let successors: BTreeSet<&String> = tabs.iter().map(|(token, _)| token).collect();
        assert_eq!(successors.len(), 1, "all get the same bytes");
        assert_eq!(generation(&tabs[0].0), run);
        device = tabs.into_iter().next().unwrap().1;
        assert_eq!(app.services().store().live_sessions(&user, app.now()).await.unwrap().len(), 1);
    }
    assert!(device.is_in().await);
}

/// How a session may be ended while it is being refreshed.
#[derive(Clone, Copy, Debug)]
enum End {
    LogoutByRefreshToken,
    LogoutByAccessToken,
    RevokedFromAnother,
    LogoutAll,
    LogoutAllOthers,
    PasswordChanged,
    Disabled,
    Deleted,
    /// The same browser signs in anew.
    Replaced,
    /// Another sign-in, where no more than one session is allowed.
    CrowdedOut,
}

/// One race: the session, another of the same user, and who the user is.
struct Race {
    there: SignedIn,
    here: SignedIn,
    sid: String,
    user: UserId,
    name: String,
}

impl Race {
    async fn prepare(app: &TestApp, name: &str) -> Self {
        let here = app.signed_up(name).await;
        let user = user_id(&here).await;
        let there = app.signed_in(name).await;
        Self { sid: there.sid().await, there, here, user, name: name.to_owned() }
    }

    /// Ends the session, and says so when it was answered.
    async fn end(&self, app: &TestApp, how: End) {
        let (mut here, mut there) = (self.here.clone(), self.there.clone());
        match how {
            End::LogoutByRefreshToken => drop(there.browser.post("/auth/logout", json!({})).await.expect(204)),
            End::LogoutByAccessToken => {
                there.browser.cookies.clear();
                there.post("/auth/logout", json!({})).await.expect(204);
            }
            End::RevokedFromAnother => {
                here.post("/auth/sessions/revoke", json!({"sid": self.sid})).await.expect(204);
            }
            End::LogoutAll => drop(here.post("/auth/logout-all", json!({})).await.expect(204)),
            End::LogoutAllOthers => {
                here.post("/auth/logout-all", json!({"keepCurrent": true})).await.expect(204);
            }
            End::PasswordChanged => {
                let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
                here.post("/auth/password", change).await.expect(204);
            }
            End::Disabled => drop(app.services().disable_user(&self.user).await.unwrap()),
            End::Deleted => drop(app.services().delete_user(&self.user).await.unwrap()),
            End::Replaced => drop(there.browser.try_sign_in(&self.name, PASSWORD).await.expect(200)),
            End::CrowdedOut => drop(app.browser().try_sign_in(&self.name, PASSWORD).await.expect(200)),
        }
    }

    /// No token of the session works: not those from before, not those that the refresh brought.
    async fn is_over_for(&self, after: &SignedIn) {
        for device in [&self.there, after] {
            assert!(!device.is_in().await);
            let reply = device.clone().try_refresh().await.expect(401);
            assert!(reply.set_cookies().is_empty());
        }
    }
}

/// Races: in every other run one refresh starts first, in the rest the session is refreshed again and again until it
/// cannot be any more. Afterwards nothing of it works, whoever was first.
async fn race(app: TestAppBuilder, how: End, races: usize) {
    let app = match how {
        End::CrowdedOut => app.with(|settings| settings.sessions.max_per_user = 1),
        _ => app,
    };
    let app = app.start().await;
    let (mut won, mut lost) = (0, 0);
    for run in 0..races {
        let race = Race::prepare(&app, &format!("ada-{run}")).await;
        let mut after = race.there.clone();
        let ended = AtomicBool::new(false);
        let refresh = async {
            loop {
                let reply = after.try_refresh().await;
                assert!([200, 401].contains(&reply.status.as_u16()), "{how:?}: {reply:?}");
                if run % 2 == 0 || reply.status == 401 || ended.load(Ordering::SeqCst) {
                    break reply.status == 200;
                }
            }
        };
        let end = async {
            for _ in 0..run % 16 {
                tokio::task::yield_now().await;
            }
            race.end(&app, how).await;
            ended.store(true, Ordering::SeqCst);
        };
        let (is_refreshed, ()) = tokio::join!(refresh, end);
        *(if is_refreshed { &mut won } else { &mut lost }) += 1;
        race.is_over_for(&after).await;
    }
    assert!(won > 0 && lost > 0, "{how:?}: the refresh won {won} and lost {lost}: both must happen");
}

macro_rules! races {
    ($($name:ident: $how:expr,)*) => {
        $(
            mod $name {
                use super::*;

                /// RT9
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    race(TestApp::on(Backend::Sqlite), $how, 200).await;
                }

                /// RT9
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    race(TestApp::on(Backend::Postgres), $how, 50).await;
                }
            }
        )*
    };
}

races! {
    a_refresh_races_a_logout_by_refresh_token: End::LogoutByRefreshToken,
    a_refresh_races_a_logout_by_access_token: End::LogoutByAccessToken,
    a_refresh_races_a_revocation_from_another_session: End::RevokedFromAnother,
    a_refresh_races_a_logout_of_all: End::LogoutAll,
    a_refresh_races_a_logout_of_all_others: End::LogoutAllOthers,
    a_refresh_races_a_change_of_password: End::PasswordChanged,
    a_refresh_races_the_disabling_of_its_user: End::Disabled,
    a_refresh_races_the_deletion_of_its_user: End::Deleted,
    a_refresh_races_a_sign_in_that_replaces_its_session: End::Replaced,
    a_refresh_races_a_sign_in_that_crowds_its_session_out: End::CrowdedOut,
}

on_both_databases! {
    /// RT3
    async fn fifty_refreshes_of_one_token_at_once_get_the_same_bytes(app: TestAppBuilder) {
        refreshed_by_many_at_once(app).await;
    }

    /// RT10
    async fn a_sign_in_that_races_the_disabling_of_its_user_leaves_nothing_alive(app: TestAppBuilder) {
        let app = app.start().await;
        for run in 0..50 {
            let name = format!("ada-{run}");
            let user = user_id(&app.signed_up(&name).await).await;
            let mut browser = app.browser();
            let (reply, ended) =
                tokio::join!(browser.try_sign_in(&name, PASSWORD), app.services().disable_user(&user));
            ended.unwrap();
            if reply.status == 200 {
                let mut device = SignedIn::new(browser, &reply);
                assert!(!device.is_in().await);
                device.try_refresh().await.expect(401);
            } else {
                reply.expect(401);
            }
            assert!(app.services().store().live_sessions(&user, app.now()).await.unwrap().is_empty());
        }
    }

    /// SE5: a password that was right when it was looked at is wrong by the time that the session would start.
    async fn a_sign_in_that_races_a_change_of_password_leaves_nothing_alive(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let user = user_id(&here).await;
        let mut old = PASSWORD.to_owned();
        for run in 0..20 {
            let new = format!("an entirely new password, number {run}");
            let mut attempts = JoinSet::new();
            for _ in 0..8 {
                let (mut browser, old) = (app.browser(), old.clone());
                attempts.spawn(async move {
                    let reply = browser.try_sign_in("ada", &old).await;
                    assert!([200, 401].contains(&reply.status.as_u16()), "{reply:?}");
                    (reply.status == 200).then(|| SignedIn::new(browser, &reply))
                });
            }
            here.post("/auth/password", json!({"currentPassword": old, "newPassword": new})).await.expect(204);
            for mut device in attempts.join_all().await.into_iter().flatten() {
                assert!(!device.is_in().await, "run {run}");
                device.try_refresh().await.expect(401);
            }
            assert_eq!(app.services().store().live_sessions(&user, app.now()).await.unwrap().len(), 1, "run {run}");
            old = new;
        }
    }

    /// SE6
    async fn many_sign_ins_at_once_never_leave_more_sessions_than_allowed(app: TestAppBuilder) {
        let app = app.with(|settings| settings.sessions.max_per_user = 5).start().await;
        let user = user_id(&app.signed_up("ada").await).await;
        let mut browsers = JoinSet::new();
        for _ in 0..30 {
            let mut browser = app.browser();
            browsers.spawn(async move {
                browser.try_sign_in("ada", PASSWORD).await.expect(200);
            });
        }
        browsers.join_all().await;
        assert_eq!(app.services().store().live_sessions(&user, app.now()).await.unwrap().len(), 5);
    }
}
