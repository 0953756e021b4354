//! The program as shipped, in a folder of its own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A server, ended with this.
pub(crate) struct Server {
    child: Child,
    pub url: String,
    folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub(crate) fn start(program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let log = std::fs::File::create(file("log")).expect("a file");
        let child = Command::new(program)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(folder.path())
            .env("LATCHKEY_DATABASE__URL", format!("sqlite://{}", file("latchkey.db")))
            .env("LATCHKEY_SECRET__FILE", file("secret.key"))
            .env("LATCHKEY_SERVER__PUBLIC_URL", format!("http://localhost:{port}"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut server = Self { child, url: format!("http://127.0.0.1:{port}"), folder };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(server.child.try_wait().expect("a state").is_none(), "it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// What it took in all.
    pub(crate) fn sizes(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim();
        let size = |name: &str| std::fs::metadata(self.folder.path().join(name)).map_or(0, |file| file.len() / 1024);
        let (data, log) = (size("latchkey.db") + size("latchkey.db-wal"), size("log"));
        format!("Most memory at any time: {memory}; database: {data} kB; log: {log} kB")
    }
}
