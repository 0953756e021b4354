//! A server for one test, on its own port. The test controls its clock.

use super::{Anonymous, Backend, SignedIn, Wire, wire};
use latchkey::domain::time::Timestamp;
use latchkey::server::application::{Application, Runtime, Stop};
use latchkey::server::config::{Config, Limits, ListenAddress, Settings};
use latchkey::server::ports::{Clock, Entropy as _, Store};
use latchkey::server::service::Services;
use latchkey::server::site::{Archive, Hashes, Site, SiteSource};
use latchkey::server::storage;
use latchkey::server::system::SystemEntropy;
use leptos::config::LeptosOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes);
    bytes
}

/// A clock that stands still until the test moves it. It can panic when it is read.
struct TestClock {
    now: AtomicI64,
    /// Which of the next reads panics (1: the next one); zero or less: none.
    looks: AtomicI64,
    last_words: &'static str,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        assert!(self.looks.fetch_sub(1, Ordering::SeqCst) != 1, "{}", self.last_words);
        Timestamp::from_millis(self.now.load(Ordering::SeqCst))
    }
}

/// The setup of a server.
pub(crate) struct TestAppBuilder {
    backend: Backend,
    settings: Settings,
    now: Timestamp,
    last_words: &'static str,
    /// The URL of its database, if that is not a new one.
    database: Option<String>,
    /// The address of the wire to its database, if the connection is not direct.
    wire: Option<SocketAddr>,
    /// The web app's files, if they are not in its folder.
    embedded: Option<Archive>,
}

impl TestAppBuilder {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// What its database is.
    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    /// The time at which the server starts.
    pub(crate) fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// The message of a panic ([`TestApp::panics_at`]).
    pub(crate) fn with_last_words(mut self, words: &'static str) -> Self {
        self.last_words = words;
        self
    }

    /// Starts on a database that is there already.
    pub(crate) fn on_database(mut self, url: &str) -> Self {
        self.database = Some(url.to_owned());
        self
    }

    /// Connects to the database through `wire`.
    pub(crate) fn over(mut self, wire: &Wire) -> Self {
        self.wire = Some(wire.address());
        self
    }

    /// A program that carries the web app's files.
    pub(crate) fn carrying(mut self, site: Archive) -> Self {
        self.embedded = Some(site);
        self
    }

    pub(crate) async fn start(self) -> TestApp {
        self.start_in(tempfile::tempdir().expect("a folder")).await
    }

    /// Starts in a folder that the test has prepared.
    pub(crate) async fn start_in(self, folder: TempDir) -> TestApp {
        let folder = Arc::new(folder);
        let mut settings = self.settings;
        let direct = match self.database {
            Some(url) => url,
            None => self.backend.url(folder.path()).await,
        };
        settings.database.url = self.wire.map_or_else(|| direct.clone(), |address| wire::url(&direct, address));
        settings.secret.file = folder.path().join("secret.key");
        let (now, looks) = (AtomicI64::new(self.now.as_millis()), AtomicI64::new(0));
        let clock = Arc::new(TestClock { now, looks, last_words: self.last_words });
        let site = self.embedded.map_or_else(|| SiteSource::Folder(folder.path().join("site")), SiteSource::Embedded);
        let running = Running::start(settings.clone(), site.clone(), clock.clone()).await;
        TestApp { folder, settings, site, clock, running: Some(running) }
    }
}

/// A running server.
pub(crate) struct TestApp {
    folder: Arc<TempDir>,
    settings: Settings,
    site: SiteSource,
    clock: Arc<TestClock>,
    running: Option<Running>,
}

struct Running {
    addresses: Vec<ListenAddress>,
    metrics: Option<ListenAddress>,
    services: Arc<Services>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    async fn start(settings: Settings, site: SiteSource, clock: Arc<TestClock>) -> Self {
        let leptos = LeptosOptions::builder().output_name("latchkey").build();
        let site = Site { source: site, hashes: Hashes::default() };
        let world = Runtime { clock, entropy: Arc::new(SystemEntropy) };
        let application =
            Application::build(Config { settings, leptos, site, file: None }, world).await.expect("the server starts");
        let (stop, stopped) = oneshot::channel();
        let (addresses, services) = (application.addresses().cloned().collect(), application.services().clone());
        let metrics = application.metrics_address().cloned();
        let served = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
                Stop::Drained
            };
            application.run_until(stopped).await.expect("the server serves");
        });
        Self { addresses, metrics, services, stop, served }
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.served.await.expect("the server stops");
    }
}

impl TestApp {
    /// A server with cheap hashing and otherwise the default settings.
    pub(crate) fn on(backend: Backend) -> TestAppBuilder {
        let mut settings = Settings::default();
        settings.server.listen = vec![SocketAddr::from(([127, 0, 0, 1], 0)).into()];
        settings.server.public_url = "https://id.example.org".into();
        settings.server.drain = Duration::ZERO;
        settings.password.argon2_memory = 64;
        settings.password.argon2_iterations = 1;
        // Tests sign in often from one address. Tests of the limits turn them on.
        settings.limits = Limits::off();
        TestAppBuilder {
            backend,
            settings,
            now: Timestamp::from_millis(1_800_000_000_123),
            last_words: "",
            database: None,
            wire: None,
            embedded: None,
        }
    }

    pub(crate) async fn start() -> Self {
        Self::on(Backend::Sqlite).start().await
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the server runs")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.settings.server.tls_cert.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.addresses()[0])
    }

    /// Where it listens.
    pub(crate) fn addresses(&self) -> &[ListenAddress] {
        &self.running().addresses
    }

    /// Where it answers with its metrics.
    pub(crate) fn metrics_address(&self) -> Option<&ListenAddress> {
        self.running().metrics.as_ref()
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.settings.server.public_url
    }

    pub(crate) fn services(&self) -> &Services {
        &self.running().services
    }

    /// The whole database, beside the server.
    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        storage::connect(&self.settings.database.url).await.expect("the database opens")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.now.fetch_add(i64::try_from(by.as_millis()).expect("a time"), Ordering::SeqCst);
    }

    /// Sets the clock back.
    pub(crate) fn step_back(&self, by: Duration) {
        self.clock.now.fetch_sub(i64::try_from(by.as_millis()).expect("a time"), Ordering::SeqCst);
    }

    /// Makes the server panic when it reads the clock for the `look`-th time from now on.
    pub(crate) fn panics_at(&self, look: i64) {
        self.clock.looks.store(look, Ordering::SeqCst);
    }

    /// Whether it has not panicked yet. It no longer will.
    pub(crate) fn panics_no_more(&self) -> bool {
        self.clock.looks.swap(0, Ordering::SeqCst) > 0
    }

    /// Asks the server to stop, without waiting.
    pub(crate) fn tell_to_stop(&mut self) {
        let running = self.running.as_mut().expect("the server runs");
        let _ = std::mem::replace(&mut running.stop, oneshot::channel().0).send(());
    }

    /// Stops the server, until [`Self::restart`].
    pub(crate) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Stops the server and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let settings = self.settings.clone();
        self.running = Some(Running::start(settings, self.site.clone(), self.clock.clone()).await);
    }

    /// A new server on a copy of the current files, as after a crash of this process.
    pub(crate) async fn after_a_crash(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["latchkey.db", "latchkey.db-wal", "secret.key"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).expect("a copy");
        }
        let mut builder = Self::on(Backend::Sqlite).at(self.now());
        builder.settings = self.settings.clone();
        builder.start_in(folder).await
    }

    /// A second server on the same database, with the same secret and clock.
    pub(crate) async fn twin(&self) -> Self {
        let (folder, settings, clock) = (self.folder.clone(), self.settings.clone(), self.clock.clone());
        let site = self.site.clone();
        let running = Running::start(settings.clone(), site.clone(), clock.clone()).await;
        Self { folder, settings, site, clock, running: Some(running) }
    }

    /// Changes the settings for the next start.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A browser that is not signed in.
    pub(crate) fn browser(&self) -> Anonymous {
        Anonymous::new(self)
    }

    /// A new user, signed in.
    pub(crate) async fn signed_up(&self, username: &str) -> SignedIn {
        self.browser().sign_up(username).await
    }

    /// The same user on another device.
    pub(crate) async fn signed_in(&self, username: &str) -> SignedIn {
        self.browser().sign_in(username).await
    }
}
