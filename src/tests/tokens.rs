//! Access tokens: what they say, and what is refused (SECURITY JW1 to JW7).

use super::support::{Reply, SignedIn, TestApp, part};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};
use serde_json::{Value, json};
use std::time::Duration;

fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn sign(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = unsigned(header, claims);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

async fn show(device: &SignedIn, token: &str) -> Reply {
    SignedIn { access_token: token.to_owned(), ..device.clone() }.get("/api/me").await
}

#[tokio::test]
async fn a_token_has_every_claim_and_verifies_with_the_published_keys() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
        let backend = super::support::Backend::Sqlite;
        let app = TestApp::on(backend).with(|settings| settings.tokens.algorithm = algorithm).start().await;
        let device = app.signed_up("ada").await;
        let header = part(&device.access_token, 0);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!(format!("{algorithm:?}"))));

        let keys = app.browser().get("/.well-known/jwks.json").await.expect(200);
        assert!(!keys.text.contains("\"d\""), "private parts stay here");
        let keys: JwkSet = serde_json::from_value(keys.json()).unwrap();
        let key = keys.find(header["kid"].as_str().unwrap()).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[app.public_url()]);
        validation.set_issuer(&[app.public_url()]);
        validation.validate_exp = false;
        let token =
            jsonwebtoken::decode::<Value>(&device.access_token, &DecodingKey::from_jwk(key).unwrap(), &validation);
        let claims = token.unwrap().claims;
        let me = device.get("/api/me").await.expect(200).json();
        let now = app.now().as_secs();
        assert_eq!((&claims["sub"], &claims["sid"]), (&me["sub"], &me["sid"]));
        assert_eq!((&claims["azp"], &claims["client_id"]), (&json!("web"), &json!("web")));
        assert_eq!((&claims["scope"], &claims["auth_time"]), (&json!("account"), &json!(now)));
        assert!(claims["jti"].as_str().unwrap().len() > 16);
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert!((570..=600).contains(&life), "{life}");
        assert_eq!(claims.as_object().unwrap().len(), 11, "and nothing else: {claims}");
    }
}

#[tokio::test]
async fn other_algorithms_and_keys_are_refused() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let (header, claims) = (part(&device.access_token, 0), part(&device.access_token, 1));
    let published = app.browser().get("/.well-known/jwks.json").await.json();
    let public = URL_SAFE_NO_PAD.decode(published["keys"][0]["x"].as_str().unwrap()).unwrap();
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let hmac = EncodingKey::from_secret(&public);
    let mut tokens = vec![
        format!("{}.", unsigned(&with("alg", json!("none")), &claims)),
        unsigned(&with("alg", json!("none")), &claims),
        sign(&with("alg", json!("HS256")), &claims, &hmac, Algorithm::HS256),
        sign(&with("kid", json!("unknown")), &claims, &hmac, Algorithm::HS256),
        String::new(),
        "a.b.c".into(),
        "x".repeat(5000),
    ];
    // The right signature under another header, or none of it.
    let (_, signature) = device.access_token.rsplit_once('.').unwrap();
    for (name, value) in [
        ("alg", json!("ES256")),
        ("typ", json!("JWT")),
        ("typ", json!("rt+jwt")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("jku", json!("https://evil.example/keys")),
        ("jwk", published["keys"][0].clone()),
    ] {
        tokens.push(format!("{}.{signature}", unsigned(&with(name, value), &claims)));
    }
    let mut others = claims.clone();
    others["sub"] = json!("somebody else");
    tokens.push(format!("{}.{signature}", unsigned(&header, &others)));
    tokens.push(device.access_token.replace('.', ". "));
    tokens.push(format!("{}.", device.access_token));
    for token in tokens {
        if token.is_empty() {
            continue;
        }
        let reply = show(&device, &token).await.expect(401);
        assert_eq!(reply.code(), "invalid_token", "{token}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    assert!(device.is_in().await);
}

#[tokio::test]
async fn a_token_of_another_installation_is_refused() {
    let (here, there) = (TestApp::start().await, TestApp::start().await);
    let stranger = there.signed_up("ada").await;
    let device = here.signed_up("ada").await;
    show(&device, &stranger.access_token).await.expect(401);
    let mut device = device;
    device.set_refresh_token(stranger.refresh_token());
    assert_eq!(device.try_refresh().await.expect(401).code(), "invalid_token");
}

#[tokio::test]
async fn no_token_passes_for_another_kind() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    show(&device, device.refresh_token()).await.expect(401);
    let mut swapped = device.clone();
    swapped.set_refresh_token(&device.access_token);
    swapped.try_refresh().await.expect(401);
    assert!(device.is_in().await);
}

#[tokio::test]
async fn a_token_ends_on_time_with_five_seconds_of_leeway() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let exp = part(&device.access_token, 1)["exp"].as_i64().unwrap();
    let left = u64::try_from(exp - app.now().as_secs()).unwrap();
    app.advance(Duration::from_secs(left + 4));
    assert!(device.is_in().await);
    app.advance(Duration::from_secs(1));
    assert!(!device.is_in().await);
}

#[tokio::test]
async fn only_one_bearer_in_the_header_counts() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let token = &device.access_token;
    let ask = |headers: Vec<String>, query: &str| {
        let mut request = device.browser.request(reqwest::Method::GET, &format!("/api/me{query}"));
        for header in headers {
            request = request.header("Authorization", header);
        }
        async { Reply::of(request.send().await.unwrap()).await.status.as_u16() }
    };
    assert_eq!(ask(vec![format!("Bearer {token}")], "").await, 200);
    assert_eq!(ask(vec![format!("bearer {token}")], "").await, 200);
    assert_eq!(ask(vec![], "").await, 401, "cookies alone are good for no call");
    assert_eq!(ask(vec![], &format!("?access_token={token}")).await, 401);
    assert_eq!(ask(vec![format!("Bearer {token}"), format!("Bearer {token}")], "").await, 401);
    assert_eq!(ask(vec![format!("Basic {token}")], "").await, 401);
}

#[tokio::test]
async fn an_answer_says_how_long_its_token_lives_and_lives_are_spread_at_random() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let mut lives = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let told = device.try_refresh().await.expect(200).json()["expiresIn"].as_i64().unwrap();
        let claims = part(&device.access_token, 1);
        assert_eq!(told, claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap());
        assert!((570..=600).contains(&told), "{told}");
        lives.insert(told);
    }
    assert!(lives.len() > 5, "forty lives of up to five per cent less: {lives:?}");
}
