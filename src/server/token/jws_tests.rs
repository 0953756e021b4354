//! Tokens that a verifier must refuse, for each algorithm that our keys may have: the kinds of Wycheproof's vectors for
//! JSON Web Signature (whose files are in no package registry), written for our own form of header, and more.
//! Wycheproof's vectors for the signatures themselves are in `src/tests/vectors.rs`.

use super::*;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Value, json};

const TYP: &str = "at+jwt";
const KID: &str = "own";

/// A key pair. The bytes are the public part that an attacker knows.
struct Key {
    algorithm: Algorithm,
    signs: EncodingKey,
    verifies: DecodingKey,
    public: Vec<u8>,
}

impl Key {
    fn new(algorithm: Algorithm) -> Self {
        let (signs, public) = match algorithm {
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let public = pair.public_key().as_ref().to_vec();
                (EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()), public)
            }
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let public = pair.public_key().as_ref().to_vec();
                (EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()), public)
            }
            Algorithm::RS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
                let public = pair.public_key().as_ref().to_vec();
                let pem = STANDARD.encode(pair.as_der().unwrap().as_ref());
                let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
                (EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), public)
            }
            // An HMAC key has no public part.
            _ => {
                let secret = [7; 64];
                let (signs, verifies) = (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret));
                return Self { algorithm, signs, verifies, public: vec![] };
            }
        };
        let verifies = DecodingKey::from_jwk(&Jwk::from_encoding_key(&signs, algorithm).unwrap()).unwrap();
        Self { algorithm, signs, verifies, public }
    }

    fn all() -> [Self; 4] {
        [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::HS512].map(Self::new)
    }

    fn verify(&self, token: &str) -> Result<Value, Invalid> {
        let key = VerifyingKey { key: &self.verifies, algorithm: self.algorithm };
        verify(token, TYP, |kid| (kid == KID).then_some(key))
    }

    fn header(&self) -> Value {
        json!({"typ": TYP, "alg": self.algorithm, "kid": KID})
    }

    /// A token with a valid signature, whatever the header says.
    fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let message = format!("{}.{}", base64url(header), base64url(payload));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.signs, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    fn with_header(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut header = self.header();
        change(&mut header);
        self.sign(header.to_string().as_bytes(), b"{\"a\":1}")
    }

    fn token(&self) -> String {
        self.with_header(|_| {})
    }
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

#[test]
fn a_token_of_ours_is_read() {
    for key in Key::all() {
        assert_eq!(key.verify(&key.token()), Ok(json!({"a": 1})), "{:?}", key.algorithm);
        let ours = sign(TYP, KID, key.algorithm, &json!({"b": 2}), &key.signs).unwrap();
        assert_eq!(key.verify(&ours), Ok(json!({"b": 2})));
    }
}

#[test]
fn what_lacks_a_part_or_has_one_too_many_is_refused() {
    for key in Key::all() {
        let [header, payload, signature] = parts(&key.token());
        let odd = [
            String::new(),
            ".".into(),
            "..".into(),
            format!("{header}.{payload}."),
            format!("{header}.{payload}"),
            format!("{header}..{signature}"),
            format!("{header}.{signature}"),
            format!(".{payload}.{signature}"),
            format!("{payload}.{signature}"),
            format!(".{payload}."),
            payload.clone(),
            format!("{header}.{payload}.{signature}."),
            format!("{header}.{payload}.{signature}.foo"),
            format!(".{header}.{payload}.{signature}"),
            format!("{header}.{header}.{payload}.{signature}"),
            json!({"payload": payload, "protected": header, "signature": signature}).to_string(),
            json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]}).to_string(),
        ];
        for token in odd {
            assert!(key.verify(&token).is_err(), "{:?} {token}", key.algorithm);
        }
    }
}

#[test]
fn what_was_changed_anywhere_is_refused() {
    for key in Key::all() {
        let token = key.token();
        for (place, letter) in token.char_indices().filter(|(_, letter)| *letter != '.') {
            let mut changed = token.clone();
            changed.replace_range(place..=place, if letter == 'A' { "B" } else { "A" });
            assert!(key.verify(&changed).is_err(), "{:?} at {place}: {changed}", key.algorithm);
        }
    }
}

#[test]
fn a_signature_cut_short_made_longer_or_empty_of_value_is_refused() {
    for key in Key::all() {
        let [header, payload, signature] = parts(&key.token());
        let bytes = URL_SAFE_NO_PAD.decode(&signature).unwrap();
        let with = |bytes: &[u8]| key.verify(&format!("{header}.{payload}.{}", base64url(bytes)));
        for length in 0..bytes.len() {
            assert!(with(&bytes[..length]).is_err(), "{:?} cut to {length}", key.algorithm);
        }
        assert!(with(&[&bytes[..], &[0]].concat()).is_err());
        assert!(with(&[&[0], &bytes[..]].concat()).is_err());
        assert!(with(&vec![0; bytes.len()]).is_err());
        assert!(with(&vec![255; bytes.len()]).is_err());
    }
}

#[test]
fn base64_other_than_the_one_of_the_standard_is_refused() {
    for key in Key::all() {
        let [header, payload, signature] = parts(&key.token());
        let bytes = URL_SAFE_NO_PAD.decode(&signature).unwrap();
        let padded = URL_SAFE.encode(&bytes);
        let mut odd = vec![
            format!("{header}.{payload}.{signature}="),
            format!("{header}.{payload}.{signature} "),
            format!("{header}.{payload}.{signature}\n"),
            format!(" {header}.{payload}.{signature}"),
            format!("{header}=.{payload}.{signature}"),
            format!("{header}.{payload}%3D.{signature}"),
        ];
        if padded != signature {
            odd.push(format!("{header}.{payload}.{padded}"));
        }
        let standard = STANDARD.encode(&bytes).trim_end_matches('=').to_owned();
        if standard != signature {
            odd.push(format!("{header}.{payload}.{standard}"));
        }
        for token in odd {
            assert!(key.verify(&token).is_err(), "{:?} {token:?}", key.algorithm);
        }
    }
}

#[test]
fn another_algorithm_than_the_key_s_is_refused_even_where_the_signature_is_right() {
    for key in Key::all() {
        let all = [
            "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "ES256", "ES384", "RS256", "PS256", "EdDSA",
        ];
        for name in all.into_iter().filter(|name| *name != format!("{:?}", key.algorithm)) {
            let token = key.with_header(|header| header["alg"] = json!(name));
            assert!(key.verify(&token).is_err(), "{:?} {name}", key.algorithm);
            let [header, payload, _] = parts(&token);
            assert!(key.verify(&format!("{header}.{payload}.")).is_err());
            assert!(key.verify(&format!("{header}.{payload}")).is_err());
        }
        for odd in [json!(null), json!(1), json!(["EdDSA"]), json!({"alg": "EdDSA"})] {
            assert!(key.verify(&key.with_header(|header| header["alg"] = odd)).is_err());
        }
        let without = key.with_header(|header| drop(header.as_object_mut().unwrap().remove("alg")));
        assert!(key.verify(&without).is_err());
    }
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    for key in Key::all().into_iter().filter(|key| !key.public.is_empty()) {
        let texts =
            [key.public.clone(), base64url(&key.public).into_bytes(), STANDARD.encode(&key.public).into_bytes()];
        for secret in texts {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let header = json!({"typ": TYP, "alg": algorithm, "kid": KID}).to_string();
                let message = format!("{}.{}", base64url(header.as_bytes()), base64url(b"{}"));
                let hmac = EncodingKey::from_secret(&secret);
                let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &hmac, algorithm).unwrap();
                assert_eq!(key.verify(&format!("{message}.{signature}")), Err(Invalid::Algorithm));
            }
        }
    }
}

#[test]
fn a_key_that_the_token_brings_or_names_by_address_is_never_used() {
    for (key, thief) in Key::all().into_iter().zip(Key::all()) {
        let Ok(jwk) = Jwk::from_encoding_key(&thief.signs, thief.algorithm) else { continue };
        if key.public.is_empty() {
            continue;
        }
        let members = [
            ("jwk", json!(jwk)),
            ("jku", json!("https://evil.example/jwks.json")),
            ("x5u", json!("https://evil.example/chain.pem")),
            ("x5c", json!(["MIIB"])),
            ("x5t", json!("AAAA")),
        ];
        for (name, value) in members {
            let forged = thief.with_header(|header| header[name] = value.clone());
            assert_eq!(key.verify(&forged), Err(Invalid::Signature), "{name}");
            // With a valid signature of ours the member is ignored.
            let own = key.with_header(|header| header[name] = value);
            assert_eq!(key.verify(&own), Ok(json!({"a": 1})), "{name}");
        }
    }
}

#[test]
fn any_critical_extension_is_refused() {
    for key in Key::all() {
        for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!("b64"), json!(true), json!({}), json!(null)] {
            let token = key.with_header(|header| header["crit"] = crit.clone());
            assert!(matches!(key.verify(&token), Err(Invalid::Critical | Invalid::Malformed)), "{crit}");
        }
    }
}

#[test]
fn another_type_or_key_id_is_refused() {
    for key in Key::all() {
        for typ in [json!("JWT"), json!("rt+jwt"), json!("AT+JWT"), json!("application/at+jwt"), json!(null), json!(1)]
        {
            assert!(key.verify(&key.with_header(|header| header["typ"] = typ.clone())).is_err(), "{typ}");
        }
        for kid in [json!("Own"), json!("own "), json!(""), json!("../own"), json!(null), json!(["own"])] {
            assert!(key.verify(&key.with_header(|header| header["kid"] = kid.clone())).is_err(), "{kid}");
        }
        for name in ["typ", "kid"] {
            let token = key.with_header(|header| drop(header.as_object_mut().unwrap().remove(name)));
            assert_eq!(key.verify(&token), Err(Invalid::Malformed), "{name}");
        }
    }
}

#[test]
fn a_header_or_claims_that_are_no_plain_json_object_are_refused() {
    for key in Key::all() {
        let header = key.header().to_string();
        let twice = header.replacen('{', "{\"alg\":\"none\",", 1);
        let array = json!([key.algorithm, TYP, KID]).to_string();
        let headers = [&twice, "", "null", "[]", "\"\"", "{", "{}x", "\u{feff}{}", &array];
        for odd in headers {
            assert_eq!(key.verify(&key.sign(odd.as_bytes(), b"{}")), Err(Invalid::Malformed), "{odd}");
        }
        assert!(key.verify(&key.sign(b"\xff\xfe", b"{}")).is_err());
        // Invalid UTF-8 in a member that is not read.
        let skipped = [header.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat();
        assert_eq!(key.verify(&key.sign(&skipped, b"{}")), Err(Invalid::Malformed));
        for odd in [&b""[..], b"{", b"{}{}", b"[1]", b"\xff"] {
            assert_eq!(key.verify(&key.sign(header.as_bytes(), odd)), Err(Invalid::Claims), "{odd:?}");
        }
    }
}

#[test]
fn a_token_longer_than_any_of_ours_is_not_even_looked_at() {
    let key = Key::new(Algorithm::HS512);
    let payload = json!({"a": "x".repeat(4096)}).to_string();
    assert_eq!(key.verify(&key.sign(key.header().to_string().as_bytes(), payload.as_bytes())), Err(Invalid::Malformed));
}
