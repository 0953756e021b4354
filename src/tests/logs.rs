//! LG1, LG2: what the log of the program says, and what it never says, at its most talkative.

use super::support::{Anonymous, PASSWORD, Program, REFRESH, Reply, SignedIn};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const NEW_PASSWORD: &str = "an entirely new password";
const WRONG: &str = "guess-guess-guess-7";

/// Every form in which a secret could be written.
fn forms(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let hex = |upper: bool| {
        let digit = |byte: u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        secret.bytes().map(digit).collect::<String>()
    };
    let mut forms = vec![secret.to_owned(), hex(false), hex(true), format!("{:?}", secret.as_bytes())];
    forms.extend([STANDARD_NO_PAD.encode(secret), URL_SAFE_NO_PAD.encode(secret)]);
    forms.push(serde_urlencoded::to_string([("", secret)]).unwrap()[1..].to_owned());
    // Its claims alone, or its signature, are too much.
    forms.extend(secret.split('.').skip(1).filter(|part| part.len() > 30).map(str::to_owned));
    forms
}

/// The tokens of two links: for the user `ada`, and for an account that is yet to be made. The command logs at its most
/// talkative, too.
fn links_of(folder: &Path) -> Vec<String> {
    let made = [&["user", "link", "ada"][..], &["user", "link", "bob", "--purpose", "invite"]].map(|arguments| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(arguments).current_dir(folder).env("LATCHKEY_LOG", "trace");
        let output = command.output().unwrap();
        let (url, log) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
        let token = url.trim_end().rsplit('/').next().unwrap().to_owned();
        assert!(token.len() == 43 && log.lines().count() > 10, "{url} {log}");
        for form in forms(&token) {
            assert!(!log.contains(&form), "{form}");
        }
        token
    });
    made.to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_logged_at_any_level_and_every_event_is() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), "trace").await;
    let mut secrets = vec![PASSWORD.to_owned(), NEW_PASSWORD.to_owned(), WRONG.to_owned()];
    let mut keep = |device: &SignedIn| {
        secrets.push(device.access_token.clone());
        secrets.push(device.refresh_token().to_owned());
        secrets.extend(device.browser.cookies.values().cloned());
    };

    let mut here = Anonymous::at(&program).sign_up("ada").await;
    keep(&here);
    Anonymous::at(&program).try_sign_in("ada", WRONG).await.expect(401);
    Anonymous::at(&program).try_sign_in(WRONG, PASSWORD).await.expect(401);
    let mut there = Anonymous::at(&program).sign_in("ada").await;
    keep(&there);
    let thief = there.clone();
    for _ in 0..2 {
        there.try_refresh().await.expect(200);
        keep(&there);
    }
    // Where a token does not belong.
    let token = thief.refresh_token().to_owned();
    for path in [format!("/api/me?access_token={token}"), format!("/login?password={WRONG}"), format!("/{token}")] {
        here.browser.get(&path).await;
    }
    let request = here.browser.request(Method::GET, "/api/me").header("Authorization", format!("Bearer {token}"));
    here.browser.send(request).await.expect(401);
    for body in [format!("{{\"password\":\"{WRONG}\""), format!("{{\"username\":[\"{WRONG}\"]}}")] {
        let request = here.browser.request(Method::POST, "/auth/login").header("Content-Type", "application/json");
        let request = request.body(body);
        here.browser.send(request).await.expect(422);
    }
    here.browser.submit("/auth/login", &[("username", "ada"), ("password", WRONG)]).await.expect(303);
    thief.clone().try_refresh().await.expect(401);
    here.get("/devices").await.expect(200);
    here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(204);
    let change = json!({"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD});
    here.post("/auth/password", change).await.expect(204);
    here.try_refresh().await.expect(200);
    keep(&here);
    let mut native = Anonymous::at(&program);
    let login = json!({"username": "ada", "password": NEW_PASSWORD, "client": "cli"});
    let answer = native.post("/auth/login", login).await.expect(200).json();
    let token = answer["refreshToken"].as_str().unwrap().to_owned();
    native.post("/auth/refresh", json!({"refreshToken": token})).await.expect(200);
    secrets.push(token);
    here.post("/auth/logout", json!({})).await.expect(204);
    let links = links_of(folder.path());
    for (token, page, call) in [(&links[0], "reset", "/auth/password/reset"), (&links[1], "invite", "/auth/invite")] {
        let body = |password: &str| json!({"token": token, "newPassword": password});
        for address in [format!("/{page}/{token}"), format!("/{page}/{token}/"), format!("/{page}?token={token}")] {
            native.get(&address).await;
        }
        native.post(call, json!({"token": [token], "newPassword": WRONG})).await.expect(422);
        native.post(call, body("short")).await.expect(422);
        native.post(call, body(NEW_PASSWORD)).await.expect(204);
        native.post(call, body(NEW_PASSWORD)).await.expect(410);
        native.submit(call, &[("token", token), ("newPassword", WRONG)]).await.expect(303);
    }
    secrets.extend(links);

    let log = program.log();
    assert!(log.lines().count() > 100, "this is what is said at the level of trace");
    for secret in &secrets {
        for form in forms(secret) {
            let line = log.lines().find(|line| line.contains(&form));
            assert_eq!(line, None, "{secret:?} as {form:?}");
        }
    }
    for event in [
        "signed in",
        "a sign-in failed",
        "a refresh token was used twice",
        "a session was ended",
        "the password was changed",
        "a refresh token was exchanged",
        "a new password was chosen with a link",
        "an account was made by invitation",
    ] {
        assert!(log.contains(event), "{event}");
    }
    assert!(!log.contains(REFRESH), "no cookie either");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_lines_of_their_own_into_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), "trace").await;
    let mut browser = Anonymous::at(&program);
    let forged = "x\n2026-01-01T00:00:00Z  INFO forged: signed in user=admin";
    browser.try_sign_in(forged, forged).await.expect(401);
    browser.user_agent = "odd\u{9b}31m \u{2028}forged: agent".into();
    browser.get("/%0aforged:%20path").await;
    browser.try_sign_in("ada", WRONG).await.expect(401);
    let log = program.log();
    assert!(!log.is_empty());
    for line in log.lines() {
        assert!(!line.starts_with("2026-01-01T00:00:00Z") && !line.starts_with("forged"), "{line}");
    }
    assert!(!log.contains('\u{9b}') && !log.contains('\u{2028}'), "no control characters");
}

/// LG1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_says_when_who_on_which_session_and_from_where_under_the_request_s_id() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path(), "info").await;
    let mut here = Anonymous::at(&program).sign_up("ada").await;
    let mut there = Anonymous::at(&program).sign_in("ada").await;
    let mut reused = Anonymous::at(&program).sign_in("ada").await;
    let (first, second) = (here.sid().await, there.sid().await);
    for _ in 0..10 {
        here.post("/auth/reauthenticate", json!({"password": WRONG})).await.expect(401);
    }
    here.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(429);
    there.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(204);
    there.post("/auth/sessions/rename", json!({"sid": second, "name": "my telephone"})).await.expect(204);
    let thief = reused.clone();
    for _ in 0..2 {
        reused.try_refresh().await.expect(200);
    }
    thief.clone().try_refresh().await.expect(401);
    thief.clone().try_refresh().await.expect(401);
    let odd = SignedIn { access_token: "xyzzy.xyzzy.xyzzy".into(), ..here.clone() };
    odd.get("/api/me").await.expect(401);
    there.post("/auth/sessions/revoke", json!({"sid": "xyzzy"})).await.expect(404);
    let elsewhere = reqwest::Client::new().post(format!("{}/auth/logout", program.url));
    let elsewhere = elsewhere.header("Sec-Fetch-Site", "cross-site").header("Origin", "https://xyzzy.example");
    let refused = Reply::of(elsewhere.send().await.unwrap()).await.expect(403);
    Anonymous::at(&program).submit("/auth/signup", &[("username", "xyzzy"), ("password", "short")]).await.expect(303);
    let change = json!({"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD});
    there.post("/auth/password", change).await.expect(204);
    there.post("/auth/account/delete", json!({"password": NEW_PASSWORD})).await.expect(204);

    let log = program.log();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    // A field of the line itself, or of the request that it belongs to.
    let field = |line: &Value, name: &str| {
        let of = |value: &Value| value[name].as_str().map(str::to_owned);
        of(line).or_else(|| of(&line["span"]))
    };
    let all = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    for (message, has_session) in [
        ("an account was made", false),
        ("signed in", true),
        ("a sign-in failed", true),
        ("sign-ins are blocked for a while", true),
        ("the password was given again", true),
        ("a session was renamed", true),
        ("a refresh token was exchanged", true),
        ("a refresh token was used twice; its session was ended", true),
        ("a refresh token was refused", true),
        ("the password was changed", true),
        ("an account was deleted by its user", true),
    ] {
        let found = all(message);
        assert!(!found.is_empty(), "{message}: {log}");
        for line in found {
            let time = line["timestamp"].as_str().unwrap();
            assert!(time.len() > 19 && time.ends_with('Z'), "{line}");
            assert_eq!(field(line, "ip").as_deref(), Some("127.0.0.1"), "{line}");
            assert_eq!(line["span"]["id"].as_str().map(str::len), Some(16), "{line}");
            assert_eq!(line["span"]["ip"], "127.0.0.1", "{line}");
            assert!(!has_session || field(line, "sid").is_some(), "{line}");
            let is_known = message != "a refresh token was refused";
            assert!(!is_known || field(line, "user").is_some(), "{line}");
        }
    }
    // What is refused is told by its code, with who asked if that is known, and never by what was sent.
    for (code, status, sid) in [
        ("rate_limited", 429, Some(&first)),
        ("invalid_credentials", 401, Some(&first)),
        ("not_found", 404, Some(&second)),
        ("invalid_token", 401, None),
        ("refresh_reused", 401, None),
        ("forbidden_origin", 403, None),
        ("validation_failed", 303, None),
    ] {
        let found = all("a request was refused").into_iter().find(|line| line["code"] == code);
        let line = found.unwrap_or_else(|| panic!("{code}: {log}"));
        assert_eq!((&line["status"], &line["span"]["ip"]), (&json!(status), &json!("127.0.0.1")), "{line}");
        assert!(sid.is_none_or(|sid| line["span"]["sid"] == **sid), "{line}");
    }
    let gate = all("a request was refused").into_iter().find(|line| line["code"] == "forbidden_origin").unwrap();
    assert_eq!(gate["span"]["id"].as_str(), refused.header("x-request-id"));
    assert!(!log.contains("xyzzy"), "{log}");
    assert!(!log.contains("my telephone"));
    // Of the settings that this program runs with.
    assert_eq!(
        all("Argon2 is set below 19 MiB or 2 passes: passwords are cheaper to guess than they should be").len(),
        1
    );
}
