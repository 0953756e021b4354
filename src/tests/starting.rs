//! The start, as operators meet it: in any environment, and with whatever is missing.

use super::support::{Anonymous, Backend, PASSWORD, Program, postgres_server};
use latchkey::server::application::{self, Runtime};
use latchkey::server::config::Settings;
use latchkey::server::storage;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tokio::task::JoinSet;

/// A server that is expected not to start: what it says.
fn refused(folder: &Path, variables: &[(&str, &OsStr)]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    program.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(folder).env("LATCHKEY_LOG", "error");
    let Output { status, stderr, .. } = program.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(!status.success(), "{said}");
    said
}

fn lines(program: &Program) -> Vec<Value> {
    program.log().lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

fn bytes(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_in_any_environment() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start_by(folder.path(), |command| {
        for (name, value) in [
            // Kubernetes, for a Service called latchkey; an image.
            ("LATCHKEY_PORT", bytes(b"tcp://10.0.0.1:3000")),
            ("LATCHKEY_PORT_3000_TCP_ADDR", bytes(b"10.0.0.1")),
            ("LATCHKEY_SERVICE_HOST", bytes(b"10.0.0.1")),
            ("LATCHKEY_VERSION", bytes(b"1.2.3")),
            // No text, no place, no language.
            ("LEPTOS_SITE_ROOT", bytes(b"\xff\xfe")),
            ("PATH", bytes(b"/\xff")),
            ("HOME", bytes(b"\xff")),
            ("TZ", bytes(b":/nowhere/\xff")),
            ("LANG", bytes(b"tlh_KX.UTF-16")),
            ("LC_ALL", bytes(b"\xff\xff")),
            ("PGPASSWORD", bytes(b"\xff")),
        ] {
            command.env(name, value);
        }
        command.env(bytes(b"ODD\xff"), bytes(b"\xff")).env_remove("LATCHKEY_LOG");
    })
    .await;
    assert!(Anonymous::at(&program).sign_up("ada").await.is_in().await);
    let lines = lines(&program);
    let passed_over: Vec<_> = lines.iter().filter(|line| line["names"].is_string()).collect();
    assert_eq!(passed_over.len(), 1, "one warning for all of them: {passed_over:?}");
    assert_eq!(passed_over[0]["level"], "WARN");
    let names = "LATCHKEY_PORT LATCHKEY_PORT_3000_TCP_ADDR LATCHKEY_SERVICE_HOST LATCHKEY_VERSION";
    assert_eq!(passed_over[0]["names"], names);
    assert!(lines.iter().all(|line| line["timestamp"].as_str().unwrap().ends_with('Z')), "times are UTC: {lines:?}");
}

#[test]
fn a_variable_of_ours_that_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    Program::prepare(folder.path());
    for (name, value) in
        [("LATCHKEY_GRACE", &b"5s"[..]), ("LATCHKEY_TOKENS__GRACE", b"\xff"), ("LATCHKEY_LOG", b"\xff")]
    {
        let said = refused(folder.path(), &[(name, &bytes(value))]);
        assert!(said.starts_with(&format!("latchkey: environment variable {name}: ")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_start_says_with_what_it_works() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let find = |lines: &[Value], message: &str| {
        lines.iter().filter(|line| line["message"] == message).cloned().collect::<Vec<_>>()
    };
    let first = lines(&program);
    let serving = find(&first, "serving");
    assert_eq!(serving.len(), 1, "{first:?}");
    let folder_name = folder.path().to_str().unwrap();
    for (field, value) in [
        ("level", "INFO".to_owned()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("settings", format!("{folder_name}/Leptos.toml")),
        ("database", format!("SQLite at {folder_name}/data/latchkey.db")),
        ("site", format!("{folder_name}/site")),
        ("public_url", "http://localhost:3000".to_owned()),
        ("listen", program.url.trim_start_matches("http://").to_owned()),
    ] {
        assert_eq!(serving[0][field], value, "{field}");
    }
    let made = find(&first, "a new database is made");
    assert_eq!((made.len(), made[0]["level"].as_str()), (1, Some("WARN")), "{first:?}");

    program.kill();
    let program = Program::start(folder.path(), "info").await;
    let second = lines(&program).split_off(first.len());
    assert_eq!(find(&second, "serving").len(), 1);
    assert_eq!(find(&second, "a new database is made").len(), 0, "{second:?}");
}

/// An operator may copy or move the file then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_has_stopped_leaves_all_of_the_database_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let log = folder.path().join("data/latchkey.db-wal");
    Anonymous::at(&program).sign_up("ada").await;
    assert!(log.exists());
    assert!(program.stop().await.success());
    assert!(!log.exists() && !folder.path().join("data/latchkey.db-shm").exists());
    let program = Program::start(folder.path(), "info").await;
    Anonymous::at(&program).try_sign_in("ada", PASSWORD).await.expect(200);
}

#[test]
fn a_site_that_is_missing_or_of_another_build_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[package.metadata.leptos]\noutput-name = \"latchkey\"\nsite-root = \"site\"\nhash-files = true\n";
    std::fs::write(folder.path().join("Leptos.toml"), settings).unwrap();
    let pkg = folder.path().join("site/pkg");
    std::fs::create_dir_all(&pkg).unwrap();
    let said = refused(folder.path(), &[]);
    assert!(said.contains("hash.txt") && said.lines().count() == 1, "{said}");
    std::fs::write(folder.path().join("site/hash.txt"), "js: A\nwasm: A\ncss: B\n").unwrap();
    for name in ["latchkey.A.js", "latchkey.A.wasm", "latchkey.B.css"] {
        let said = refused(folder.path(), &[]);
        let missing = pkg.join(name);
        assert!(said.contains(&format!("{} is missing", missing.display())), "{said}");
        std::fs::write(missing, "").unwrap();
    }
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    Program::prepare(folder.path());
    let nobody_listens = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = postgres_server();
    let (place, _) = server.rsplit_once('/').unwrap();
    let (_, host) = place.rsplit_once('@').unwrap();
    let letter = folder.path().join("letter");
    std::fs::write(&letter, "This is a letter to a friend. ".repeat(100)).unwrap();
    std::fs::set_permissions(&letter, std::fs::Permissions::from_mode(0o600)).unwrap();
    let letter = letter.to_str().unwrap();
    for (url, words) in [
        (format!("postgres://ada:xyzzy@{nobody_listens}/db"), vec![nobody_listens.to_string(), "refused".to_owned()]),
        (format!("{place}/nowhere"), vec![host.to_owned(), "database \"nowhere\" does not exist".to_owned()]),
        (format!("postgres://nobody:xyzzy@{host}/postgres"), vec![host.to_owned(), "\"nobody\"".to_owned()]),
        ("postgres://ada:xyzzy@nowhere.invalid/db?sslmode=disable".to_owned(), vec!["nowhere.invalid:5432".to_owned()]),
        (format!("sqlite://{letter}"), vec![letter.to_owned(), "no SQLite database".to_owned()]),
        (format!("sqlite://{letter}/below/x.db"), vec![format!("{letter}/below"), "Not a directory".to_owned()]),
        ("sqlite:///proc/latchkey/x.db".to_owned(), vec!["/proc/latchkey".to_owned()]),
        ("sqlite://x.db?mode=rwc".to_owned(), vec!["?mode=rwc".to_owned()]),
    ] {
        let said = refused(folder.path(), &[("LATCHKEY_DATABASE__URL", OsStr::new(&url))]);
        assert!(said.starts_with("latchkey: ") && said.lines().count() == 1, "{url}: {said}");
        assert!(words.iter().all(|word| said.contains(word)) && !said.contains("xyzzy"), "{url}: {said}");
    }
}

/// A12, as the program meets it.
#[test]
fn a_secret_or_a_folder_that_others_can_reach_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    Program::prepare(folder.path());
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o777)).unwrap();
    let said = refused(folder.path(), &[]);
    assert!(said.contains("by everybody (mode 777)") && said.contains("chmod o-w"), "{said}");
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(data.join("secret.key")).status().unwrap().success());
    let said = refused(folder.path(), &[]);
    assert!(said.contains("secret.key is no regular file"), "{said}");
}

/// What the system allows in open files is what the server makes do with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_makes_do_with_few_open_files() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start_by(folder.path(), |command| {
        let serve: Vec<OsString> = command.get_args().map(OsStr::to_owned).collect();
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_latchkey")]).args(serve);
        limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        limited.current_dir(folder.path()).stdin(Stdio::null());
        *command = limited;
    })
    .await;
    assert!(Anonymous::at(&program).sign_up("ada").await.is_in().await);
}

/// D9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_first_starts_at_once_all_have_one_secret_and_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.database.url = Backend::Postgres.url(folder.path()).await;
    settings.secret.file = folder.path().join("shared/secret.key");
    settings.password.argon2_memory = 64;
    let settings = Arc::new(settings);
    let mut starts = JoinSet::new();
    for _ in 0..8 {
        let settings = settings.clone();
        starts.spawn(async move {
            let store = storage::connect(&settings.database.url).await.unwrap();
            let services = application::services(store, settings, &Runtime::default()).await.unwrap();
            services.store().keys().await.unwrap()
        });
    }
    let keys = starts.join_all().await;
    assert!(keys.iter().all(|found| *found == keys[0] && found.len() == 2), "{keys:?}");
}
