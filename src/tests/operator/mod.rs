//! The commands by which an operator helps people, each beside a running server.

mod backup;
mod events;
mod factors;
mod healthcheck;
mod links;
mod moving;
mod secret;
mod sessions;
mod shell;
mod terminal;
mod users;

use super::support::{Backend, PASSWORD, SignedIn, TestApp, TestAppBuilder, on_both_databases};
use latchkey::server::ports::Clock as _;
use latchkey::server::system::SystemClock;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const NEW_PASSWORD: &str = "seven quiet herons at dawn";
/// Only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(30);

/// What a command did.
struct Done {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Done {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{} {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn expect_error(self, code: i32, words: &str) {
        assert!(self.stderr.contains(words), "{}", self.stderr);
        self.expect(code);
    }

    fn json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The fields of each line.
    fn fields(&self) -> Vec<Vec<&str>> {
        self.stdout.lines().map(|line| line.split('\t').collect()).collect()
    }
}

fn command(app: &TestApp) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command
        .current_dir(app.folder())
        .env("LATCHKEY_DATABASE__URL", &app.settings().database.url)
        .env("LATCHKEY_SECRET__FILE", &app.settings().secret.file)
        .env("LATCHKEY_LOG", "error");
    command
}

/// Runs a command that is given `input`.
fn latchkey_reads(app: &TestApp, arguments: &[&str], input: &str) -> Done {
    let mut command = command(app);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that refuses may not read.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    Done::of(child.wait_with_output().unwrap())
}

fn latchkey(app: &TestApp, arguments: &[&str]) -> Done {
    latchkey_reads(app, arguments, "")
}

/// A server whose clock is that of the commands.
async fn started(app: TestAppBuilder) -> TestApp {
    app.at(SystemClock.now()).start().await
}

async fn user_id(device: &SignedIn) -> String {
    device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap().to_owned()
}

/// Waits until the server, which has seen the device signed in, refuses its tokens.
async fn refuses(device: &mut SignedIn) {
    let refused = async {
        while device.is_in().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TOO_LONG, refused).await.expect("its access token is refused");
    device.try_refresh().await.expect(401);
    assert!(!device.is_in().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_command_has_an_example_and_wrong_use_is_told_apart() {
    let app = started(TestApp::on(Backend::Sqlite)).await;
    for command in [
        "user add",
        "user list",
        "user show",
        "user disable",
        "user enable",
        "user delete",
        "user rename",
        "user set-password",
        "user link",
        "session list",
        "session end",
        "keys list",
        "keys rotate",
        "secret rotate",
        "events",
        "backup",
        "restore",
        "healthcheck",
        "completions",
        "man",
    ] {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--help");
        let help = latchkey(&app, &arguments).expect(0).stdout;
        assert!(help.contains("Example") && help.contains(&format!("latchkey {command}")), "{help}");
    }
    for wrong in [
        &["user"][..],
        &["user", "show"],
        &["user", "rename", "ada"],
        // A password is no argument.
        &["user", "set-password", "ada", PASSWORD],
        &["session", "end"],
        &["session", "end", "a", "--user", "ada"],
        &["session", "end", "--user", "ada", "--all"],
        &["session", "end", "--user", "ada", "--yes"],
    ] {
        latchkey(&app, wrong).expect(2);
    }
    for command in ["show", "disable", "enable", "set-password"] {
        latchkey(&app, &["user", command, "bob"]).expect_error(1, "there is no user with the name or id bob");
    }
    latchkey(&app, &["user", "delete", "bob", "--yes"]).expect_error(1, "there is no user");
    latchkey(&app, &["user", "rename", "bob", "eve"]).expect_error(1, "there is no user");
    latchkey(&app, &["session", "list", "a b"]).expect_error(1, "there is no user with the name or id a b");
    latchkey(&app, &["session", "end", "--user", "bob"]).expect_error(1, "there is no user");
    latchkey(&app, &["session", "end", "x"]).expect_error(1, "there is no session x");
    latchkey(&app, &["session", "end", "no id"]).expect_error(1, "there is no session no id");
    assert!(latchkey(&app, &["keys", "list", "--json"]).expect(0).json()[0]["kid"].is_string());
}
