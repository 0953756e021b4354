//! TLS of the server's own.

use super::support::{Anonymous, Backend, Program, TestApp, TestAppBuilder, Tunnel};
use rcgen::generate_simple_self_signed;
use rustix::process::Signal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longer than any timeout of the server; only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(60);

/// A folder with a certificate and its key.
struct Pair {
    folder: TempDir,
    /// The certificate, in PEM.
    certificate: String,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self { folder: tempfile::tempdir().unwrap(), certificate: String::new() };
        pair.renew();
        pair
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a new pair into the place of the old one.
    fn renew(&mut self) {
        let made = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(self.file("tls.key"), made.signing_key.serialize_pem()).unwrap();
        std::fs::write(self.file("tls.crt"), made.cert.pem()).unwrap();
        self.certificate = made.cert.pem();
    }

    fn app(&self) -> TestAppBuilder {
        let (cert, key) = (self.file("tls.crt"), self.file("tls.key"));
        TestApp::on(Backend::Sqlite).with(|settings| {
            (settings.server.tls_cert, settings.server.tls_key) = (Some(cert), Some(key));
        })
    }

    /// A client that trusts the certificate.
    fn tunnel(&self, server: SocketAddr) -> Tunnel {
        Tunnel::to(server, &self.certificate, &[b"h2", b"http/1.1"])
    }

    async fn browser(&self, app: &TestApp) -> Anonymous {
        Anonymous::of(self.tunnel(address(app)).open().await)
    }
}

fn address(app: &TestApp) -> SocketAddr {
    app.url("").trim_start_matches("https://").parse().unwrap()
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(address(app)).await.unwrap()
}

/// What is read until the server closes.
async fn read_to_end(mut stream: TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    // A reset is an end too.
    let _ = tokio::time::timeout(TOO_LONG, stream.read_to_end(&mut read)).await.expect("it is closed");
    read
}

#[tokio::test]
async fn a_person_signs_in_over_tls_and_is_told_to_come_that_way_again() {
    let pair = Pair::new();
    let app = pair.app().start().await;
    let mut browser = pair.browser(&app).await;
    let page = browser.get("/login").await.expect(200);
    assert!(page.header("strict-transport-security").is_some());
    let ada = browser.sign_up("ada").await;
    assert!(ada.is_in().await);
    assert_eq!(ada.devices().await[0]["ip"], "127.0.0.1");
    // Nobody else's certificate is taken for it.
    assert!(Pair::new().tunnel(address(&app)).connect().await.is_err());
}

/// The limits on connections are made for HTTP/1.1.
#[tokio::test]
async fn http_2_is_not_spoken() {
    let pair = Pair::new();
    let app = pair.app().start().await;
    let both = pair.tunnel(address(&app)).connect().await.unwrap();
    assert_eq!(both.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let only = |protocols: &[&[u8]]| Tunnel::to(address(&app), &pair.certificate, protocols);
    assert!(only(&[b"h2"]).connect().await.is_err());
    // Old clients name no protocol at all.
    only(&[]).connect().await.unwrap();
}

#[tokio::test]
async fn an_answer_that_the_http_library_sends_by_itself_is_complete_over_tls_too() {
    let pair = Pair::new();
    let app = pair.app().start().await;
    let mut browser = pair.browser(&app).await;
    browser.headers.insert("X-Long", "x".repeat(20_000));
    let answer = browser.get("/healthz").await.expect(431);
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("strict-transport-security").is_some());
}

/// The files are looked at every two seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_takes_over_and_no_connection_is_cut() {
    let mut pair = Pair::new();
    let app = pair.app().start().await;
    let ada = pair.browser(&app).await.sign_up("ada").await;
    let mut page = ada.listen().await;
    let former = pair.tunnel(address(&app));
    pair.renew();
    let renewed = pair.tunnel(address(&app));
    let taken_over = async { while renewed.connect().await.is_err() {} };
    tokio::time::timeout(TOO_LONG, taken_over).await.expect("the new certificate");
    assert!(former.connect().await.is_err());
    // The page that was open hears of a device that came by the new certificate.
    pair.browser(&app).await.sign_in("ada").await;
    let mut told = String::new();
    while !told.contains("session-created") {
        let more = tokio::time::timeout(TOO_LONG, page.chunk()).await.expect("news").unwrap();
        told += std::str::from_utf8(&more.expect("it is open")).unwrap();
    }
}

fn with_pair(pair: &Path) -> impl FnOnce(&mut Command) {
    move |command| {
        command
            .env("LATCHKEY_SERVER__TLS_CERT", pair.join("tls.crt"))
            .env("LATCHKEY_SERVER__TLS_KEY", pair.join("tls.key"))
            .env("LATCHKEY_SERVER__PUBLIC_URL", "https://127.0.0.1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_pair_keeps_the_good_one_and_is_told() {
    let pair = Pair::new();
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start_by(folder.path(), with_pair(pair.folder.path())).await;
    let server = program.url.trim_start_matches("http://").parse().unwrap();
    let ada = Anonymous::of(pair.tunnel(server).open().await).sign_up("ada").await;
    assert!(program.log().contains("everybody on this machine may read the key"), "{}", program.log());
    std::fs::write(pair.file("tls.crt"), "nothing").unwrap();
    program.signal(Signal::HUP);
    let told = async {
        while !program.log().contains("the new certificate is not used") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TOO_LONG, told).await.expect("a line of the log");
    assert!(program.log().contains("tls.crt holds no certificate"), "{}", program.log());
    assert!(ada.is_in().await);
    pair.tunnel(server).connect().await.unwrap();
    assert!(program.stop().await.success());
}

#[test]
fn a_server_does_not_start_without_a_good_pair() {
    let (pair, folder) = (Pair::new(), tempfile::tempdir().unwrap());
    let refusal = |change: &dyn Fn(&mut Command)| {
        Program::refusal(folder.path(), |command| {
            with_pair(pair.folder.path())(command);
            command.args(["--listen", "127.0.0.1:0"]);
            change(command);
        })
    };
    for (name, value, reason) in [
        ("LATCHKEY_SERVER__TLS_CERT", "nowhere.crt", "nowhere.crt cannot be read"),
        ("LATCHKEY_SERVER__TLS_KEY", "Leptos.toml", "Leptos.toml holds no private key"),
        ("LATCHKEY_SERVER__PUBLIC_URL", "http://localhost", "must be https where server.tls_cert is set"),
    ] {
        let said = refusal(&|command| {
            command.env(name, value);
        });
        assert!(said.contains(reason), "{name}={value}: {said}");
    }
    for (name, missing) in [
        ("LATCHKEY_SERVER__TLS_CERT", "server.tls_cert: must be set together with server.tls_key"),
        ("LATCHKEY_SERVER__TLS_KEY", "server.tls_key: must be set together with server.tls_cert"),
    ] {
        let said = refusal(&|command| {
            command.env_remove(name);
        });
        assert!(said.contains(missing), "{name}: {said}");
    }
}

#[tokio::test]
async fn a_client_that_speaks_http_is_told_to_speak_https() {
    let pair = Pair::new();
    let app = pair.app().start().await;
    let mut stream = connect(&app).await;
    stream.write_all(b"GET /login HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n\r\n").await.unwrap();
    let answer = String::from_utf8(read_to_end(stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");
    pair.browser(&app).await.get("/healthz").await.expect(200);
}

/// A record of the handshake that never ends, byte by byte; nothing at all; a handshake, and then nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_takes_too_long_is_ended() {
    let pair = Pair::new();
    let app = pair.app().start().await;
    let silent = connect(&app).await;
    let (mut reading, mut writing) = connect(&app).await.into_split();
    let dripping = async {
        writing.write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]).await.unwrap();
        let mut ticks = tokio::time::interval(Duration::from_millis(250));
        let drip = async {
            while writing.write_all(&[0]).await.is_ok() {
                ticks.tick().await;
            }
        };
        let mut read = Vec::new();
        tokio::select! {
            _ = reading.read_to_end(&mut read) => {}
            () = drip => {}
        }
    };
    let (_, dripped) = tokio::join!(read_to_end(silent), tokio::time::timeout(TOO_LONG, dripping));
    dripped.expect("it is closed");
    pair.browser(&app).await.get("/healthz").await.expect(200);
}
