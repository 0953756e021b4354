//! The `Cookie` header, line by line: our cookie is found byte for byte, or not at all; two of one name are none, and
//! nothing foreign hides or changes it.
#![no_main]

use http::{HeaderMap, HeaderValue, header::COOKIE};
use latchkey::server::http::cookies::{Cookies, REFRESH, WEB_SESSION};
use latchkey_fuzz::{cookies, headers, lines};
use libfuzzer_sys::fuzz_target;

const NAME: &str = "__Host-Http-latchkey-refresh";

fuzz_target!(|data: &[u8]| {
    let sent = headers(&COOKIE, lines(data));
    let sent_cookies = Cookies::of(&sent);
    let brought = sent_cookies.get(REFRESH);
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
    assert!(Cookies::of(&among).get(REFRESH) == brought);
    among.append(COOKIE, HeaderValue::from_static("__Host-Http-latchkey-refresh=second"));
    let among = Cookies::of(&among);
    assert_eq!(among.get(REFRESH).value(), values.is_empty().then_some("second"));
    assert!(among.get(WEB_SESSION) == sent_cookies.get(WEB_SESSION));

    // What is set is read back, and carries no attribute but ours.
    if let Some(value) = brought.value()
        && let Some(set) = REFRESH.set(value, None)
    {
        assert_eq!(set, format!("{NAME}={value}; Path=/; Secure; HttpOnly; SameSite=Strict"));
    }
});
