//! Whole requests of somebody who is not signed in, given to the router with all that stands before it. First line:
//! method and target. Then headers, up to an empty line. Then the body. Nothing is a fault of ours, every answer
//! carries what all must, and none leads away or gives a token.
#![no_main]

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::{Router, response::Response};
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use latchkey::server::application::{self, services};
use latchkey::server::config::{Limits, Registration, Settings};
use latchkey::server::http::{App, AppParts, Peer, TrustedProxies, WebSessionStore, router};
use latchkey::server::ports::Clock;
use latchkey::server::readiness::Readiness;
use latchkey::server::site::SiteSource;
use latchkey::server::storage::{claim, connect};
use latchkey_fuzz::{ISSUER, NOW, lines};
use leptos::config::LeptosOptions;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use url::Url;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> latchkey::domain::time::Timestamp {
        NOW
    }
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static ROUTER: LazyLock<Router> = LazyLock::new(|| RUNTIME.block_on(server()));

/// A server with cheap hashing and no users, where nobody can sign up.
async fn server() -> Router {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let mut settings = Settings::default();
    settings.server.public_url = ISSUER.into();
    settings.database.url = format!("sqlite://{}/latchkey.db", folder.display());
    settings.secret.file = folder.join("secret.key");
    settings.password.argon2_memory = 64;
    settings.password.argon2_iterations = 1;
    settings.limits = Limits::off();
    settings.accounts.registration = Registration::Closed;
    let runtime = application::Runtime { clock: Arc::new(Stopped), ..application::Runtime::default() };
    let claim = claim(&settings.database.url).await.expect("a database");
    let store = connect(&settings.database.url).await.expect("a database");
    let trusted_proxies = Arc::new(TrustedProxies::parse(&["127.0.0.1".into()]).expect("addresses"));
    let services = services(store.clone(), Arc::new(settings), &runtime).await.expect("services");
    let readiness = Arc::new(Readiness::new(store.clone(), claim));
    let web_sessions = WebSessionStore { store, clock: runtime.clock };
    let leptos = LeptosOptions::builder().output_name("latchkey").build();
    let site = SiteSource::Folder(folder);
    let (entropy, foreign_origins, files) = (runtime.entropy, Arc::default(), Arc::default());
    router(App::new(AppParts {
        services,
        entropy,
        web_sessions,
        trusted_proxies,
        leptos,
        site,
        foreign_origins,
        files,
        readiness,
    }))
}

fuzz_target!(|data: &[u8]| {
    let Some(request) = read(data) else { return };
    let (unsafe_method, site) = (!request.method().is_safe(), request.headers().get("sec-fetch-site").cloned());
    let router = ROUTER.clone();
    let answer = RUNTIME.block_on(async {
        let answer = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        Response::from_parts(parts, body)
    });
    let (status, headers) = (answer.status(), answer.headers());
    assert!(!status.is_server_error(), "{status}");
    if unsafe_method && site.is_some_and(|site| site != "same-origin") {
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    for name in [header::CACHE_CONTROL, header::CONTENT_SECURITY_POLICY, header::STRICT_TRANSPORT_SECURITY] {
        assert!(headers.contains_key(name));
    }
    assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control-")));
    for cookie in headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().expect("text");
        let cleared = cookie.starts_with("__Host-Http-latchkey-refresh=;");
        let harmless =
            ["session=", "preferences="].iter().any(|name| cookie.starts_with(&format!("__Host-Http-latchkey-{name}")));
        assert!(cleared || harmless, "{cookie}");
        assert!(cookie.contains("; Path=/; Secure; HttpOnly; SameSite="), "{cookie}");
    }
    if let Some(location) = headers.get(header::LOCATION) {
        let site = Url::parse(ISSUER).expect("a URL");
        let there = site.join(location.to_str().expect("text")).expect("a URL");
        assert_eq!(there.origin(), site.origin());
        assert!(!there.path().starts_with("/auth"));
    }
    if status.is_client_error()
        && headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
    {
        let problem: latchkey::api::problem::Problem = serde_json::from_slice(answer.body()).expect("a problem");
        assert_eq!(problem.code.status(), status.as_u16());
    }
});

fn read(data: &[u8]) -> Option<Request<Body>> {
    let mut head = lines(data);
    let mut first = std::str::from_utf8(head.next()?).ok()?.splitn(2, ' ');
    let mut request = Request::builder().method(first.next()?).uri(first.next()?);
    for line in head.by_ref().take_while(|line| !line.is_empty()) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(halves.next()?).ok()?;
        request = request.header(name, HeaderValue::from_bytes(halves.next()?.trim_ascii()).ok()?);
    }
    let body = head.collect::<Vec<_>>().join(&b'\n');
    let mut request = request.body(Body::from(body)).ok()?;
    request.extensions_mut().insert(ConnectInfo(Peer::Address([127, 0, 0, 1].into())));
    Some(request)
}
