//! What a request says of its device, and what a user calls it. First line: the User-Agent. Second: the platform. Third:
//! a name that somebody types.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, header::USER_AGENT};
use latchkey::domain::device::{NAME_MAX, device_name};
use latchkey::server::http::client::source;
use latchkey_fuzz::lines;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut input = lines(data);
    let mut headers = HeaderMap::new();
    for name in [USER_AGENT, HeaderName::from_static("sec-ch-ua-platform")] {
        if let Some(Ok(value)) = input.next().map(HeaderValue::from_bytes) {
            headers.append(name, value);
        }
    }
    let seen = source(&headers, None);
    assert!(seen.user_agent.chars().count() <= 256 && !seen.user_agent.contains(char::is_control));
    for label in [&seen.device.browser, &seen.device.os].into_iter().flatten() {
        assert!((1..=64).contains(&label.chars().count()) && !label.contains(char::is_control), "{label:?}");
    }
    // What is kept of a device says the same of it as the device did.
    if let Ok(kept) = HeaderValue::from_bytes(seen.user_agent.as_bytes()) {
        headers.insert(USER_AGENT, kept);
        let again = source(&headers, None);
        assert_eq!((again.user_agent, again.device), (seen.user_agent, seen.device));
    }

    let typed = String::from_utf8_lossy(input.next().unwrap_or_default());
    if let Some(name) = device_name(&typed) {
        assert!((1..=NAME_MAX).contains(&name.chars().count()) && !name.contains(char::is_control));
        assert!(typed.contains(&name) && name.trim() == name);
        assert_eq!(device_name(&name).as_deref(), Some(&*name));
    }
});
