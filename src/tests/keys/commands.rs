//! `latchkey keys` as operators run it while a server runs, and keys at rest (SECURITY JW6, KY1).

use super::*;
use latchkey::server::ports::{Clock as _, StoredKey};
use latchkey::server::system::SystemClock;
use latchkey::server::token::keys;
use latchkey::server::token::secret::InstallationSecret;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn run(app: &TestApp, secret: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(arguments).current_dir(app.folder());
    command.env("LATCHKEY_DATABASE__URL", &app.settings().database.url).env("LATCHKEY_SECRET__FILE", secret);
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What a command lists: of each key its fields.
fn keys_by(app: &TestApp, arguments: &[&str]) -> Vec<Vec<String>> {
    let output = run(app, &app.settings().secret.file, arguments);
    assert!(output.status.success(), "{}", text(&output));
    let listed = String::from_utf8(output.stdout).unwrap();
    listed.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn states(listed: &[Vec<String>]) -> Vec<(&str, &str)> {
    listed.iter().map(|fields| (fields[0].as_str(), fields[3].as_str())).collect()
}

on_both_databases! {
    async fn keys_rotate_by_command_while_a_server_runs(app: TestAppBuilder) {
        let app = app.at(SystemClock.now()).start().await;
        let mut device = app.signed_up("ada").await;
        let first = keys_by(&app, &["keys", "list"]);
        assert_eq!(states(&first), [("access", "signing"), ("refresh", "signing")]);
        assert_eq!(first[0][1], published(&app).await[0]);
        assert_eq!((first[0][2].as_str(), first[1][2].as_str()), ("EdDSA", "HS512"));
        assert!(first[0][4].starts_with("20") && first[0][4].ends_with('Z') && first[0][6] == "-", "{first:?}");

        let next = keys_by(&app, &["keys", "rotate"]);
        let both = [("access", "signing"), ("access", "next"), ("refresh", "signing"), ("refresh", "next")];
        assert_eq!(states(&next), both);
        assert_eq!(keys_by(&app, &["keys", "rotate"]), next, "one that waits is enough");
        app.services().housekeeping().await.unwrap();
        assert_eq!(published(&app).await, [next[0][1].as_str(), &next[1][1]]);
        device.try_refresh().await.expect(200);
        let last = device.clone();
        app.advance(SystemClock.now().since(app.now()) + LEAD - 5 * MINUTE);
        device.try_refresh().await.expect(200);
        app.advance(5 * MINUTE);
        app.services().housekeeping().await.unwrap();
        let old = device.clone();
        device.try_refresh().await.expect(200);
        assert!(old.is_in().await && device.is_in().await && !last.is_in().await);

        let leaked = device.clone();
        let now = keys_by(&app, &["keys", "rotate", "--now", "--purpose", "access"]);
        let access: Vec<_> = now.iter().filter(|key| key[0] == "access").map(|key| key[3].as_str()).collect();
        assert_eq!(access, ["expired", "signing", "expired"], "by when they were to sign: {now:?}");
        assert_eq!(now.iter().filter(|key| key[0] == "refresh").count(), 2, "these stay as they are");
        app.services().housekeeping().await.unwrap();
        assert!(!old.is_in().await && !leaked.is_in().await);
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
        assert_eq!(published(&app).await.len(), 1);
    }
}

fn opened(app: &TestApp, stored: &[StoredKey]) -> Vec<Vec<u8>> {
    let secret = InstallationSecret::load(&app.settings().secret.file).unwrap().unwrap();
    stored.iter().map(|key| keys::open(key, &secret).unwrap().2.to_vec()).collect()
}

#[tokio::test]
async fn two_installations_share_no_key_and_the_private_ones_are_sealed() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let (ours, theirs) = (one.services().store().keys().await.unwrap(), two.services().store().keys().await.unwrap());
    let (mine, yours) = (opened(&one, &ours), opened(&two, &theirs));
    for bytes in &mine {
        assert!(!yours.contains(bytes) && bytes.len() >= 32);
    }
    let hmac: Vec<usize> =
        ours.iter().zip(&mine).filter(|(key, _)| key.purpose == "refresh").map(|(_, b)| b.len()).collect();
    assert_eq!(hmac, [64]);
    assert!(ours.iter().all(|key| theirs.iter().all(|other| key.id != other.id && key.sealed != other.sealed)));
    // Of what is on disk, the last 32 bytes of each are its secret (PKCS #8 version 1 of Ed25519 ends with its seed).
    for entry in std::fs::read_dir(one.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for private in &mine {
            let seed = &private[private.len() - 32..];
            assert!(!bytes.windows(32).any(|window| window == seed));
        }
    }
}

#[tokio::test]
async fn a_secret_that_is_foreign_missing_damaged_or_open_stops_the_start_and_makes_no_key() {
    let (one, two) = (TestApp::start().await, TestApp::start().await);
    let before = one.services().store().keys().await.unwrap();
    let (damaged, open, missing) =
        (one.folder().join("damaged"), one.folder().join("open"), one.folder().join("missing"));
    std::fs::write(&damaged, "latchkey-secret-1:AAAA\n").unwrap();
    std::fs::set_permissions(&damaged, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::copy(&one.settings().secret.file, &open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o640)).unwrap();
    for (secret, reason) in [
        (two.settings().secret.file.as_path(), "two installations"),
        (&damaged, "is damaged"),
        (&open, "may be read by others"),
        (&missing, "is missing"),
    ] {
        for arguments in [["keys", "rotate"], ["user", "list"]] {
            let output = run(&one, secret, &arguments);
            assert!(!output.status.success() && text(&output).contains(reason), "{reason}: {}", text(&output));
        }
    }
    assert!(!missing.exists());
    assert_eq!(one.services().store().keys().await.unwrap(), before);
    let listed = run(&one, &missing, &["keys", "list"]);
    assert!(listed.status.success(), "what is listed is no secret: {}", text(&listed));
}

#[tokio::test]
async fn help_says_what_a_rotation_does() {
    let app = TestApp::on(Backend::Sqlite).start().await;
    let help = text(&run(&app, Path::new("secret.key"), &["keys", "rotate", "--help"]));
    assert!(help.contains("Signs nobody out") && help.contains("withdrawn") && help.contains("--purpose"), "{help}");
}
