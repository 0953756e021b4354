//! Access tokens. One line: a token as it comes; only what we signed is read, and as what we signed. Two lines: a
//! header and a payload, which we sign; only what RFC 9068 and our claims ask for is accepted.
#![no_main]

use latchkey::domain::access_token::{AccessClaims, TYP};
use latchkey::domain::scope::Scopes;
use latchkey::server::token::access::AccessTokens;
use latchkey_fuzz::{EDDSA, ISSUER, LONGEST, NOW, Still, access_tokens, halves, object, session, signed};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use std::sync::LazyLock;

static TOKENS: LazyLock<AccessTokens> = LazyLock::new(access_tokens);
static OURS: LazyLock<AccessClaims> = LazyLock::new(|| {
    let issued = TOKENS.issue(&session(), &Still, NOW).expect("issued");
    (*TOKENS.verify(&issued.token, NOW).expect("valid")).clone()
});

fuzz_target!(|data: &[u8]| {
    match (halves(data), std::str::from_utf8(data)) {
        (Some((header, payload)), _) => {
            let token = signed(EDDSA, header, payload);
            if let Ok(claims) = verified(&token) {
                assert!(token.len() <= 4096);
                let (header, payload) = (object(header), object(payload));
                assert_eq!(
                    (&header["typ"], &header["alg"], &header["kid"]),
                    (&TYP.into(), &"EdDSA".into(), &EDDSA.into())
                );
                assert!(!header.contains_key("crit"));
                assert_eq!(Value::Object(payload.clone()), extended(&claims, &payload));
                assert_eq!(
                    (&claims.iss, &claims.aud, &claims.azp),
                    (&ISSUER.into(), &ISSUER.into(), &claims.client_id)
                );
                assert!(claims.iat <= NOW.as_secs() + 5 && NOW.as_secs() < claims.exp + 5);
                assert!((0..=LONGEST.as_secs() as i64).contains(&(claims.exp - claims.iat)));
            }
        }
        (None, Ok(token)) => {
            if let Ok(claims) = verified(token) {
                assert_eq!(claims, *OURS);
            }
        }
        (None, Err(_)) => {}
    }
});

/// Verified twice, since the second time it is remembered.
fn verified(token: &str) -> Result<AccessClaims, ()> {
    let verdicts = [(), ()].map(|()| TOKENS.verify(token, NOW).map(|claims| (*claims).clone()));
    assert_eq!(verdicts[0], verdicts[1]);
    verdicts[0].clone().map_err(drop)
}

/// The claims as they were read, with whatever else the payload has.
fn extended(claims: &AccessClaims, payload: &Map<String, Value>) -> Value {
    let mut all = payload.clone();
    let Ok(Value::Object(read)) = serde_json::to_value(claims) else { panic!("claims are an object") };
    assert_eq!(read.len(), 11);
    all.extend(read);
    // Unknown scopes are left out of the claims.
    if let Some(scope) =
        payload.get("scope").filter(|scope| scope.as_str().and_then(Scopes::parse) == Some(claims.scope.clone()))
    {
        all.insert("scope".into(), scope.clone());
    }
    Value::Object(all)
}
