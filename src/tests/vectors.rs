//! Wycheproof's vectors for the signatures of our algorithms, run through what verifies ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify};

/// How many vectors were judged, and which of them wrongly.
#[derive(Default)]
struct Score {
    judged: usize,
    wrong: Vec<String>,
}

impl Score {
    fn judge(&mut self, vector: (usize, &str, TestResult), key: (&DecodingKey, Algorithm), signed: (&[u8], &[u8])) {
        let ((id, comment, result), (key, algorithm), (message, signature)) = (vector, key, signed);
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let accepted = jsonwebtoken::crypto::verify(&signature, message, key, algorithm).unwrap_or(false);
        self.judged += 1;
        if accepted != (result == TestResult::Valid) && result != TestResult::Acceptable {
            self.wrong.push(format!("{id}: {comment}: {result:?}, but accepted: {accepted}"));
        }
    }

    #[track_caller]
    fn is_clean(&self, at_least: usize) {
        assert!(self.judged >= at_least, "only {} vectors", self.judged);
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
    }
}

#[test]
fn ed25519_as_wycheproof_has_it() {
    let mut score = Score::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(&group.key.pk)).unwrap();
        for test in &group.tests {
            score.judge((test.tc_id, &test.comment, test.result), (&key, Algorithm::EdDSA), (&test.msg, &test.sig));
        }
    }
    score.is_clean(140);
}

#[test]
fn p_256_as_wycheproof_has_it() {
    let mut score = Score::default();
    for group in ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap().test_groups {
        let (x, y) = group.key.key[1..].split_at(32);
        let key = DecodingKey::from_ec_components(&URL_SAFE_NO_PAD.encode(x), &URL_SAFE_NO_PAD.encode(y)).unwrap();
        for test in &group.tests {
            score.judge((test.tc_id, &test.comment, test.result), (&key, Algorithm::ES256), (&test.msg, &test.sig));
        }
    }
    score.is_clean(200);
}

#[test]
fn rsa_3072_as_wycheproof_has_it() {
    let mut score = Score::default();
    for group in rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa3072Sha256).unwrap().test_groups {
        let key = DecodingKey::from_rsa_pem(group.pem.as_bytes()).unwrap();
        for test in &group.tests {
            score.judge((test.tc_id, &test.comment, test.result), (&key, Algorithm::RS256), (&test.msg, &test.sig));
        }
    }
    score.is_clean(200);
}

#[test]
fn hmac_sha_512_as_wycheproof_has_it() {
    let mut score = Score::default();
    for group in mac::TestSet::load(mac::TestName::HmacSha512).unwrap().test_groups {
        for test in &group.tests {
            // A tag that was cut short is right in its own terms; as a JWS it is none.
            let result = if group.tag_size < 512 { TestResult::Invalid } else { test.result };
            let key = DecodingKey::from_secret(&test.key);
            score.judge((test.tc_id, &test.comment, result), (&key, Algorithm::HS512), (&test.msg, &test.tag));
        }
    }
    score.is_clean(150);
}
