//! Links that work once: a forgotten password, and an invitation.

use super::support::{Anonymous, Backend, PASSWORD, Reply, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use latchkey::domain::credentials::Username;
use latchkey::domain::id::UserId;
use latchkey::server::config::Registration;
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
        reset(&mut app.browser(), &token, NEW_PASSWORD).await.expect(204);
        let mut browser = app.browser();
        let reply = browser.try_sign_in("ada", NEW_PASSWORD).await.expect(200);
        let ada = SignedIn::new(browser, &reply);
        let expected = ["signed_in", "session_ended", "password_reset", "link_made", "signed_in", "signed_up"];
        assert_eq!(kinds(&ada).await, expected);
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
        let token = reset_link(&app, &id).await;
        for token in [&former, &token] {
            app.browser().get(&format!("/reset/{token}")).await.expect(410);
            reset(&mut app.browser(), token, NEW_PASSWORD).await.expect(410);
        }
        app.services().enable_user(&id).await.unwrap();
        reset(&mut app.browser(), &former, NEW_PASSWORD).await.expect(410);
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

    async fn whoever_is_invited_creates_the_account_of_that_name(app: TestAppBuilder) {
        let app = app.with(|settings| settings.accounts.registration = Registration::Invite).start().await;
        let body = json!({"username": "eve", "password": PASSWORD});
        assert_eq!(app.browser().post("/auth/signup", body).await.expect(403).code(), "registration_closed");
        let former = invitation(&app, "Bob").await;
        let token = invitation(&app, "bob").await;
        accept(&mut app.browser(), &former, PASSWORD).await.expect(410);
        let mut browser = app.browser();
        let page = browser.get(&format!("/invite/{token}")).await.expect(200).text;
        assert!(page.contains("Your username is bob."), "{page}");
        let short = accept(&mut browser, &token, "short").await.expect(422);
        assert_eq!(short.json()["errors"][0]["field"], "newPassword");
        let done = accept(&mut browser, &token, PASSWORD).await.expect(204);
        assert!(done.set_cookies().is_empty());
        let reply = browser.try_sign_in("bob", PASSWORD).await.expect(200);
        let bob = SignedIn::new(browser, &reply);
        assert_eq!(kinds(&bob).await, ["signed_in", "signed_up"]);
        accept(&mut app.browser(), &token, NEW_PASSWORD).await.expect(410);
        assert!(app.services().make_invitation(&Username::new("bob").unwrap(), WEEK).await.is_err(), "taken");
    }

    /// An invitation reserves nothing: the name may be taken in between, and the link ends with that.
    async fn an_invitation_to_a_name_that_is_taken_or_where_sign_up_is_closed_does_nothing(app: TestAppBuilder) {
        let mut app = app.start().await;
        let (taken, open) = (invitation(&app, "ada").await, invitation(&app, "bob").await);
        app.signed_up("ada").await;
        app.browser().get(&format!("/invite/{taken}")).await.expect(410);
        accept(&mut app.browser(), &taken, NEW_PASSWORD).await.expect(410);
        assert!(signs_in(&app, "ada", PASSWORD).await);
        app.change(|settings| settings.accounts.registration = Registration::Closed);
        app.restart().await;
        let page = app.browser().get(&format!("/invite/{open}")).await.expect(303);
        assert_eq!(page.header("location"), Some("/signup"));
        assert_eq!(accept(&mut app.browser(), &open, PASSWORD).await.expect(403).code(), "registration_closed");
        assert!(app.services().make_invitation(&Username::new("eve").unwrap(), WEEK).await.is_err());
    }

    async fn expired_links_are_deleted(app: TestAppBuilder) {
        let app = app.start().await;
        let ada = app.signed_up("ada").await;
        let id = user_id(&ada).await;
        let store = app.store().await;
        let short = app.services().make_invitation(&Username::new("bob").unwrap(), HOUR).await.unwrap();
        let long = app.services().make_reset_link(&id, 2 * HOUR).await.unwrap();
        let digests = [&short, &long].map(|link| latchkey::server::token::digest(link.token.expose()));
        app.advance(HOUR);
        app.services().housekeeping().await.unwrap();
        assert!(store.link(&digests[0]).await.unwrap().is_none());
        assert!(store.link(&digests[1]).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn the_whole_story_without_javascript_and_without_a_cookie() {
    let app = TestApp::start().await;
    let ada = app.signed_up("ada").await;
    for (path, action, token) in [
        ("reset", "/auth/password/reset", reset_link(&app, &user_id(&ada).await).await),
        ("invite", "/auth/invite", invitation(&app, "bob").await),
    ] {
        let address = format!("/{path}/{token}");
        let page = app.browser().get(&address).await.expect(200);
        for part in [
            format!("action=\"{action}\""),
            format!("name=\"token\" value=\"{token}\""),
            "autocomplete=\"new-password\"".to_owned(),
        ] {
            assert!(page.text.contains(&part), "{part}: {}", page.text);
        }
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("same-origin"), "the address goes to no other site");
        let refused = app.browser().submit(action, &[("token", &token), ("newPassword", "short")]).await.expect(303);
        let location = refused.header("location").unwrap().to_owned();
        assert_eq!(location, format!("{address}?error=validation_failed&field=newPassword&reason=too_short"));
        let again = app.browser().get(&location).await.expect(200);
        assert!(again.text.contains("This is too short. Use at least 15 characters."), "{}", again.text);
        let done = app.browser().submit(action, &[("token", &token), ("newPassword", NEW_PASSWORD)]).await.expect(303);
        assert_eq!(done.header("location"), Some(format!("/{path}/done").as_str()));
        assert!(done.set_cookies().is_empty(), "{done:?}");
        let page = app.browser().get(&format!("/{path}/done")).await.expect(200).text;
        assert!(page.contains("href=\"/login\""), "{page}");
        let used = app.browser().submit(action, &[("token", &token), ("newPassword", NEW_PASSWORD)]).await.expect(303);
        let location = used.header("location").unwrap().to_owned();
        assert_eq!(location, format!("{address}?error=link_invalid"));
        app.browser().get(&location).await.expect(410);
        for odd in ["", "x", "//evil.example", "a?b#c"] {
            let reply =
                app.browser().submit(action, &[("token", odd), ("newPassword", NEW_PASSWORD)]).await.expect(303);
            assert_eq!(reply.header("location"), Some(format!("/{path}/-?error=link_invalid").as_str()));
        }
    }
    assert!(signs_in(&app, "ada", NEW_PASSWORD).await && signs_in(&app, "bob", NEW_PASSWORD).await);
}

/// Another language or theme is chosen at the foot of every page, and leads back to it.
#[tokio::test]
async fn a_choice_of_language_leads_back_to_the_page_of_the_link() {
    let app = TestApp::start().await;
    let token = invitation(&app, "bob").await;
    let address = format!("/invite/{token}");
    let mut browser = app.browser();
    let reply = browser.submit("/preferences", &[("language", "fr"), ("returnTo", &address)]).await.expect(303);
    assert_eq!(reply.header("location"), Some(address.as_str()));
    assert!(browser.get(&address).await.expect(200).text.contains("Votre nom ici est bob."));
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

#[tokio::test]
async fn who_forgot_their_password_reads_whom_to_ask() {
    let app = TestApp::start().await;
    assert!(app.browser().get("/login").await.expect(200).text.contains("href=\"/forgot\""));
    let page = app.browser().get("/forgot").await.expect(200).text;
    assert!(page.contains("The operator of this site can give you a link") && !page.contains("reach them"), "{page}");
    for (contact, shown) in [
        ("Room <b>7</b>, \"Ada\"", "<bdi>Room &lt;b&gt;7&lt;/b&gt;, \"Ada\""),
        ("https://example.org/help?a=b&c", "href=\"https://example.org/help?a=b&amp;c\""),
        ("mailto:help@example.org", "href=\"mailto:help@example.org\""),
        ("javascript:alert(1)", "<bdi>javascript:alert(1)"),
    ] {
        let app =
            TestApp::on(Backend::Sqlite).with(|settings| settings.accounts.contact = contact.into()).start().await;
        let page = app.browser().get("/forgot").await.expect(200).text;
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[tokio::test]
async fn where_accounts_are_by_invitation_the_pages_say_so() {
    let app = TestApp::on(Backend::Sqlite)
        .with(|settings| settings.accounts.registration = Registration::Invite)
        .start()
        .await;
    let page = app.browser().get("/signup").await.expect(200).text;
    assert!(page.contains("Sign-up is by invitation") && !page.contains("type=\"password\""), "{page}");
    let page = app.browser().get("/login").await.expect(200).text;
    assert!(page.contains("New accounts are made by invitation.") && !page.contains("New here?"), "{page}");
}
