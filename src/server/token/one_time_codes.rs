//! The computations behind codes of authenticator apps and behind recovery codes.

use super::base64url;
use crate::domain::id::{RecoveryCodeDigest, WaitingDigest};
use crate::domain::recovery_code::RecoveryCode;
use aws_lc_rs::hmac;

/// HMAC-SHA-1 of a counter under an app's secret (RFC 4226 section 5.3). SHA-1 is what all apps can do, and as an HMAC it
/// is not broken.
pub fn totp_hmac(secret: &[u8]) -> impl Fn([u8; 8]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    move |counter| {
        let mut bytes = [0; 20];
        bytes.iter_mut().zip(hmac::sign(&key, &counter).as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// The digest of a recovery code under the key of its set.
pub fn recovery_code_digest(key: &[u8], code: &RecoveryCode) -> RecoveryCodeDigest {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    RecoveryCodeDigest::new(base64url(hmac::sign(&key, code.as_str().as_bytes()).as_ref()))
}

/// The digest of the value that names a sign-in which waits for its second factor.
pub fn waiting_digest(value: &str) -> WaitingDigest {
    WaitingDigest::new(super::digest(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::totp::{Step, TotpCode};

    /// RFC 6238 appendix B, SHA-1. The standard's codes have eight digits; these are their last six.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let hmac = totp_hmac(b"12345678901234567890");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = Step::at(Timestamp::from_secs(seconds));
            assert!(Some(TotpCode::of(hmac(step.counter()))) == TotpCode::typed(code), "{seconds}");
        }
    }

    #[test]
    fn a_digest_depends_on_the_code_and_on_the_key() {
        let (one, other) = (RecoveryCode::new([1; 7]), RecoveryCode::new([2; 7]));
        assert_eq!(recovery_code_digest(b"k", &one), recovery_code_digest(b"k", &one));
        assert_ne!(recovery_code_digest(b"k", &one), recovery_code_digest(b"k", &other));
        assert_ne!(recovery_code_digest(b"k", &one), recovery_code_digest(b"l", &one));
    }
}
