//! The program as operators run it.

use super::support::PASSWORD;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn latchkey(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(arguments)
        .current_dir(folder)
        .env("LATCHKEY_PASSWORD__ARGON2_MEMORY", "64")
        .env("LATCHKEY_PASSWORD__ARGON2_ITERATIONS", "1")
        .env("LATCHKEY_DATABASE__URL", "sqlite://data/latchkey.db")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_user_is_added_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let added = latchkey(folder.path(), &["user", "add", "Ada"], &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", text(&added));
    let listed = latchkey(folder.path(), &["user", "list"], "");
    assert!(text(&listed).contains("\tada\tenabled"), "{}", text(&listed));
    let again = latchkey(folder.path(), &["user", "add", "ada"], &format!("{PASSWORD}\n"));
    assert!(!again.status.success() && text(&again).contains("taken"), "{}", text(&again));
    let short = latchkey(folder.path(), &["user", "add", "bob"], "short\n");
    assert!(!short.status.success() && text(&short).contains("at least 15"), "{}", text(&short));
}

#[test]
fn a_missing_secret_stops_the_start_and_nothing_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    assert!(latchkey(folder.path(), &["user", "add", "ada"], &format!("{PASSWORD}\n")).status.success());
    let secret = folder.path().join("data/secret.key");
    let kept = std::fs::read(&secret).unwrap();
    std::fs::remove_file(&secret).unwrap();
    let output = latchkey(folder.path(), &["user", "list"], "");
    assert!(!output.status.success() && text(&output).contains("secret.key"), "{}", text(&output));
    assert!(!secret.exists());
    let changed: Vec<u8> = kept.iter().map(|byte| if *byte == b'A' { b'B' } else { b'A' }).collect();
    std::fs::write(&secret, &changed).unwrap();
    let output = latchkey(folder.path(), &["user", "list"], "");
    assert!(!output.status.success() && text(&output).contains("secret.key"), "{}", text(&output));
}

#[test]
fn a_bad_setting_stops_the_start_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), "[tokens]\ngrace = \"forever\"\n").unwrap();
    let output = latchkey(folder.path(), &["migrate"], "");
    let text = text(&output);
    assert!(!output.status.success() && text.contains("line 2") && text.contains("forever"), "{text}");
}
