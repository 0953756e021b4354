//! Reading a JWS in compact form (RFC 7515) strictly: one shape of header, one algorithm per key, nothing followed.

use super::base64url;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

/// The longest token that is looked at, in bytes.
const MAX: usize = 4096;

/// That a token is not one of ours, or not valid. Why is nobody's business but the log's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("not a JWS in compact form")]
    Malformed,
    #[error("of another type")]
    Typ,
    #[error("unknown key")]
    Kid,
    #[error("not the key's algorithm")]
    Algorithm,
    #[error("critical extensions that we do not know")]
    Critical,
    #[error("wrong signature")]
    Signature,
    #[error("claims that do not hold")]
    Claims,
    #[error("expired, or not yet valid")]
    Time,
}

/// What we read of a header. Other members (`jku`, `jwk`, `x5u`, `x5c`) are skipped, never used (RFC 8725 section 3.10).
#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    typ: String,
    kid: String,
    /// Any at all refuses: we understand no extension (RFC 7515 section 4.1.11).
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// What we write as a header. The order of the fields is the order of the bytes: never change it.
#[derive(Serialize)]
struct Written<'a> {
    typ: &'a str,
    alg: Algorithm,
    kid: &'a str,
}

/// The key that a header names.
pub struct VerifyingKey<'a> {
    pub key: &'a DecodingKey,
    pub algorithm: Algorithm,
}

/// Verifies `token` and returns its claims, whose meaning is for the caller to check. `find` gives the key of a `kid`.
///
/// # Errors
/// [`Invalid`], by the first thing that is wrong.
pub fn verify<'k, T: DeserializeOwned>(
    token: &str,
    typ: &str,
    find: impl FnOnce(&str) -> Option<VerifyingKey<'k>>,
) -> Result<T, Invalid> {
    if token.len() > MAX {
        return Err(Invalid::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Invalid::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Invalid::Malformed)?;
    let header: Header = part(header).ok_or(Invalid::Malformed)?;
    if header.typ != typ {
        return Err(Invalid::Typ);
    }
    if header.crit {
        return Err(Invalid::Critical);
    }
    let VerifyingKey { key, algorithm } = find(&header.kid).ok_or(Invalid::Kid)?;
    if header.alg != algorithm {
        return Err(Invalid::Algorithm);
    }
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm) {
        Ok(true) => part(payload).ok_or(Invalid::Claims),
        _ => Err(Invalid::Signature),
    }
}

/// A JSON object, all of it UTF-8 (RFC 8259): serde would also take an array, member by member, and does not look into
/// what it skips.
fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let json = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let is_object = json.trim_ascii_start().starts_with('{');
    is_object.then(|| serde_json::from_str(&json).ok()).flatten()
}

/// Signs `claims`. The same arguments give the same bytes wherever the algorithm is deterministic.
pub fn sign<T: Serialize>(
    typ: &str,
    kid: &str,
    algorithm: Algorithm,
    claims: &T,
    key: &jsonwebtoken::EncodingKey,
) -> Result<String, SignError> {
    let header = serde_json::to_vec(&Written { typ, alg: algorithm, kid }).map_err(|_| SignError)?;
    let claims = serde_json::to_vec(claims).map_err(|_| SignError)?;
    let message = format!("{}.{}", base64url(&header), base64url(&claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).map_err(|_| SignError)?;
    Ok(format!("{message}.{signature}"))
}

/// Signing failed: a fault of ours, never of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token could not be signed")]
pub struct SignError;

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;
