//! The gate before every unsafe method. First line: the method. Then headers, `name: value`. What passes comes from
//! this very origin by the browser's word, or carries no cookie of ours.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use latchkey::server::http::origin::may_pass;
use latchkey_fuzz::{cookies, lines};
use libfuzzer_sys::fuzz_target;

const URL: &str = "https://latchkey.example";
const READS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

fuzz_target!(|data: &[u8]| {
    let mut input = lines(data);
    let Some(Ok(method)) = input.next().map(Method::from_bytes) else { return };
    let mut headers = HeaderMap::new();
    for line in input {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = halves.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = halves.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let all = |name: &str| headers.get_all(name).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
    let passes = may_pass(&method, &headers, URL);
    if READS.contains(&method.as_str()) {
        assert!(passes);
        return;
    }
    let (sites, origins) = (all("sec-fetch-site"), all("origin"));
    match (&sites[..], &origins[..]) {
        ([site], _) => assert_eq!(passes, *site == b"same-origin"),
        ([], [origin]) => assert_eq!(passes, *origin == URL.as_bytes()),
        ([], []) => {
            let ours = ["__Host-Http-latchkey-refresh", "__Host-Http-latchkey-session"];
            assert_eq!(passes, ours.iter().all(|name| cookies(&headers, name).is_empty()));
        }
        _ => assert!(!passes),
    }
});
