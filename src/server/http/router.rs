//! The router, and the layers around all of its routes. No route can be added outside of these layers.

use super::client::{self, TrustedProxies};
use super::context::{RequestContext, RequestFacts, bearer};
use super::cookies::Cookies;
use super::origin::ForeignOrigins;
use super::web_session::WebSessionStore;
use super::{
    Peer, export, farewell, headers, live, origin, pages, preferences, problem, rpc, scopes, site, trace, well_known,
};
use crate::api::account::EXPORT;
use crate::api::problem::{Code, Problem};
use crate::server::ports::Entropy;
use crate::server::readiness::Readiness;
use crate::server::service::Services;
use crate::server::site::SiteSource;
use crate::server::token::base64url;
use crate::ui::files::SiteFiles;
use crate::ui::links;
use any_spawner::Executor;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use futures_util::FutureExt as _;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Method, Response, Version, header};
use leptos::config::LeptosOptions;
use std::net::IpAddr;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::Instrument as _;
use tracing::field::Empty;

/// The state that handlers share. A clone costs one counter: each layer and each request takes some.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

impl App {
    /// Shares the parts.
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

/// What [`App`] consists of.
pub struct AppParts {
    /// The use cases.
    pub services: Arc<Services>,
    /// Names requests and web sessions.
    pub entropy: Arc<dyn Entropy>,
    /// Where web sessions are kept.
    pub web_sessions: WebSessionStore,
    /// Who is believed to say which client it forwards.
    pub trusted_proxies: Arc<TrustedProxies>,
    /// What Leptos needs to know of the site.
    pub leptos: LeptosOptions,
    /// The web app's files.
    pub site: SiteSource,
    /// The origins whose requests were refused, to log each once.
    pub foreign_origins: Arc<ForeignOrigins>,
    /// The built files that pages name.
    pub files: Arc<SiteFiles>,
    /// What `/readyz` answers.
    pub readiness: Arc<Readiness>,
}

/// Where the files are. Requests for them have no matched path.
const FILES: &str = "/pkg";

type Route = (&'static str, fn() -> MethodRouter<App>);

/// The documents that are neither a page nor a server function.
const DOCUMENTS: [Route; 7] = [
    ("/.well-known/jwks.json", || get(well_known::jwks)),
    ("/.well-known/oauth-authorization-server", || get(well_known::metadata)),
    ("/.well-known/change-password", || get(well_known::change_password)),
    ("/healthz", || get(well_known::healthz)),
    ("/readyz", || get(well_known::readyz)),
    ("/api/live", || get(live::live)),
    (EXPORT, || get(export::export)),
];

/// The path and method of every route, except those of files. [`router`] uses the same lists.
pub fn routes() -> Vec<(&'static str, Method)> {
    let read = DOCUMENTS.map(|(path, _)| path).into_iter().chain(pages::paths());
    read.map(|path| (path, Method::GET)).chain(server_fn::axum::server_fn_paths()).collect()
}

/// The same with that of files, as the metrics count requests.
pub fn counted_routes() -> Vec<(&'static str, String)> {
    routes().into_iter().chain([(FILES, Method::GET)]).map(|(path, method)| (path, method.to_string())).collect()
}

/// The router with all routes and layers.
pub fn router(app: App) -> Router {
    // Pages are rendered on this runtime. The call fails if another server of this process has already made it.
    let _ = Executor::init_tokio();
    let mut router = Router::new();
    for (path, document) in DOCUMENTS {
        router = router.route(path, document());
    }
    for (path, method) in server_fn::axum::server_fn_paths() {
        if let Ok(method) = MethodFilter::try_from(method) {
            router = router.route(path, on(method, rpc::call));
        }
    }
    for path in pages::paths() {
        router = router.route(path, get(pages::page));
    }
    router
        .nest(FILES, site::built(&app.site, &app.leptos.site_pkg_dir).layer(from_fn(kept_for_ever)))
        .fallback(pages::missing)
        .method_not_allowed_fallback(wrong_method)
        // One layer: each costs every request some boxes and copies.
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

async fn kept_for_ever(request: Request, next: Next) -> Response<Body> {
    let is_script = request.uri().path().ends_with(".js");
    headers::kept_for_ever(next.run(request).await, is_script)
}

/// If somebody opens the address of a form, from the history or by a reload, redirects them to the page that has the
/// form.
async fn wrong_method(request: Request) -> Response<Body> {
    if request.method().is_safe() && pages::wants_html(request.headers()) {
        return Redirect::to(links::page_of_form(request.uri().path())).into_response();
    }
    problem::answer(&Code::MethodNotAllowed.into())
}

/// The outermost layer: gives the request an id and a log span, logs refusals, and completes the headers of every
/// answer. It also catches panics, so that a panic ends one request only.
async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response<Body> {
    let mut bytes = [0; 12];
    app.entropy.fill(&mut bytes);
    let id = base64url(&bytes);
    // Only the route is logged: the rest of an address may contain something secret that was put there by mistake.
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let counted = matched.or_else(|| is_file(request.uri().path()).then_some(FILES));
    let timer = app.services.metrics().requests.begin(counted, request.method().as_str());
    let route = matched.unwrap_or("-");
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| *peer);
    if let Some(peer) = peer {
        app.trusted_proxies.warn_of_misconfiguration(peer, request.headers());
    }
    let address = peer.and_then(|peer| app.trusted_proxies.client_address(peer, request.headers()));
    let ip = address.map(tracing::field::display);
    // The span has level error, so that it exists at every log level. User and session are added once they are known.
    let trace = trace::trace_id(request.headers());
    let method = request.method();
    let span = tracing::error_span!("request", id = %id, trace, %method, route, ip, user = Empty, sid = Empty);
    request.extensions_mut().insert(ClientAddress(address));
    let answered = AssertUnwindSafe(gate(&app, request, next)).catch_unwind().instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|_| problem::answer(&Code::Internal.into()));
    let status = response.status().as_u16();
    timer.answered(status);
    span.in_scope(|| {
        if let Some(code) = response.extensions().get::<Code>() {
            tracing::info!(status, %code, "a request was refused");
        }
        tracing::debug!(status, "answered");
    });
    problem::name(&mut response, &id);
    headers::complete(response.headers_mut(), app.services.settings().server.is_https());
    // A stopping server closes its connections, so that clients send their next request elsewhere.
    if app.readiness.is_stopping() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    // An answer that caches share must not carry the request's id.
    let is_kept = headers::is_public(response.headers());
    if let Some(value) = HeaderValue::try_from(id).ok().filter(|_| !is_kept) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

fn is_file(path: &str) -> bool {
    path.strip_prefix(FILES).is_some_and(|rest| rest.starts_with('/'))
}

#[derive(Clone, Copy)]
struct ClientAddress(Option<IpAddr>);

/// Refuses unsafe requests from other origins, before anything else looks at them. If a form sent the request, the
/// answer is a page that says what to do.
async fn gate(app: &App, request: Request, next: Next) -> Response<Body> {
    let public_url = &app.services.settings().server.public_url;
    if origin::may_pass(request.method(), request.headers(), public_url) {
        return match refusal(&request) {
            None => with_context(app, request, next).await,
            Some(code) => problem::answer(&code.into()),
        };
    }
    app.foreign_origins.warn(request.headers(), public_url);
    let mut problem = Problem::new(Code::ForbiddenOrigin);
    // A browser that hides the form's origin need not have opened the page at another address.
    if !origin::is_hidden(request.headers()) {
        problem = problem.with_public_url(public_url);
    }
    let context = context_of(app, &request);
    pages::refused(request, context, problem).await
}

/// Why a request is not for this server, if it is not.
fn refusal(request: &Request) -> Option<Code> {
    if !has_one_host(request) {
        return Some(Code::BadRequest);
    }
    (!has_path(request)).then_some(Code::NotFound)
}

/// Whether the target has a path (RFC 9112 section 3.2.3). A target without one asks for a proxy, and this server is
/// none.
fn has_path(request: &Request) -> bool {
    request.uri().path_and_query().is_some()
}

/// Whether a request names one valid host (RFC 9112 section 3.2): of two, two readers may see different ones. HTTP/1.0
/// needs no host.
fn has_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.is_empty() || is_host(host.as_bytes()),
        (None, _) => request.version() == Version::HTTP_10,
        (Some(_), Some(_)) => false,
    }
}

fn is_host(host: &[u8]) -> bool {
    !host.contains(&b'@') && Authority::try_from(host).is_ok()
}

/// The request's facts that a handler may need.
fn context_of(app: &App, request: &Request) -> RequestContext {
    let address = request.extensions().get().and_then(|ClientAddress(address)| *address);
    let sent = request.headers();
    let cookies = Cookies::of(sent);
    let (web, has_web) = app.web_sessions.of(&cookies);
    RequestContext::new(RequestFacts {
        source: client::source_on_demand(sent, address),
        scope: scopes::needed(request.uri().path()),
        bearer: bearer(sent),
        preferences: preferences::chosen(&cookies),
        kept: farewell::of(sent, &cookies),
        cookies,
        web,
        has_web,
        span: tracing::Span::current(),
        app: app.clone(),
    })
}

/// Adds the context to the request, and saves its web session afterwards.
async fn with_context(app: &App, mut request: Request, next: Next) -> Response<Body> {
    let context = context_of(app, &request);
    request.extensions_mut().insert(context.clone());
    let mut response = next.run(request).await;
    // The call has succeeded, and its answer is sent even now: a refresh has exchanged its token. Without a web session
    // the next page asks for a refresh, which creates one.
    if let Err(error) = app.web_sessions.finish(&context.web, context.has_web, &mut response).await {
        tracing::error!(%error, "a web session could not be saved");
    }
    response
}
