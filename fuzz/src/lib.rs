//! What the targets share. Inputs are lines of text, so that the corpus can be read.

use http::{HeaderMap, HeaderName, HeaderValue, header::COOKIE};
use jsonwebtoken::{Algorithm, EncodingKey};
use latchkey::domain::id::{ClientId, KeyId, SessionId, TokenDigest, UserId};
use latchkey::domain::second_factor::AuthenticatedBy;
use latchkey::domain::session::{Label, Lifetime, Rotation, Session};
use latchkey::domain::time::Timestamp;
use latchkey::server::ports::{Entropy, StoredKey};
use latchkey::server::token::access::{AccessSettings, AccessTokens};
use latchkey::server::token::base64url;
use latchkey::server::token::ring::KeyRing;
use latchkey::server::token::secret::InstallationSecret;
use serde_json::{Map, Value};
use std::time::Duration;

pub const ISSUER: &str = "https://latchkey.example";
pub const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
/// The longest life of an access token.
pub const LONGEST: Duration = Duration::from_secs(900);

/// The ids of the keys.
pub const EDDSA: &str = "eddsa";
pub const ES256: &str = "es256";
pub const HS512: &str = "hs512";

/// Keys of nobody but the targets. They never change, so that the tokens in the corpus stay valid.
const EDDSA_KEY: &[u8] = include_bytes!("../keys/eddsa.p8");
const ES256_KEY: &[u8] = include_bytes!("../keys/es256.p8");
const HS512_KEY: [u8; 64] = [7; 64];

/// No randomness at all: the same run twice.
pub struct Still;

impl Entropy for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(5);
    }
}

/// The ring of all keys.
pub fn ring() -> KeyRing {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = InstallationSecret::create(&folder.path().join("secret.key"), &Still).expect("a secret");
    let stored = |purpose: &str, id: &str, algorithm: &str, key: &[u8]| StoredKey {
        id: KeyId::new(id),
        purpose: purpose.into(),
        algorithm: algorithm.into(),
        sealed: secret.seal(&format!("{purpose}/{id}"), key, &Still).expect("sealed"),
        created_at: NOW,
        active_at: NOW,
        expires_at: None,
    };
    let keys = [
        stored("access", EDDSA, "EdDSA", EDDSA_KEY),
        stored("access", ES256, "ES256", ES256_KEY),
        stored("refresh", HS512, "HS512", &HS512_KEY),
    ];
    KeyRing::open(&keys, &secret).expect("a ring")
}

pub fn access_tokens() -> AccessTokens {
    let ttl = Duration::from_secs(600);
    AccessTokens::new(AccessSettings { issuer: ISSUER.into(), ttl, jitter: 0.0, longest: LONGEST }, ring())
}

/// The one session that there are tokens of.
pub fn session() -> Session {
    Session {
        id: SessionId::new("session"),
        user_id: UserId::new("user"),
        client_id: ClientId::web(),
        rotation: Rotation {
            generation: 3,
            digest: TokenDigest::new(""),
            parent: None,
            overtaken: vec![],
            rotated_at: NOW,
            confirmed_at: None,
            key_id: KeyId::new(HS512),
            nonce: "nonce".into(),
        },
        lifetime: Lifetime::start(NOW, Duration::from_secs(86_400), Duration::from_secs(172_800), true),
        authenticated_at: NOW,
        authenticated_by: AuthenticatedBy::password(),
        second_factor_at: None,
        last_seen_at: NOW,
        revoked: None,
        user_disabled_at: None,
        label: Label::default(),
    }
}

/// A token with a right signature, whatever header and payload say.
pub fn signed(kid: &str, header: &[u8], payload: &[u8]) -> String {
    let (key, algorithm) = match kid {
        EDDSA => (EncodingKey::from_ed_der(EDDSA_KEY), Algorithm::EdDSA),
        ES256 => (EncodingKey::from_ec_der(ES256_KEY), Algorithm::ES256),
        _ => (EncodingKey::from_secret(&HS512_KEY), Algorithm::HS512),
    };
    let message = format!("{}.{}", base64url(header), base64url(payload));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).expect("signed");
    format!("{message}.{signature}")
}

/// The input's lines.
pub fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b'\n')
}

/// The lines that HTTP lets through, as so many headers of one name.
pub fn headers<'a>(name: &HeaderName, lines: impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    let values = lines.filter_map(|line| HeaderValue::from_bytes(line).ok());
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, value);
    }
    headers
}

/// What `Cookie` headers hold under `name`, read another way than the server does: all lines as one.
pub fn cookies(sent: &HeaderMap, name: &str) -> Vec<Vec<u8>> {
    let all = sent.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b';');
    let pairs = all.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let halves = pairs.filter_map(|pair| pair.iter().position(|byte| *byte == b'=').map(|at| pair.split_at(at)));
    halves.filter(|(left, _)| *left == name.as_bytes()).map(|(_, right)| right[1..].to_vec()).collect()
}

/// What was accepted as a part of a token is a JSON object.
pub fn object(json: &[u8]) -> Map<String, Value> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(members)) => members,
        other => panic!("accepted though it is no JSON object: {other:?}"),
    }
}

/// The input as a header and a payload, if it has two lines.
pub fn halves(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = data.iter().position(|byte| *byte == b'\n')?;
    Some((&data[..end], &data[end + 1..]))
}
