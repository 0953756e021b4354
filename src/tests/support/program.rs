//! The program in a process of its own.

use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// A longer wait is a failure.
const TOO_LONG: Duration = Duration::from_secs(60);

/// A server in its own folder, with a registered native client `cli`.
pub(crate) struct Program {
    child: Child,
    pub url: String,
    log: PathBuf,
}

impl Program {
    /// Creates the files that the program needs in a folder.
    pub(crate) fn prepare(folder: &Path) {
        let settings = "[package.metadata.leptos]\noutput-name = \"latchkey\"\nsite-root = \"site\"\n\n\
                        [[clients]]\nid = \"cli\"\nkind = \"native\"\n";
        std::fs::write(folder.join("Leptos.toml"), settings).expect("a file");
        // No browser is used, so the web app need not be built.
        std::fs::create_dir_all(folder.join("site/pkg")).expect("a folder");
    }

    /// Starts the program. Its log at `level` goes to a file.
    pub(crate) async fn start(folder: &Path, level: &str) -> Self {
        Self::start_by(folder, |command| {
            command.env("LATCHKEY_LOG", level);
        })
        .await
    }

    /// Starts the program. Its log at `level` goes to `log`.
    pub(crate) async fn start_with(folder: &Path, level: &str, log: Stdio) -> Self {
        let change = |command: &mut Command| {
            command.env("LATCHKEY_LOG", level).stderr(log);
        };
        Self::start_by(folder, change).await
    }

    /// Starts the program with the changes to its command.
    pub(crate) async fn start_by(folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]).stdin(Stdio::null());
        Self::run(folder, command, format!("http://127.0.0.1:{port}"), change).await
    }

    /// Starts a server that is expected not to start, with the changes to its command. Returns what it says.
    pub(crate) fn refusal(folder: &Path, change: impl FnOnce(&mut Command)) -> String {
        Self::prepare(folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.arg("serve").current_dir(folder).env("LATCHKEY_LOG", "error");
        change(&mut command);
        let Output { status, stderr, .. } = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&stderr).into_owned();
        assert!(!status.success(), "{said}");
        said
    }

    /// Starts the program as systemd does that listens on its behalf, with the changes to its command.
    pub(crate) async fn start_on(folder: &Path, socket: TcpListener, change: impl FnOnce(&mut Command)) -> Self {
        let url = format!("http://{}", socket.local_addr().expect("an address"));
        let mut command = Command::new("sh");
        // The shell becomes the program, so both have one process id.
        let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve";
        command.args(["-c", script, env!("CARGO_BIN_EXE_latchkey")]).stdin(OwnedFd::from(socket));
        Self::run(folder, command, url, change).await
    }

    async fn run(folder: &Path, mut command: Command, url: String, change: impl FnOnce(&mut Command)) -> Self {
        Self::prepare(folder);
        let log = folder.join("log");
        let file = std::fs::File::options().create(true).append(true).open(&log).expect("a file");
        command
            .current_dir(folder)
            .env("LATCHKEY_PASSWORD__ARGON2_MEMORY", "64")
            .env("LATCHKEY_PASSWORD__ARGON2_ITERATIONS", "1")
            .env("LATCHKEY_LIMITS__LOGIN_PER_ADDRESS", "0")
            .env("LATCHKEY_LIMITS__SIGN_INS_PER_ACCOUNT", "0")
            .env("LATCHKEY_LIMITS__REFRESH_PER_SESSION", "0")
            .env("LATCHKEY_SERVER__DRAIN", "0s")
            .env("LATCHKEY_DATABASE__URL", "sqlite://data/latchkey.db")
            .stdout(file.try_clone().expect("a file"))
            .stderr(file);
        change(&mut command);
        let mut child = command.spawn().expect("the program starts");
        // It holds what was passed to the child.
        drop(command);
        while reqwest::get(format!("{url}/readyz")).await.is_err() {
            let log = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(child.try_wait().expect("a state").is_none(), "the server starts: {}", log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { child, url, log }
    }

    /// Kills the program like `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Asks the program to stop, and waits for its end.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let stopped = async {
            loop {
                match self.child.try_wait().expect("a state") {
                    Some(status) => break status,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(TOO_LONG, stopped).await.expect("it stops")
    }

    /// Takes its standard error, if that is a pipe.
    pub(crate) const fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).expect("the log")).into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
