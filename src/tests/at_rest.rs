//! What lies on disk is not enough to be anybody (SECURITY RT7, KY1).

use super::support::{PASSWORD, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::os::unix::fs::PermissionsExt as _;

/// Everything in the folder of the data, the write-ahead log included.
fn bytes(app: &TestApp) -> Vec<u8> {
    let files = std::fs::read_dir(app.folder()).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|file| std::fs::read(file).unwrap()).collect()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_files_hold_no_token_and_no_password_in_any_form() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let mut secrets = vec![PASSWORD.to_owned(), device.access_token.clone(), device.refresh_token().to_owned()];
    for _ in 0..3 {
        device.try_refresh().await.expect(200);
        secrets.extend([device.access_token.clone(), device.refresh_token().to_owned()]);
    }
    secrets.push(device.browser.cookies["__Host-Http-latchkey-session"].clone());
    app.services().flush().await.unwrap();
    let disk = bytes(&app);
    assert!(holds(&disk, b"ada"), "the search finds what is there");
    for secret in secrets {
        let (_, signature) = secret.rsplit_once('.').unwrap_or(("", &secret));
        for part in [secret.as_str(), signature] {
            let raw = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
            assert!(!holds(&disk, part.as_bytes()), "as it is");
            assert!(!holds(&disk, hex(part.as_bytes()).as_bytes()), "in hex");
            assert!(!holds(&disk, STANDARD.encode(part).trim_end_matches('=').as_bytes()), "in base64");
            assert!(raw.is_empty() || !holds(&disk, &raw), "as bytes");
        }
    }
}

#[tokio::test]
async fn what_is_stored_is_no_token() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let sid = latchkey::domain::id::SessionId::new(device.sid().await);
    let session = app.services().store().session(&sid).await.unwrap().unwrap();
    let good = device.refresh_token().to_owned();
    for stored in [session.rotation.digest, session.rotation.nonce, sid.to_string()] {
        device.set_refresh_token(&stored);
        assert_eq!(device.try_refresh().await.expect(401).code(), "invalid_token");
    }
    device.set_refresh_token(&good);
    device.try_refresh().await.expect(200);
}

#[tokio::test]
async fn database_and_secret_are_for_their_owner_only() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    for entry in std::fs::read_dir(app.folder()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}
