//! What lies on disk is not enough to be anybody (SECURITY RT7, KY1).

use super::support::{PASSWORD, Program, TestApp};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use latchkey::domain::id::SessionId;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

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
    for name in ["session", "device"] {
        secrets.push(device.browser.cookies[&format!("__Host-Http-latchkey-{name}")].clone());
    }
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
    let sid = SessionId::new(device.sid().await);
    let session = app.services().store().session(&sid).await.unwrap().unwrap();
    let good = device.refresh_token().to_owned();
    for stored in [session.rotation.digest.to_string(), session.rotation.nonce, sid.to_string()] {
        device.set_refresh_token(&stored);
        assert_eq!(device.try_refresh().await.expect(401).code(), "invalid_token");
    }
    device.set_refresh_token(&good);
    device.try_refresh().await.expect(200);
}

/// A backup: all of the database, as one file.
async fn back_up(app: &TestApp, to: &Path) {
    let mut connection = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    let copy = format!("VACUUM INTO '{}'", to.display());
    sqlx::query(AssertSqlSafe(copy)).execute(&mut connection).await.unwrap();
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Starts the program on a backup, which must not start: what it says.
fn refuses_to_start(folder: &Path) -> String {
    Program::prepare(folder);
    let mut program = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    program.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(folder);
    program.env("LATCHKEY_DATABASE__URL", format!("sqlite://{}/latchkey.db", folder.display()));
    let output = program.env("LATCHKEY_SECRET__FILE", folder.join("secret.key")).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_backup_by_itself_makes_no_token() {
    let app = TestApp::start().await;
    let mut device = app.signed_up("ada").await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("latchkey.db");
    back_up(&app, &backup).await;

    // No server opens it without the secret, nor with somebody else's.
    let said = refuses_to_start(folder.path());
    assert!(said.contains("is missing, but the database holds keys sealed under it"), "{said}");
    assert!(!folder.path().join("secret.key").exists(), "and none is made for it");
    let other = TestApp::start().await;
    std::fs::copy(&other.settings().secret.file, folder.path().join("secret.key")).unwrap();
    let said = refuses_to_start(folder.path());
    assert!(said.contains("were not sealed under this secret"), "{said}");

    // Nor does what it holds of keys sign for anybody, even with all claims and the right form.
    let store = latchkey::server::storage::connect(&format!("sqlite://{}", backup.display())).await.unwrap();
    let (good, sid) = (device.refresh_token().to_owned(), SessionId::new(device.sid().await));
    let session = store.session(&sid).await.unwrap().expect("the session is in the backup");
    assert_eq!(session.rotation.digest, app.services().store().session(&sid).await.unwrap().unwrap().rotation.digest);
    let (message, _) = good.rsplit_once('.').unwrap();
    for key in store.keys().await.unwrap() {
        for bytes in [&key.sealed[..], session.rotation.nonce.as_bytes(), session.rotation.digest.as_str().as_bytes()] {
            let key = EncodingKey::from_secret(bytes);
            let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS512).unwrap();
            device.set_refresh_token(&format!("{message}.{signature}"));
            assert_eq!(device.try_refresh().await.expect(401).code(), "invalid_token");
        }
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
