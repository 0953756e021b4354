//! HP1: clients that are slow, silent or too many. The times are the server's own, and real.

use super::support::{Backend, TestApp};
use latchkey::server::config::Settings;
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Longer than any timeout of the server; only a failure takes as long.
const TOO_LONG: Duration = Duration::from_secs(60);

/// What every answer carries (HD1, HD3).
const HEADERS: [&str; 8] = [
    "cache-control",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
];

async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url("");
    TcpStream::connect(address.trim_start_matches("http://")).await.unwrap()
}

/// Reads until the server closes.
async fn read_to_end(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    // A reset is an end too.
    let _ = stream.read_to_end(&mut read).await;
    String::from_utf8_lossy(&read).into_owned()
}

/// Sends `bytes` over and over, one each 250 ms, until the server closes.
async fn drip(mut stream: TcpStream, start: &str, bytes: &[u8]) -> String {
    stream.write_all(start.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let mut read = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    let drip = async {
        for byte in bytes.iter().cycle() {
            ticks.tick().await;
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        _ = reading.read_to_end(&mut read) => {}
        () = drip => {}
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_silent_or_dripping_clients_are_closed_in_time_and_a_new_one_is_served() {
    let app = TestApp::start().await;
    let mut clients = JoinSet::new();
    for n in 0..2_000 {
        let stream = connect(&app).await;
        match n % 5 {
            0 => clients.spawn(drip(stream, "GET /healthz HTTP/1.1\r\nX-Slow: ", b"x")),
            _ => clients.spawn(read_to_end(stream)),
        };
    }
    app.browser().get("/healthz").await.expect(200);
    let answers = tokio::time::timeout(TOO_LONG, clients.join_all()).await.expect("all are closed");
    assert!(answers.iter().all(|answer| answer.is_empty() || answer.starts_with("HTTP/1.1 408")), "{answers:?}");
    app.browser().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_body_that_drips_is_refused_in_time() {
    let app = TestApp::start().await;
    let head =
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{";
    let answer = tokio::time::timeout(TOO_LONG, drip(connect(&app).await, head, b" ")).await.expect("it is closed");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("request_timeout") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let soon = |settings: &mut Settings| settings.server.idle_timeout = Duration::from_secs(1);
    let app = TestApp::on(Backend::Sqlite).with(soon).start().await;
    let mut stream = connect(&app).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = tokio::time::timeout(TOO_LONG, read_to_end(stream)).await.expect("it is closed");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Asks over a connection that is kept; the answer's head.
async fn ask(stream: &mut TcpStream, path: &str) -> Option<String> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.ok()?;
    let mut read = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        match tokio::time::timeout(TOO_LONG, stream.read(&mut buffer)).await.expect("an answer, or the end") {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Some((_, length)) = head.split_once("content-length: ")
            && body.len() >= length.lines().next().unwrap().parse::<usize>().unwrap()
        {
            return Some(head.to_owned());
        }
    }
}

/// S13: a balancer keeps connections for a minute, and sends when it likes; a client that drips gets no more time for
/// it.
#[tokio::test]
async fn a_kept_connection_may_be_idle_for_longer_than_a_request_s_head_may_take() {
    let app = TestApp::start().await;
    let mut idle = connect(&app).await;
    ask(&mut idle, "/healthz").await.expect("an answer");
    let mut dripping = connect(&app).await;
    ask(&mut dripping, "/healthz").await.expect("an answer");
    let dripping = drip(dripping, "GET /healthz HTTP/1.1\r\nX-Slow: ", b"x");
    let answer = tokio::time::timeout(TOO_LONG, dripping).await.expect("it is closed");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // The other one was idle before that one began, and is still there.
    ask(&mut idle, "/healthz").await.expect("an answer");
}

async fn connect_from(app: &TestApp, source: &str) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    socket.connect(app.url("").trim_start_matches("http://").parse().unwrap()).await.unwrap()
}

/// A6
#[tokio::test]
async fn one_source_holds_its_share_of_connections_and_its_longest_silent_ones_give_way() {
    let share = |settings: &mut Settings| settings.limits.connections_per_address = 20;
    let app = TestApp::on(Backend::Sqlite).with(share).start().await;
    let mut other = connect_from(&app, "127.0.0.2").await;
    ask(&mut other, "/healthz").await.expect("an answer");
    let mut greedy = Vec::new();
    for _ in 0..30 {
        let mut stream = connect_from(&app, "127.0.0.3").await;
        ask(&mut stream, "/healthz").await.expect("an answer");
        greedy.push(stream);
    }
    for (n, stream) in greedy.iter_mut().enumerate() {
        assert_eq!(ask(stream, "/healthz").await.is_some(), n >= 10, "connection {n}");
    }
    ask(&mut other, "/healthz").await.expect("an answer");
}

#[tokio::test]
async fn a_trusted_proxy_holds_as_many_connections_as_it_needs() {
    let share = |settings: &mut Settings| {
        settings.limits.connections_per_address = 5;
        settings.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    };
    let app = TestApp::on(Backend::Sqlite).with(share).start().await;
    let mut kept = Vec::new();
    for _ in 0..30 {
        kept.push(connect_from(&app, "127.0.0.3").await);
    }
    for stream in &mut kept {
        ask(stream, "/healthz").await.expect("an answer");
    }
}

/// D8: whoever keeps connections sees first that the server is not ready, and loses no request that was sent.
#[tokio::test]
async fn a_server_that_is_told_to_stop_is_not_ready_and_ends_each_connection_with_its_next_answer() {
    let drain = |settings: &mut Settings| settings.server.drain = Duration::from_secs(3_600);
    let mut app = TestApp::on(Backend::Sqlite).with(drain).start().await;
    let mut kept = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&app).await;
        assert!(ask(&mut stream, "/readyz").await.expect("an answer").starts_with("HTTP/1.1 200"));
        kept.push(stream);
    }
    app.tell_to_stop();
    while app.browser().get("/readyz").await.status != 503 {}
    for mut stream in kept {
        let answer = ask(&mut stream, "/healthz").await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
        assert_eq!(read_to_end(stream).await, "");
    }
    // Those who have not noticed yet are served too.
    app.browser().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_head_of_more_than_16_kib_is_refused() {
    let app = TestApp::start().await;
    for head in [
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(17 * 1024)),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(17 * 1024)),
    ] {
        let mut stream = connect(&app).await;
        // The server may close before it has read it all.
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = tokio::time::timeout(TOO_LONG, read_to_end(stream)).await.expect("it is closed");
        let refused = ["HTTP/1.1 431", "HTTP/1.1 414", "HTTP/1.1 400"].iter().any(|status| answer.starts_with(status));
        assert!(refused || answer.is_empty(), "{answer}");
        app.browser().get("/healthz").await.expect(200);
    }
}

/// HD3. These are answered before there is a request that a layer of ours could see.
#[tokio::test]
async fn what_never_becomes_a_request_is_refused_in_few_words_and_closed() {
    let app = TestApp::start().await;
    let every = app.browser().get("/healthz").await.expect(200).headers;
    let get = |rest: &str| format!("GET /healthz?xyzzy HTTP/1.1\r\nHost: x\r\n{rest}\r\n");
    let post = |rest: &str| format!("POST /auth/login HTTP/1.1\r\nHost: x\r\n{rest}\r\n\r\nxyzzy");
    for (status, sent) in [
        (400, "xyzzy\r\n\r\n".to_owned()),
        (400, "GET  /xyzzy HTTP/1.1\r\n\r\n".to_owned()),
        (400, "GET /xyzzy HTTP/9.9\r\n\r\n".to_owned()),
        (400, "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n".to_owned()),
        (400, get("xyzzy\r\n")),
        (400, get("X-Odd : xyzzy\r\n")),
        (400, get("X-Odd: xy\0zzy\r\n")),
        (400, post("Content-Length: xyzzy")),
        (400, post("Content-Length: 5\r\nContent-Length: 6")),
        (400, post("Transfer-Encoding: xyzzy")),
        (431, get(&"X-Many: xyzzy\r\n".repeat(200))),
        (431, get(&format!("X-Long: {}\r\n", "xyzzy".repeat(4_000)))),
    ] {
        let mut stream = connect(&app).await;
        // The server may close before it has read it all.
        let _ = stream.write_all(sent.as_bytes()).await;
        let answer = tokio::time::timeout(TOO_LONG, read_to_end(stream)).await.expect("it is closed");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{sent:?}: {answer:?}"));
        let mut lines = head.lines();
        assert!(lines.next().unwrap().starts_with(&format!("HTTP/1.1 {status} ")), "{sent:?}: {answer}");
        let told: HashMap<&str, &str> = lines.map(|line| line.split_once(": ").unwrap()).collect();
        assert_eq!((told["connection"], told["content-length"], body), ("close", "0", ""), "{sent:?}: {answer}");
        for name in HEADERS {
            assert_eq!(told.get(name).copied(), every[name].to_str().ok(), "{sent:?}: {name}");
        }
        assert!(!answer.contains("xyzzy"), "{sent:?}: {answer}");
    }
    // HTTP/2, which needs a word before it, is not spoken at all.
    let mut stream = connect(&app).await;
    let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(tokio::time::timeout(TOO_LONG, read_to_end(stream)).await.expect("it is closed"), "");
    app.browser().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_target_without_a_path_is_nothing_that_is_here() {
    let app = TestApp::start().await;
    let ask = async |start: &str, header: &str| {
        let mut stream = connect(&app).await;
        let request = format!("{start} HTTP/1.1\r\nHost: x\r\n{header}Accept: text/html\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        tokio::time::timeout(TOO_LONG, read_to_end(stream)).await.expect("it is closed")
    };
    for start in ["GET xyzzy", "GET a=b&c", "POST xyzzy:80", "CONNECT xyzzy:443"] {
        let answer = ask(start, "").await;
        assert!(["HTTP/1.1 404", "HTTP/1.1 400"].iter().any(|status| answer.starts_with(status)), "{start}: {answer}");
    }
    let answer = ask("POST xyzzy", "Sec-Fetch-Site: cross-site\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "the gate stands before: {answer}");
}
