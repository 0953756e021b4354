//! Refresh tokens. One line: a token as it comes; only the session's own is read. Two lines: a header and a payload,
//! which we sign; only our claims are accepted, and without the session's nonce they belong to no session.
#![no_main]

use latchkey::domain::refresh_token::{RefreshClaims, TYP};
use latchkey::domain::session::Session;
use latchkey::server::token::refresh::{belongs, mint, read};
use latchkey::server::token::ring::KeyRing;
use latchkey_fuzz::{HS512, ISSUER, NOW, halves, object, ring, session, signed};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

static RING: LazyLock<KeyRing> = LazyLock::new(ring);
static SESSION: LazyLock<Session> = LazyLock::new(session);
static OURS: LazyLock<(String, RefreshClaims)> = LazyLock::new(|| {
    let token = mint(SESSION.token_input(), &RING, ISSUER).expect("minted").expose().to_owned();
    let claims = read(&token, &RING, ISSUER, NOW).expect("valid");
    (token, claims)
});

fuzz_target!(|data: &[u8]| {
    let (ours, claims_of_ours) = &*OURS;
    match (halves(data), std::str::from_utf8(data)) {
        (Some((header, payload)), _) => {
            let token = signed(HS512, header, payload);
            if let Ok(claims) = read(&token, &RING, ISSUER, NOW) {
                assert!(token.len() <= 4096);
                let (header, payload) = (object(header), object(payload));
                assert_eq!(
                    (&header["typ"], &header["alg"], &header["kid"]),
                    (&TYP.into(), &"HS512".into(), &HS512.into())
                );
                assert!(!header.contains_key("crit"));
                let Ok(Value::Object(read)) = serde_json::to_value(&claims) else { panic!("claims are an object") };
                assert!(read.len() == 7 && read.iter().all(|(name, value)| payload.get(name) == Some(value)));
                assert!(claims.iss == ISSUER && NOW.as_secs() < claims.exp);
                if belongs(&claims, &SESSION, &RING) {
                    let named = |claims: &RefreshClaims| {
                        (claims.sid.clone(), claims.sub.clone(), claims.generation, claims.jti.clone())
                    };
                    assert_eq!(named(&claims), named(claims_of_ours));
                }
            }
        }
        // The signature is deterministic and each of its forms but one is refused: no other bytes are a token.
        (None, Ok(token)) => assert_eq!(read(token, &RING, ISSUER, NOW).is_ok(), token == ours),
        (None, Err(_)) => {}
    }
});
