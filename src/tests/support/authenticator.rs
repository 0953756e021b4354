//! An authenticator app of a test's own: it computes codes by the standard (RFC 6238), independently of the server's code.

use super::{Anonymous, PASSWORD, Reply, SignedIn, TestApp};
use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde_json::json;
use std::time::Duration;

/// The length of a time step.
pub(crate) const STEP: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(crate) struct Authenticator {
    secret: Vec<u8>,
}

impl Authenticator {
    /// With a secret in base32, spaces allowed.
    pub(crate) fn new(secret: &str) -> Self {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let values = secret.chars().filter(|sign| *sign != ' ').map(|sign| alphabet.find(sign).expect("base32"));
        let bits: Vec<bool> = values.flat_map(|value| (0..5).rev().map(move |bit| value >> bit & 1 == 1)).collect();
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        Self { secret: bits.chunks_exact(8).map(byte).collect() }
    }

    /// What it shows now.
    pub(crate) fn code(&self, app: &TestApp) -> String {
        self.code_in(app, 0)
    }

    /// What it shows so many steps from now.
    pub(crate) fn code_in(&self, app: &TestApp, steps: i64) -> String {
        let counter = (app.now().as_secs() / 30 + steps).to_be_bytes();
        let mac = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret), &counter);
        let bytes = mac.as_ref();
        let at = usize::from(bytes[19] & 15);
        let number = u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// A code that is not accepted now.
    pub(crate) fn wrong(&self, app: &TestApp) -> String {
        let accepted: Vec<String> = (-1..=1).map(|steps| self.code_in(app, steps)).collect();
        (0..4).map(|number| format!("{number:06}")).find(|code| !accepted.contains(code)).expect("a wrong code")
    }
}

impl SignedIn {
    /// Sets up an authenticator app. Its first code is used up.
    pub(crate) async fn set_up_totp(&mut self, app: &TestApp) -> Authenticator {
        let begun = self.post("/auth/totp", json!({})).await.expect(200).json();
        let authenticator = Authenticator::new(begun["secret"].as_str().expect("a secret"));
        let code = authenticator.code(app);
        self.post("/auth/totp/confirm", json!({"code": code})).await.expect(204);
        authenticator
    }

    /// Makes recovery codes.
    pub(crate) async fn recovery_codes(&mut self) -> Vec<String> {
        let made = self.post("/auth/recovery-codes", json!({})).await.expect(200).json();
        let codes = made["codes"].as_array().expect("codes");
        codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect()
    }
}

impl Anonymous {
    /// Signs in with the right password, and is asked for a second factor.
    pub(crate) async fn asked_for_factor(&mut self, username: &str) -> Reply {
        let reply = self.try_sign_in(username, PASSWORD).await.expect(401);
        assert_eq!(reply.code(), "second_factor_required");
        reply
    }

    pub(crate) async fn answer(&mut self, code: &str) -> Reply {
        self.post("/auth/second-factor", json!({"code": code})).await
    }

    /// Signs in with both factors.
    pub(crate) async fn sign_in_with(mut self, username: &str, code: &str) -> SignedIn {
        self.asked_for_factor(username).await;
        let reply = self.answer(code).await.expect(200);
        SignedIn::new(self, &reply)
    }
}
