//! The program itself, with a folder of its own and its real hashing, for measurements.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) const PASSWORD: &str = "violet kettle under snowfall";

/// A server without limits, ended with this.
pub(crate) struct Program {
    pub child: Child,
    pub url: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Starts it in `folder`, where commands may have been run before; `settings` are environment variables.
    pub(crate) fn start_in(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        Self::prepare(folder);
        let mut command = Self::command(folder, settings);
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut program = Self { child, url: format!("http://127.0.0.1:{port}") };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(program.child.try_wait().expect("a state").is_none(), "it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        program
    }

    /// Puts the files into a folder that it needs to serve.
    pub(crate) fn prepare(folder: &Path) {
        let leptos = "[package.metadata.leptos]\noutput-name = \"latchkey\"\nsite-root = \"site\"\n";
        std::fs::write(folder.join("Leptos.toml"), leptos).expect("a file");
        std::fs::create_dir_all(folder.join("site/pkg")).expect("a folder");
    }

    /// The program as a command, on the data in `folder`.
    pub(crate) fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command
            .current_dir(folder)
            .env("LATCHKEY_DATABASE__URL", "sqlite://data/latchkey.db")
            .env("LATCHKEY_SESSIONS__MAX_PER_USER", "10000")
            .env("LATCHKEY_LIMITS__LOGIN_PER_ADDRESS", "0")
            .env("LATCHKEY_LIMITS__LOGIN_PER_ACCOUNT", "0")
            .env("LATCHKEY_LIMITS__SIGN_INS_PER_ACCOUNT", "0")
            .envs(settings.iter().copied());
        command
    }
}
