//! What a server counts about itself, for Prometheus. All metrics are made at the start, with every value that a label
//! may have, so that a count that is still zero is exported too. A count costs a few atomic operations: no lock, no
//! allocation. No label has a value that a client chooses.
//!
//! Each server has its own [`Metrics`]. Others call its functions when something has happened; what is a state rather
//! than an event (open connections, the age of a key) is set right before it is read.

mod distribution;
mod format;
mod labels;
mod requests;
mod timers;

pub use format::prometheus_text;
pub use labels::{Labelled, MetricLabel, RefreshResult, SignInResult};
pub use requests::{RequestMetrics, RequestTimer};
pub use timers::{DatabaseMetrics, HashMetrics, RunningHash, WaitingHashTimer, WriteTimer};

use crate::domain::session::Reason;
use crate::server::system::monotonic;
use distribution::{Distribution, SECONDS, SIZES};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The start of every name.
const PREFIX: &str = "latchkey";

/// A gauge with fractions.
type Level = Gauge<f64, AtomicU64>;

/// All metrics of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests by route.
    pub requests: RequestMetrics,
    /// The database: transactions, errors, connections.
    pub database: DatabaseMetrics,
    /// Hashes of passwords.
    pub hashes: HashMetrics,
    sign_ins: Labelled<SignInResult>,
    sign_ups: Labelled<SignInResult>,
    refreshes: Labelled<RefreshResult>,
    session_ends: Labelled<Reason>,
    session_end_seconds: Distribution,
    batches: Distribution,
    batch_wait: Distribution,
    levels: Levels,
}

/// The metrics of states.
#[derive(Debug, Default)]
struct Levels {
    ready: Gauge,
    sessions: Gauge,
    users: Gauge,
    streams: Gauge,
    connections: Gauge,
    connections_closed: Counter,
    connections_refused: Counter,
    free_bytes: Gauge,
    started: Level,
    key_due: Level,
    schema: Gauge,
    log_lines_lost: Counter,
    log_lines_left_out: Counter,
}

/// The states that are in memory, at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct States {
    /// Whether the server was ready when it last looked.
    pub is_ready: bool,
    /// The open pages that listen to live events.
    pub streams: usize,
    /// The open connections, and how many were closed or refused since the start because there were too many.
    pub connections: usize,
    /// See `connections`.
    pub connections_closed: u64,
    /// See `connections`.
    pub connections_refused: u64,
    /// The connections to the database, and how many of them nobody uses.
    pub database_connections: usize,
    /// See `database_connections`.
    pub idle_database_connections: usize,
    /// Free space where the SQLite file is, in bytes; `None` on PostgreSQL.
    pub free_bytes: Option<u64>,
    /// When the next key is due to sign access tokens, in milliseconds since the epoch; `None` if keys are not rotated.
    pub key_due: Option<i64>,
    /// Lines of the log that were lost since the start, and those that were left out because one source caused too many.
    pub log_lines_lost: u64,
    /// See `log_lines_lost`.
    pub log_lines_left_out: u64,
}

impl Default for Metrics {
    /// Without routes.
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Metrics {
    /// All metrics, at zero. `routes` are the paths and methods of the routes, as the router has them.
    pub fn new(routes: &[(&'static str, String)]) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        build_info(&mut registry);
        let levels = Levels::registered(&mut registry);
        let mut labelled = Labels(&mut registry);
        Self {
            sign_ins: labelled.register("sign_ins", "Attempts to sign in", "outcome"),
            sign_ups: labelled.register("sign_ups", "Attempts to create an account", "outcome"),
            refreshes: labelled.register("refreshes", "Presented refresh tokens", "outcome"),
            session_ends: labelled.register("session_ends", "Sessions that this server ended", "reason"),
            session_end_seconds: distribution(
                &mut registry,
                "session_end",
                "Time from the order to end sessions until this server refuses their tokens",
                Some(Unit::Seconds),
                &SECONDS,
            ),
            batches: distribution(
                &mut registry,
                "refresh_batch_size",
                "Refresh tokens that share one transaction",
                None,
                &SIZES,
            ),
            batch_wait: distribution(
                &mut registry,
                "refresh_wait",
                "Time that a refresh token waits for its transaction to begin",
                Some(Unit::Seconds),
                &SECONDS,
            ),
            hashes: HashMetrics::registered(&mut registry),
            database: DatabaseMetrics::registered(&mut registry),
            requests: RequestMetrics::registered(&mut registry, routes),
            levels,
            registry,
        }
    }

    /// An attempt to sign in.
    pub fn signed_in(&self, result: SignInResult) {
        self.sign_ins.count(result);
    }

    /// An attempt to create an account.
    pub fn signed_up(&self, result: SignInResult) {
        self.sign_ups.count(result);
    }

    /// What became of a presented refresh token, once that is committed.
    pub fn refreshed(&self, result: RefreshResult) {
        self.refreshes.count(result);
    }

    /// A session ended.
    pub fn session_ended(&self, reason: Reason) {
        self.session_ends.count(reason);
    }

    /// Sessions ended whose end was ordered at `ordered` ([`monotonic`]).
    pub fn sessions_refused(&self, ordered: Duration) {
        self.session_end_seconds.record(monotonic().saturating_sub(ordered));
    }

    /// A transaction begins for `size` refresh tokens.
    pub fn refresh_batch(&self, size: usize) {
        self.batches.record_number(size);
    }

    /// The transaction begins for a refresh token that has waited since `queued` ([`monotonic`]).
    pub fn refresh_waited(&self, queued: Duration) {
        self.batch_wait.record(monotonic().saturating_sub(queued));
    }

    /// The number of users, and of their living sessions.
    pub fn population(&self, users: u64, sessions: u64) {
        self.levels.users.set(number(users));
        self.levels.sessions.set(number(sessions));
    }

    /// When the server started, in milliseconds since the epoch, and the version of its tables.
    pub fn started(&self, at: i64, schema: i64) {
        self.levels.started.set(seconds(at));
        self.levels.schema.set(schema);
    }

    /// All metrics in OpenMetrics' text format (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), with these
    /// states.
    pub fn text(&self, states: &States) -> String {
        self.levels.set(states);
        self.database.connections(states.database_connections, states.idle_database_connections);
        let mut text = String::new();
        // A String takes everything.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Levels {
    fn registered(registry: &mut Registry) -> Self {
        let levels = Self::default();
        registry.register("ready", "Whether the server was ready when it last looked", levels.ready.clone());
        registry.register("sessions", "Living sessions, counted each minute", levels.sessions.clone());
        registry.register("users", "Users, counted each minute", levels.users.clone());
        registry.register("live_streams", "Open pages that listen to live events", levels.streams.clone());
        registry.register("connections", "Open connections", levels.connections.clone());
        registry.register(
            "connections_closed",
            "Idle connections that were closed because there were too many",
            levels.connections_closed.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections that were refused because there were too many",
            levels.connections_refused.clone(),
        );
        registry.register_with_unit(
            "data_free",
            "Free space on the disk of the SQLite file; -1 on PostgreSQL",
            Unit::Bytes,
            levels.free_bytes.clone(),
        );
        registry.register_with_unit(
            "start_time",
            "When the server started, since the epoch",
            Unit::Seconds,
            levels.started.clone(),
        );
        registry.register_with_unit(
            "signing_key_due_timestamp",
            "When the next key is due to sign access tokens, since the epoch; 0 if keys are not rotated",
            Unit::Seconds,
            levels.key_due.clone(),
        );
        registry.register("schema_version", "The version of the tables", levels.schema.clone());
        registry.register(
            "log_lines_lost",
            "Lines of the log that could not be written",
            levels.log_lines_lost.clone(),
        );
        registry.register(
            "log_lines_left_out",
            "Lines of the log that were left out because one source caused too many",
            levels.log_lines_left_out.clone(),
        );
        levels
    }

    fn set(&self, states: &States) {
        self.ready.set(states.is_ready.into());
        self.streams.set(number(states.streams));
        self.connections.set(number(states.connections));
        self.free_bytes.set(states.free_bytes.map_or(-1, number));
        self.key_due.set(states.key_due.map_or(0.0, seconds));
        for (counter, total) in [
            (&self.connections_closed, states.connections_closed),
            (&self.connections_refused, states.connections_refused),
            (&self.log_lines_lost, states.log_lines_lost),
            (&self.log_lines_left_out, states.log_lines_left_out),
        ] {
            counter.inner().store(total, Ordering::Relaxed);
        }
    }
}

/// Registers counters by label.
struct Labels<'a>(&'a mut Registry);

impl Labels<'_> {
    fn register<L: MetricLabel>(&mut self, name: &str, help: &str, label: &'static str) -> Labelled<L> {
        let (counters, family) = Labelled::new(label);
        self.0.register(name, help, family);
        counters
    }
}

fn distribution(
    registry: &mut Registry,
    name: &str,
    help: &str,
    unit: Option<Unit>,
    bounds: &'static [f64],
) -> Distribution {
    let distribution = Distribution::new(bounds);
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, distribution.clone()),
        None => registry.register(name, help, distribution.clone()),
    }
    distribution
}

fn build_info(registry: &mut Registry) {
    let family = Family::<[(&str, &str); 1], Gauge>::default();
    family.get_or_create(&[("version", env!("CARGO_PKG_VERSION"))]).set(1);
    registry.register("build_info", "The version of the program; the value is always 1", family);
}

fn number<N: TryInto<i64>>(number: N) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Seconds since the epoch, of milliseconds.
fn seconds(millis: i64) -> f64 {
    Duration::from_millis(millis.try_into().unwrap_or_default()).as_secs_f64()
}
