//! RT11: a network that loses, delays and repeats what passes costs nobody a session.

use super::support::{Backend, Fate, Network, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use serde_json::{Value, json};
use std::hash::{Hash as _, Hasher as _};
use std::time::Duration;

const GRACE: Duration = Duration::from_secs(10);
const LATE: Duration = Duration::from_millis(1);

/// Refreshes, and hears nothing.
async fn refreshes_in_vain(device: &mut SignedIn) {
    assert!(device.refreshes_if_answered().await.is_none(), "an answer came");
}

async fn kinds(device: &SignedIn) -> Vec<String> {
    let events = device.get("/api/activity").await.expect(200).json()["events"].clone();
    events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// Chance that is the same in every run.
fn chance(round: u64) -> [u8; 8] {
    let mut hasher = std::hash::DefaultHasher::new();
    round.hash(&mut hasher);
    hasher.finish().to_le_bytes()
}

async fn alive(app: &TestApp) -> usize {
    let users = app.services().store().users(None, 9).await.unwrap();
    app.services().store().live_sessions(&users[0].id, app.now()).await.unwrap().len()
}

on_both_databases! {
    async fn an_answer_lost_is_given_again_until_the_grace_is_over(app: TestAppBuilder) {
        let app = app.start().await;
        let network = Network::before(&app).await;
        let mut device = app.signed_up("ada").await;
        let witness = device.clone();
        device.browser.goes_through(&network);
        network.plan([Fate::AnswerLost, Fate::RequestLost, Fate::AnswerLost]);
        for _ in 0..3 {
            refreshes_in_vain(&mut device).await;
            app.advance(GRACE / 4);
        }
        app.advance(GRACE / 4 - LATE);
        // What the first, lost answer brought is what another one brings now.
        let mut twin = witness.clone();
        twin.try_refresh().await.expect(200);
        device.try_refresh().await.expect(200);
        assert_eq!(device.refresh_token(), twin.refresh_token());
        assert!(device.is_in().await);
        assert!(!kinds(&device).await.contains(&"forked".to_owned()));
    }

    async fn an_answer_lost_for_longer_is_a_fork_and_the_session_lives(app: TestAppBuilder) {
        let app = app.start().await;
        let network = Network::before(&app).await;
        let mut device = app.signed_up("ada").await;
        let other = app.signed_in("ada").await;
        device.browser.goes_through(&network);
        for _ in 0..5 {
            network.plan([Fate::AnswerLost]);
            refreshes_in_vain(&mut device).await;
            app.advance(GRACE);
        }
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await && other.is_in().await);
        assert_eq!(alive(&app).await, 2);
        assert_eq!(kinds(&device).await.iter().filter(|kind| *kind == "forked").count(), 5);
    }

    async fn a_request_that_comes_twice_is_one(app: TestAppBuilder) {
        let app = app.start().await;
        let network = Network::before(&app).await;
        let mut device = app.signed_up("ada").await;
        device.browser.goes_through(&network);
        network.plan([Fate::Repeated; 4]);
        for _ in 0..4 {
            device.try_refresh().await.expect(200);
        }
        // A sign-out too.
        network.plan([Fate::Repeated]);
        device.browser.post("/auth/logout", json!({})).await.expect(204);
        assert_eq!(alive(&app).await, 0);
    }

    async fn a_sign_in_a_change_of_password_and_a_sign_out_whose_answers_are_lost_can_be_done_again(app: TestAppBuilder) {
        let app = app.start().await;
        let network = Network::before(&app).await;
        let mut device = app.signed_up("ada").await;
        device.browser.goes_through(&network);
        let change = |old: &str, new: &str| json!({"currentPassword": old, "newPassword": new});
        let new = "an entirely new password";
        network.plan([Fate::AnswerLost]);
        assert!(device.posts_if_answered("/auth/password", change(PASSWORD, new)).await.is_none());
        // It was changed: the old one is wrong now, the new one right, and the session goes on.
        let again = device.post("/auth/password", change(PASSWORD, new)).await.expect(401);
        assert_eq!(again.code(), "invalid_credentials");
        assert!(device.is_in().await);

        network.plan([Fate::AnswerLost]);
        assert!(device.posts_if_answered("/auth/logout", json!({})).await.is_none());
        device.post("/auth/logout", json!({})).await.expect(204);
        assert!(!device.is_in().await);

        let mut browser = device.browser;
        network.plan([Fate::AnswerLost]);
        let body = json!({"username": "ada", "password": new});
        let request = browser.request(reqwest::Method::POST, "/auth/login").json(&body);
        assert!(request.send().await.is_err());
        let reply = browser.try_sign_in("ada", new).await.expect(200);
        assert!(SignedIn::new(browser, &reply).is_in().await);
    }

    async fn many_devices_on_a_bad_network_all_stay_signed_in(app: TestAppBuilder) {
        let app = app.start().await;
        let network = Network::before(&app).await;
        let mut devices = vec![app.signed_up("ada").await];
        for _ in 0..4 {
            devices.push(app.signed_in("ada").await);
        }
        for device in &mut devices {
            device.browser.goes_through(&network);
        }
        let (mut heard, mut unheard) = (0, 0);
        for round in 0..300 {
            let [fate, which, wait, use_it, ..] = chance(round);
            let device = &mut devices[usize::from(which) % 5];
            network.plan([match fate % 8 {
                0 | 1 => Fate::AnswerLost,
                2 => Fate::RequestLost,
                3 => Fate::Repeated,
                _ => Fate::Passes,
            }]);
            match device.refreshes_if_answered().await {
                Some(reply) => {
                    reply.expect(200);
                    heard += 1;
                    if use_it % 2 == 0 {
                        assert!(device.is_in().await, "round {round}");
                    }
                }
                None => unheard += 1,
            }
            app.advance(Duration::from_secs(u64::from(wait % 16)));
        }
        assert!(heard > 100 && unheard > 50, "{heard} heard, {unheard} not");
        for device in &mut devices {
            device.try_refresh().await.expect(200);
            assert!(device.is_in().await);
        }
        assert_eq!(alive(&app).await, 5);
        assert!(!kinds(&devices[0]).await.contains(&"reused".to_owned()));
    }
}

/// The second of two answers overtakes the first: whichever token the jar ends with, the session goes on.
#[tokio::test]
async fn an_answer_that_another_overtook_brings_the_same_bytes() {
    let app = TestApp::start().await;
    let mut slow = app.signed_up("ada").await;
    let mut fast = slow.clone();
    let first = slow.try_refresh().await.expect(200);
    fast.try_refresh().await.expect(200);
    assert_eq!(first.set_cookies().len(), 1);
    assert_eq!(slow.refresh_token(), fast.refresh_token());
    let claims: Value = slow.get("/api/me").await.expect(200).json();
    assert!(claims["sid"].is_string());
}
