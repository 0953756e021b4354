//! The `Cookie` header, line by line: our cookie is found byte for byte, or not at all; two of one name are none, and
//! nothing foreign hides or changes it.
#![no_main]

use http::{HeaderMap, HeaderValue, header::COOKIE};
use latchkey::server::http::cookies::{REFRESH, WEB_SESSION};
use latchkey_fuzz::{cookies, headers, lines};
use libfuzzer_sys::fuzz_target;

const NAME: &str = "__Host-Http-latchkey-refresh";

fuzz_target!(|data: &[u8]| {
    let sent = headers(&COOKIE, lines(data));
    let brought = REFRESH.read(&sent);
    let values = cookies(&sent, NAME);
    assert_eq!(brought.is_there(), !values.is_empty());
    match (brought.value(), &values[..]) {
        (Some(value), [one]) => assert_eq!(value.as_bytes(), one),
        (None, [one]) => assert!(std::str::from_utf8(one).is_err()),
        (value, _) => assert!(value.is_none()),
    }

    // A stranger before and behind changes nothing; a second of ours makes it none.
    let mut among = HeaderMap::new();
    among.append(COOKIE, HeaderValue::from_static("\"odd;=;;__Host-Http-latchkey-refresh%20=x"));
    for line in sent.get_all(COOKIE) {
        among.append(COOKIE, line.clone());
    }
    among.append(COOKIE, HeaderValue::from_static("__host-http-latchkey-refresh=x; a=__Host-Http-latchkey-refresh=x"));
    assert!(REFRESH.read(&among) == brought);
    among.append(COOKIE, HeaderValue::from_static("__Host-Http-latchkey-refresh=second"));
    assert_eq!(REFRESH.read(&among).value(), values.is_empty().then_some("second"));
    assert!(WEB_SESSION.read(&among) == WEB_SESSION.read(&sent));

    // What is set is read back, and carries no attribute but ours.
    if let Some(value) = brought.value()
        && let Some(set) = REFRESH.set(value, None)
    {
        assert_eq!(set, format!("{NAME}={value}; Path=/; Secure; HttpOnly; SameSite=Strict"));
    }
});
