//! Hashes of passwords, and the database: what their modules count by themselves.

use super::distribution::{Distribution, SECONDS};
use super::number;
use crate::server::system::monotonic;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Hashes of passwords. A clone counts to the same numbers.
#[derive(Clone, Debug)]
pub struct HashMetrics {
    waiting: Gauge,
    running: Gauge,
    refused: Counter,
    times: Distribution,
}

impl Default for HashMetrics {
    /// Counts for nobody.
    fn default() -> Self {
        Self {
            waiting: Gauge::default(),
            running: Gauge::default(),
            refused: Counter::default(),
            times: Distribution::new(&SECONDS),
        }
    }
}

/// A hash that waits for its turn. Dropped before it is run, it counts as refused.
#[derive(Debug)]
#[must_use]
pub struct WaitingHashTimer(Option<HashMetrics>);

/// A hash that is running, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct RunningHash {
    metrics: HashMetrics,
    began: Duration,
}

impl HashMetrics {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("password_hashes_waiting", "Password hashes that wait for a thread", metrics.waiting.clone());
        registry.register("password_hashes_running", "Password hashes that run", metrics.running.clone());
        registry.register(
            "password_hashes_refused",
            "Password hashes that were refused because too many waited",
            metrics.refused.clone(),
        );
        registry.register_with_unit(
            "password_hash",
            "Time of a password hash, without waiting",
            Unit::Seconds,
            metrics.times.clone(),
        );
        metrics
    }

    /// A hash waits.
    pub fn wait(&self) -> WaitingHashTimer {
        self.waiting.inc();
        WaitingHashTimer(Some(self.clone()))
    }
}

impl WaitingHashTimer {
    /// Its turn has come.
    pub fn run(mut self) -> Option<RunningHash> {
        let metrics = self.0.take()?;
        metrics.waiting.dec();
        metrics.running.inc();
        Some(RunningHash { metrics, began: monotonic() })
    }
}

impl Drop for WaitingHashTimer {
    fn drop(&mut self) {
        if let Some(metrics) = self.0.take() {
            metrics.waiting.dec();
            metrics.refused.inc();
        }
    }
}

impl Drop for RunningHash {
    fn drop(&mut self) {
        self.metrics.running.dec();
        self.metrics.times.record(monotonic().saturating_sub(self.began));
    }
}

/// The database. A clone counts to the same numbers.
#[derive(Clone, Debug)]
pub struct DatabaseMetrics {
    busy: Gauge,
    idle: Gauge,
    read_errors: Counter,
    write_errors: Counter,
    writes: Distribution,
}

impl Default for DatabaseMetrics {
    /// Counts for nobody.
    fn default() -> Self {
        Self {
            busy: Gauge::default(),
            idle: Gauge::default(),
            read_errors: Counter::default(),
            write_errors: Counter::default(),
            writes: Distribution::new(&SECONDS),
        }
    }
}

impl DatabaseMetrics {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let connections = Family::<[(&str, &str); 1], Gauge>::default();
        let errors = Family::<[(&str, &str); 1], Counter>::default();
        let metrics = Self {
            busy: connections.get_or_create_owned(&[("state", "busy")]),
            idle: connections.get_or_create_owned(&[("state", "idle")]),
            read_errors: errors.get_or_create_owned(&[("operation", "read")]),
            write_errors: errors.get_or_create_owned(&[("operation", "write")]),
            ..Self::default()
        };
        registry.register("database_connections", "Connections to the database", connections);
        registry.register("database_errors", "Statements and commits that failed", errors);
        registry.register_with_unit(
            "database_write",
            "Time of a write transaction, from its begin to its commit",
            Unit::Seconds,
            metrics.writes.clone(),
        );
        metrics
    }

    /// The connections to the database, and how many of them nobody uses.
    pub(super) fn connections(&self, all: usize, idle: usize) {
        self.busy.set(number(all.saturating_sub(idle)));
        self.idle.set(number(idle));
    }

    /// Counts a read that failed.
    pub fn read_failed(&self) {
        self.read_errors.inc();
    }

    /// Counts a step of a write transaction that failed.
    pub fn write_failed(&self) {
        self.write_errors.inc();
    }

    /// A write transaction has begun.
    pub fn begin_write(&self) -> WriteTimer {
        WriteTimer { metrics: self.clone(), began: monotonic() }
    }
}

/// A write transaction. It is counted when it commits.
#[derive(Debug)]
pub struct WriteTimer {
    metrics: DatabaseMetrics,
    began: Duration,
}

impl WriteTimer {
    /// The transaction is committed.
    pub fn committed(&self) {
        self.metrics.writes.record(monotonic().saturating_sub(self.began));
    }

    /// Where its statements are counted.
    pub const fn metrics(&self) -> &DatabaseMetrics {
        &self.metrics
    }
}
