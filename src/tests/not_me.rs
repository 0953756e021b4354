//! "This wasn’t me": one flow from what somebody else did to a new password, by forms and pages.

use super::support::{Backend, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use serde_json::json;
use std::time::Duration;

const NOT_MINE: &str = "/auth/sessions/not-mine";
const END: &str = "/auth/sessions/not-mine/end";

/// Presses the button beside a session; where that leads.
async fn press(device: &mut SignedIn, sid: &str) -> String {
    let reply = device.browser.submit(NOT_MINE, &[("sid", sid), ("returnTo", "/activity")]).await.expect(303);
    reply.header("location").unwrap().to_owned()
}

/// Answers the question; where that leads.
async fn answer(device: &mut SignedIn, password: Option<&str>) -> String {
    let fields: Vec<_> = password.map(|password| ("password", password)).into_iter().collect();
    device.browser.submit(END, &fields).await.expect(303).header("location").unwrap().to_owned()
}

async fn page(device: &mut SignedIn, path: &str) -> String {
    device.browser.get(path).await.expect(200).text
}

/// Lets the proof of who asks grow old.
async fn wait_long(app: &TestApp, device: &mut SignedIn) {
    app.advance(app.settings().sessions.reauthentication_window + Duration::from_secs(1));
    device.try_refresh().await.expect(200);
}

on_both_databases! {
    async fn it_asks_before_it_ends_and_leads_to_a_new_password(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let there = app.signed_in("ada").await;
        let theirs = there.sid().await;
        for path in ["/activity", "/devices"] {
            let shown = page(&mut here, path).await;
            let form = format!("action=\"{NOT_MINE}\"");
            assert!(shown.contains(&form) && shown.contains("This wasn’t me"), "{path}: {shown}");
        }
        assert_eq!(press(&mut here, &theirs).await, "/not-me", "nothing of it stands in an address");
        assert!(there.is_in().await, "nothing is ended yet");
        let question = page(&mut here, "/not-me").await;
        for said in ["It loses access at once.", "choose a new password", "Sign out Firefox on Linux"] {
            assert!(question.contains(said), "{said}: {question}");
        }
        assert!(!question.contains("name=\"password\""), "the proof is fresh: {question}");
        assert_eq!(answer(&mut here, None).await, "/account?notMe=ended#password");
        assert!(!there.is_in().await && here.is_in().await);
        assert!(page(&mut here, "/account?notMe=ended").await.contains("That device is signed out."));
        // Asked once, it is over.
        let again = here.browser.get("/not-me").await.expect(303);
        assert_eq!(again.header("location"), Some("/activity"));
    }

    async fn the_password_is_asked_for_where_the_proof_is_old_and_the_wish_is_kept(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut there = app.signed_in("ada").await;
        wait_long(&app, &mut here).await;
        there.try_refresh().await.expect(200);
        let theirs = there.sid().await;
        press(&mut here, &theirs).await;
        assert!(page(&mut here, "/not-me").await.contains("name=\"password\""));
        assert_eq!(answer(&mut here, None).await, "/not-me?error=reauthentication_required");
        assert_eq!(answer(&mut here, Some("not the right password")).await, "/not-me?error=invalid_credentials");
        let refused = page(&mut here, "/not-me?error=invalid_credentials").await;
        assert!(refused.contains("The password is wrong.") && refused.contains("name=\"password\""), "{refused}");
        assert!(there.is_in().await);
        // The right one carries on by itself: there is nothing to do once more.
        assert_eq!(answer(&mut here, Some(PASSWORD)).await, "/account?notMe=ended#password");
        assert!(!there.is_in().await && here.is_in().await);
    }
}

#[tokio::test]
async fn the_proof_may_grow_old_while_the_page_is_open() {
    let app = TestApp::on(Backend::Sqlite).start().await;
    let mut here = app.signed_up("ada").await;
    let there = app.signed_in("ada").await;
    let theirs = there.sid().await;
    press(&mut here, &theirs).await;
    assert!(!page(&mut here, "/not-me").await.contains("name=\"password\""));
    wait_long(&app, &mut here).await;
    let asks = answer(&mut here, None).await;
    assert!(page(&mut here, &asks).await.contains("name=\"password\""), "{asks}");
    assert_eq!(answer(&mut here, Some(PASSWORD)).await, "/account?notMe=ended#password");
}

#[tokio::test]
async fn what_ended_meanwhile_leads_to_a_new_password_too() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    for when in ["before the page is shown", "before the answer"] {
        let there = app.signed_in("ada").await;
        let theirs = there.sid().await;
        press(&mut here, &theirs).await;
        let leads = if when == "before the answer" {
            page(&mut here, "/not-me").await;
            here.post("/auth/sessions/revoke", json!({"sid": theirs})).await.expect(204);
            answer(&mut here, None).await
        } else {
            here.post("/auth/sessions/revoke", json!({"sid": theirs})).await.expect(204);
            here.browser.get("/not-me").await.expect(303).header("location").unwrap().to_owned()
        };
        assert_eq!(leads, "/account?notMe=over#password", "{when}");
    }
}

#[tokio::test]
async fn ones_own_session_and_those_of_others_cannot_be_disowned() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let bob = app.signed_up("bob").await;
    let (mine, bobs) = (here.sid().await, bob.sid().await);
    assert_eq!(press(&mut here, &mine).await, "/activity?error=not_found&returnTo=%2Factivity");
    press(&mut here, &bobs).await;
    let leads = here.browser.get("/not-me").await.expect(303);
    assert_eq!(leads.header("location"), Some("/account?notMe=over#password"), "it is as if there were none");
    press(&mut here, &bobs).await;
    answer(&mut here, None).await;
    assert!(bob.is_in().await && here.is_in().await);
    // Without a wish there is nothing to answer.
    let none = here.browser.submit(END, &[]).await.expect(303);
    assert_eq!(none.header("location"), Some("/account?notMe=over#password"));
}

#[tokio::test]
async fn a_failure_elsewhere_is_told_on_the_activity_page() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let there = app.signed_in("ada").await;
    let page = page(&mut here, "/activity?error=unavailable").await;
    assert!(page.contains("role=\"alert\"") && page.contains(&there.sid().await), "{page}");
}
