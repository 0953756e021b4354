//! A server: built from its settings, then run until it is asked to stop.

use super::config::{Config, ConfigError, ListenAddress, Settings, Tokens};
use super::connections::{self, Limited};
use super::http::{self, App, AppParts, Peer, TrustedProxies};
use super::hyper_errors;
use super::listening::{ListenError, Listeners, PassedSocket};
use super::metrics::Metrics;
use super::monitoring::{MetricsListener, Monitor};
use super::password::Hasher;
use super::ports::{Clock, Entropy, Store};
use super::readiness::Readiness;
use super::service::{Parts, Services};
use super::storage::{self, OpenError};
use super::system::{SystemClock, SystemEntropy};
use super::telemetry::LogGaps;
use super::tls::{Certificates, TlsError};
use super::token::access::{AccessSettings, AccessTokens};
use super::token::key_manager::{KeyManager, Policies};
use super::token::ring::{KeyRing, RingError};
use crate::domain::access_token::LEEWAY;
use crate::domain::key_schedule::Policy;
use axum_server::Handle;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long requests in progress may take to finish after a stop.
const STOPPING: Duration = Duration::from_secs(10);

/// How long a server that stops waits until events are recorded.
const RECORDING: Duration = Duration::from_secs(3);
/// The interval between two runs of each housekeeping job.
const HOUSEKEEPING: Duration = Duration::from_secs(30);
/// The interval between two looks at the files of the certificate and its key.
const CERTIFICATE: Duration = Duration::from_secs(2);
/// The longest lifetime of an access token, whatever the settings were when it was issued.
const ACCESS_LONGEST: Duration = Duration::from_secs(15 * 60);
/// The minimum cost of a password hash: KiB of memory, and passes over them (OWASP Password Storage Cheat Sheet).
const ARGON2_MEMORY: u32 = 19_456;
const ARGON2_PASSES: u32 = 2;

/// Why a server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Keys(#[from] RingError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("the server stopped: {0}")]
    Serve(std::io::Error),
    #[error("threads could not be started: {0}")]
    Threads(std::io::Error),
}

/// The sources of time and randomness. Tests replace them.
#[derive(Clone)]
pub struct Runtime {
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Runtime {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }
}

/// How to stop a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// After it has announced the stop for a while (`server.drain`).
    Drained,
    /// Without waiting for those who still send requests.
    AtOnce,
}

/// A server that listens. It serves once it is run.
pub struct Application {
    listeners: Listeners,
    app: App,
    handle: Handle<Peer>,
    connections: Limited,
    certificates: Option<Arc<Certificates>>,
    metrics: Option<MetricsListener>,
    gaps: Option<LogGaps>,
}

impl Application {
    /// Opens the database, loads the keys and listens.
    ///
    /// # Errors
    /// [`StartError`]. No request has been served then.
    pub async fn build(config: Config, runtime: Runtime) -> Result<Self, StartError> {
        Self::build_on(Vec::new(), config, runtime).await
    }

    /// Like [`Application::build`], but listens on the sockets that were passed, if any were.
    pub(super) async fn build_on(
        passed: Vec<PassedSocket>,
        config: Config,
        runtime: Runtime,
    ) -> Result<Self, StartError> {
        // This comes first: migrations must not touch the tables of another server.
        let claim = storage::claim(&config.settings.database.url).await?;
        let metrics = Arc::new(Metrics::new(&http::counted_routes()));
        let store = storage::connect_measured(&config.settings.database.url, &metrics.database).await?;
        metrics.started(runtime.clock.now().as_millis(), store.schema_version());
        let settings = Arc::new(config.settings);
        let server = &settings.server;
        let trusted_proxies = TrustedProxies::parse(&server.trusted_proxies)
            .map_err(|reason| ConfigError::Value { key: "server.trusted_proxies", reason })?
            .sending(server.forwarded_header);
        let certificates = Certificates::of(server)?.map(Arc::new);
        let listeners = Listeners::open(passed, &server.listen)?;
        let metrics_listener = MetricsListener::open(server.metrics_listen.as_ref())?;
        let services = measured_services(store.clone(), settings, &runtime, metrics).await?;
        let readiness = Arc::new(Readiness::new(store.clone(), claim));
        let web_sessions = http::WebSessionStore { store, clock: runtime.clock };
        let (trusted_proxies, foreign_origins) = (Arc::new(trusted_proxies), Arc::default());
        let files = Arc::new(http::site::files(&config.leptos, &config.site));
        let lines = hyper_errors::lines(services.settings().server.is_https());
        let share = services.settings().limits.connections_per_address;
        let connections = Limited::to(connections::most(), share, trusted_proxies.clone(), lines);
        let connections = connections.encrypted(certificates.clone());
        let (entropy, leptos, site) = (runtime.entropy, config.leptos, config.site.source);
        let app = App::new(AppParts {
            services,
            entropy,
            web_sessions,
            trusted_proxies,
            leptos,
            site,
            foreign_origins,
            files,
            readiness,
        });
        let (handle, metrics) = (Handle::new(), metrics_listener);
        Ok(Self { listeners, app, handle, connections, certificates, metrics, gaps: None })
    }

    /// Where it listens, with the ports that the system chose.
    pub fn addresses(&self) -> impl Iterator<Item = &ListenAddress> {
        self.listeners.addresses()
    }

    /// The first IP address and port that it listens on.
    ///
    /// # Errors
    /// When it listens on Unix sockets only.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        let mut ips = self.addresses().filter_map(|address| match address {
            ListenAddress::Ip(address) => Some(*address),
            ListenAddress::Unix(_) => None,
        });
        ips.next().ok_or_else(|| std::io::ErrorKind::AddrNotAvailable.into())
    }

    /// Where it answers with its metrics, if anywhere.
    pub fn metrics_address(&self) -> Option<&ListenAddress> {
        self.metrics.as_ref().and_then(MetricsListener::address)
    }

    /// Lets the metrics tell what is missing in the log.
    pub(super) fn set_log_gaps(&mut self, gaps: LogGaps) {
        self.gaps = Some(gaps);
    }

    /// The certificate of this server, if it speaks TLS itself.
    pub(super) fn certificates(&self) -> Option<Arc<Certificates>> {
        self.certificates.clone()
    }

    /// The use cases, for tests that go past HTTP.
    pub fn services(&self) -> &Arc<Services> {
        &self.app.services
    }

    /// What the router is made of, for measurements that go past the sockets.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The handle that stops the server.
    pub fn handle(&self) -> Handle<Peer> {
        self.handle.clone()
    }

    /// Serves until `stop` completes. Then the server reports that it is not ready, and closes each connection after
    /// its next answer, so that clients go elsewhere. After a while it accepts no more connections, finishes the
    /// accepted requests, and writes what is still in memory.
    ///
    /// # Errors
    /// [`StartError::Serve`] when the listener fails.
    pub async fn run_until(self, stop: impl Future<Output = Stop> + Send + 'static) -> Result<(), StartError> {
        let services = self.app.services.clone();
        let mut housekeeping = housekeeping(&services);
        if let Some(certificates) = self.certificates {
            let look = move || {
                let certificates = certificates.clone();
                async move { tokio::task::spawn_blocking(move || certificates.reload_if_changed()).await }
            };
            housekeeping.spawn(run_periodically(CERTIFICATE, "looking at the certificate", look));
        }
        let monitor = Monitor::new(&services, &self.app.readiness, &self.connections, self.gaps);
        let metrics_handle = self.metrics.map(|listener| monitor.answer(listener, &mut housekeeping));
        let handle = self.handle.clone();
        let pages = services.clone();
        let readiness = self.app.readiness.clone();
        let stopping = readiness.clone();
        let (drain, idle) = (services.settings().server.drain, services.settings().server.idle_timeout);
        let stopper = tokio::spawn(async move {
            let stop = stop.await;
            stopping.stop();
            tracing::info!("stopping");
            if stop == Stop::Drained {
                tokio::time::sleep(drain).await;
            }
            // Open pages ask anew, and elsewhere: nobody is accepted here any more.
            pages.session_changes().close();
            handle.graceful_shutdown(Some(STOPPING));
        });
        let router = http::router(self.app);
        let served = super::serving::serve(self.listeners, self.connections, self.handle, idle, router).await;
        // The last requests are counted by now, and may have been read. Its connections end here.
        metrics_handle.iter().for_each(Handle::shutdown);
        drop(housekeeping);
        stopper.abort();
        if let Err(error) = services.flush().await {
            tracing::warn!(%error, "the last seen times could not be written");
        }
        if tokio::time::timeout(RECORDING, services.recorded()).await.is_err() {
            tracing::warn!("events that waited to be recorded are lost");
        }
        readiness.release().await;
        served.map_err(StartError::Serve)
    }
}

/// The use cases, with their dependencies.
///
/// # Errors
/// When the keys cannot be loaded, or threads cannot be started.
pub async fn services(
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    runtime: &Runtime,
) -> Result<Arc<Services>, StartError> {
    measured_services(store, settings, runtime, Arc::default()).await
}

/// The same, counting to `metrics`.
async fn measured_services(
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    runtime: &Runtime,
    metrics: Arc<Metrics>,
) -> Result<Arc<Services>, StartError> {
    let tokens = &settings.tokens;
    let (keys, ring) = keys(store.clone(), &settings, runtime).await?;
    let access = AccessSettings {
        issuer: settings.server.public_url.clone(),
        ttl: tokens.access_ttl,
        jitter: tokens.access_jitter,
        longest: ACCESS_LONGEST,
    };
    let access = Arc::new(AccessTokens::new(access, ring));
    let password = &settings.password;
    let params =
        argon2::Params::new(password.argon2_memory, password.argon2_iterations, password.argon2_parallelism, None)
            .map_err(|error| ConfigError::Value { key: "password", reason: error.to_string() })?;
    if password.argon2_memory < ARGON2_MEMORY || password.argon2_iterations < ARGON2_PASSES {
        tracing::warn!("Argon2 is set below 19 MiB or 2 passes: passwords are cheaper to guess than they should be");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if password.max_parallel == 0 { cores } else { password.max_parallel };
    let hasher =
        Hasher::start(params, threads, password.queue, runtime.entropy.clone()).map_err(StartError::Threads)?;
    let (clock, entropy) = (runtime.clock.clone(), runtime.entropy.clone());
    // Half of the connections stay free for short requests.
    let listeners = connections::most() / 2;
    Ok(Services::start(Parts { store, clock, entropy, settings, access, keys, hasher, metrics, listeners }))
}

/// The key ring, and the manager that keeps it up to date.
///
/// # Errors
/// When the keys cannot be loaded.
pub async fn keys(
    store: Arc<dyn Store>,
    settings: &Settings,
    runtime: &Runtime,
) -> Result<(KeyManager, KeyRing), RingError> {
    let (entropy, now) = (runtime.entropy.clone(), runtime.clock.now());
    KeyManager::open(store, entropy, &settings.secret.file, key_policies(&settings.tokens), now).await
}

/// How the keys are rotated.
pub(super) fn key_policies(tokens: &Tokens) -> Policies {
    let every = tokens.key_rotation;
    Policies {
        access: Policy {
            algorithm: format!("{:?}", tokens.algorithm),
            every,
            // One leeway for the verifier, and one for a server whose clock is behind and which signs a little longer.
            kept: ACCESS_LONGEST + 2 * LEEWAY,
            is_enough: true,
        },
        algorithm: tokens.algorithm,
        refresh: Policy {
            algorithm: "HS512".into(),
            every,
            kept: tokens.refresh_absolute.max(tokens.refresh_absolute_short),
            // A valid signature is not enough: the session's row must have the token's digest.
            is_enough: false,
        },
    }
}

/// The housekeeping jobs. They run independently, so one that fails or takes long delays no other. Dropping the set
/// ends them.
fn housekeeping(services: &Arc<Services>) -> JoinSet<()> {
    let mut housekeeping = JoinSet::new();
    let shared = services.clone();
    housekeeping.spawn(run_periodically(HOUSEKEEPING, "keys", move || {
        let services = shared.clone();
        async move { services.keep_keys().await }
    }));
    let shared = services.clone();
    housekeeping.spawn(run_periodically(HOUSEKEEPING, "last seen times", move || {
        let services = shared.clone();
        async move { services.flush().await }
    }));
    let shared = services.clone();
    housekeeping.spawn(run_periodically(HOUSEKEEPING, "deleting old data", move || {
        let services = shared.clone();
        async move { services.purge().await }
    }));
    housekeeping
}

/// Runs `work` again and again, each time in its own task: a panic ends only that run. Dropping the future ends the
/// current run. `job` is the name in the log.
pub(super) async fn run_periodically<
    E: std::fmt::Display + Send + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
>(
    every: Duration,
    job: &'static str,
    work: impl Fn() -> F,
) {
    let mut ticks = tokio::time::interval(every);
    let mut tasks = JoinSet::new();
    loop {
        ticks.tick().await;
        tasks.spawn(work());
        match tasks.join_next().await {
            Some(Ok(Err(error))) => tracing::warn!(%error, job, "housekeeping failed and will be tried again"),
            // A panic. Its message may quote secrets.
            Some(Err(_)) => tracing::error!(job, "housekeeping panicked and will be tried again"),
            Some(Ok(Ok(()))) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn housekeeping_survives_a_panic_and_an_error() {
        let times = AtomicUsize::new(0);
        let (done, mut third) = tokio::sync::mpsc::unbounded_channel();
        let work = || {
            let (time, done) = (times.fetch_add(1, Ordering::SeqCst), done.clone());
            async move {
                assert!(time != 0, "the first time panics");
                if time == 1 { Err("the second fails") } else { done.send(time).map_err(|_| "nobody waits any more") }
            }
        };
        tokio::select! {
            () = run_periodically(Duration::from_millis(1), "a job", work) => {}
            time = third.recv() => assert_eq!(time, Some(2)),
        }
    }
}
