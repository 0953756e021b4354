//! The activity page, as people read it: days, times, devices, and wrong passwords that stand together.

use super::support::{Backend, FIREFOX, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use serde_json::json;
use std::time::Duration;

/// Tries wrong passwords of ada's from one more browser.
async fn mistype(app: &TestApp, times: usize, user_agent: &str) {
    let mut browser = app.browser();
    browser.user_agent = user_agent.into();
    for _ in 0..times {
        browser.try_sign_in("ada", "not the right password").await.expect(401);
    }
    app.services().recorded().await;
}

async fn page(device: &SignedIn, path: &str) -> String {
    device.browser.clone().get(path).await.expect(200).text
}

on_both_databases! {
    async fn ones_own_typing_errors_are_quiet_and_a_strangers_guesses_one_warning(app: TestAppBuilder) {
        let app = app.start().await;
        let here = app.signed_up("ada").await;
        mistype(&app, 3, "curl/8.0").await;
        mistype(&app, 2, FIREFOX).await;
        app.signed_in("ada").await;
        let all = page(&here, "/activity").await;
        assert!(all.contains("3 wrong passwords were entered"), "{all}");
        assert!(all.contains("2 wrong passwords, then signed in"), "{all}");
        assert_eq!(all.matches("badge--warning").count(), 1, "{all}");
        assert!(all.contains("href=\"/account?notMe=guessed#password\""), "what to do about them: {all}");
        let warnings = page(&here, "/activity?show=warnings").await;
        assert!(warnings.contains("3 wrong passwords were entered"), "{warnings}");
        assert!(!warnings.contains("then signed in"), "no warning: {warnings}");
        let sign_ins = page(&here, "/activity?show=sign_ins").await;
        assert!(sign_ins.contains("2 wrong passwords, then signed in"), "{sign_ins}");
        // Who reads them by a program gets each of them.
        let events = here.get("/api/activity?show=warnings").await.expect(200).json()["events"].clone();
        assert_eq!(events.as_array().map(Vec::len), Some(5));
    }

    async fn pages_tear_wrong_passwords_apart_only_where_they_are_very_many(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let sid = here.sid().await;
        mistype(&app, 60, "curl/8.0").await;
        for n in 0..30 {
            here.post("/auth/sessions/rename", json!({"sid": sid, "name": format!("Desk {n}")})).await.expect(204);
        }
        let first = page(&here, "/activity").await;
        assert!(first.contains("60 wrong passwords were entered"), "though fifty events are a page: {first}");
        let older = first.split("href=\"/activity?before=").nth(1).and_then(|rest| rest.split('"').next());
        let second = page(&here, &format!("/activity?before={}", older.unwrap())).await;
        assert!(second.contains("Account created") && !second.contains("wrong password"), "{second}");
        assert!(!second.contains("href=\"/activity?before="), "it is the last: {second}");
        let warnings = page(&here, "/activity?show=warnings").await;
        assert!(warnings.contains("60 wrong passwords were entered") && !warnings.contains("before="), "{warnings}");
    }
}

#[tokio::test]
async fn days_have_headings_and_events_their_time_of_day() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    for _ in 0..2 {
        app.advance(Duration::from_secs(24 * 3_600));
        here.try_refresh().await.expect(200);
        app.signed_in("ada").await;
    }
    let page = page(&here, "/activity").await;
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}: {page}"));
    let places = [">Today</h2>", ">Yesterday</h2>", ">15 Jan 2027</h2>"].map(place);
    assert!(places.is_sorted(), "{page}");
    let headings = page.split("<h2").skip(1).filter_map(|rest| rest.split('>').next());
    let shown = headings.filter(|tag| tag.contains("event__day") && !tag.contains("hidden"));
    assert_eq!(shown.count(), 3, "one heading for a day: {page}");
    assert_eq!(page.matches(">08:00 UTC<").count(), 4, "{page}");
}

#[tokio::test]
async fn events_lead_to_the_device_that_they_came_from_while_it_is_signed_in() {
    let app = TestApp::on(Backend::Sqlite).start().await;
    let mut here = app.signed_up("ada").await;
    let (there, gone) = (app.signed_in("ada").await, app.signed_in("ada").await);
    let (mine, theirs, over) = (here.sid().await, there.sid().await, gone.sid().await);
    here.post("/auth/sessions/revoke", json!({"sid": over})).await.expect(204);
    let activity = page(&here, "/activity").await;
    let is_linked = |sid: &str| activity.contains(&format!("href=\"/devices#device-{sid}\""));
    assert!(is_linked(&mine) && is_linked(&theirs) && !is_linked(&over), "{activity}");
    assert_eq!(activity.matches("This device").count(), 2, "the caller signed in here, and ended another: {activity}");
    let devices = page(&here, "/devices").await;
    for sid in [mine, theirs] {
        assert!(devices.contains(&format!("id=\"device-{sid}\"")), "{devices}");
    }
}

#[tokio::test]
async fn only_what_is_somebody_elses_and_still_signed_in_can_be_disowned() {
    let app = TestApp::start().await;
    let mut here = app.signed_up("ada").await;
    let (there, gone) = (app.signed_in("ada").await, app.signed_in("ada").await);
    let over = gone.sid().await;
    here.post("/auth/sessions/revoke", json!({"sid": over})).await.expect(204);
    let activity = page(&here, "/activity").await;
    assert_eq!(activity.matches("This wasn’t me").count(), 1, "{activity}");
    assert!(activity.contains(&format!("value=\"{}\"", there.sid().await)), "{activity}");
    let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
    here.post("/auth/password", change).await.expect(204);
    assert!(!page(&here, "/activity").await.contains("This wasn’t me"), "all others are over");
}
