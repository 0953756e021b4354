//! Links that work once: a forgotten password, and an invitation.

mod invitations;
mod pages;

use super::support::{Anonymous, Backend, PASSWORD, Reply, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use latchkey::domain::credentials::Username;
use latchkey::domain::id::{LinkDigest, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

const NEW_PASSWORD: &str = "seven quiet herons at dawn";
const HOUR: Duration = Duration::from_secs(3_600);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Has the form of a token, and was never one.
const UNKNOWN: &str = "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";

async fn user_id(device: &SignedIn) -> UserId {
    UserId::new(device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap())
}

/// A link to choose a new password, of which only the token is returned.
async fn reset_link(app: &TestApp, id: &UserId) -> String {
    app.services().make_reset_link(id, HOUR).await.unwrap().token.expose().to_owned()
}

async fn invitation(app: &TestApp, name: &str) -> String {
    let name = Username::new(name).unwrap();
    app.services().make_invitation(&name, WEEK).await.unwrap().token.expose().to_owned()
}

async fn reset(browser: &mut Anonymous, token: &str, password: &str) -> Reply {
    browser.post("/auth/password/reset", json!({"token": token, "newPassword": password})).await
}

async fn accept(browser: &mut Anonymous, token: &str, password: &str) -> Reply {
    browser.post("/auth/invite", json!({"token": token, "newPassword": password})).await
}

/// Who has this password.
async fn signs_in(app: &TestApp, name: &str, password: &str) -> bool {
    app.browser().try_sign_in(name, password).await.expect_either(200, 401) == 200
}

async fn kinds(device: &SignedIn) -> Vec<String> {
    let events = device.get("/api/activity").await.expect(200).json()["events"].clone();
    events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn a_link_lets_its_user_choose_a_new_password_once(app: TestAppBuilder) {
        let app = app.start().await;
        let mut ada = app.signed_up("ada").await;
        let eve = app.signed_up("eve").await;
        let token = reset_link(&app, &user_id(&ada).await).await;
        assert!(ada.is_in().await, "the link alone ends nothing");
        let mut browser = app.browser();
        let page = browser.get(&format!("/reset/{token}")).await.expect(200);
        assert!(page.text.contains("For the account ada."), "{}", page.text);
        let done = reset(&mut browser, &token, NEW_PASSWORD).await.expect(204);
        assert!(done.set_cookies().is_empty(), "nobody is signed in: {done:?}");
        assert!(!ada.is_in().await);
        ada.try_refresh().await.expect(401);
        assert!(eve.is_in().await);
        assert!(!signs_in(&app, "ada", PASSWORD).await && signs_in(&app, "ada", NEW_PASSWORD).await);
        assert_eq!(reset(&mut browser, &token, "another one entirely").await.expect(410).code(), "link_invalid");
        assert!(signs_in(&app, "ada", NEW_PASSWORD).await);
    }

    async fn the_user_is_told_of_the_link_and_of_its_use(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up("ada").await;
        let token = reset_link(&app, &user_id(&ada).await).await;
        let pending = async |ada: &SignedIn| ada.get("/api/export").await.expect(200).json()["oneTimeLinks"].clone();
        let (made, expires) = (app.now().as_millis(), app.now() + HOUR);
        let kept = json!([{"purpose": "reset", "createdAt": made, "expiresAt": expires.as_millis()}]);
        assert_eq!(pending(&ada).await, kept);
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(204);
        let mut browser = app.browser();
        let reply = browser.try_sign_in("ada", NEW_PASSWORD).await.expect(200);
        let ada = SignedIn::new(browser, &reply);
        let expected = ["signed_in", "session_ended", "password_reset", "link_made", "signed_in", "signed_up"];
        assert_eq!(kinds(&ada).await, expected);
        assert_eq!(pending(&ada).await, json!([]));
        let events = ada.get("/api/activity").await.expect(200).json()["events"].clone();
        assert_eq!(events[1]["detail"], "password_changed");
        assert_eq!(events[2]["ip"], "127.0.0.1");
        assert_eq!((&events[3]["ip"], &events[3]["userAgent"]), (&Value::Null, &json!("")), "no request made it");
        let mut browser = ada.browser;
        for (language, sentence) in [
            ("en", "A new password was chosen with a link"),
            ("de", "Mit einem Link wurde ein neues Passwort gewählt"),
            ("fr", "Un nouveau mot de passe a été choisi avec un lien"),
        ] {
            browser.headers.insert("Accept-Language", language.into());
            let page = browser.get("/activity").await.expect(200).text;
            assert!(page.contains(sentence), "{language}: {page}");
        }
    }

    async fn of_fifty_at_once_one_succeeds(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up("ada").await;
        for token in [reset_link(&app, &user_id(&ada).await).await, invitation(&app, "bob").await] {
            let mut attempts = JoinSet::new();
            for n in 0..50 {
                let (mut browser, token) = (app.browser(), token.clone());
                attempts.spawn(async move {
                    let password = format!("{NEW_PASSWORD} {n}");
                    // Of the two calls only the link's own does anything.
                    let (one, other) =
                        (reset(&mut browser, &token, &password).await, accept(&mut browser, &token, &password).await);
                    assert!([204, 410, 503].contains(&one.status.as_u16()), "{one:?}");
                    assert!([204, 410, 503].contains(&other.status.as_u16()), "{other:?}");
                    [one, other].into_iter().filter(|reply| reply.status == 204).map(|_| password.clone()).collect()
                });
            }
            let succeeded: Vec<String> = attempts.join_all().await.into_iter().flat_map(|all: Vec<String>| all).collect();
            assert_eq!(succeeded.len(), 1, "{succeeded:?}");
            let name = if signs_in(&app, "ada", &succeeded[0]).await { "ada" } else { "bob" };
            assert!(signs_in(&app, name, &succeeded[0]).await);
        }
    }

    async fn a_newer_link_a_new_password_and_time_end_a_link(app: TestAppBuilder) {
        let app = app.start().await;
        let mut ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        let older = reset_link(&app, &id).await;
        let newer = reset_link(&app, &id).await;
        reset(&mut app.browser(), &older, NEW_PASSWORD).await.expect(410);
        let change = json!({"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD});
        ada.post("/auth/password", change).await.expect(204);
        reset(&mut app.browser(), &newer, PASSWORD).await.expect(410);
        let token = reset_link(&app, &id).await;
        app.services().set_password(&id, PASSWORD).await.unwrap();
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(410);
        let token = reset_link(&app, &id).await;
        app.advance(HOUR - Duration::from_millis(1));
        app.browser().get(&format!("/reset/{token}")).await.expect(200);
        app.advance(Duration::from_millis(1));
        app.browser().get(&format!("/reset/{token}")).await.expect(410);
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(410);
        assert!(signs_in(&app, "ada", PASSWORD).await);
    }

    async fn a_disabled_or_deleted_user_has_no_use_for_a_link(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        let former = reset_link(&app, &id).await;
        app.services().disable_user(&id).await.unwrap();
        assert!(app.services().make_reset_link(&id, HOUR).await.is_err());
        app.browser().get(&format!("/reset/{former}")).await.expect(410);
        reset(&mut app.browser(), &former, NEW_PASSWORD).await.expect(410);
        app.services().enable_user(&id).await.unwrap();
        reset(&mut app.browser(), &former, NEW_PASSWORD).await.expect(410);
        let token = reset_link(&app, &id).await;
        app.services().delete_user(&id).await.unwrap();
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(410);
        assert!(app.services().make_reset_link(&id, HOUR).await.is_err());
        // Nor has somebody else with that name.
        app.signed_up("ada").await;
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(410);
    }

    async fn a_link_that_cannot_be_used_is_answered_alike_whatever_the_reason(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        let used = reset_link(&app, &id).await;
        reset(&mut app.browser(), &used, NEW_PASSWORD).await.expect(204);
        let expired = reset_link(&app, &id).await;
        app.advance(HOUR);
        let invited = invitation(&app, "bob").await;
        let replies = |reply: Reply| {
            let told = (reply.status, reply.code(), reply.json()["title"].clone(), reply.json()["detail"].clone());
            (told, reply.set_cookies().is_empty())
        };
        let mut told = Vec::new();
        for token in [&used, &expired, &invited, UNKNOWN, "x", "", "../../login", &"x".repeat(5_000)] {
            told.push(replies(reset(&mut app.browser(), token, NEW_PASSWORD).await));
            // The link is looked at first: a refused password tells nothing either.
            told.push(replies(reset(&mut app.browser(), token, "short").await));
        }
        assert_eq!(told[0].0.0, 410);
        assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
        let mut pages = Vec::new();
        for token in [&used, &expired, &invited, UNKNOWN, "x"] {
            let page = app.browser().get(&format!("/reset/{token}")).await.expect(410).text;
            assert!(page.contains("ask for a new link") && page.contains("href=\"/forgot\""), "{page}");
            assert!(!page.contains("type=\"password\""), "{page}");
            let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
            pages.push(main.to_owned());
        }
        assert!(pages.iter().all(|page| *page == pages[0]));
        accept(&mut app.browser(), &expired, NEW_PASSWORD).await.expect(410);
        accept(&mut app.browser(), &invited, NEW_PASSWORD).await.expect(204);
    }

    async fn looking_at_a_link_changes_nothing_and_a_refused_password_neither(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up("ada").await;
        let token = reset_link(&app, &user_id(&ada).await).await;
        let path = format!("/reset/{token}");
        for method in [Method::GET, Method::HEAD, Method::GET] {
            let mut scanner = app.browser();
            let request = scanner.request(method, &path).header("Accept", "text/html");
            let page = scanner.send(request).await.expect(200);
            assert!(page.set_cookies().is_empty(), "{page:?}");
        }
        assert!(ada.is_in().await && signs_in(&app, "ada", PASSWORD).await);
        for (password, reason) in [
            ("short", "too_short"),
            ("password password", "too_common"),
            ("adaadaadaadaadaada", "contains_username"),
            (&"x".repeat(1_025), "too_long"),
        ] {
            let reply = reset(&mut app.browser(), &token, password).await.expect(422);
            let error = &reply.json()["errors"][0];
            assert_eq!((&error["field"], &error["code"]), (&json!("newPassword"), &json!(reason)), "{reply:?}");
        }
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(204);
    }

    async fn wrong_links_are_limited_and_right_ones_are_not(app: TestAppBuilder) {
        let app = app.with(|settings| settings.limits.login_per_address = 5).start().await;
        let ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        for n in 0..12 {
            let token = reset_link(&app, &id).await;
            reset(&mut app.browser(), &token, "short").await.expect(422);
            reset(&mut app.browser(), &token, &format!("{NEW_PASSWORD} {n}")).await.expect(204);
        }
        for _ in 0..5 {
            reset(&mut app.browser(), UNKNOWN, NEW_PASSWORD).await.expect(410);
        }
        let token = reset_link(&app, &id).await;
        let refused = reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(429);
        assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("rate_limited", Some("12")));
        accept(&mut app.browser(), UNKNOWN, NEW_PASSWORD).await.expect(429);
        assert!(signs_in(&app, "ada", &format!("{NEW_PASSWORD} 11")).await, "signing in has limits of its own");
        app.advance(Duration::from_secs(12));
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(204);
    }

    async fn expired_links_are_deleted(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        let store = app.store().await;
        let short = app.services().make_invitation(&Username::new("bob").unwrap(), HOUR).await.unwrap();
        let long = app.services().make_reset_link(&id, 2 * HOUR).await.unwrap();
        let digests = [&short, &long].map(|link| LinkDigest::new(latchkey::server::token::digest(link.token.expose())));
        app.advance(HOUR);
        app.services().housekeeping().await.unwrap();
        assert!(store.link(&digests[0]).await.unwrap().is_none());
        assert!(store.link(&digests[1]).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn whoever_is_signed_in_here_the_link_is_about_its_own_account() {
    let app = TestApp::start().await;
    let ada = app.signed_up("ada").await;
    let mut eve = app.signed_up("evelyn").await;
    let token = reset_link(&app, &user_id(&ada).await).await;
    let page = eve.browser.get(&format!("/reset/{token}")).await.expect(200).text;
    assert!(page.contains("For the account ada.") && !page.contains("evelyn"), "{page}");
    reset(&mut eve.browser, &token, NEW_PASSWORD).await.expect(204);
    assert!(eve.is_in().await && !ada.is_in().await);
    eve.browser.get("/reset/done").await.expect(200);
}

#[tokio::test]
async fn what_is_stored_is_no_token() {
    let app = TestApp::start().await;
    let ada = app.signed_up("ada").await;
    let tokens = [reset_link(&app, &user_id(&ada).await).await, invitation(&app, "bob").await];
    for name in ["latchkey.db", "latchkey.db-wal"] {
        let stored = std::fs::read(app.folder().join(name)).unwrap();
        for token in &tokens {
            assert!(!stored.windows(token.len()).any(|part| part == token.as_bytes()), "{name}");
        }
    }
}
