//! The server as a process among others: one for each SQLite file (S8), and with what the system leaves to it.

use super::support::{Anonymous, PASSWORD, Program};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(60);

fn latchkey(folder: &Path, database: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(arguments).current_dir(folder).env("LATCHKEY_DATABASE__URL", format!("sqlite://{database}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_is_refused_whatever_the_file_is_called_and_commands_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let ada = Anonymous::at(&program).sign_up("ada").await;
    std::os::unix::fs::symlink("data", folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink("latchkey.db", folder.path().join("data/other.db")).unwrap();
    for name in ["data/latchkey.db", "link/latchkey.db", "data/other.db"] {
        let second = output(latchkey(folder.path(), name, &["serve", "--listen", "127.0.0.1:0"])).await;
        let text = text(&second);
        assert!(!second.status.success() && text.contains("is served by another"), "{name}: {text}");
        assert!(text.contains(&format!("process {}", program.id())) && text.contains("PostgreSQL"), "{name}: {text}");
    }
    for arguments in [&["user", "list"][..], &["keys", "rotate"]] {
        let command = output(latchkey(folder.path(), "data/latchkey.db", arguments)).await;
        assert!(command.status.success(), "{arguments:?}: {}", text(&command));
    }
    assert!(ada.is_in().await);
    // However it ended, the next one may serve.
    program.kill();
    let mut program = Program::start(folder.path(), "info").await;
    Anonymous::at(&program).try_sign_in("ada", PASSWORD).await.expect(200);
    assert!(program.stop().await.success());
    std::fs::hard_link(folder.path().join("data/latchkey.db"), folder.path().join("hard.db")).unwrap();
    let second = output(latchkey(folder.path(), "hard.db", &["serve", "--listen", "127.0.0.1:0"])).await;
    assert!(!second.status.success() && text(&second).contains("2 names"), "{}", text(&second));
}

/// Files that the system allows may run out while it runs, by whatever else runs there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_free_descriptor_serves_those_who_are_connected_and_goes_on_when_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "info").await;
    let ada = Anonymous::at(&program).sign_up("ada").await;
    let all = getrlimit(Resource::Nofile);
    let pid = Pid::from_raw(i32::try_from(program.id()).unwrap());
    // Fewer than are open already.
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(5), ..all }).unwrap();
    let url = format!("{}/healthz", program.url);
    let newcomer = tokio::spawn(async move { reqwest::get(url).await.unwrap().status() });
    let logged = async {
        while !program.log().contains("connections could not be taken") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TOO_LONG, logged).await.expect("the log says so");
    assert!(ada.is_in().await);
    prlimit(pid, Resource::Nofile, all).unwrap();
    let status = tokio::time::timeout(TOO_LONG, newcomer).await.expect("it is served");
    assert_eq!(status.unwrap(), 200);
    assert!(program.stop().await.success());
}
