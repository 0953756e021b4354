//! `latchkey secret rotate`: the secret is replaced, and nobody notices.

use super::*;
use faulty_vfs::{Failure, Folder};
use latchkey::domain::key_schedule::LEAD;
use latchkey::server::application::{self, Runtime};
use latchkey::server::ports::Keys;
use latchkey::server::service::Services;
use latchkey::server::storage;
use latchkey::server::system::SystemEntropy;
use latchkey::server::token::key_manager::When;
use latchkey::server::token::keys::KeyPurpose;
use latchkey::server::token::secret_rotation::{self, Steps};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MINUTE: Duration = Duration::from_secs(60);

fn rotate(app: &TestApp) -> Done {
    latchkey(app, &["secret", "rotate"])
}

fn finish(app: &TestApp) -> Done {
    latchkey(app, &["secret", "rotate", "--finish"])
}

/// Rotates to the point where the keys are sealed under the new secret, and not further.
fn rotate_all(app: &TestApp) {
    while !rotate(app).expect(0).stdout.contains("sealed under the new secret") {}
}

fn secrets_in(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

/// The secret file as it is now, under another name.
fn copy_of_secret(app: &TestApp, name: &str) -> PathBuf {
    let copy = app.folder().join(name);
    std::fs::copy(&app.settings().secret.file, &copy).unwrap();
    copy
}

/// A command by another secret file, which has to open the keys.
fn lists_users_with(app: &TestApp, secret: &Path) -> Done {
    let mut command = command(app);
    command.args(["user", "list"]).env("LATCHKEY_SECRET__FILE", secret);
    Done::of(command.output().unwrap())
}

/// Another server on the same database, with its own copy of the secret. It learns of changes when it keeps house.
async fn server_with(app: &TestApp, secret: &Path) -> Arc<Services> {
    let mut settings = app.settings().clone();
    settings.secret.file = secret.to_owned();
    let store = storage::connect(&settings.database.url).await.unwrap();
    let runtime = Runtime { clock: app.clock(), entropy: Arc::new(SystemEntropy) };
    application::services(store, Arc::new(settings), &runtime).await.unwrap()
}

/// Kills a command as soon as something is so, or lets it end.
fn kill_when(command: &mut Command, mut is_so: impl FnMut() -> bool) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() && !is_so() {}
    child.kill().unwrap();
    child.wait().unwrap();
}

on_both_databases! {
    async fn a_secret_is_replaced_beside_a_server_and_nobody_is_signed_out(app: TestAppBuilder) {
        let mut app = started(app).await;
        let file = app.settings().secret.file.clone();
        let (mut device, before) = (app.signed_up("ada").await, secrets_in(&file));
        let old = copy_of_secret(&app, "old.key");
        finish(&app).expect(0);
        rotate_all(&app);
        let both = secrets_in(&file);
        assert!(both.len() == 2 && both[0] != before[0] && both[1] == before[0], "the new one, and the former");
        assert!(device.is_in().await, "the server has heard of nothing yet");
        device.try_refresh().await.expect(200);
        app.services().housekeeping().await.unwrap();
        device.try_refresh().await.expect(200);
        // A key that is made now is sealed under the new secret.
        app.services().keys().rotate(&KeyPurpose::ALL, When::Scheduled, app.now()).await.unwrap();
        rotate(&app).expect_error(1, "the last rotation is not finished");
        assert_eq!(secrets_in(&file), both);
        let said = finish(&app).expect(0).stdout;
        assert!(said.contains("the new secret only"), "{said}");
        assert_eq!(secrets_in(&file), both[..1]);
        assert!(finish(&app).expect(0).stdout.contains("nothing to finish"));
        lists_users_with(&app, &old).expect_error(1, "before a `latchkey secret rotate`");
        app.services().housekeeping().await.unwrap();
        app.advance(LEAD + MINUTE);
        app.services().housekeeping().await.unwrap();
        device.try_refresh().await.expect(200);
        app.restart().await;
        device.browser.goes_to(&app);
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
        // Once more, from there.
        rotate_all(&app);
        finish(&app).expect(0);
        assert!(secrets_in(&file).len() == 1 && secrets_in(&file) != both[..1]);
        app.restart().await;
        device.browser.goes_to(&app);
        device.try_refresh().await.expect(200);
    }

    async fn the_keys_are_the_same_and_only_sealed_anew(app: TestAppBuilder) {
        let app = started(app).await;
        let device = app.signed_up("ada").await;
        let before = app.services().store().keys().await.unwrap();
        rotate_all(&app);
        let after = app.services().store().keys().await.unwrap();
        for (before, after) in before.iter().zip(&after) {
            assert_ne!(before.sealed, after.sealed);
            assert_eq!(format!("{before:?}").split("sealed").next(), format!("{after:?}").split("sealed").next());
            assert_eq!((before.created_at, before.active_at), (after.created_at, after.active_at));
        }
        assert_eq!(before.len(), after.len());
        assert!(device.is_in().await);
    }

    async fn of_commands_at_once_one_makes_the_secret(app: TestAppBuilder) {
        let app = started(app).await;
        let mut device = app.signed_up("ada").await;
        let begin = |_| {
            let mut rotate = command(&app);
            rotate.args(["secret", "rotate"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running: Vec<_> = (0..5).map(begin).collect();
        for child in running {
            let done = Done::of(child.wait_with_output().unwrap());
            assert!(done.code == 0 || done.stderr.contains("not finished"), "{}", done.stderr);
        }
        finish(&app).expect(0);
        app.services().housekeeping().await.unwrap();
        device.try_refresh().await.expect(200);
        latchkey(&app, &["user", "list"]).expect(0);
    }

    /// What a killed command leaves is a working installation, and the next command carries on.
    async fn commands_that_are_killed_leave_a_secret_that_opens_the_keys(app: TestAppBuilder) {
        let mut app = started(app).await;
        let mut device = app.signed_up("ada").await;
        let file = app.settings().secret.file.clone();
        let draft = app.folder().join("secret.key.partial");
        for round in 0..8 {
            for arguments in [&["secret", "rotate"][..], &["secret", "rotate"], &["secret", "rotate", "--finish"]] {
                let before = secrets_in(&file);
                // When the draft is there, when it has the file's name, and ever later.
                let mut left = round * 20;
                kill_when(command(&app).args(arguments), || {
                    if round % 2 == 0 {
                        return draft.exists();
                    }
                    left -= i32::from(secrets_in(&file) != before);
                    left < 0
                });
                latchkey(&app, &["user", "list"]).expect(0);
                assert!([1, 2].contains(&secrets_in(&file).len()));
            }
            app.services().housekeeping().await.unwrap();
            device.try_refresh().await.expect(200);
        }
        // One of the killed may have come as far as this.
        while rotate(&app).code == 0 {}
        finish(&app).expect(0);
        assert_eq!(secrets_in(&file).len(), 1);
        let left: Vec<_> = std::fs::read_dir(app.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
        app.restart().await;
        device.browser.goes_to(&app);
        device.try_refresh().await.expect(200);
    }
}

/// Any write of the database fails, and the process dies: file and keys belong together.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_write_fails_the_secret_opens_the_keys() {
    for nth in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let files = Folder::watch(folder.path());
        let app = TestApp::on(Backend::Sqlite).start_in(folder).await;
        let mut device = app.signed_up("ada").await;
        app.services().flush().await.unwrap();
        let (store, file) = (app.store().await, app.settings().secret.file.clone());
        files.heal();
        files.fail(nth, Failure::Full, true);
        let store: &dyn Keys = &*store;
        let rotated = secret_rotation::rotate(store, Arc::new(SystemEntropy), &file, Steps::Both).await;
        let crashed = app.after_a_crash().await;
        files.heal();
        device.browser.goes_to(&crashed);
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
        let is_in_use = secret_rotation::finish(store, &file).await.is_err();
        assert_eq!(is_in_use, rotated.is_err());
        if rotated.is_ok() {
            assert!(nth > 1, "a write failed");
            break;
        }
        secret_rotation::rotate(store, Arc::new(SystemEntropy), &file, Steps::Both).await.unwrap();
        assert!(secret_rotation::finish(store, &file).await.unwrap());
        app.services().housekeeping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_with_copies_of_the_file_go_on_while_it_is_copied() {
    let app = started(TestApp::on(Backend::Postgres)).await;
    let file = app.settings().secret.file.clone();
    let mut device = app.signed_up("ada").await;
    let copy = copy_of_secret(&app, "copy.key");
    let other = server_with(&app, &copy).await;
    let said = rotate(&app).expect(0).stdout;
    assert!(said.contains("Copy the file to every server"), "{said}");
    finish(&app).expect_error(1, "keys are still sealed under the former secret");
    // The first server has the new secret already. What it makes, a server with the old one alone can open.
    app.services().housekeeping().await.unwrap();
    app.services().keys().rotate(&KeyPurpose::ALL, When::Scheduled, app.now()).await.unwrap();
    other.housekeeping().await.unwrap();
    assert_eq!(other.access_tokens().ring().jwks(app.now()).keys.len(), 2);
    lists_users_with(&app, &copy).expect(0);

    // An operator who forgets to copy: the other server goes on, and learns of no new key until it has the file.
    assert!(rotate(&app).expect(0).stdout.contains("sealed under the new secret"));
    other.keys().run_schedule(other.access_tokens(), app.now()).await.unwrap_err();
    assert_eq!(other.access_tokens().ring().jwks(app.now()).keys.len(), 2);
    let made = other.keys().rotate(&[KeyPurpose::Access], When::AtOnce, app.now()).await;
    assert!(made.is_err(), "nor does it make one that others cannot open");
    std::fs::copy(&file, &copy).unwrap();
    other.housekeeping().await.unwrap();
    other.keys().rotate(&[KeyPurpose::Access], When::AtOnce, app.now()).await.unwrap();
    app.services().housekeeping().await.unwrap();
    assert_eq!(app.services().access_tokens().ring().jwks(app.now()).keys.len(), 1);
    finish(&app).expect(0);
    lists_users_with(&app, &copy).expect(0);
    device.try_refresh().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_keeps_its_secret_when_the_file_is_gone_or_of_another_installation() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    let mut device = app.signed_up("ada").await;
    let file = app.settings().secret.file.clone();
    let other = started(TestApp::on(Backend::Sqlite)).await;
    std::fs::copy(&other.settings().secret.file, &file).unwrap();
    app.services().housekeeping().await.unwrap();
    rotate(&app).expect_error(1, "two installations");
    std::fs::remove_file(&file).unwrap();
    app.services().keys().rotate(&KeyPurpose::ALL, When::Scheduled, app.now()).await.unwrap();
    app.services().housekeeping().await.unwrap();
    device.try_refresh().await.expect(200);
    rotate(&app).expect_error(1, "is missing");
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_from_before_needs_the_former_secret() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    app.signed_up("ada").await;
    let backup = app.folder().join("backup.db");
    latchkey(&app, &["backup", backup.to_str().unwrap()]).expect(0);
    rotate(&app).expect(0);
    let restored = tempfile::tempdir().unwrap();
    let secret = restored.path().join("secret.key");
    let restore = |arguments: &[&str]| {
        let mut command = command(&app);
        command
            .args(arguments)
            .env("LATCHKEY_DATABASE__URL", format!("sqlite://{}/latchkey.db", restored.path().display()))
            .env("LATCHKEY_SECRET__FILE", &secret);
        Done::of(command.output().unwrap())
    };
    std::fs::copy(&app.settings().secret.file, &secret).unwrap();
    restore(&["restore", backup.to_str().unwrap()]).expect(0);
    // In the restored database the keys are under the former one.
    restore(&["secret", "rotate", "--finish"]).expect_error(1, "still sealed under the former secret");
    assert!(restore(&["secret", "rotate"]).expect(0).stdout.contains("sealed under the new secret"));
    restore(&["secret", "rotate", "--finish"]).expect(0);
    // A command may leave SQLite's log beside the file.
    for name in ["latchkey.db", "latchkey.db-wal", "latchkey.db-shm"] {
        let removed = std::fs::remove_file(restored.path().join(name));
        assert!(removed.is_ok() || name != "latchkey.db", "{removed:?}");
    }
    restore(&["restore", backup.to_str().unwrap()]).expect_error(1, "before a `latchkey secret rotate`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_replaced_stays_as_it_is_and_so_do_the_keys() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    let file = app.settings().secret.file.clone();
    let before = (secrets_in(&file), app.services().store().keys().await.unwrap());
    std::fs::create_dir(app.folder().join("secret.key.partial")).unwrap();
    rotate(&app).expect_error(1, "cannot be replaced");
    assert_eq!((secrets_in(&file), app.services().store().keys().await.unwrap()), before);
}
