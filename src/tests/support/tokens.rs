//! Access tokens as the tests read and forge them.

use super::TestApp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The header (0) or the claims (1) of a token.
pub(crate) fn part(token: &str, n: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
}

/// Signed by the server's own key, whatever it says.
pub(crate) fn signed(app: &TestApp, header: &Value, claims: &Value) -> String {
    let ring = app.services().access_tokens().ring();
    let key = ring.signing(app.now()).unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding, key.algorithm).unwrap();
    format!("{message}.{signature}")
}
