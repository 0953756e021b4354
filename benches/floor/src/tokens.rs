//! Access tokens (EdDSA) and refresh tokens (HS512), and the cache of verified ones.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Lives in seconds.
pub(crate) const ACCESS_LIFE: u64 = 600;
pub(crate) const REFRESH_LIFE: u64 = 14 * 86_400;
const ISSUER: &str = "http://localhost";
/// As many verified tokens as the server remembers.
const CACHE: usize = 10_000;

/// The claims of an access token (RFC 9068).
#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    pub(crate) sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
    pub(crate) sid: String,
    azp: String,
    client_id: String,
    scope: String,
    auth_time: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RefreshClaims {
    iss: String,
    pub(crate) sid: String,
    jti: String,
    #[serde(rename = "gen")]
    generation: u64,
    iat: u64,
    exp: u64,
}

pub(crate) struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    authenticating: (EncodingKey, DecodingKey),
    verified: Cache<String, Arc<Claims>>,
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// SHA-256 as base64url, the form in which a refresh token is stored.
pub(crate) fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()))
}

/// Random bytes as base64url.
pub(crate) fn random<const N: usize>() -> String {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn header(algorithm: Algorithm, typ: &str) -> Header {
    let mut header = Header::new(algorithm);
    header.typ = Some(typ.to_owned());
    header.kid = Some("floor".to_owned());
    header
}

fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.validate_aud = false;
    validation
}

impl Tokens {
    /// Opens the keys in `folder`, and makes them first if there are none.
    pub(crate) fn open(folder: &Path) -> Self {
        let file = |name: &str, make: fn() -> Vec<u8>| {
            let path = folder.join(name);
            std::fs::read(&path).unwrap_or_else(|_| {
                let key = make();
                std::fs::write(&path, &key).expect("a file");
                key
            })
        };
        let pair = || Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).expect("a key").as_ref().to_vec();
        let pair = file("signing", pair);
        let secret = file("authenticating", || random::<64>().into_bytes());
        let signing = EncodingKey::from_ed_der(&pair);
        let public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA).expect("a public key");
        Self {
            signing,
            verifying: DecodingKey::from_jwk(&public).expect("a public key"),
            authenticating: (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret)),
            verified: Cache::new(CACHE),
        }
    }

    pub(crate) fn issue(&self, sub: &str, sid: &str) -> String {
        let now = now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: sub.to_owned(),
            aud: ISSUER.to_owned(),
            exp: now + ACCESS_LIFE,
            iat: now,
            jti: random::<16>(),
            sid: sid.to_owned(),
            azp: "web".to_owned(),
            client_id: "web".to_owned(),
            scope: "account".to_owned(),
            auth_time: now,
        };
        jsonwebtoken::encode(&header(Algorithm::EdDSA, "at+jwt"), &claims, &self.signing).expect("a token")
    }

    pub(crate) fn verify(&self, token: &str) -> Option<Arc<Claims>> {
        let claims = match self.verified.get(token) {
            Some(claims) => claims,
            None => {
                let read =
                    jsonwebtoken::decode::<Claims>(token, &self.verifying, &validation(Algorithm::EdDSA)).ok()?;
                let claims = Arc::new(read.claims);
                self.verified.insert(token.to_owned(), claims.clone());
                claims
            }
        };
        (claims.exp > now()).then_some(claims)
    }

    /// A new session's id, and its first refresh token.
    pub(crate) fn first(&self) -> (String, String) {
        let sid = random::<16>();
        let token = self.authenticate(&sid, 0);
        (sid, token)
    }

    pub(crate) fn read(&self, token: &str) -> Option<RefreshClaims> {
        let read = jsonwebtoken::decode(token, &self.authenticating.1, &validation(Algorithm::HS512)).ok()?;
        Some(read.claims)
    }

    pub(crate) fn successor(&self, claims: &RefreshClaims) -> String {
        self.authenticate(&claims.sid, claims.generation + 1)
    }

    fn authenticate(&self, sid: &str, generation: u64) -> String {
        let (iat, jti) = (now(), random::<16>());
        let claims = RefreshClaims {
            iss: ISSUER.to_owned(),
            sid: sid.to_owned(),
            jti,
            generation,
            iat,
            exp: iat + REFRESH_LIFE,
        };
        jsonwebtoken::encode(&header(Algorithm::HS512, "rt+jwt"), &claims, &self.authenticating.0).expect("a token")
    }
}
