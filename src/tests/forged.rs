//! JW2 to JW4: access tokens that our own key signed, and that are wrong in one thing only.

use super::support::{SignedIn, TestApp, part, signed};
use serde_json::{Value, json};

async fn is_accepted(device: &SignedIn, token: String) -> bool {
    SignedIn { access_token: token, ..device.clone() }.is_in().await
}

/// JW3
#[tokio::test]
async fn every_claim_is_required_and_must_be_of_its_type_and_value() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let other = app.signed_up("eve").await;
    let (header, claims) = (part(&device.access_token, 0), part(&device.access_token, 1));
    assert!(is_accepted(&device, signed(&app, &header, &claims)).await, "the forger can sign");

    for name in ["iss", "aud", "sub", "sid", "jti", "exp", "iat", "azp", "client_id", "scope", "auth_time"] {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(name);
        assert!(!is_accepted(&device, signed(&app, &header, &without)).await, "without {name}");
        for odd in [json!(null), json!([claims[name]]), json!({"value": claims[name]}), json!(true)] {
            let mut changed = claims.clone();
            changed[name] = odd;
            assert!(!is_accepted(&device, signed(&app, &header, &changed)).await, "{name}: {}", changed[name]);
        }
        // A number as text, a text as number.
        let mut changed = claims.clone();
        changed[name] = if claims[name].is_number() { json!(claims[name].to_string()) } else { json!(7) };
        assert!(!is_accepted(&device, signed(&app, &header, &changed)).await, "{name}: {}", changed[name]);
    }

    let theirs = part(&other.access_token, 1);
    let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    for (name, value) in [
        ("iss", json!("https://id.example.com")),
        ("iss", json!(format!("{}/", app.public_url()))),
        ("aud", json!("https://id.example.com")),
        ("sub", theirs["sub"].clone()),
        ("sid", theirs["sid"].clone()),
        ("sid", json!("unknown")),
        ("client_id", json!("other")),
        ("azp", json!("other")),
        ("scope", json!("")),
        ("scope", json!("account  admin")),
        ("exp", json!(iat - 1)),
        ("exp", json!(iat + 901)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(exp as f64 + 0.5)),
        ("iat", json!(iat + 6)),
        ("iat", json!(i64::MIN)),
    ] {
        let mut changed = claims.clone();
        changed[name] = value;
        assert!(!is_accepted(&device, signed(&app, &header, &changed)).await, "{name}: {}", changed[name]);
    }
}

/// JW2, JW4
#[tokio::test]
async fn the_header_s_type_and_extensions_count_even_under_a_right_signature() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let (header, claims) = (part(&device.access_token, 0), part(&device.access_token, 1));
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        signed(&app, &header, &claims)
    };
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("typ", json!("application/at+jwt")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("alg", json!("none")),
        ("alg", json!("ES256")),
        ("kid", json!("other")),
    ] {
        assert!(!is_accepted(&device, with(name, value.clone())).await, "{name}: {value}");
    }
    // What may be there and means nothing to us: it is not followed.
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    for (name, value) in [("jku", json!("http://127.0.0.1:9/keys")), ("jwk", key), ("x5c", json!(["MIIB"]))] {
        assert!(is_accepted(&device, with(name, value)).await, "{name}");
    }
}
