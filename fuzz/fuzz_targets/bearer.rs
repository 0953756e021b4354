//! The `Authorization` header, line by line: the token is the rest of the one line, byte for byte, or one that is
//! never valid; only where there is no header there is no token.
#![no_main]

use http::header::AUTHORIZATION;
use latchkey::api::Secret;
use latchkey::server::http::bearer;
use latchkey_fuzz::{headers, lines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let sent = headers(&AUTHORIZATION, lines(data));
    let all: Vec<&[u8]> = sent.get_all(AUTHORIZATION).iter().map(|line| line.as_bytes()).collect();
    match (bearer(&sent), &all[..]) {
        (None, lines) => assert!(lines.is_empty()),
        (Some(token), [line]) if !token.expose().is_empty() => {
            let (scheme, rest) = line.split_at(7);
            assert!(scheme.eq_ignore_ascii_case(b"Bearer ") && rest == token.expose().as_bytes());
            assert!(!token.expose().contains(' '));
        }
        (Some(token), lines) => assert!(token.expose().is_empty() && !lines.is_empty()),
    }
});
