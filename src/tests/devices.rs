//! What a device is called: by its User-Agent, and by the hints that its browser was asked for.

use super::support::{Anonymous, TestApp};
use serde_json::Value;

const CHROME_ON_WINDOWS: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const CHROME_ON_ANDROID: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";

fn hint(browser: &mut Anonymous, name: &'static str, value: &str) {
    browser.headers.insert(name, format!("\"{value}\""));
}

fn on_windows(app: &TestApp, version: &str) -> Anonymous {
    let mut browser = app.browser();
    browser.user_agent = CHROME_ON_WINDOWS.into();
    hint(&mut browser, "sec-ch-ua-platform", "Windows");
    hint(&mut browser, "sec-ch-ua-platform-version", version);
    browser
}

fn system(devices: &[Value]) -> &str {
    devices[0]["os"].as_str().unwrap()
}

#[tokio::test]
async fn a_page_asks_for_hints_and_they_name_the_device_at_sign_up_and_sign_in() {
    let app = TestApp::start().await;
    let page = app.browser().get("/login").await.expect(200);
    assert_eq!(page.header("accept-ch"), Some("Sec-CH-UA-Platform-Version, Sec-CH-UA-Model"));
    assert_eq!(page.header("critical-ch"), None, "it would cost every first visit a second request");
    assert_eq!(app.browser().get("/api/me").await.header("accept-ch"), None);

    let here = on_windows(&app, "15.0.0").sign_up("ada").await;
    assert_eq!(system(&here.devices().await), "Windows 11");
    let old = on_windows(&app, "10.0.0").sign_in("ada").await;
    assert_eq!(system(&old.devices().await), "Windows 10");
    let mut phone = app.browser();
    phone.user_agent = CHROME_ON_ANDROID.into();
    hint(&mut phone, "sec-ch-ua-platform-version", "15.0.0");
    hint(&mut phone, "sec-ch-ua-model", "Pixel 9");
    phone.headers.insert("sec-ch-ua", "\"Brave\";v=\"131\", \"Chromium\";v=\"131\"".into());
    let phone = phone.sign_in("ada").await.devices().await;
    assert_eq!((&phone[0]["browser"], system(&phone)), (&"Brave".into(), "Android 15 (Pixel 9)"));

    let events = here.get("/api/activity").await.expect(200).json()["events"].clone();
    let systems: Vec<_> = events.as_array().unwrap().iter().map(|event| event["os"].as_str().unwrap()).collect();
    let windows = ["Windows 10", "Windows 11", "Windows 11"];
    assert_eq!(systems, [["Android 15 (Pixel 9)"].as_slice(), &windows].concat(), "as on the devices page");
}

#[tokio::test]
async fn a_refresh_tells_more_and_never_less() {
    let app = TestApp::start().await;
    let mut browser = on_windows(&app, "15.0.0");
    let version = browser.headers.remove("sec-ch-ua-platform-version").unwrap();
    let mut device = browser.sign_up("ada").await;
    assert_eq!(system(&device.devices().await), "Windows", "what every version says tells none");
    device.browser.headers.insert("sec-ch-ua-platform-version", version);
    device.try_refresh().await.expect(200);
    assert_eq!(system(&device.devices().await), "Windows 11");
    // The browser forgot who asked.
    device.browser.headers.clear();
    for _ in 0..2 {
        device.try_refresh().await.expect(200);
        assert_eq!(system(&device.devices().await), "Windows 11");
    }
    device.browser.user_agent = CHROME_ON_ANDROID.into();
    device.try_refresh().await.expect(200);
    assert_eq!(system(&device.devices().await), "Android");
}
