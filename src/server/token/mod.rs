//! Tokens and their keys: signing, verifying, and sealing keys for storage.

pub mod access;
pub mod factor_key;
pub(super) mod jws;
pub mod key_manager;
pub mod keys;
pub mod one_time_codes;
pub mod refresh;
pub mod ring;
pub mod secret;
pub mod secret_rotation;

pub use jws::{Invalid, SignError, VerifyingKey};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// base64url without padding (RFC 4648 section 5).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 as base64url. Refresh tokens are stored only in this form.
pub fn digest(text: &str) -> String {
    base64url(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
}
