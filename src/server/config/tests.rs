//! Settings that operators may write, and the errors that they get.

use super::*;
use std::time::Duration;

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let read = EnvironmentVariables::read(environment);
    let read = sources::read(Path::new("Leptos.toml"), text, read, Path::new("/srv"));
    read.map(|(settings, _)| settings).map_err(|error| error.to_string())
}

#[test]
fn nothing_at_all_gives_the_defaults() {
    let settings = read("", &[]).unwrap();
    assert_eq!(settings.tokens.access_ttl, Duration::from_secs(600));
    assert_eq!(settings.database.url, "sqlite:///srv/data/latchkey.db");
}

#[test]
fn the_environment_wins_over_the_file() {
    let text = "[tokens]\ngrace = \"5s\"\naccess_ttl = \"8m\"\n";
    let settings = read(text, &[("LATCHKEY_TOKENS__GRACE", "20s"), ("HOME", "/root")]).unwrap();
    assert_eq!(settings.tokens.grace, Duration::from_secs(20));
    assert_eq!(settings.tokens.access_ttl, Duration::from_secs(480));
    let settings = read("", &[("LATCHKEY_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1")]).unwrap();
    assert_eq!(settings.server.trusted_proxies, ["10.0.0.0/8", "::1"]);
}

#[test]
fn a_server_listens_at_one_address_or_at_a_list() {
    let listens = |settings: Settings| settings.server.listen.iter().map(ToString::to_string).collect::<Vec<_>>();
    let all = ["127.0.0.1:3000", "[::1]:3000", "unix:/run/latchkey.sock"];
    assert_eq!(listens(read("[server]\nlisten = \"[::1]:3000\"\n", &[]).unwrap()), all[1..2]);
    assert_eq!(listens(read(&format!("[server]\nlisten = {all:?}\n"), &[]).unwrap()), all);
    assert_eq!(listens(read("", &[("LATCHKEY_SERVER__LISTEN", &all.join(", "))]).unwrap()), all);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = read("[tokens]\ngrace = \"5s\"\naccess_tll = \"8m\"\n", &[]).unwrap_err();
    assert!(error.contains("Leptos.toml") && error.contains("line 3") && error.contains("access_tll"), "{error}");
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, value) in [
        ("LATCHKEY_TOKENS__GRAZE", "5s"),
        ("LATCHKEY_TOKENS__GRACE", "soon"),
        ("LATCHKEY_GRACE", "5s"),
        ("LATCHKEY_SERVER__LISTEN", "here"),
        ("LATCHKEY_SERVER__FORWARDED_HEADER", "X-Real-IP"),
        ("LATCHKEY_ACCOUNTS__REGISTRATION", "ajar"),
    ] {
        let error = read("", &[(name, value)]).unwrap_err();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn values_out_of_bounds_are_refused_with_their_key() {
    for (name, value, key) in [
        ("LATCHKEY_TOKENS__ACCESS_TTL", "16m", "tokens.access_ttl"),
        ("LATCHKEY_TOKENS__GRACE", "61s", "tokens.grace"),
        ("LATCHKEY_TOKENS__REFRESH_IDLE", "31d", "tokens.refresh_idle"),
        ("LATCHKEY_TOKENS__KEY_ROTATION", "23h", "tokens.key_rotation"),
        ("LATCHKEY_TOKENS__KEY_ROTATION", "367d", "tokens.key_rotation"),
        ("LATCHKEY_SERVER__PUBLIC_URL", "http://example.org", "server.public_url"),
        ("LATCHKEY_SERVER__PUBLIC_URL", "https://example.org/auth", "server.public_url"),
        ("LATCHKEY_SERVER__LISTEN", ",", "server.listen"),
        ("LATCHKEY_SERVER__TLS_CERT", "tls.crt", "server.tls_key"),
        ("LATCHKEY_SERVER__TLS_KEY", "tls.key", "server.tls_cert"),
        ("LATCHKEY_SESSIONS__MAX_PER_USER", "0", "sessions.max_per_user"),
        ("LATCHKEY_ACCOUNTS__CONTACT", "two\nlines", "accounts.contact"),
    ] {
        let error = read("", &[(name, value)]).unwrap_err();
        assert!(error.starts_with(&format!("environment variable {name}: {key}")), "{error}");
    }
    assert!(read("", &[("LATCHKEY_SERVER__PUBLIC_URL", "http://127.0.0.1:4000")]).is_ok());
    assert!(read("", &[("LATCHKEY_SERVER__PUBLIC_URL", "https://id.example.org")]).is_ok());
    assert!(read("", &[("LATCHKEY_TOKENS__KEY_ROTATION", "0s")]).is_ok());
    assert!(read("", &[("LATCHKEY_LIMITS__LOGIN_PER_ADDRESS", "0")]).is_ok());
}

#[test]
fn the_public_url_is_kept_as_browsers_write_it() {
    let url = |text| read("", &[("LATCHKEY_SERVER__PUBLIC_URL", text)]).unwrap().server.public_url;
    assert_eq!(url("https://ID.example.org:443/"), "https://id.example.org");
    assert_eq!(
        read("[server]\npublic_url = \"https://ID.example.org.\"\n", &[]).unwrap().server.public_url,
        url("https://id.example.org")
    );
}

/// The places of all that is wrong, in the order in which it is reported.
fn wrong(text: &str, environment: &[(&str, &str)]) -> Vec<WrongSetting> {
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let read = EnvironmentVariables::read(environment);
    match sources::read(Path::new("Leptos.toml"), text, read, Path::new("/srv")) {
        Err(ConfigError::Wrong(WrongSettings(wrong))) => wrong,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_place_value_and_remedy() {
    let text = "\
[server]
listen = 3000
publc_url = \"https://id.example.org\"

[tokens]
grace = \"forever\"
access_ttl = \"16m\"
refresh_idle = \"31d\"

[token]
[sessions]
max_per_user = -1
grace = \"5s\"

[[clients]]
id = \"cli\"
knd = \"native\"
";
    let environment = [
        ("LATCHKEY_LIMITS__LOGIN_PER_ADRESS", "5"),
        ("LATCHKEY_SERVER_LISTEN", "x"),
        ("LATCHKEY_TOKENS__ACCESS_JITTER", "1"),
    ];
    let said: Vec<String> = wrong(text, &environment).iter().map(ToString::to_string).collect();
    let expected = [
        "Leptos.toml, line 2: server.listen = 3000: ",
        "Leptos.toml, line 3: server.publc_url: there is no such setting; did you mean server.public_url?",
        "Leptos.toml, line 6: tokens.grace = \"forever\": \"forever\" is not a duration; write 10s, 15m, 12h or 14d",
        "Leptos.toml, line 7: tokens.access_ttl = \"16m\": must be between 1s and 15m",
        "Leptos.toml, line 8: tokens.refresh_idle = \"31d\": must be more than 0s, and not more than tokens.refresh_absolute",
        "Leptos.toml, line 10: token: there is no such setting; did you mean [tokens]?",
        "Leptos.toml, line 12: sessions.max_per_user = -1: ",
        "Leptos.toml, line 13: sessions.grace: there is no such setting; did you mean tokens.grace?",
        "Leptos.toml, line 17: clients: unknown field `knd`",
        "environment variable LATCHKEY_LIMITS__LOGIN_PER_ADRESS: there is no such setting; did you mean \
         LATCHKEY_LIMITS__LOGIN_PER_ADDRESS?",
        "environment variable LATCHKEY_SERVER_LISTEN: is no setting; ",
        "environment variable LATCHKEY_TOKENS__ACCESS_JITTER: tokens.access_jitter = 1",
    ];
    for begin in expected {
        assert_eq!(said.iter().filter(|line| line.starts_with(begin)).count(), 1, "{begin}\n{said:#?}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    assert!(said.iter().any(|line| line.ends_with("did you mean LATCHKEY_SERVER__LISTEN?")), "{said:#?}");
}

#[test]
fn what_is_no_toml_does_not_hide_what_is_wrong_elsewhere() {
    let said = wrong("[tokens]\ngrace = 5s\naccess_ttl = \"16m\"\n", &[]);
    let places: Vec<String> = said.iter().map(|wrong| wrong.source.to_string()).collect();
    assert_eq!(places, ["Leptos.toml, line 2", "Leptos.toml, line 3"], "{said:#?}");
    assert!(said[0].reason.starts_with("this is not TOML: "), "{said:#?}");
}

#[test]
fn no_error_tells_a_password() {
    for text in [
        "[database]\nurl = \"postgres://ada:xyzzy@db/x",
        "[database]\nurl = postgres://ada:xyzzy@db/x",
        "[database]\nurl = [\"postgres://ada:xyzzy@db/x\"]",
        "[database]\nurl = \"mysql://ada:xyzzy@db/x\"",
        "[database]\nurl = \"//ada:xyzzy@db/x\"",
        "[database]\nurl = \"xyzzy\"",
        "[database]\nulr = \"postgres://ada:xyzzy@db/x\"",
        "[databse]\nurl = \"postgres://ada:xyzzy@db/x\"",
        "database = \"postgres://ada:xyzzy@db/x\"",
        "url = \"postgres://ada:xyzzy@db/x\"",
        "clients = \"postgres://ada:xyzzy@db/x\"",
    ] {
        let said = wrong(text, &[]);
        assert!(!format!("{said:?}").contains("xyzzy"), "{text}: {said:#?}");
    }
    for name in ["LATCHKEY_DATABASE__URL", "LATCHKEY_DATABASE__URI", "LATCHKEY_DATABASE_URL"] {
        let said = wrong("", &[(name, "mysql://ada:xyzzy@db/x")]);
        assert!(!format!("{said:?}").contains("xyzzy"), "{name}: {said:#?}");
    }
}
