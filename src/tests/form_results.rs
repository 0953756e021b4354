//! Without JavaScript: what is asked before something is done, and what is said afterwards.

use super::support::{PASSWORD, SignedIn, TestApp};
use std::time::Duration;

async fn page(device: &mut SignedIn, path: &str) -> String {
    device.browser.get(path).await.expect(200).text
}

/// Sends a form, and reads the page that it leads to.
async fn after(device: &mut SignedIn, path: &str, fields: &[(&str, &str)]) -> String {
    let led = device.browser.submit(path, fields).await.expect(303);
    let page = led.header("location").unwrap().to_owned();
    device.browser.get(&page).await.expect(200).text
}

#[tokio::test]
async fn a_page_asks_before_a_device_is_ended_and_says_so_once_afterwards() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let mut there = app.signed_in("ada").await;
    let sid = there.sid().await;
    there.browser.submit("/auth/sessions/rename", &[("sid", &sid), ("name", "Kitchen <b>")]).await.expect(303);
    let list = page(&mut here, "/devices").await;
    assert!(!list.contains("action=\"/auth/sessions/revoke\""), "nothing is ended at a press: {list}");

    let question = page(&mut here, &format!("/devices/sign-out?device={sid}")).await;
    for asked in
        ["Sign out Kitchen &lt;b&gt;?", "loses access", "127.0.0.1", "action=\"/auth/sessions/revoke\"", "Cancel"]
    {
        assert!(question.contains(asked), "{asked}: {question}");
    }
    assert!(there.is_in().await, "to ask is not to do");
    let said = after(&mut here, "/auth/sessions/revoke", &[("sid", &sid)]).await;
    assert!(said.contains("Kitchen &lt;b&gt; is signed out."), "{said}");
    assert!(!there.is_in().await);
    assert!(!page(&mut here, "/devices").await.contains("Kitchen"), "once");
}

#[tokio::test]
async fn a_page_asks_before_all_others_or_all_are_ended() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    here.browser.headers.insert("Accept-Language", "en".into());
    let (first, second) = (app.signed_in("ada").await, app.signed_in("ada").await);
    let question = page(&mut here, "/devices/sign-out?which=others").await;
    assert!(question.contains("2 other devices lose access at once."), "{question}");
    assert!(question.contains("name=\"keepCurrent\" value=\"true\""), "{question}");
    let said = after(&mut here, "/auth/logout-all", &[("keepCurrent", "true")]).await;
    assert!(said.contains("All other devices are signed out."), "{said}");
    assert!(!first.is_in().await && !second.is_in().await && here.is_in().await);

    let question = page(&mut here, "/devices/sign-out?which=everywhere").await;
    assert!(question.contains("this one too") && !question.contains("keepCurrent"), "{question}");
    let said = after(&mut here, "/auth/logout-all", &[]).await;
    assert!(said.contains("You are signed out on all your devices."), "{said}");
}

#[tokio::test]
async fn a_renamed_device_is_said_to_be_so_from_which_name_to_which() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let sid = here.sid().await;
    for (former, name) in [("Firefox on Linux", "Desk"), ("Desk", "Old desk")] {
        let said = after(&mut here, "/auth/sessions/rename", &[("sid", &sid), ("name", name)]).await;
        assert!(said.contains(&format!("Renamed from {former} to {name}.")), "{said}");
    }
    let said = after(&mut here, "/auth/sessions/rename", &[("sid", &sid), ("name", "Old desk")]).await;
    assert!(!said.contains("Renamed"), "nothing was: {said}");
}

#[tokio::test]
async fn what_was_not_done_is_not_said_and_nobody_elses_device_is_named() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let there = app.signed_in("ada").await;
    let mut eve = app.signed_up("eve").await;
    let (mine, theirs) = (there.sid().await, eve.sid().await);
    eve.browser.submit("/auth/sessions/rename", &[("sid", &theirs), ("name", "Eve’s secret")]).await.expect(303);
    let asked = here.browser.get(&format!("/devices/sign-out?device={theirs}")).await.expect(303);
    assert_eq!(asked.header("location"), Some("/devices"));
    let refused = after(&mut here, "/auth/sessions/revoke", &[("sid", &theirs)]).await;
    assert!(!refused.contains("Eve’s") && !refused.contains("is signed out."), "{refused}");
    app.advance(Duration::from_secs(11 * 60));
    here.try_refresh().await.expect(200);
    here.browser.submit("/auth/sessions/revoke", &[("sid", &mine)]).await.expect(303);
    let list = page(&mut here, "/devices").await;
    assert!(!list.contains("is signed out."), "it needs the password first: {list}");
}

#[tokio::test]
async fn a_changed_password_is_said_on_the_next_page() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let fields = [("currentPassword", PASSWORD), ("newPassword", "an entirely new password"), ("returnTo", "/account")];
    let said = after(&mut here, "/auth/password", &fields).await;
    assert!(said.contains("Your password is changed. All other devices are signed out."), "{said}");
}
