//! The metrics, as Prometheus reads them.

use super::support::{Backend, TestApp, TestAppBuilder, on_both_databases};
use latchkey::server::config::{ListenAddress, Settings};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

const OPENMETRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

fn with_metrics(settings: &mut Settings) {
    settings.server.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)).into());
}

fn url(app: &TestApp, path: &str) -> String {
    format!("http://{}{path}", app.metrics_address().expect("a listener"))
}

/// What one scrape says.
struct Scrape(String);

impl Scrape {
    async fn of(app: &TestApp) -> Self {
        let answer = Client::new().get(url(app, "/metrics")).header("Accept", OPENMETRICS).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
        Self(answer.text().await.unwrap())
    }

    /// The samples, each with its name and labels.
    fn samples(&self) -> impl Iterator<Item = (&str, f64)> {
        let lines = self.0.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.rsplit_once(' ').map(|(name, value)| (name, value.parse().unwrap())).unwrap())
    }

    #[track_caller]
    fn value(&self, sample: &str) -> f64 {
        let found = self.samples().find(|(name, _)| *name == format!("latchkey_{sample}"));
        found.unwrap_or_else(|| panic!("{sample}\n{}", self.0)).1
    }

    /// Names and labels.
    fn series(&self) -> BTreeSet<String> {
        self.samples().map(|(name, _)| name.to_owned()).collect()
    }
}

on_both_databases! {
    async fn what_people_do_is_counted(app: TestAppBuilder) {
        let app = app.with(with_metrics).start().await;
        let before = Scrape::of(&app).await;
        for sample in [
            "sign_ins_total{outcome=\"succeeded\"}",
            "refreshes_total{outcome=\"reused\"}",
            "session_ends_total{reason=\"reused\"}",
            "database_errors_total{operation=\"write\"}",
            "password_hashes_refused_total",
            "http_requests_total{route=\"/api/me\",method=\"GET\",status=\"2xx\"}",
        ] {
            assert_eq!(before.value(sample), 0.0, "{sample}");
        }
        let mut ada = app.signed_up("ada").await;
        let mut thief = ada.clone();
        let wrong = json!({"username": "ada", "password": "wrong", "remember": true});
        app.browser().post("/auth/login", wrong).await.expect(401);
        let there = app.signed_in("ada").await;
        ada.try_refresh().await.expect(200);
        // The answer is lost, and the browser asks again.
        thief.clone().try_refresh().await.expect(200);
        ada.try_refresh().await.expect(200);
        app.advance(Duration::from_secs(3_600));
        thief.try_refresh().await.expect(401);
        ada.try_refresh().await.expect(401);
        drop(there);
        app.services().count_population().await.unwrap();
        let after = Scrape::of(&app).await;
        for (sample, value) in [
            ("sign_ups_total{outcome=\"succeeded\"}", 1.0),
            ("sign_ins_total{outcome=\"refused\"}", 1.0),
            ("sign_ins_total{outcome=\"succeeded\"}", 1.0),
            ("refreshes_total{outcome=\"rotated\"}", 2.0),
            ("refreshes_total{outcome=\"repeated\"}", 1.0),
            ("refreshes_total{outcome=\"reused\"}", 1.0),
            ("refreshes_total{outcome=\"revoked\"}", 1.0),
            ("session_ends_total{reason=\"reused\"}", 1.0),
            ("session_end_seconds_count", 1.0),
            ("password_hash_seconds_count", 3.0),
            ("password_hashes_waiting", 0.0),
            ("password_hashes_running", 0.0),
            ("users", 1.0),
            ("sessions", 1.0),
            ("http_requests_total{route=\"/auth/login\",method=\"POST\",status=\"2xx\"}", 1.0),
            ("http_requests_total{route=\"/auth/login\",method=\"POST\",status=\"4xx\"}", 1.0),
            ("http_request_seconds_count{route=\"/auth/refresh\"}", 5.0),
            ("refresh_wait_seconds_count", 5.0),
            ("database_errors_total{operation=\"write\"}", 0.0),
            ("database_errors_total{operation=\"read\"}", 0.0),
        ] {
            assert_eq!(after.value(sample), value, "{sample}");
        }
        assert!(after.value("database_write_seconds_count") >= 5.0);
        assert!(after.value("database_connections{state=\"idle\"}") >= 1.0);
        assert!(after.value("connections") >= 1.0);
        assert_eq!(after.value("start_time_seconds"), 1_800_000_000.123);
        let days = Duration::from_secs(30 * 86_400).as_secs_f64();
        assert_eq!(after.value("signing_key_due_timestamp_seconds"), 1_800_000_000.123 + days);
        assert_eq!(after.series(), before.series(), "everything was there from the start");
    }
}

#[tokio::test]
async fn nobody_can_choose_a_label() {
    let app = TestApp::on(Backend::Sqlite).with(with_metrics).start().await;
    let before = Scrape::of(&app).await;
    let browser = app.browser();
    for path in ["/nobody", "/api/users/7", "/%2e%2e/x", "/pkg/x.js", "/api/me?a=b", "/auth/login/", "//", "/metrics"] {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::from_bytes(b"XYZZY").unwrap()] {
            browser.request(method, path).send().await.unwrap();
        }
    }
    let after = Scrape::of(&app).await;
    assert_eq!(after.series(), before.series());
    let unmatched = after.value("http_requests_total{route=\"unmatched\",method=\"other\",status=\"4xx\"}");
    assert!(unmatched >= 20.0, "{unmatched}");
    assert!(after.value("http_request_seconds_count{route=\"/pkg\"}") >= 1.0);
}

#[tokio::test]
async fn there_is_nothing_but_metrics_and_only_where_they_belong() {
    let mut app = TestApp::on(Backend::Sqlite).with(with_metrics).start().await;
    let client = Client::new();
    let status = async |method: Method, url: String| client.request(method, url).send().await.unwrap().status();
    for path in ["/", "/healthz", "/readyz", "/auth/login", "/metrics/x"] {
        assert_eq!(status(Method::GET, url(&app, path)).await, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(status(Method::POST, url(&app, "/metrics")).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(status(Method::GET, app.url("/metrics")).await, StatusCode::NOT_FOUND);
    // Who does not ask for OpenMetrics gets the format before it.
    let older = client.get(url(&app, "/metrics")).send().await.unwrap();
    assert_eq!(older.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(older.headers()["cache-control"], "no-store");
    let older = older.text().await.unwrap();
    assert!(older.contains("\n# TYPE latchkey_sign_ins_total counter\n") && !older.contains("EOF"), "{older}");
    // The listener ends with its server.
    let former = url(&app, "/metrics");
    app.change(|settings| settings.server.metrics_listen = None);
    app.restart().await;
    assert!(app.metrics_address().is_none());
    assert!(Client::new().get(former).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_unix_socket_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("metrics.sock");
    let address = ListenAddress::Unix(socket.clone());
    let app = TestApp::on(Backend::Sqlite).with(|all| all.server.metrics_listen = Some(address)).start().await;
    let mut stream = UnixStream::connect(&socket).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\nlatchkey_build_info{version="), "{answer}");
    drop(app);
}

/// The names and types of all metrics, as the older format has them.
async fn exported() -> (BTreeMap<String, String>, BTreeSet<String>) {
    let app = TestApp::on(Backend::Sqlite).with(with_metrics).start().await;
    let samples = Scrape::of(&app).await.series();
    let text = Client::new().get(url(&app, "/metrics")).send().await.unwrap().text().await.unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let names = samples.iter().map(|sample| sample.split('{').next().unwrap().to_owned()).collect();
    (types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect(), names)
}

#[tokio::test]
async fn the_document_lists_every_metric() {
    let document = include_str!("../../docs/operating.md");
    let rows = document.lines().filter(|line| line.starts_with("| `latchkey_"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let listed: Vec<(String, String)> =
        cells.map(|cells| (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())).collect();
    assert_eq!(listed, exported().await.0.into_iter().collect::<Vec<_>>());
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("latchkey_")).collect()
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_metrics_that_exist() {
    let alerts = include_str!("../../deploy/prometheus/alerts.yml");
    let dashboard: Value = serde_json::from_str(include_str!("../../deploy/grafana/latchkey.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let asked: String = targets.map(|target| target["expr"].as_str().unwrap().to_owned() + "\n").collect();
    let (_, names) = exported().await;
    for (text, least) in [(alerts, 9), (asked.as_str(), 25)] {
        let named = named(text);
        assert!(named.len() >= least, "{named:?}");
        let unknown: Vec<_> = named.into_iter().filter(|name| !names.contains(*name)).collect();
        assert_eq!(unknown, [""; 0]);
    }
    let shown = named(&asked);
    let whole = |name: &str| ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end).map(str::len));
    let of = |name: &str| name.split_at(whole(name).unwrap_or(name.len())).0.to_owned();
    let shown: BTreeSet<String> = shown.into_iter().map(of).collect();
    let hidden: Vec<_> = names.iter().map(|name| of(name)).filter(|name| !shown.contains(name)).collect();
    assert_eq!(hidden, [""; 0], "the dashboard shows each metric");
}
