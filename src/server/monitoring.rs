//! The metrics listener (`server.metrics_listen`): `GET /metrics`, and nothing else. A request reads what is in memory
//! only; what costs more is looked at by housekeeping, so nobody can load the database by asking often.

use super::application::run_periodically;
use super::config::ListenAddress;
use super::connections::Limited;
use super::http::{Peer, TrustedProxies};
use super::listening::{ListenError, Listeners};
use super::metrics::{States, prometheus_text};
use super::readiness::Readiness;
use super::service::Services;
use super::telemetry::LogGaps;
use super::{hyper_errors, serving};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use http::{Method, StatusCode, header};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// The most connections to the metrics listener. Of more, idle ones give way.
const CONNECTIONS: usize = 16;
/// How long such a connection may be idle. Scrapes are usually 15 s to a minute apart.
const IDLE: Duration = Duration::from_secs(75);
/// The media types of OpenMetrics' text format, and of the one before it.
const OPENMETRICS: &str = "application/openmetrics-text";
const MEDIA_TYPES: [&str; 2] =
    ["application/openmetrics-text; version=1.0.0; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8"];
/// For the metrics: the intervals between two looks whether the server is ready, and between two counts of sessions and
/// users.
const READINESS: Duration = Duration::from_secs(15);
const POPULATION: Duration = Duration::from_secs(60);

/// The sockets of the metrics listener.
pub(super) struct MetricsListener {
    listeners: Listeners,
    handle: Handle<Peer>,
}

/// What a scrape looks at, beside what was counted.
pub(super) struct Monitor {
    services: Arc<Services>,
    readiness: Arc<Readiness>,
    /// The connections of the server itself.
    connections: Limited,
    gaps: Option<LogGaps>,
    is_ready: AtomicBool,
}

impl MetricsListener {
    /// Listens, if the settings say where.
    ///
    /// # Errors
    /// When the address is taken, or the system refuses it.
    pub(super) fn open(address: Option<&ListenAddress>) -> Result<Option<Self>, ListenError> {
        let open = |address: &ListenAddress| Listeners::open(Vec::new(), std::slice::from_ref(address));
        Ok(address.map(open).transpose()?.map(|listeners| Self { listeners, handle: Handle::new() }))
    }

    /// Where it listens, with the port that the system chose.
    pub(super) fn address(&self) -> Option<&ListenAddress> {
        self.listeners.addresses().next()
    }

    /// Answers until it is stopped.
    ///
    /// # Errors
    /// When the listener fails.
    async fn serve(self, monitor: Arc<Monitor>) -> io::Result<()> {
        let lines = hyper_errors::lines(false);
        let connections = Limited::to(CONNECTIONS, 0, Arc::new(TrustedProxies::default()), lines);
        let router = Router::new().fallback(answer).with_state(monitor);
        serving::serve(self.listeners, connections, self.handle, IDLE, router).await
    }
}

impl Monitor {
    pub(super) fn new(
        services: &Arc<Services>,
        readiness: &Arc<Readiness>,
        connections: &Limited,
        gaps: Option<LogGaps>,
    ) -> Self {
        let (services, readiness, connections) = (services.clone(), readiness.clone(), connections.clone());
        Self { services, readiness, connections, gaps, is_ready: AtomicBool::new(false) }
    }

    /// Answers on `listener`, and looks at what the metrics tell of, as long as `housekeeping` exists. The handle ends
    /// the listener's connections.
    pub(super) fn answer(self, listener: MetricsListener, housekeeping: &mut JoinSet<()>) -> Handle<Peer> {
        let (monitor, handle) = (Arc::new(self), listener.handle.clone());
        let shared = monitor.clone();
        housekeeping.spawn(run_periodically(READINESS, "looking whether the server is ready", move || {
            let monitor = shared.clone();
            async move { monitor.look().await }
        }));
        let services = monitor.services.clone();
        housekeeping.spawn(run_periodically(POPULATION, "counting users and sessions", move || {
            let services = services.clone();
            async move { services.count_population().await }
        }));
        housekeeping.spawn(async move {
            if let Err(error) = listener.serve(monitor).await {
                tracing::error!(%error, "the metrics listener failed; the server goes on without it");
            }
        });
        handle
    }

    /// Looks whether the server is ready.
    async fn look(&self) -> Result<(), Infallible> {
        self.is_ready.store(self.readiness.check().await.is_ok(), Ordering::Relaxed);
        Ok(())
    }

    fn text(&self) -> String {
        let (connections, connections_closed, connections_refused) = self.connections.counts();
        let database = self.services.database_connections();
        self.services.metrics().text(&States {
            is_ready: self.is_ready.load(Ordering::Relaxed) && !self.readiness.is_stopping(),
            streams: self.services.session_changes().listeners(),
            connections,
            connections_closed,
            connections_refused,
            database_connections: database.all,
            idle_database_connections: database.idle,
            free_bytes: self.readiness.free(),
            key_due: self.services.key_due(),
            log_lines_lost: self.gaps.as_ref().map_or(0, LogGaps::lost),
            log_lines_left_out: self.gaps.as_ref().map_or(0, LogGaps::left_out),
        })
    }
}

async fn answer(State(monitor): State<Arc<Monitor>>, request: Request) -> Response {
    if request.uri().path() != "/metrics" {
        return (StatusCode::NOT_FOUND, "There is only /metrics here.\n").into_response();
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let accepted = request.headers().get_all(header::ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    let [newer, older] = MEDIA_TYPES;
    let (media_type, text) = match accepted.into_iter().any(|accepted| accepted.contains(OPENMETRICS)) {
        true => (newer, monitor.text()),
        false => (older, prometheus_text(&monitor.text())),
    };
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}
