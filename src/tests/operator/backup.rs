//! `latchkey backup` and `latchkey restore`.

use super::*;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tempfile::TempDir;

/// A folder for a restored installation: the secret is there, as an operator would put it back.
fn emptied(app: &TestApp) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(&app.settings().secret.file, folder.path().join("secret.key")).unwrap();
    folder
}

fn restore(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .arg("restore")
        .args(arguments)
        .current_dir(folder)
        .env("LATCHKEY_DATABASE__URL", format!("sqlite://{}/latchkey.db", folder.display()))
        .env("LATCHKEY_SECRET__FILE", folder.join("secret.key"))
        .env("LATCHKEY_LOG", "error");
    command
}

fn restore_into(folder: &Path, arguments: &[&str]) -> Done {
    Done::of(restore(folder, arguments).output().unwrap())
}

fn back_up(app: &TestApp) -> PathBuf {
    let file = app.folder().join("backup.db");
    latchkey(app, &["backup", file.to_str().unwrap()]).expect(0);
    file
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_made_under_load_and_everybody_signs_in_to_what_was_restored() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    let mut ada = app.signed_up("ada").await;
    let mut busy = app.signed_up("eve").await;
    let link = latchkey(&app, &["user", "link", "ada"]).expect(0).stdout;
    let load = tokio::spawn(async move {
        for _ in 0..200 {
            busy.try_refresh().await.expect(200);
        }
        busy
    });
    let file = app.folder().join("backup.db");
    let said = latchkey(&app, &["backup", file.to_str().unwrap(), "--json"]).expect(0).json();
    assert_eq!((&said[0]["users"], &said[0]["sessions"]), (&json!(2), &json!(2)), "{said:?}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(said[0]["bytes"], std::fs::metadata(&file).unwrap().len());
    let mut eve = load.await.unwrap();
    // What happens later is not in it.
    ada.try_refresh().await.expect(200);
    app.signed_up("mallory").await;

    let folder = emptied(&app);
    let said = restore_into(folder.path(), &[file.to_str().unwrap()]).expect(0).stdout;
    assert!(said.contains("2 users, 2 sessions") && said.contains("Ended 2 sessions"), "{said}");
    assert_eq!(names_in(folder.path()), ["latchkey.db", "latchkey.db.lock", "secret.key"]);
    let restored = TestApp::on(Backend::Sqlite).at(SystemClock.now()).start_in(folder).await;
    for device in [&mut ada, &mut eve] {
        device.browser.goes_to(&restored);
        assert!(!device.is_in().await);
        assert_eq!(device.try_refresh().await.expect(401).code(), "session_revoked");
    }
    restored.signed_in("ada").await;
    restored.browser().try_sign_in("mallory", PASSWORD).await.expect(401);
    // It may have been used since.
    let path = &link.trim()[link.find("/reset/").unwrap()..];
    let asks = async |app: &TestApp| app.browser().get(path).await.text.contains("type=\"password\"");
    assert!(asks(&app).await && !asks(&restored).await);
}

/// A user, and which of three times their sign-up began and ended in: before, during or after the backup.
struct SignUp {
    device: SignedIn,
    name: String,
    began: usize,
    ended: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_has_every_account_and_session_of_one_moment_whoever_writes_meanwhile() {
    let app = Arc::new(started(TestApp::on(Backend::Sqlite)).await);
    let time = Arc::new(AtomicUsize::new(0));
    let (before, mut is_before) = tokio::sync::mpsc::unbounded_channel();
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (app, time, before) = (app.clone(), time.clone(), before.clone());
            tokio::spawn(async move {
                let mut signed_up = Vec::new();
                let mut after = 0;
                while after < 3 {
                    let (name, began) = (format!("writer-{writer}-{}", signed_up.len()), time.load(SeqCst));
                    let device = app.signed_up(&name).await;
                    let ended = time.load(SeqCst);
                    after += usize::from(began == 2);
                    signed_up.push(SignUp { device, name, began, ended });
                    before.send(()).ok();
                }
                signed_up
            })
        })
        .collect();
    for _ in 0..9 {
        is_before.recv().await.unwrap();
    }
    time.store(1, SeqCst);
    let file = back_up(&app);
    time.store(2, SeqCst);
    let mut all = Vec::new();
    for writer in writers {
        all.extend(writer.await.unwrap());
    }
    let folder = emptied(&app);
    restore_into(folder.path(), &[file.to_str().unwrap(), "--keep-sessions"]).expect(0);
    let restored = TestApp::on(Backend::Sqlite).at(SystemClock.now()).start_in(folder).await;
    let listed = latchkey(&restored, &["user", "list", "--json"]).expect(0).json();
    let names: Vec<&str> = listed.iter().map(|user| user["username"].as_str().unwrap()).collect();
    for SignUp { mut device, name, began, ended } in all {
        let is_in = names.contains(&name.as_str());
        assert!(if ended == 0 { is_in } else { began != 2 || !is_in }, "{name} {began} {ended} {is_in}");
        device.browser.goes_to(&restored);
        let status = device.try_refresh().await.status.as_u16();
        // A sign-up is two writes: an account may be there without its session, never a session without its account.
        let fits = if ended == 0 { status == 200 } else { is_in || status == 401 };
        assert!(fits, "{name} {began} {ended} {is_in} {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_kept_only_when_the_operator_says_so_and_go_on() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    let (mut ada, mut ended) = (app.signed_up("ada").await, app.signed_in("ada").await);
    let file = back_up(&app);
    // Both are lost: a rotation, and the end of a session.
    ada.try_refresh().await.expect(200);
    ended.post("/auth/logout", json!({})).await.expect(204);
    let mut later = app.signed_in("ada").await;
    let folder = emptied(&app);
    let said = restore_into(folder.path(), &[file.to_str().unwrap(), "--keep-sessions"]).expect(0).stdout;
    assert!(said.contains("No session was ended"), "{said}");
    let restored = TestApp::on(Backend::Sqlite).at(SystemClock.now()).start_in(folder).await;
    for device in [&mut ada, &mut ended, &mut later] {
        device.browser.goes_to(&restored);
    }
    ada.try_refresh().await.expect(200);
    assert!(ada.is_in().await);
    assert_eq!(later.try_refresh().await.expect(401).code(), "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten_and_only_what_fits_is_restored() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    app.signed_up("ada").await;
    let file = back_up(&app);
    let path = file.to_str().unwrap();
    latchkey(&app, &["backup", path]).expect_error(1, "exists already");
    latchkey(&app, &["backup", "/nowhere/backup.db"]).expect_error(1, "/nowhere/backup.db");
    latchkey(&app, &["restore", path]).expect_error(1, "exists already");
    // Somebody waits there for what is written.
    let (open, planted) = (app.folder().join("open"), app.folder().join("planted.db.partial"));
    std::fs::write(&open, "").unwrap();
    std::fs::hard_link(&open, &planted).unwrap();
    let to = app.folder().join("planted.db");
    latchkey(&app, &["backup", to.to_str().unwrap()]).expect_error(1, "stands in the way");
    std::fs::remove_file(&planted).unwrap();
    std::os::unix::fs::symlink(&open, &planted).unwrap();
    latchkey(&app, &["backup", to.to_str().unwrap()]).expect(1);
    assert_eq!(std::fs::read(&open).unwrap(), b"");

    let folder = emptied(&app);
    restore_into(folder.path(), &["missing.db"]).expect_error(1, "missing.db");
    let odd = folder.path().join("odd.db");
    std::fs::write(
        &odd,
        "no database, but longer than the head of one would be, which has a hundred bytes. ".repeat(99),
    )
    .unwrap();
    restore_into(folder.path(), &["odd.db"]).expect_error(1, "no SQLite database");
    let half = std::fs::read(&file).unwrap();
    std::fs::write(&odd, &half[..half.len() / 2]).unwrap();
    restore_into(folder.path(), &["odd.db"]).expect_error(1, "damaged");
    std::fs::remove_file(&odd).unwrap();
    std::fs::remove_file(folder.path().join("secret.key")).unwrap();
    restore_into(folder.path(), &[path]).expect_error(1, "secret.key is missing");
    let other = started(TestApp::on(Backend::Sqlite)).await;
    std::fs::copy(&other.settings().secret.file, folder.path().join("secret.key")).unwrap();
    restore_into(folder.path(), &[path]).expect_error(1, "secret");
    assert_eq!(names_in(folder.path()), ["latchkey.db.lock", "secret.key"], "nothing else was left");
    std::fs::copy(&app.settings().secret.file, folder.path().join("secret.key")).unwrap();
    std::fs::write(format!("{path}-wal"), "changes").unwrap();
    restore_into(folder.path(), &[path]).expect_error(1, "has changes beside it");
    std::fs::remove_file(format!("{path}-wal")).unwrap();
    restore_into(folder.path(), &[path]).expect(0);
    restore_into(folder.path(), &[path]).expect_error(1, "exists already");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_has_tools_of_its_own() {
    let app = started(TestApp::on(Backend::Postgres)).await;
    latchkey(&app, &["backup", "x.db"]).expect_error(1, "pg_dump");
    latchkey(&app, &["restore", "x.db"]).expect_error(1, "pg_restore");
    assert!(!app.folder().join("x.db").exists());
}

/// What a killed command leaves is no file that somebody would use, and does not stand in the way of the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_are_killed_leave_nothing_half() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    app.signed_up("ada").await;
    let whole = back_up(&app);
    let (file, folder) = (app.folder().join("another.db"), emptied(&app));
    let restored = folder.path().join("latchkey.db");
    for round in 0..12 {
        let mut backup = command(&app);
        backup.args(["backup", file.to_str().unwrap()]);
        let restore = restore(folder.path(), &[whole.to_str().unwrap()]);
        for (mut command, result) in [(backup, &file), (restore, &restored)] {
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // Each round a little later; the last ones may come to the end.
            std::thread::sleep(Duration::from_millis(8 * round));
            child.kill().unwrap();
            child.wait().unwrap();
            if result.exists() {
                let check = tempfile::tempdir().unwrap();
                std::fs::copy(folder.path().join("secret.key"), check.path().join("secret.key")).unwrap();
                restore_into(check.path(), &[result.to_str().unwrap()]).expect(0);
                std::fs::remove_file(result).unwrap();
            }
        }
    }
    latchkey(&app, &["backup", file.to_str().unwrap()]).expect(0);
    restore_into(folder.path(), &[file.to_str().unwrap()]).expect(0);
    assert_eq!(names_in(folder.path()), ["latchkey.db", "latchkey.db.lock", "secret.key"]);
    assert!(!app.folder().join("another.db.partial").exists());
}
