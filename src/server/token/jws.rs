//! Verifies JWS in compact form (RFC 7515) strictly: one form of header, one algorithm for each key, and no reference
//! in a header is followed.

use super::base64url;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

/// The maximum length of a token, in bytes.
const MAX: usize = 4096;

/// Why a token is not ours, or not valid. Only the log gets the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what is wrong")]
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

/// The header members that are read. Others (`jku`, `jwk`, `x5u`, `x5c`) are skipped and never used (RFC 8725 section
/// 3.10).
#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    typ: String,
    kid: String,
    /// A token with any `crit` member is refused: we understand no extension (RFC 7515 section 4.1.11).
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The header of the tokens that we sign. The order of the fields is the order of the bytes: never change it.
#[derive(Serialize)]
struct Written<'a> {
    typ: &'a str,
    alg: Algorithm,
    kid: &'a str,
}

/// The key that a header names, and the key's algorithm.
pub struct VerifyingKey<'a> {
    /// The key itself.
    pub key: &'a DecodingKey,
    /// The only `alg` that its tokens may have (RFC 8725 section 3.1).
    pub algorithm: Algorithm,
}

/// Verifies `token` and returns its claims, which the caller has to check. `find` looks up the key of a `kid`.
///
/// # Errors
/// [`Invalid`] with the first failed check.
pub(crate) fn verify<'k, T: DeserializeOwned>(
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

/// Decodes a part: it must be a JSON object, entirely in UTF-8 (RFC 8259). serde would also accept an array, member by
/// member, and does not check the text that it skips.
fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let json = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let is_object = json.trim_ascii_start().starts_with('{');
    is_object.then(|| serde_json::from_str(&json).ok()).flatten()
}

/// Signs `claims`. With a deterministic algorithm, the same arguments give the same bytes.
pub(crate) fn sign<T: Serialize>(
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

/// Signing failed. This is an error of the server, never of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token could not be signed")]
pub struct SignError;

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;
