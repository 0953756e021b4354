//! The release's router with all its layers, without sockets, and a browser that asks it. Clock and randomness are
//! fixed, and one thread runs everything but SQLite, so that each run does the same.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use latchkey::domain::time::Timestamp;
use latchkey::server::application::{Application, Runtime};
use latchkey::server::config::{Config, Limits, Settings};
use latchkey::server::http::{Peer, router};
use latchkey::server::ports::{Clock, Entropy};
use latchkey::server::service::Services;
use latchkey::server::site::{HASHES, Hashes, Site, SiteSource};
use leptos::config::LeptosOptions;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tower::ServiceExt as _;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_123);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";
const PASSWORD: &str = "violet kettle under snowfall";

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Bytes that are the same in each run (SplitMix64).
pub(crate) struct FixedEntropy(AtomicU64);

impl FixedEntropy {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Entropy for FixedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A server that is asked without a network.
pub(crate) struct Server {
    router: Router,
    pub(crate) services: Arc<Services>,
    folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Server {
    /// A server with an empty database and the web app's files in `site`.
    pub(crate) async fn start(site: SiteSource) -> Self {
        let folder = std::env::temp_dir().join(format!("latchkey-count-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let config = Config { settings: settings(&folder), leptos: leptos(), site: with_hashes(site), file: None };
        let runtime = Runtime { clock: Arc::new(FixedClock), entropy: Arc::new(FixedEntropy::new()) };
        let application = Application::build(config, runtime).await.expect("a server");
        let app = application.app().clone();
        Self { services: app.services.clone(), router: router(app), folder }
    }

    pub(crate) async fn answer(&self, mut request: Request<Body>) -> Response<Body> {
        request.extensions_mut().insert(ConnectInfo(Peer::Address([127, 0, 0, 1].into())));
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

fn settings(folder: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.server.listen = vec![SocketAddr::from(([127, 0, 0, 1], 0)).into()];
    settings.server.public_url = "https://id.example.org".into();
    settings.database.url = format!("sqlite://{}", folder.join("latchkey.db").display());
    settings.secret.file = folder.join("secret.key");
    settings.password.argon2_memory = 64;
    settings.password.argon2_iterations = 1;
    settings.limits = Limits::off();
    settings
}

fn leptos() -> LeptosOptions {
    LeptosOptions::builder().output_name("latchkey").build()
}

fn with_hashes(source: SiteSource) -> Site {
    let file = source.read(HASHES).unwrap_or_default();
    Site { hashes: Hashes::parse(&String::from_utf8_lossy(&file)), source }
}

/// A browser that is signed in.
pub(crate) struct Browser<'a> {
    server: &'a Server,
    cookies: BTreeMap<String, String>,
    access_token: String,
}

impl<'a> Browser<'a> {
    /// A browser that is not signed in.
    pub(crate) fn nobody(server: &'a Server) -> Self {
        Self { server, cookies: BTreeMap::new(), access_token: String::new() }
    }

    /// Signs up or in, by the path.
    pub(crate) async fn enter(server: &'a Server, path: &str, username: &str) -> Self {
        let mut browser = Self::nobody(server);
        let credentials = json!({"username": username, "password": PASSWORD, "remember": true});
        browser.post(path, credentials.to_string()).await;
        browser
    }

    /// Posts JSON, and takes cookies and tokens from the answer.
    pub(crate) async fn post(&mut self, path: &str, body: String) {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        let response = self.server.answer(request.body(Body::from(body)).expect("a request")).await;
        assert!(response.status().is_success(), "{path}: {}", response.status());
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|cookie| cookie.split(';').next()?.split_once('='));
            let (name, value) = pair.expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        let tokens: Value = serde_json::from_slice(&body).expect("tokens");
        tokens["accessToken"].as_str().expect("an access token").clone_into(&mut self.access_token);
    }

    /// Reads with the access token, or a page with the cookies; the length of the answer.
    pub(crate) async fn get(&self, path: &str) -> usize {
        self.read(self.request(Method::GET, path), path).await.len()
    }

    /// The text of a page.
    pub(crate) async fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(&self.read(self.request(Method::GET, path), path).await).into_owned()
    }

    /// How many bytes of a file are sent.
    pub(crate) async fn length(&self, path: &str) -> u64 {
        let request = self.request(Method::GET, path).header(header::ACCEPT_ENCODING, "br, gzip");
        self.read(request, path).await.len() as u64
    }

    async fn read(&self, request: http::request::Builder, path: &str) -> Bytes {
        let response = self.server.answer(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.into_body().collect().await.expect("a body").to_bytes()
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(header::HOST, "id.example.org")
            .header(header::USER_AGENT, FIREFOX)
            .header(header::ACCEPT_LANGUAGE, "en")
            .header("sec-fetch-site", "same-origin");
        if path.starts_with("/api/") {
            return request.header(header::AUTHORIZATION, format!("Bearer {}", self.access_token));
        }
        let request = request.header(header::ACCEPT, "text/html");
        if self.cookies.is_empty() {
            return request;
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.header(header::COOKIE, pairs.join("; "))
    }
}
