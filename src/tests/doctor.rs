//! `latchkey doctor`, beside a running server and without one.

use super::support::{Backend, Program};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn doctor(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.arg("doctor").args(arguments).current_dir(folder).envs(variables.iter().copied()).output().unwrap()
}

/// The findings as level and code, without notes: those on the machine are not a matter of the test.
fn findings(output: &Output) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
    let found = lines.map(|line| {
        assert!(line["message"].as_str().unwrap().ends_with('.') || line["code"] == "setting_wrong", "{line}");
        assert!(!line["remedy"].as_str().unwrap().is_empty(), "{line}");
        (line["level"].as_str().unwrap().to_owned(), line["code"].as_str().unwrap().to_owned())
    });
    found.filter(|(level, _)| level != "note").collect()
}

fn codes(output: &Output) -> Vec<String> {
    findings(output).into_iter().map(|(_, code)| code).collect()
}

/// A running server whose public URL is its own address.
async fn running(folder: &Path) -> Program {
    Program::start_by(folder, |command| {
        let listen = command.get_args().last().unwrap().to_str().unwrap().to_owned();
        command.env("LATCHKEY_SERVER__PUBLIC_URL", format!("http://{listen}"));
    })
    .await
}

/// All files below a folder, with their contents. Looking at SQLite's files changes its shared memory only.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = ["latchkey.db", "secret.key"]
        .map(|name| (name.to_owned(), std::fs::read(folder.join("data").join(name)).unwrap()))
        .into();
    found.extend(
        std::fs::read_dir(folder.join("data"))
            .unwrap()
            .map(|entry| (entry.unwrap().file_name().into_string().unwrap(), Vec::new())),
    );
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_running_server_nothing_is_wrong_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let program = running(folder.path()).await;
    let before = contents(folder.path());
    let variables = [("LATCHKEY_SERVER__PUBLIC_URL", program.url.as_str())];
    let output = doctor(folder.path(), &["--json"], &variables);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(findings(&output), [], "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"database_served\""), "{output:?}");
    assert_eq!(contents(folder.path()), before);

    let text = doctor(folder.path(), &[], &variables);
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("note: Process ") && text.contains("[database_served]\n  Stop it before"), "{text}");

    // It is another service there than the settings say.
    let output = doctor(
        folder.path(),
        &["--json"],
        &[("LATCHKEY_SERVER__PUBLIC_URL", &program.url.replace("127.0.0.1", "localhost"))],
    );
    assert_eq!((output.status.code(), codes(&output)), (Some(1), vec!["public_url_foreign".to_owned()]), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_got_wrong_is_told_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    running(folder.path()).await.kill();
    let data = folder.path().join("data");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let here = ("LATCHKEY_SERVER__PUBLIC_URL", url.as_str());
    assert_eq!(findings(&doctor(folder.path(), &["--json"], &[here])), [], "a server that was stopped is no error");

    std::fs::set_permissions(data.join("latchkey.db"), std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::set_permissions(data.join("secret.key"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let wide = ("LATCHKEY_SERVER__TRUSTED_PROXIES", "0.0.0.0/0");
    let output = doctor(folder.path(), &["--json"], &[here, wide, ("LATCHKEY_PASSWORD__ARGON2_MEMORY", "64")]);
    let mut found = codes(&output);
    found.sort();
    assert_eq!(found, ["argon2_weak", "database_readable", "proxies_everybody", "secret_readable"], "{output:?}");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "latchkey: 3 of these are errors\n");
}

#[test]
fn wrong_settings_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), "[tokens]\ngrace = \"soon\"\nlife = \"1d\"\n").unwrap();
    let output = doctor(folder.path(), &["--json"], &[]);
    assert_eq!((output.status.code(), codes(&output)), (Some(1), vec!["setting_wrong".to_owned(); 2]), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_examined_too() {
    let folder = tempfile::tempdir().unwrap();
    Program::prepare(folder.path());
    let url = Backend::Postgres.url(folder.path()).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let public_url = format!("http://{nobody}");
    let variables = [("LATCHKEY_DATABASE__URL", url.as_str()), ("LATCHKEY_SERVER__PUBLIC_URL", public_url.as_str())];
    let output = doctor(folder.path(), &["--json"], &variables);
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"not_installed\""), "{output:?}");
    let mut migrate = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    assert!(migrate.arg("migrate").current_dir(folder.path()).envs(variables).output().unwrap().status.success());
    // Whether a server uses it is not known, so one should answer.
    assert_eq!(codes(&doctor(folder.path(), &["--json"], &variables)), ["public_url_unreachable"]);
    let nowhere = [("LATCHKEY_DATABASE__URL", format!("{url}-elsewhere")), ("LATCHKEY_SERVER__PUBLIC_URL", public_url)];
    let output = doctor(folder.path(), &["--json"], &nowhere.each_ref().map(|(name, value)| (*name, value.as_str())));
    assert!(codes(&output).contains(&"database_refused".to_owned()), "{output:?}");
}
