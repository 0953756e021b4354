//! Attempts in progress. Each holds a place under every limit that it counts against until its outcome is recorded, so
//! parallel attempts cannot exceed a limit. If all places are taken, an attempt waits for one. A refusal is made from
//! memory, or after one read; it writes nothing and waits for nothing.

use super::{ServiceError, Services};
use crate::domain::credentials::Username;
use crate::domain::limits::{LimitRule, Tally};
use crate::domain::time::Timestamp;
use crate::server::password::HashError;
use crate::server::ports::{Tallies, answering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// How many attempts may wait for places under one limit. Further ones are refused as busy.
const WAITING: usize = 256;
/// How long an attempt waits for a place.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a stored tally is used again before it is read anew. Another process may have cleared it meanwhile.
const BELIEVED: Duration = Duration::from_secs(5);
/// How many limits are kept in memory beside those of attempts in progress.
const REMEMBERED: usize = 100_000;

/// Which outcomes count against a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    Failures,
    Successes,
}

/// A limit that an attempt counts against.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub key: String,
    pub rule: LimitRule,
    pub counts: Counts,
    /// Whether it is stored in the database: it survives a restart, and other servers share it.
    pub durable: bool,
}

/// The state of one limit in memory.
#[derive(Default)]
struct Slot {
    under_way: u32,
    /// How many tasks refer to it.
    visitors: u32,
    /// The number of changes in memory. A value read before the last change is out of date.
    changes: u64,
    /// The last known tally; `None` if it was never read.
    tally: Option<Tally>,
    /// When the tally was read or changed.
    as_of: Timestamp,
    /// Whether it has refused an attempt, and may refuse the next one without another read.
    refuses: bool,
    /// Notifies waiting attempts that a place is free.
    left: watch::Sender<()>,
}

impl Slot {
    /// The number of free places, as far as known.
    ///
    /// # Errors
    /// The time to wait if there are none.
    fn places(&mut self, rule: LimitRule, now: Timestamp) -> Result<u32, Duration> {
        let places = rule.places(self.tally, now);
        self.refuses = places.is_err();
        places
    }

    /// Whether the tally need not be read.
    fn is_known(&self, limit: &Limit, now: Timestamp) -> bool {
        // If the clock has stepped back, nobody knows how old the tally is.
        let is_fresh = self.as_of <= now && now.since(self.as_of) < BELIEVED;
        self.tally.is_some() && (is_fresh || !limit.durable)
    }
}

/// All attempts in progress on this server, and the limits that refuse.
#[derive(Default)]
pub(super) struct AttemptsUnderWay(Mutex<HashMap<String, Slot>>);

/// Where an attempt stands.
enum Standing {
    UnderWay,
    /// All places under a limit are taken: try again when one is free.
    Waits(watch::Receiver<()>),
}

impl AttemptsUnderWay {
    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the state of `limits` in memory until the visit is dropped.
    fn visit(self: &Arc<Self>, limits: Vec<Limit>) -> Visit {
        let mut slots = self.slots();
        for limit in &limits {
            let slot = slots.entry(limit.key.clone()).or_default();
            slot.visitors += 1;
            if !limit.durable && slot.tally.is_none() {
                slot.tally = Some(Tally::default());
            }
        }
        drop(slots);
        Visit { attempts: self.clone(), limits, is_under_way: false }
    }

    /// Forgets limits that no longer refuse.
    pub(super) fn forget(&self, now: Timestamp) {
        // After a clock has stepped back, there may be times that no limit could have set.
        let is_over = |tally: Tally| tally.until <= now || tally.until.since(now) > Duration::from_secs(24 * 60 * 60);
        self.slots().retain(|_, slot| slot.visitors > 0 || !slot.tally.is_none_or(is_over));
    }
}

/// An attempt that waits for its places, and then holds them. If it is dropped, nothing counts.
pub(super) struct Visit {
    attempts: Arc<AttemptsUnderWay>,
    limits: Vec<Limit>,
    is_under_way: bool,
}

impl Visit {
    /// The number of changes to the state of the limits, if all of it is known.
    ///
    /// # Errors
    /// The time to wait, if a known limit refuses.
    fn look(&self, now: Timestamp) -> Result<(Vec<u64>, bool), Duration> {
        let mut slots = self.attempts.slots();
        let (mut changes, mut is_known, mut wait) = (Vec::new(), true, Duration::ZERO);
        for limit in &self.limits {
            let Some(slot) = slots.get_mut(&limit.key) else { continue };
            changes.push(slot.changes);
            if slot.is_known(limit, now) {
                wait = wait.max(slot.places(limit.rule, now).err().unwrap_or_default());
            } else {
                is_known = false;
            }
        }
        if wait.is_zero() { Ok((changes, is_known)) } else { Err(wait) }
    }

    /// Takes over tallies that were read, unless the state has changed since `changes`.
    fn learn(&self, changes: &[u64], read: &Tallies, now: Timestamp) {
        let mut slots = self.attempts.slots();
        for (limit, changes) in self.limits.iter().zip(changes) {
            if let Some(slot) = slots.get_mut(&limit.key).filter(|slot| limit.durable && slot.changes == *changes) {
                slot.tally = Some(read.get(&limit.key).copied().unwrap_or_default());
                slot.as_of = now;
            }
        }
    }

    /// Takes a place under each limit, or none.
    ///
    /// # Errors
    /// `RateLimited`; `Busy` when too many wait already.
    fn start(&mut self, now: Timestamp) -> Result<Standing, ServiceError> {
        let mut slots = self.attempts.slots();
        let (mut held, mut wait) = (None, Duration::ZERO);
        for limit in &self.limits {
            let Some(slot) = slots.get_mut(&limit.key) else { continue };
            match slot.places(limit.rule, now) {
                Err(more) => wait = wait.max(more),
                Ok(places) if slot.under_way >= places => held = Some(&limit.key),
                Ok(_) => {}
            }
        }
        if !wait.is_zero() {
            return Err(ServiceError::RateLimited { wait });
        }
        match held.and_then(|key| slots.get(key)) {
            Some(slot) if slot.left.receiver_count() >= WAITING => Err(HashError::Busy.into()),
            // Subscribes before a place can become free.
            Some(slot) => Ok(Standing::Waits(slot.left.subscribe())),
            None => {
                for limit in &self.limits {
                    if let Some(slot) = slots.get_mut(&limit.key) {
                        slot.under_way += 1;
                    }
                }
                drop(slots);
                self.is_under_way = true;
                Ok(Standing::UnderWay)
            }
        }
    }

    /// Takes over the changed tallies.
    fn changed(&self, tallies: &Tallies, now: Timestamp) {
        let mut slots = self.attempts.slots();
        for (key, tally) in tallies {
            if let Some(slot) = slots.get_mut(key) {
                slot.tally = Some(*tally);
                slot.as_of = now;
                slot.changes += 1;
            }
        }
    }

    /// The tallies in memory.
    fn tallies(&self) -> Tallies {
        let slots = self.attempts.slots();
        let known = |limit: &Limit| Some((limit.key.clone(), slots.get(&limit.key)?.tally?));
        self.limits.iter().filter_map(known).collect()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut slots = self.attempts.slots();
        let crowded = slots.len() > REMEMBERED;
        for limit in &self.limits {
            let Some(slot) = slots.get_mut(&limit.key) else { continue };
            slot.visitors = slot.visitors.saturating_sub(1);
            if self.is_under_way {
                slot.under_way = slot.under_way.saturating_sub(1);
                slot.left.send_replace(());
            }
            let only_here = !limit.durable && slot.tally.is_some_and(|tally| tally != Tally::default());
            if slot.visitors == 0 && (crowded || !(only_here || slot.refuses)) {
                slots.remove(&limit.key);
            }
        }
    }
}

/// The effect of an attempt's outcome on its limits.
#[derive(Clone, Debug, Default)]
struct AttemptOutcome {
    changed: Tallies,
    /// The time to wait, if other servers used the limit up meanwhile.
    wait: Duration,
    begins_to_block: bool,
}

impl AttemptOutcome {
    /// Counts the outcome. A success clears earlier failures.
    fn of(limits: &[Limit], tallies: &Tallies, succeeded: bool, now: Timestamp) -> Self {
        let mut settled = Self::default();
        for limit in limits {
            let tally = tallies.get(&limit.key).copied();
            if (limit.counts == Counts::Successes) == succeeded {
                match limit.rule.count(tally, now) {
                    Ok(tally) => {
                        settled.begins_to_block |= limit.rule.begins_to_block(&tally);
                        settled.changed.insert(limit.key.clone(), tally);
                    }
                    Err(wait) => settled.wait = settled.wait.max(wait),
                }
            } else if succeeded
                && matches!(limit.rule, LimitRule::Failures(_))
                && tally.is_some_and(|tally| tally.count > 0)
            {
                settled.changed.insert(limit.key.clone(), Tally::default());
            }
        }
        settled
    }
}

impl Services {
    /// Starts an attempt as soon as there is a place for it.
    ///
    /// # Errors
    /// `RateLimited` when it may not be made yet; `Busy` when too many wait, or for too long.
    pub(super) async fn begin(&self, limits: Vec<Limit>) -> Result<Visit, ServiceError> {
        let mut visit = self.attempts.visit(limits);
        let durable = visit.limits.iter().filter(|limit| limit.durable);
        let keys: Vec<String> = durable.map(|limit| limit.key.clone()).collect();
        let patience = Instant::now() + PATIENCE;
        loop {
            let now = self.now();
            let (changes, is_known) = visit.look(now).map_err(|wait| ServiceError::RateLimited { wait })?;
            if !keys.is_empty() && (!is_known || self.store.is_shared()) {
                visit.learn(&changes, &self.store.tallies(&keys).await?, now);
                if !visit.look(now).is_ok_and(|(since, _)| since == changes) {
                    continue;
                }
            }
            match visit.start(now)? {
                Standing::UnderWay => return Ok(visit),
                Standing::Waits(mut left) => {
                    // An error means that the limit is no longer in memory: then there is room as well.
                    let waited = timeout_at(patience, left.changed()).await;
                    drop(waited.map_err(|_| HashError::Busy)?);
                }
            }
        }
    }

    /// Records the outcome of an attempt, durably, before the outcome is answered. Returns whether further attempts on
    /// the account have to wait from now on.
    ///
    /// # Errors
    /// `RateLimited` if attempts on other servers used the limit up meanwhile: then the outcome must not be answered.
    /// Also when the store does not answer.
    pub(super) async fn record_outcome(&self, visit: Visit, succeeded: bool) -> Result<bool, ServiceError> {
        let now = self.now();
        let (durable, fleeting): (Vec<Limit>, Vec<Limit>) =
            visit.limits.iter().cloned().partition(|limit| limit.durable);
        let known = visit.tallies();
        let mut settled = AttemptOutcome::of(&fleeting, &known, succeeded, now);
        let due = AttemptOutcome::of(&durable, &known, succeeded, now);
        if !due.changed.is_empty() || !due.wait.is_zero() {
            let keys = durable.iter().map(|limit| limit.key.clone()).collect();
            let (decide, counted) = answering(move |tallies: Tallies| {
                let outcome = AttemptOutcome::of(&durable, &tallies, succeeded, now);
                (outcome.changed.clone(), outcome)
            });
            self.store.tally(keys, decide).await?;
            let counted = counted.take().ok_or(ServiceError::Aborted)?;
            settled.changed.extend(counted.changed);
            settled.wait = settled.wait.max(counted.wait);
            settled.begins_to_block |= counted.begins_to_block;
        }
        visit.changed(&settled.changed, now);
        if settled.wait.is_zero() {
            Ok(settled.begins_to_block)
        } else {
            Err(ServiceError::RateLimited { wait: settled.wait })
        }
    }

    /// Ends the wait for an account after wrong passwords: whoever set its new password owns it.
    pub(super) async fn end_wait_for(&self, account: &Username) {
        let limits = self.account_limits(account.as_str());
        let keys: Vec<String> = limits.iter().map(|limit| limit.key.clone()).collect();
        let visit = self.attempts.visit(limits);
        match self.store.tallies(&keys).await {
            Ok(tallies) => visit.changed(&tallies, self.now()),
            Err(error) => tracing::warn!(%error, "the wait for an account could not be read"),
        }
        self.succeeded(visit).await;
    }

    /// Records the success of an attempt. If that fails, the attempt still succeeds, and keeps its place until it
    /// decays.
    pub(super) async fn succeeded(&self, visit: Visit) {
        if let Err(error) = self.record_outcome(visit, true).await {
            tracing::warn!(%error, "an attempt that succeeded could not be settled");
        }
    }
}
