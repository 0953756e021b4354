//! What is found at a public URL, with a server there that answers as the test says.

use super::super::{Finding, Level};
use super::*;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A clock that stands still.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// 2026-11-28 12:00:00 UTC, and the same as a `Date`.
const NOON: Timestamp = Timestamp::from_secs(1_795_867_200);
const NOON_DATE: &str = "Sat, 28 Nov 2026 12:00:00 GMT";

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, response: &str) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(response.as_bytes()).await.unwrap();
    let _ = stream.shutdown().await;
}

fn response(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// Answers the requests one after another, and returns the URL.
async fn serve(responses: impl FnOnce(&str) -> Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let responses = responses(&url);
    tokio::spawn(async move {
        for response in responses {
            answer(listener.accept().await.unwrap().0, &response).await;
        }
    });
    url
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// The answers of a Latchkey at `url` that publishes the key `kid`.
fn ours(url: &str, kid: &str, date: &str) -> Vec<String> {
    let date = format!("Date: {date}");
    let metadata = response("200 OK", &date, &format!("{{\"issuer\":\"{url}\"}}"));
    vec![metadata, response("200 OK", &date, &format!("{{\"keys\":[{{\"kid\":\"{kid}\"}}]}}"))]
}

async fn looked_at(url: &str, serves: bool) -> Vec<Finding> {
    examine(url, None, serves, &["one".to_owned()], &Stopped(NOON)).await
}

#[tokio::test]
async fn our_own_service_with_our_keys_and_our_time_is_no_finding() {
    let url = serve(|url| ours(url, "one", NOON_DATE)).await;
    assert_eq!(looked_at(&url, true).await, []);
}

#[tokio::test]
async fn a_service_with_keys_of_another_database_is_found() {
    let url = serve(|url| ours(url, "two", NOON_DATE)).await;
    assert_eq!(codes(&looked_at(&url, true).await), ["public_url_other_database"]);
}

#[tokio::test]
async fn a_clock_that_goes_wrong_is_found() {
    let url = serve(|url| ours(url, "one", "Sat, 28 Nov 2026 12:00:30 GMT")).await;
    let found = looked_at(&url, true).await;
    assert_eq!((codes(&found), found[0].level), (vec!["clock_public_url"], Level::Warning));
    let url = serve(|url| ours(url, "one", "Sat, 28 Nov 2026 11:59:56 GMT")).await;
    assert_eq!(looked_at(&url, true).await, [], "within what tokens bear");
}

#[tokio::test]
async fn whatever_else_answers_is_named() {
    let plain = "Content-Type: text/html";
    for (answer, code, word) in [
        (
            response("200 OK", plain, "{\"issuer\":\"https://other.example\"}"),
            "public_url_foreign",
            "https://other.example",
        ),
        (
            response("301 Moved", "Location: https://id.example.org/", ""),
            "public_url_foreign",
            "https://id.example.org/",
        ),
        (response("404 Not Found", plain, "<h1>nginx</h1>"), "public_url_foreign", "404"),
        (response("502 Bad Gateway", plain, ""), "public_url_no_server", "502"),
    ] {
        let url = serve(|_| vec![answer]).await;
        let found = looked_at(&url, true).await;
        assert_eq!(codes(&found), [code]);
        assert!(found[0].message.contains(word) && found[0].level == Level::Error, "{found:?}");
    }
    let url = serve(|_| vec![response("503 Unavailable", plain, "")]).await;
    assert_eq!(looked_at(&url, false).await[0].level, Level::Warning, "no server runs");
}

#[tokio::test]
async fn silence_is_an_error_only_where_a_server_should_answer() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let found = looked_at(&url, true).await;
    assert_eq!((codes(&found), found[0].level), (vec!["public_url_unreachable"], Level::Error));
    let found = looked_at(&url, false).await;
    assert_eq!((codes(&found), found[0].level), (vec!["not_running"], Level::Note));
    let url = serve(|_| vec!["SSH-2.0-OpenSSH_9.2\r\n".to_owned()]).await;
    assert_eq!(codes(&looked_at(&url, true).await), ["public_url_unreachable"]);
}

/// Serves with a certificate for `name` that is good from the year `begins` to the year `ends`, and returns the URL and
/// the certificate's file.
async fn serve_tls(name: &str, (begins, ends): (i32, i32)) -> (tempfile::TempDir, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(begins, 1, 1);
    params.not_after = date_time_ymd(ends, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let responses = ours(&url, "one", NOON_DATE);
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        for response in responses {
            let Ok(stream) = acceptor.accept(listener.accept().await.unwrap().0).await else { return };
            answer(stream, &response).await;
        }
    });
    (folder, url)
}

/// The codes that are found by a clock at `now`; with `known`, the certificate's authority is named.
async fn tls_codes(name: &str, years: (i32, i32), known: bool, now: Timestamp) -> Vec<&'static str> {
    let (folder, url) = serve_tls(name, years).await;
    let file = known.then(|| folder.path().join("ca.pem").into_os_string());
    let found = examine(&url, file, true, &["one".to_owned()], &Stopped(now)).await;
    codes(&found).into_iter().filter(|code| !code.starts_with("clock")).collect()
}

#[tokio::test]
async fn a_certificate_is_judged_as_browsers_do_and_before_it_ends() {
    assert_eq!(tls_codes("localhost", (2000, 2096), true, NOON).await, [""; 0]);
    let new_year_2096 = Timestamp::from_secs(3_976_214_400);
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let early = Timestamp::from_millis(new_year_2096.as_millis() - i64::try_from(days(15).as_millis()).unwrap());
    assert_eq!(tls_codes("localhost", (2000, 2096), true, early).await, [""; 0]);
    assert_eq!(tls_codes("localhost", (2000, 2096), true, early + days(2)).await, ["certificate_ends"]);
    assert_eq!(tls_codes("localhost", (2000, 2020), true, NOON).await, ["certificate_expired"]);
    assert_eq!(tls_codes("id.example.org", (2000, 2096), true, NOON).await, ["certificate_name"]);
    assert_eq!(tls_codes("localhost", (2000, 2096), false, NOON).await, ["certificate_unknown"]);
    assert_eq!(tls_codes("localhost", (2095, 2096), true, NOON).await, ["certificate_refused"], "not good yet");
}

#[tokio::test]
async fn a_file_of_authorities_that_cannot_be_used_is_named() {
    let file = Some("/nowhere/ca.pem".into());
    let found = examine("https://localhost:1", file, true, &[], &Stopped(NOON)).await;
    assert_eq!(codes(&found), ["certificate_file"]);
    assert!(found[0].message.contains("/nowhere/ca.pem"), "{found:?}");
}
