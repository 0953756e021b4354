//! Where a server listens: several addresses, IPv6, Unix sockets, sockets that were passed.

use super::support::{Anonymous, Backend, PASSWORD, Program, TestApp};
use latchkey::server::config::{ForwardedHeader, ListenAddress, Settings};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixDatagram, UnixStream};

/// Longer than any timeout of the server; only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(60);

/// A free port of this machine, by IPv4 and by IPv6.
const FREE: [&str; 2] = ["127.0.0.1:0", "[::1]:0"];

fn listening(addresses: &[String]) -> Vec<ListenAddress> {
    addresses.iter().map(|address| address.parse().unwrap()).collect()
}

/// A proxy that comes through a Unix socket.
struct Proxy {
    socket: PathBuf,
    /// What it adds to each request.
    headers: &'static str,
}

impl Proxy {
    async fn send(&self, start: &str, headers: &str, body: &str) -> (String, Value) {
        let mut stream = UnixStream::connect(&self.socket).await.unwrap();
        let fixed = format!("Host: x\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        let request = format!("{start} HTTP/1.1\r\n{fixed}{headers}{}\r\n{body}", self.headers);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    /// The address that a new user's device is listed with.
    async fn address_of(&self, username: &str) -> Value {
        let body = json!({"username": username, "password": PASSWORD, "remember": true}).to_string();
        let headers = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n";
        let (head, tokens) = self.send("POST /auth/signup", headers, &body).await;
        assert!(head.starts_with("HTTP/1.1 201"), "{head}");
        let bearer = format!("Authorization: Bearer {}\r\n", tokens["accessToken"].as_str().unwrap());
        let (head, devices) = self.send("GET /api/sessions", &bearer, "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        devices[0]["ip"].clone()
    }
}

#[tokio::test]
async fn a_server_listens_everywhere_that_it_is_told_and_is_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("latchkey.sock");
    let [v4, v6] = FREE.map(ToOwned::to_owned);
    let addresses = [v4, v6, format!("unix:{}", socket.display())];
    let app =
        TestApp::on(Backend::Sqlite).with(|settings| settings.server.listen = listening(&addresses)).start().await;
    let [ListenAddress::Ip(v4), ListenAddress::Ip(v6), ListenAddress::Unix(_)] = app.addresses() else {
        panic!("{:?}", app.addresses());
    };
    assert!(v4.is_ipv4() && v6.is_ipv6() && v4.port() != 0 && v6.port() != 0);
    let ada = app.signed_up("ada").await;
    let other = Anonymous::of(format!("http://{v6}")).sign_in("ada").await;
    let seen: Vec<_> = other.devices().await.iter().map(|device| device["ip"].clone()).collect();
    assert_eq!(seen, ["::1", "127.0.0.1"]);
    let proxy = Proxy { socket, headers: "" };
    let bearer = format!("Authorization: Bearer {}\r\n", ada.access_token);
    assert_eq!(proxy.send("GET /api/me", &bearer, "").await.1["username"], "ada");
}

/// IPv6's address for all takes IPv4 too, so the two may stand in one list only if it does not then.
#[tokio::test]
async fn both_addresses_for_all_go_together() {
    let port = TcpListener::bind(FREE[0]).unwrap().local_addr().unwrap().port();
    let addresses = [format!("0.0.0.0:{port}"), format!("[::]:{port}")];
    let app =
        TestApp::on(Backend::Sqlite).with(|settings| settings.server.listen = listening(&addresses)).start().await;
    for address in [format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        Anonymous::of(format!("http://{address}")).get("/healthz").await.expect(200);
    }
    drop(app);
    let app = TestApp::on(Backend::Sqlite)
        .with(|settings| settings.server.listen = vec![SocketAddr::from(([0_u16; 8], 0)).into()])
        .start()
        .await;
    let ListenAddress::Ip(address) = &app.addresses()[0] else { panic!("{:?}", app.addresses()) };
    let address = format!("http://127.0.0.1:{}", address.port());
    Anonymous::of(address).get("/healthz").await.expect(200);
}

/// Whoever may open the socket is a proxy of the operator's.
#[tokio::test]
async fn a_client_behind_a_unix_socket_has_the_address_that_the_proxy_tells() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("latchkey.sock");
    let unix = |settings: &mut Settings| settings.server.listen = vec![ListenAddress::Unix(socket.clone())];
    let app = TestApp::on(Backend::Sqlite).with(unix).start().await;
    let proxy = |headers| Proxy { socket: socket.clone(), headers };
    let told = proxy("X-Forwarded-For: 203.0.113.5, 198.51.100.7\r\nForwarded: for=192.0.2.1\r\n");
    assert_eq!(told.address_of("ada").await, "198.51.100.7");
    for (name, nothing) in [("eve", ""), ("bob", "X-Forwarded-For: unix:\r\n"), ("joe", "Forwarded: for=192.0.2.1\r\n")]
    {
        assert_eq!(proxy(nothing).address_of(name).await, Value::Null, "{nothing}");
    }
    drop(app);
    let rfc = |settings: &mut Settings| {
        unix(settings);
        settings.server.forwarded_header = ForwardedHeader::Forwarded;
    };
    let _app = TestApp::on(Backend::Sqlite).with(rfc).start().await;
    let told = proxy("X-Forwarded-For: 203.0.113.5\r\nForwarded: for=\", For=\"[2001:db8::7]:4711\";proto=https\r\n");
    assert_eq!(told.address_of("ada").await, "2001:db8::7");
}

/// Clients whose address nobody knows share the limits of one.
#[tokio::test]
async fn clients_without_an_address_share_one_limit() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("latchkey.sock");
    let limited = |settings: &mut Settings| {
        settings.server.listen = vec![ListenAddress::Unix(socket.clone())];
        settings.limits.login_per_address = 3;
    };
    let _app = TestApp::on(Backend::Sqlite).with(limited).start().await;
    let attempt = async |name: &str, headers| {
        let body = json!({"username": name, "password": "wrong wrong wrong wrong"}).to_string();
        let proxy = Proxy { socket: socket.clone(), headers };
        let head = "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n";
        proxy.send("POST /auth/login", head, &body).await.0
    };
    for n in 0..3 {
        assert!(attempt(&format!("nobody{n}"), "").await.starts_with("HTTP/1.1 401"));
    }
    assert!(attempt("nobody", "").await.starts_with("HTTP/1.1 429"));
    assert!(attempt("nobody", "X-Forwarded-For: 198.51.100.7\r\n").await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn slow_clients_of_a_unix_socket_are_closed_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("latchkey.sock");
    let unix = |settings: &mut Settings| settings.server.listen = vec![ListenAddress::Unix(socket.clone())];
    let _app = TestApp::on(Backend::Sqlite).with(unix).start().await;
    let mut silent = UnixStream::connect(&socket).await.unwrap();
    let mut slow = UnixStream::connect(&socket).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ").await.unwrap();
    for stream in [&mut silent, &mut slow] {
        let mut read = String::new();
        let _ = tokio::time::timeout(TOO_LONG, stream.read_to_string(&mut read)).await.expect("it is closed");
        assert!(read.is_empty() || read.starts_with("HTTP/1.1 408"), "{read}");
    }
}

/// The settings name the socket by a path that counts from their folder.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_of_a_server_that_was_killed_is_replaced_and_one_of_a_living_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let unix = |command: &mut Command| {
        command.args(["--listen", &format!("unix:{}", folder.path().join("latchkey.sock").display())]);
    };
    let mut program = Program::start_by(folder.path(), unix).await;
    assert!(program.log().contains(&format!("unix:{}", folder.path().join("latchkey.sock").display())));
    let other = tempfile::tempdir().unwrap();
    let said = Program::refusal(other.path(), unix);
    assert!(said.contains("latchkey.sock") && said.contains("another process listens there"), "{said}");
    program.kill();
    let mut program = Program::start_by(folder.path(), unix).await;
    let proxy = Proxy { socket: folder.path().join("latchkey.sock"), headers: "" };
    assert!(proxy.send("GET /healthz", "", "").await.0.starts_with("HTTP/1.1 200"));
    assert!(program.stop().await.success());
    assert!(!proxy.socket.exists());
}

#[test]
fn an_address_that_cannot_be_had_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes"), "").unwrap();
    let taken = TcpListener::bind(FREE[0]).unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (address, place, reason) in [
        (taken.as_str(), taken.as_str(), "in use"),
        ("unix:notes", "notes", "it is no socket"),
        ("unix:nowhere/latchkey.sock", "nowhere/latchkey.sock", "No such file"),
        (&format!("unix:{}", "x".repeat(200)), "xxx", "name too long"),
        ("127.0.0.1:0, here", "LATCHKEY_SERVER__LISTEN", "\"here\" is no address to listen on"),
        (" , ", "server.listen", "at least one address"),
    ] {
        let said = Program::refusal(folder.path(), |command| {
            command.env("LATCHKEY_SERVER__LISTEN", address);
        });
        assert!(said.contains(place) && said.contains(reason), "{address}: {said}");
    }
}

fn supervised(socket: &Path) -> impl FnOnce(&mut Command) {
    move |command| {
        command.env("NOTIFY_SOCKET", socket).env("LATCHKEY_SERVER__LISTEN", "192.0.2.1:1");
    }
}

async fn heard(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 256];
    let length = tokio::time::timeout(TOO_LONG, socket.recv(&mut buffer)).await.expect("a message").unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// systemd opens the socket and passes it on; the server says when it is ready, reloads and stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_opens_the_socket_and_hears_how_the_server_is() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    let socket = TcpListener::bind(FREE[0]).unwrap();
    let address = socket.local_addr().unwrap();
    let mut program = Program::start_on(folder.path(), socket, supervised(&folder.path().join("notify"))).await;
    assert_eq!(heard(&supervisor).await, "READY=1");
    let ada = Anonymous::at(&program).sign_up("ada").await;
    assert_eq!(ada.devices().await[0]["ip"], "127.0.0.1");
    assert!(program.log().contains(&format!("\"listen\":\"{address}\"")), "{}", program.log());
    program.signal(Signal::HUP);
    assert!(heard(&supervisor).await.starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(heard(&supervisor).await, "READY=1");
    assert!(program.stop().await.success());
    assert_eq!(heard(&supervisor).await, "STOPPING=1");
}

#[test]
fn what_was_passed_and_is_no_listening_socket_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Program::prepare(folder.path());
    let script = "exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve";
    let said = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_latchkey")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && text.contains("LISTEN_FDS") && text.contains("descriptor 3"), "{text}");
}
