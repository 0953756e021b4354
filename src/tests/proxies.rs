//! The configurations of reverse proxies under `deploy/`, run by the proxies themselves: signing in, live events, and
//! the address of the client.

use super::support::{PASSWORD, Program};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(30);
/// A client that the proxy can tell from itself.
const CLIENT: &str = "127.0.0.2";

/// A proxy in front of a server. Both end with it.
struct Proxied {
    proxy: Child,
    _server: Program,
    folder: PathBuf,
    port: u16,
}

impl Drop for Proxied {
    fn drop(&mut self) {
        // As the supervisor does it: its workers end too.
        drop(Command::new("kill").arg(self.proxy.id().to_string()).status());
        drop(self.proxy.wait());
    }
}

impl Proxied {
    /// `configure` makes a configuration of the text of `file`, of the ports of the proxy and of the server, and of a
    /// folder with the certificate; and the proxy's command.
    async fn start(folder: &Path, file: &str, configure: fn(&str, u16, &str, &Path) -> (String, Command)) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Program::start_by(folder, |command| {
            command
                .env("LATCHKEY_SERVER__PUBLIC_URL", format!("https://localhost:{port}"))
                .env("LATCHKEY_SERVER__TRUSTED_PROXIES", "127.0.0.1");
        })
        .await;
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.join("fullchain.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.join("privkey.pem"), key.serialize_pem()).unwrap();
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)).unwrap();
        let backend = server.url.trim_start_matches("http://").to_owned();
        let (configuration, mut command) = configure(&text, port, &backend, folder);
        let path = folder.join("proxy.conf");
        std::fs::write(&path, configuration).unwrap();
        let log = std::fs::File::create(folder.join("proxy.log")).unwrap();
        command.arg(&path).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let proxy = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error} (run `scripts/tools test`)"));
        let proxied = Self { proxy, _server: server, folder: folder.to_owned(), port };
        // It answers once it listens.
        while !proxied.curl("nobody", &["/healthz"]).output().unwrap().status.success() {
            let log = std::fs::read_to_string(folder.join("proxy.log")).unwrap();
            assert!(!log.contains("[emerg]") && !log.contains("Error: "), "{log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        proxied
    }

    /// A request of a browser whose cookies are in the jar `who`. The last argument is the path. It claims another
    /// address for itself.
    fn curl(&self, who: &str, arguments: &[&str]) -> Command {
        let (path, options) = arguments.split_last().unwrap();
        let origin = format!("https://localhost:{}", self.port);
        let jar = self.folder.join(who);
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--show-error", "--no-buffer", "--interface", CLIENT, "--resolve"])
            .arg(format!("localhost:{}:127.0.0.1", self.port))
            .arg("--cacert")
            .arg(self.folder.join("fullchain.pem"))
            .arg("--cookie")
            .arg(&jar)
            .arg("--cookie-jar")
            .arg(&jar)
            .args(["-H", "X-Forwarded-For: 203.0.113.7", "-H", &format!("Origin: {origin}")])
            .args(options)
            .arg(format!("{origin}{path}"));
        command
    }

    fn answer(&self, who: &str, arguments: &[&str]) -> Value {
        let output = self.curl(who, arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let log = || std::fs::read_to_string(self.folder.join("proxy.log")).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {text} {}", log()))
    }

    /// Signs up or in, and returns the header with the access token.
    fn enter(&self, who: &str, path: &str) -> String {
        let body = json!({"username": "ada", "password": PASSWORD}).to_string();
        let answer = self.answer(who, &["-H", "Content-Type: application/json", "--data", &body, path]);
        format!("Authorization: Bearer {}", answer["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")))
    }

    /// Somebody signs up, renews, and listens, until another browser of theirs ends the session.
    fn a_session_from_beginning_to_end(&self) {
        self.enter("here", "/auth/signup");
        let there = self.enter("there", "/auth/login");
        let renewed = self.answer("here", &["--request", "POST", "/auth/refresh"]);
        let here = format!("Authorization: Bearer {}", renewed["accessToken"].as_str().unwrap());
        let sessions = self.answer("here", &["-H", &here, "/api/sessions"]);
        let addresses: Vec<&str> =
            sessions.as_array().unwrap().iter().map(|session| session["ip"].as_str().unwrap()).collect();
        assert_eq!(addresses, [CLIENT, CLIENT], "{sessions}");

        // The heads of answers are told on standard error, at once.
        let mut listening = self.curl("here", &["--verbose", "-H", &here, "/api/live"]);
        let mut listening = listening.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let heads = Lines::of(listening.stderr.take().unwrap());
        let events = Lines::of(listening.stdout.take().unwrap());
        // The answer has begun, and what is sent arrives, though the answer has not ended.
        heads.wait_for(" 200");
        let ended = self.curl("there", &["-H", &there, "--request", "POST", "/auth/logout-all"]).status().unwrap();
        assert!(ended.success());
        events.wait_for("signed-out");
        listening.wait().unwrap();
        let refused = self.answer("here", &["-H", &here, "/api/me"]);
        assert_eq!(refused["status"], 401, "{refused}");
    }
}

/// What a program prints, as it prints it.
struct Lines(Receiver<String>);

impl Lines {
    fn of(output: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self(lines)
    }

    fn wait_for(&self, words: &str) {
        while !self.0.recv_timeout(TOO_LONG).unwrap_or_else(|_| panic!("no {words}")).contains(words) {}
    }
}

/// The one on PATH, or the one that `scripts/tools` unpacked.
fn program(name: &str) -> PathBuf {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/debian/usr");
    let places = [unpacked.join("sbin").join(name), unpacked.join("bin").join(name), Path::new("/usr/sbin").join(name)];
    places.into_iter().find(|place| place.exists()).unwrap_or_else(|| name.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx() {
    let folder = tempfile::tempdir().unwrap();
    let configure = |text: &str, port: u16, backend: &str, folder: &Path| {
        let text = text
            .lines()
            // One address is enough, and port 80 is not ours.
            .filter(|line| !line.contains("[::]"))
            .collect::<Vec<_>>()
            .join("\n")
            .replace("listen 80", "listen unix:http.sock")
            .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
            .replace("127.0.0.1:3000", backend)
            .replace("id.example.org", "localhost")
            .replace("/etc/ssl/localhost", &folder.display().to_string())
            .replace("unix:http.sock", &format!("unix:{}/http.sock", folder.display()));
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.display()))
            .concat();
        let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
        let around = format!(
            "{user} daemon off; worker_processes 1; pid {0}/nginx.pid;\nevents {{}}\n\
             http {{ access_log off; {temporary}\n{text}\n}}\n",
            folder.display()
        );
        let mut command = Command::new(program("nginx"));
        command.args(["-e", "stderr", "-c"]);
        (around, command)
    };
    Proxied::start(folder.path(), "nginx/latchkey.conf", configure).await.a_session_from_beginning_to_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_caddy() {
    let folder = tempfile::tempdir().unwrap();
    let configure = |text: &str, port: u16, backend: &str, folder: &Path| {
        let tls = format!("\n\ttls {0}/fullchain.pem {0}/privkey.pem\n", folder.display());
        let text = text
            .replace("id.example.org {\n", &format!("https://localhost:{port} {{{tls}\tbind 127.0.0.1\n"))
            .replace("127.0.0.1:3000", backend);
        // No admin interface, no port 80, nothing outside of the folder.
        let global = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n";
        let mut command = Command::new(program("caddy"));
        command.args(["run", "--adapter", "caddyfile", "--config"]);
        command.env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder).env("HOME", folder);
        (format!("{global}{text}"), command)
    };
    Proxied::start(folder.path(), "caddy/Caddyfile", configure).await.a_session_from_beginning_to_end();
}
