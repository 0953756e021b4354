//! Creates keys, and opens stored ones.

use super::base64url;
use super::secret::{InstallationSecret, SealedUnder, SecretError};
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use crate::server::ports::{Entropy, StoredKey};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey};
use zeroize::Zeroizing;

/// The purpose of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Signs access tokens; its public part is published.
    Access,
    /// Authenticates refresh tokens (HMAC). It never leaves the server.
    Refresh,
}

impl KeyPurpose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Access, Self::Refresh];

    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// How many random bytes an HMAC key has: as many as a SHA-512 digest (RFC 7518 section 3.2).
const HMAC_LEN: usize = 64;

/// Why a key cannot be created or used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum KeyError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the stored key {0} is not a usable {1} key")]
    Unusable(KeyId, String),
    #[error("a secret of a user was sealed under another key or name")]
    Foreign,
    #[error("a key could not be made")]
    Generation,
}

/// Creates a key that signs from `active_at` on, sealed with `secret`.
///
/// # Errors
/// [`KeyError::Generation`] when the cryptographic library fails.
pub fn generate(
    purpose: KeyPurpose,
    algorithm: Algorithm,
    secret: &InstallationSecret,
    entropy: &dyn Entropy,
    now: Timestamp,
    active_at: Timestamp,
) -> Result<StoredKey, KeyError> {
    let mut name = [0; 9];
    entropy.fill(&mut name);
    let id = KeyId::new(base64url(&name));
    let private = private_key(algorithm, entropy).ok_or(KeyError::Generation)?;
    let sealed = secret.seal(&sealed_name(purpose.as_str(), &id), &private, entropy).ok_or(KeyError::Generation)?;
    Ok(StoredKey {
        id,
        purpose: purpose.as_str().into(),
        algorithm: format!("{algorithm:?}"),
        sealed,
        created_at: now,
        active_at,
        expires_at: None,
    })
}

/// Seals a stored key anew, under one of the two secrets.
///
/// # Errors
/// [`KeyError::Secret`] when neither of them opens it; [`KeyError::Generation`] when the cryptographic library fails.
pub(super) fn reseal(
    stored: StoredKey,
    secret: &InstallationSecret,
    under: SealedUnder,
    entropy: &dyn Entropy,
) -> Result<StoredKey, KeyError> {
    let name = sealed_name(&stored.purpose, &stored.id);
    let private = secret.open(&name, &stored.sealed)?;
    let sealed = secret.seal_under(under, &name, &private, entropy).ok_or(KeyError::Generation)?;
    Ok(StoredKey { sealed, ..stored })
}

/// The secret that all of these keys need: the former one, as long as one of them is sealed under it. A further key
/// belongs under the same, so that whoever opens these opens that one too.
///
/// # Errors
/// [`KeyError::Secret`] when a key opens with neither of them.
pub fn needed_secret(stored: &[StoredKey], secret: &InstallationSecret) -> Result<SealedUnder, KeyError> {
    let mut needed = SealedUnder::Current;
    for key in stored {
        let (under, _) = secret.open_under(&sealed_name(&key.purpose, &key.id), &key.sealed)?;
        if under == SealedUnder::Former {
            needed = under;
        }
    }
    Ok(needed)
}

fn sealed_name(purpose: &str, id: &KeyId) -> String {
    format!("{purpose}/{id}")
}

/// The private key as PKCS #8, or the plain bytes for HMAC. The cryptographic library generates asymmetric keys with
/// its own randomness.
fn private_key(algorithm: Algorithm, entropy: &dyn Entropy) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = match algorithm {
        Algorithm::EdDSA => Ed25519KeyPair::generate().ok()?.to_pkcs8v1().ok()?.as_ref().to_vec(),
        Algorithm::ES256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?.to_pkcs8v1().ok()?.as_ref().to_vec()
        }
        Algorithm::RS256 => RsaKeyPair::generate(KeySize::Rsa3072).ok()?.as_der().ok()?.as_ref().to_vec(),
        Algorithm::HS512 => {
            let mut bytes = vec![0; HMAC_LEN];
            entropy.fill(&mut bytes);
            bytes
        }
        _ => return None,
    };
    Some(Zeroizing::new(bytes))
}

/// Opens a stored key: returns the signing key and its algorithm.
pub fn open(
    stored: &StoredKey,
    secret: &InstallationSecret,
) -> Result<(Algorithm, EncodingKey, Zeroizing<Vec<u8>>), KeyError> {
    let unusable = || KeyError::Unusable(stored.id.clone(), stored.algorithm.clone());
    let private = secret.open(&sealed_name(&stored.purpose, &stored.id), &stored.sealed)?;
    let algorithm: Algorithm = stored.algorithm.parse().map_err(|_| unusable())?;
    let key = match algorithm {
        Algorithm::EdDSA => EncodingKey::from_ed_der(&private),
        Algorithm::ES256 => EncodingKey::from_ec_der(&private),
        Algorithm::RS256 => EncodingKey::from_rsa_pem(pem(&private).as_bytes()).map_err(|_| unusable())?,
        Algorithm::HS512 => EncodingKey::from_secret(&private),
        _ => return Err(unusable()),
    };
    Ok((algorithm, key, private))
}

/// PKCS #8 as PEM (RFC 7468), the form in which the JWT library takes an RSA key.
fn pem(pkcs8: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(STANDARD.encode(pkcs8));
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::system::SystemEntropy;

    #[test]
    fn sealed_keys_cannot_change_places() {
        let folder = tempfile::tempdir().unwrap();
        let secret = InstallationSecret::create(&folder.path().join("secret.key"), &SystemEntropy).unwrap();
        let make = || {
            let now = Timestamp::default();
            generate(KeyPurpose::Refresh, Algorithm::HS512, &secret, &SystemEntropy, now, now).unwrap()
        };
        let (one, other) = (make(), make());
        assert!(open(&one, &secret).is_ok());
        assert!(open(&StoredKey { sealed: other.sealed, ..one.clone() }, &secret).is_err(), "another key's");
        assert!(open(&StoredKey { purpose: "access".into(), ..one }, &secret).is_err(), "another purpose's");
    }
}
