//! The settings, as operators check and look at them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn latchkey(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(arguments).current_dir(folder).envs(variables.iter().copied()).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn folder(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Leptos.toml"), settings).unwrap();
    folder
}

#[test]
fn every_command_names_all_that_is_wrong_and_makes_nothing() {
    let folder = folder("[tokens]\ngrace = \"forever\"\n[server]\nlisten = 80\n");
    let mut told = Vec::new();
    for command in [&["config", "check"][..], &["config", "show"], &["serve"], &["migrate"], &["user", "list"]] {
        let output = latchkey(folder.path(), command, &[("LATCHKEY_TOKENS__GRAZE", "5s")]);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        told.push(text(&output));
    }
    for part in ["3 settings are wrong", "Leptos.toml, line 2: ", "Leptos.toml, line 4: ", "LATCHKEY_TOKENS__GRACE?"] {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is made");
}

#[test]
fn settings_that_can_be_used_are_said_to_be_and_no_database_is_made() {
    let folder = folder("[tokens]\ngrace = \"5s\"\n");
    let output = latchkey(folder.path(), &["config", "check"], &[]);
    assert!(output.status.success() && text(&output).starts_with("All settings can be used ("), "{}", text(&output));
    assert!(text(&output).contains("/Leptos.toml"), "{}", text(&output));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_url_of_the_database_is_read_from_a_file() {
    let folder = folder("[database]\nurl_file = \"secrets/url\"\n");
    let file = folder.path().join("secrets/url");
    let run = |arguments: &[&str], variables: &[(&str, &str)]| text(&latchkey(folder.path(), arguments, variables));
    let missing = run(&["config", "check"], &[]);
    assert!(missing.contains("line 2: database.url_file = ") && missing.contains("cannot be read"), "{missing}");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "postgres://ada:xyzzy@db/x\r\n").unwrap();
    let shown = run(&["config", "show"], &[]);
    let line = format!("# url = \"postgres://ada:***@db/x\" # content of {}", file.display());
    assert!(shown.lines().any(|shown| shown == line) && !shown.contains("xyzzy"), "{line}\n{shown}");
    let both = run(&["config", "check"], &[("LATCHKEY_DATABASE__URL", "sqlite://x.db")]);
    assert!(both.contains("database.url_file = ") && both.contains("excludes database.url"), "{both}");
    for odd in [&b""[..], b"xyzzy\n", b"ada:xyzzy\xff"] {
        std::fs::write(&file, odd).unwrap();
        let wrong = run(&["config", "check"], &[]);
        assert!(wrong.contains("secrets/url") && !wrong.contains("xyzzy"), "{wrong}");
    }
    std::fs::write(&file, "sqlite://data/x.db").unwrap();
    let made = latchkey(folder.path(), &["migrate"], &[]);
    assert!(made.status.success() && folder.path().join("data/x.db").exists(), "{made:?}");
}

/// systemd keeps credentials from other users by an access control list, which shows as bits for the group.
#[test]
fn a_secret_that_systemd_passes_as_a_credential_may_have_bits_for_the_group() {
    let folder = folder("[secret]\nfile = \"credentials/secret\"\n");
    assert!(latchkey(folder.path(), &["migrate"], &[]).status.success());
    let credentials = folder.path().join("credentials");
    let elsewhere = folder.path().join("elsewhere");
    let listed = |mode: u32, variable: &Path| {
        let secret = credentials.join("secret");
        std::fs::set_permissions(secret, std::fs::Permissions::from_mode(mode)).unwrap();
        latchkey(folder.path(), &["user", "list"], &[("CREDENTIALS_DIRECTORY", variable.to_str().unwrap())])
    };
    assert!(listed(0o440, &credentials).status.success());
    for (mode, variable) in [(0o440, elsewhere.as_path()), (0o444, &credentials), (0o440, Path::new(""))] {
        let refused = listed(mode, variable);
        assert!(!refused.status.success() && text(&refused).contains("may be read by others"), "{}", text(&refused));
    }
}

#[test]
fn what_is_shown_says_where_it_comes_from_and_is_a_settings_file_again() {
    let folder = folder("[tokens]\n\ngrace = \"5s\"\n[[clients]]\nid = \"cli\"\nkind = \"native\"\n");
    let variables = [
        ("LATCHKEY_DATABASE__URL", "postgres://ada:xyzzy@db/x"),
        ("LATCHKEY_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
    ];
    let shown = text(&latchkey(folder.path(), &["config", "show"], &variables));
    let file = folder.path().join("Leptos.toml");
    for line in [
        format!("grace = \"5s\" # {}, line 3", file.display()),
        "url = \"postgres://ada:***@db/x\" # environment variable LATCHKEY_DATABASE__URL".to_owned(),
        "access_ttl = \"10m\" # default".to_owned(),
        "[[clients]]".to_owned(),
    ] {
        assert_eq!(shown.lines().filter(|shown| **shown == line).count(), 1, "{line}\n{shown}");
    }
    assert!(!shown.contains("xyzzy"), "{shown}");
    std::fs::write(&file, &shown).unwrap();
    let again = text(&latchkey(folder.path(), &["config", "show"], &[]));
    let values = |text: &str| text.lines().map(|line| line.split(" # ").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(values(&shown), values(&again));

    let json = text(&latchkey(folder.path(), &["config", "show", "--json"], &variables[..1]));
    let lines: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of =
        |key: &str| lines.iter().find(|line| line["key"] == key).unwrap_or_else(|| panic!("{key}: {json}")).clone();
    assert_eq!(of("database.url")["variable"], "LATCHKEY_DATABASE__URL");
    assert_eq!(of("database.url")["value"], "postgres://ada:***@db/x");
    assert_eq!(of("tokens.grace")["file"], file.to_str().unwrap());
    assert!(of("tokens.grace")["line"].is_u64() && of("password.queue")["value"] == 64);
    assert_eq!(of("clients")["value"][0]["id"], "cli");
}
