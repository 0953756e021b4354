//! A server under measurement: a process of its own, in a temporary folder.

use crate::client::{Connection, request};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which program it is.
#[derive(Clone)]
pub(crate) enum Program {
    Latchkey(PathBuf),
    Floor(PathBuf),
}

/// A running server. Dropping it ends the process and removes the folder.
pub(crate) struct Server {
    program: Program,
    pub(crate) address: SocketAddr,
    folder: PathBuf,
    child: Option<Child>,
    /// From the start of the process to its first answer.
    pub(crate) started_in: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Server {
    /// A server that does not run yet. `name` is the name of its folder.
    pub(crate) fn prepare(program: Program, name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("latchkey-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Self { program, address: free.expect("a port"), folder, child: None, started_in: Duration::ZERO }
    }

    pub(crate) fn is_latchkey(&self) -> bool {
        matches!(self.program, Program::Latchkey(_))
    }

    pub(crate) fn public_url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("latchkey.db")
    }

    pub(crate) fn secret(&self) -> PathBuf {
        self.folder.join("secret.key")
    }

    /// Starts the process, and waits for its first answer.
    pub(crate) async fn start(&mut self) {
        let began = Instant::now();
        self.child = Some(self.command().current_dir(&self.folder).spawn().expect("the program starts"));
        let healthz = request("GET", "/healthz", "", "");
        loop {
            if let Ok(mut connection) = Connection::open(self.address).await
                && connection.send(&healthz).await.is_ok_and(|answer| answer.status == 200)
            {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "the server does not start; see {}", self.folder.display());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.started_in = began.elapsed();
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn command(&self) -> Command {
        let log = std::fs::File::create(self.folder.join("log")).expect("a file");
        let mut command = match &self.program {
            Program::Floor(path) => {
                let mut command = Command::new(path);
                command.arg(&self.folder).arg(self.address.port().to_string());
                command
            }
            Program::Latchkey(path) => {
                let mut command = Command::new(path);
                command
                    .args(["serve", "--listen", &self.address.to_string()])
                    .env("LATCHKEY_DATABASE__URL", format!("sqlite://{}", self.database().display()))
                    .env("LATCHKEY_SECRET__FILE", self.secret())
                    .env("LATCHKEY_SERVER__PUBLIC_URL", self.public_url());
                // The load comes from one address, as no people do.
                for limit in [
                    "LOGIN_PER_ADDRESS",
                    "LOGIN_PER_ACCOUNT",
                    "SIGN_INS_PER_ACCOUNT",
                    "REFRESH_PER_SESSION",
                    "RENAME_PER_SESSION",
                    "EXPORT_PER_SESSION",
                    "CONNECTIONS_PER_ADDRESS",
                ] {
                    command.env(format!("LATCHKEY_LIMITS__{limit}"), "0");
                }
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command
    }

    fn proc(&self, name: &str) -> String {
        let id = self.child.as_ref().map_or(0, Child::id);
        std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join(name)).expect("a running process")
    }

    /// The CPU time that the process has used, in all its threads (proc_pid_stat(5); a tick is 10 ms).
    pub(crate) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// Memory in MiB: now, and the most at any time (proc_pid_status(5)).
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = self.proc("status");
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
        };
        (mib("VmRSS:"), mib("VmHWM:"))
    }
}
