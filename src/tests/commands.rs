//! The program as operators run it.

use super::support::PASSWORD;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn latchkey(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(arguments)
        .current_dir(folder)
        .env("LATCHKEY_DATABASE__URL", "sqlite://data/latchkey.db")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A folder with settings of its own and a database that `migrate` made.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), "").unwrap();
    let migrated = latchkey(folder.path(), &["migrate"], "");
    assert!(migrated.status.success(), "{}", text(&migrated));
    folder
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_user_is_added_and_listed() {
    let folder = installed();
    let added = latchkey(folder.path(), &["user", "add", "Ada"], &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", text(&added));
    let listed = latchkey(folder.path(), &["user", "list"], "");
    assert!(text(&listed).contains("\tada\tenabled"), "{}", text(&listed));
    assert_eq!(added.stderr, b"", "a command logs only what is wrong");
    // Said before a password is asked for.
    let again = latchkey(folder.path(), &["user", "add", "ada"], "");
    assert!(!again.status.success() && text(&again).contains("taken"), "{}", text(&again));
    let odd = latchkey(folder.path(), &["user", "add", "a b"], "");
    assert!(!odd.status.success() && text(&odd).contains("A username is made of"), "{}", text(&odd));
    let short = latchkey(folder.path(), &["user", "add", "bob"], "short\n");
    assert!(!short.status.success() && text(&short).contains("at least 15"), "{}", text(&short));
}

#[test]
fn a_missing_secret_stops_the_start_and_nothing_is_made_anew() {
    let folder = installed();
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

/// From wherever a command is run, it works on the data of the installation whose settings it reads.
#[test]
fn paths_count_from_the_settings_file() {
    let folder = installed();
    let elsewhere = tempfile::tempdir().unwrap();
    let settings = folder.path().join("Leptos.toml");
    let arguments = ["--config", settings.to_str().unwrap(), "user", "add", "bob"];
    let added = latchkey(elsewhere.path(), &arguments, &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", text(&added));
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is made there");
    assert!(text(&latchkey(folder.path(), &["user", "list"], "")).contains("\tbob\t"));
}

#[test]
fn settings_beside_the_program_are_found_from_anywhere() {
    // Where a link to the program can be made.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = folder.path().join("latchkey");
    std::fs::hard_link(env!("CARGO_BIN_EXE_latchkey"), &program).unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), "[secret]\nfile = \"keys/secret\"\n").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let output = Command::new(&program).arg("migrate").current_dir(elsewhere.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(folder.path().join("data/latchkey.db").exists() && folder.path().join("keys/secret").exists());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn no_command_but_serve_and_migrate_makes_a_database_or_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), "").unwrap();
    for arguments in [&["user", "add", "ada"][..], &["user", "list"], &["keys", "list"], &["keys", "rotate"]] {
        let output = latchkey(folder.path(), arguments, &format!("{PASSWORD}\n"));
        let text = text(&output);
        assert!(!output.status.success() && text.contains("latchkey migrate"), "{arguments:?}: {text}");
        assert!(text.contains(folder.path().join("data/latchkey.db").to_str().unwrap()), "{text}");
        assert!(!folder.path().join("data").exists(), "{arguments:?}");
    }
}

#[test]
fn a_log_level_that_is_none_stops_every_command() {
    let folder = installed();
    for (level, passes) in [("verbose", false), ("infos", false), ("off", true), ("warning", true), ("", true)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        let output =
            command.args(["user", "list"]).current_dir(folder.path()).env("LATCHKEY_LOG", level).output().unwrap();
        assert_eq!(output.status.success(), passes, "{level:?}: {}", text(&output));
        assert!(passes || text(&output).contains("LATCHKEY_LOG") && text(&output).contains("error, warn, info"));
    }
}

/// Reads until `prompt` stands at the end.
fn read_until(output: &mut impl Read, prompt: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(prompt.as_bytes()) {
        let count = output.read(&mut byte).unwrap_or_default();
        assert!(count == 1, "{prompt:?} is asked: {}", String::from_utf8_lossy(&read));
        read.push(byte[0]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[test]
fn a_person_at_a_terminal_is_asked_for_the_password_twice() {
    let folder = installed();
    // Gives the program a terminal.
    let mut child = Command::new("script")
        .args(["-q", "-e", "-c", concat!(env!("CARGO_BIN_EXE_latchkey"), " user add ada"), "/dev/null"])
        .current_dir(folder.path())
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let first = read_until(&mut screen, "Password: ");
    assert_eq!(first, "Password: ", "no line of the log stands before it");
    for (typed, next) in [
        (PASSWORD, "The same again: "),
        ("a slip of the finger", "Password: "),
        (PASSWORD, "The same again: "),
        (PASSWORD, ").\r\n"),
    ] {
        keyboard.write_all(format!("{typed}\n").as_bytes()).unwrap();
        let said = read_until(&mut screen, next);
        assert_eq!(said.contains("were not the same"), typed.starts_with("a slip"), "{said}");
        assert_eq!(said.contains("Added ada ("), next.starts_with(')'), "{said}");
    }
    assert!(child.wait().unwrap().success());
}
