//! How devices are named. `server::http::device` tests whole User-Agents as browsers send them.

use super::*;

fn agent(system: &'static str, version: &'static str) -> UserAgent<'static> {
    let phone = ["Android", "iPhone", "iPad"].contains(&system);
    UserAgent {
        text: "Mozilla/5.0 Mobile",
        browser: Some("Chrome"),
        system: Some(system),
        system_version: version,
        desktop: !phone,
        phone,
    }
}

fn system(agent: UserAgent<'_>, hint: Option<(u32, u32)>) -> String {
    recognise(&agent, &Hints { platform_version: hint, ..Hints::default() }).os.unwrap()
}

#[test]
fn a_version_is_said_only_if_it_is_known() {
    for (said, version, hint, expected) in [
        ("Windows 10", "NT 10.0", None, "Windows"),
        ("Windows 10", "NT 10.0", Some((0, 1)), "Windows 7"),
        ("Windows 10", "NT 10.0", Some((0, 2)), "Windows 8"),
        ("Windows 10", "NT 10.0", Some((0, 3)), "Windows 8.1"),
        ("Windows 10", "NT 10.0", Some((0, 0)), "Windows"),
        ("Windows 10", "NT 10.0", Some((1, 0)), "Windows 10"),
        ("Windows 10", "NT 10.0", Some((10, 0)), "Windows 10"),
        ("Windows 10", "NT 10.0", Some((12, 9)), "Windows 10"),
        ("Windows 10", "NT 10.0", Some((13, 0)), "Windows 11"),
        ("Windows 10", "NT 10.0", Some((19, 0)), "Windows 11"),
        ("Windows 7", "NT 6.1", None, "Windows 7"),
        ("Windows 8.1", "NT 6.3", None, "Windows 8.1"),
        ("Windows UNKNOWN Ver", "UNKNOWN", None, "Windows"),
        ("Windows Phone OS", "8.1", None, "Windows Phone"),
        ("Mac OSX", "10.15.7", None, "macOS"),
        ("Mac OSX", "10.15.7", Some((10, 15)), "macOS 10.15"),
        ("Mac OSX", "10.15.7", Some((15, 5)), "macOS 15"),
        ("Mac OSX", "10.15.7", Some((16, 0)), "macOS 26"),
        ("Mac OSX", "10.15.7", Some((26, 1)), "macOS 26"),
        ("Android", "10", None, "Android"),
        ("Android", "10", Some((10, 0)), "Android 10"),
        ("Android", "10", Some((14, 0)), "Android 14"),
        ("Android", "10", Some((0, 0)), "Android"),
        ("Android", "14", None, "Android 14"),
        ("Android", "8.1.0", None, "Android 8"),
        ("Android", "UNKNOWN", None, "Android"),
        ("iPhone", "18.6", None, "iPhone"),
        ("iPad", "18.6", None, "iPad"),
        ("Linux", "UNKNOWN", Some((6, 8)), "Linux"),
        ("ChromeOS", "x86_64 14541.0.0", Some((16, 0)), "ChromeOS"),
    ] {
        assert_eq!(system(agent(said, version), hint), expected, "{said} {version} {hint:?}");
    }
}

#[test]
fn a_hint_of_the_platform_counts_before_the_user_agent() {
    for (platform, expected) in [
        ("Windows", "Windows"),
        ("macOS", "macOS"),
        ("Chrome OS", "ChromeOS"),
        ("Chromium OS", "ChromeOS"),
        ("Android", "Android"),
        ("Linux", "Linux"),
        ("Fuchsia", "Fuchsia"),
        // Unknown platforms are ignored.
        ("Unknown", "Linux"),
        ("<b>", "Linux"),
    ] {
        let hints = Hints { platform: Some(platform.to_owned()), ..Hints::default() };
        let device = recognise(&agent("Linux", "UNKNOWN"), &hints);
        assert_eq!(device.os.as_deref(), Some(expected), "{platform}");
    }
    let hints = Hints { platform: Some("Linux".to_owned()), ..Hints::default() };
    assert_eq!(recognise(&agent("Windows 10", "NT 10.0"), &hints).os.as_deref(), Some("Linux"));
}

#[test]
fn a_phone_is_told_by_its_model_and_a_tablet_by_not_being_mobile() {
    let hints = |mobile, model: Option<&str>| Hints {
        mobile,
        model: model.map(str::to_owned),
        platform_version: Some((15, 0)),
        ..Hints::default()
    };
    let told = |agent, hints| {
        let Device { os, kind, .. } = recognise(&agent, &hints);
        (os.unwrap(), kind)
    };
    let phone = agent("Android", "10");
    let tablet = UserAgent { text: "Mozilla/5.0", ..phone };
    assert_eq!(told(phone, hints(Some(true), Some("Pixel 9"))), ("Android 15 (Pixel 9)".into(), DeviceKind::Phone));
    assert_eq!(told(phone, hints(None, None)), ("Android 15".into(), DeviceKind::Phone));
    assert_eq!(told(phone, hints(Some(false), None)), ("Android 15".into(), DeviceKind::Tablet));
    assert_eq!(told(tablet, hints(None, None)).1, DeviceKind::Tablet);
    assert_eq!(told(agent("iPad", "18.6"), hints(None, None)).1, DeviceKind::Tablet);
    assert_eq!(told(agent("Mac OSX", ""), hints(None, Some("MacBook"))), ("macOS 15".into(), DeviceKind::Desktop));
}

#[test]
fn a_browser_is_told_by_its_brand() {
    for (brands, said, expected) in [
        (&["Not/A)Brand", "Chromium", "Google Chrome"][..], "Chrome", "Chrome"),
        (&["HeadlessChrome", "Chromium"], "Chrome", "Chrome"),
        (&["Chromium", "Microsoft Edge", "Not_A Brand"], "Chrome", "Edge"),
        (&["Chromium", "Opera"], "Chrome", "Opera"),
        (&["Chromium", "Brave"], "Chrome", "Brave"),
        (&["Chromium", "Vivaldi"], "Chrome", "Vivaldi"),
        (&["Chromium", "Samsung Internet"], "Chrome", "Samsung Internet"),
        (&["Chromium", "YaBrowser"], "Chrome", "Yandex Browser"),
        // Unknown brands are ignored, and the engine below them counts.
        (&["Chromium", "Not;A=Brand"], "Chrome", "Chromium"),
        (&["Chromium", "Somebody's browser"], "Vivaldi", "Vivaldi"),
        (&[], "Chrome", "Chrome"),
        (&[], "SamsungBrowser", "Samsung Internet"),
        (&[], "Firefox", "Firefox"),
    ] {
        let hints = Hints { brands: brands.iter().map(|brand| (*brand).to_owned()).collect(), ..Hints::default() };
        let agent = UserAgent { browser: Some(said), ..agent("Linux", "") };
        assert_eq!(recognise(&agent, &hints).browser.as_deref(), Some(expected), "{brands:?} {said}");
    }
    assert_eq!(recognise(&UserAgent::default(), &Hints::default()), Device::default());
}

#[test]
fn programs_are_told_by_their_first_word() {
    for (text, expected) in [
        ("curl/8.5.0", Some("curl")),
        ("Wget/1.21.4", Some("Wget")),
        ("HTTPie/3.2.2", Some("HTTPie")),
        ("python-requests/2.31.0", Some("Python")),
        ("Python/3.12 aiohttp/3.9.5", Some("Python")),
        ("Go-http-client/2.0", Some("Go")),
        ("reqwest/0.12.4", Some("reqwest")),
        ("PostmanRuntime/7.39.0", Some("Postman")),
        ("node", Some("Node.js")),
        ("curly/1.0", None),
        ("my curl/8.5.0", None),
        ("", None),
    ] {
        let device = recognise(&UserAgent { text, ..UserAgent::default() }, &Hints::default());
        let kind = if expected.is_some() { DeviceKind::CommandLine } else { DeviceKind::Unknown };
        assert_eq!((device.browser.as_deref(), device.os, device.kind), (expected, None, kind), "{text:?}");
    }
}
