//! The key that seals the secrets of second factors. It is stored among the other keys, sealed under the installation's
//! secret as they are, so whoever replaces that secret has nothing else to seal anew. It does not rotate.

use super::base64url;
use super::keys::KeyError;
use super::secret::InstallationSecret;
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use crate::server::ports::{Entropy, StoredKey};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// The purpose of the stored key.
pub const PURPOSE: &str = "factors";
/// Its algorithm (RFC 7518 section 5.1). Earlier versions do not know it, and so never take the key for one that signs.
const ALGORITHM: &str = "A256GCM";

/// The key, ready to seal and open.
pub struct FactorKey(LessSafeKey);

impl FactorKey {
    /// Creates a key, sealed with `secret`.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when the cryptographic library fails.
    pub fn generate(secret: &InstallationSecret, entropy: &dyn Entropy, now: Timestamp) -> Result<StoredKey, KeyError> {
        let (mut name, mut bytes) = ([0; 9], Zeroizing::new([0; 32]));
        entropy.fill(&mut name);
        entropy.fill(bytes.as_mut());
        let id = KeyId::new(base64url(&name));
        let sealed = secret.seal(&format!("{PURPOSE}/{id}"), bytes.as_ref(), entropy).ok_or(KeyError::Generation)?;
        let (purpose, algorithm) = (PURPOSE.to_owned(), ALGORITHM.to_owned());
        Ok(StoredKey { id, purpose, algorithm, sealed, created_at: now, active_at: now, expires_at: None })
    }

    /// Opens a stored key.
    ///
    /// # Errors
    /// [`KeyError`] when it was not sealed with `secret`, or is none.
    pub fn open(stored: &StoredKey, secret: &InstallationSecret) -> Result<Self, KeyError> {
        let bytes = secret.open(&format!("{PURPOSE}/{}", stored.id), &stored.sealed)?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes);
        let key = key.map_err(|_| KeyError::Unusable(stored.id.clone(), stored.algorithm.clone()))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Encrypts `plain` with AES-256-GCM. `name` says whose and what it is, and is authenticated too.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when the cryptographic library fails.
    pub fn seal(&self, name: &str, plain: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, KeyError> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + AES_256_GCM.tag_len()));
        text.extend_from_slice(plain);
        let aad = Aad::from(name.as_bytes());
        let sealed = self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut *text);
        sealed.map_err(|_| KeyError::Generation)?;
        Ok([nonce.as_slice(), &text].concat())
    }

    /// The inverse of [`seal`](Self::seal).
    ///
    /// # Errors
    /// [`KeyError::Foreign`] when it was sealed under another key or name, or was modified.
    pub fn unseal(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(KeyError::Foreign)?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(name.as_bytes());
        let opened = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut text);
        let length = opened.map_err(|_| KeyError::Foreign)?.len();
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::system::SystemEntropy;

    #[test]
    fn what_is_sealed_opens_under_its_own_name_and_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let secret = InstallationSecret::create(&folder.path().join("secret.key"), &SystemEntropy).unwrap();
        let make = || FactorKey::generate(&secret, &SystemEntropy, Timestamp::default()).unwrap();
        let (stored, other) = (make(), make());
        let key = FactorKey::open(&stored, &secret).unwrap();
        let sealed = key.seal("totp/ada", b"a secret of twenty b", &SystemEntropy).unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"a secret"));
        assert_eq!(key.unseal("totp/ada", &sealed).unwrap().as_slice(), b"a secret of twenty b");
        assert!(key.unseal("totp/eve", &sealed).is_err() && key.unseal("totp/ada", &sealed[..5]).is_err());
        assert!(FactorKey::open(&other, &secret).unwrap().unseal("totp/ada", &sealed).is_err());
        assert!(FactorKey::open(&StoredKey { sealed: other.sealed, ..stored }, &secret).is_err(), "another key's");
    }
}
