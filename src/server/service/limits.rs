//! Limits on attempts: a place is taken before anything is computed, and given back by a success, or if nothing was
//! judged. Nobody is told by them whether an account exists: the keys are digests of what was typed.

use super::{ServiceError, Services, Source};
use crate::domain::credentials::Username;
use crate::domain::id::SessionId;
use crate::domain::limits::{Rule, Tally};
use crate::domain::time::Timestamp;
use crate::server::config::Limits;
use crate::server::ports::Tallies;
use dashmap::DashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many accounts may be made from one address for each attempt to sign in that it has.
const SIGN_UPS: u32 = 10;

/// What an attempt counts against.
#[derive(Clone, Debug)]
pub struct Attempt(Vec<(String, Rule)>);

/// An attempt that was begun: a success is given back, a fault of ours taken back.
#[derive(Clone, Debug, Default)]
pub struct Begun {
    places: Vec<Place>,
    /// Whether it is the one after which others of the account have to wait.
    pub begins_to_block: bool,
}

#[derive(Clone, Debug)]
struct Place {
    key: String,
    rule: Rule,
    /// As the attempt left it.
    tally: Tally,
}

impl Services {
    /// An attempt to prove that one is `username`, as it was typed. From a browser that already showed a session of the
    /// same user it counts against that session and not against the account: somebody else's guesses keep nobody out.
    pub(super) fn sign_in_attempt(&self, username: &str, source: &Source, known: Option<&SessionId>) -> Attempt {
        let limits = &self.settings.limits;
        let account = match known {
            Some(sid) => ("session", sid.to_string()),
            None => ("account", Username::counted_as(username)),
        };
        self.attempt([
            (account, Rule::Failures(limits.login_per_account)),
            (("sign-in from", network(source)), Rule::PerMinute(limits.login_per_address)),
        ])
    }

    /// An attempt to make an account.
    pub(super) fn sign_up_attempt(&self, source: &Source) -> Attempt {
        let rule = Rule::PerMinute(self.settings.limits.login_per_address);
        self.attempt([(("sign-up from", network(source)), rule)])
    }

    /// An account that was made: these are not given back, but there may be more of them.
    pub(super) fn signed_up(&self, source: &Source) -> Attempt {
        let rule = Rule::PerMinute(self.settings.limits.login_per_address.saturating_mul(SIGN_UPS));
        self.attempt([(("account from", network(source)), rule)])
    }

    /// Without those limits that are off.
    fn attempt<const N: usize>(&self, counted: [((&str, String), Rule); N]) -> Attempt {
        let on = counted.into_iter().filter(|(_, rule)| !matches!(rule, Rule::PerMinute(0) | Rule::Failures(0)));
        let mut keys: Vec<(String, Rule)> =
            on.map(|((kind, whom), rule)| (self.access.ring().pseudonym(kind, &whom), rule)).collect();
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        Attempt(keys)
    }

    /// Takes the attempt's places, all or none, durable before anything is computed.
    ///
    /// # Errors
    /// `RateLimited` when it may not be made yet.
    pub(super) async fn begin(&self, Attempt(rules): Attempt) -> Result<Begun, ServiceError> {
        if rules.is_empty() {
            return Ok(Begun::default());
        }
        let now = self.now();
        let outcome = Arc::new(Mutex::new(Ok(Begun::default())));
        let slot = outcome.clone();
        let keys = rules.iter().map(|(key, _)| key.clone()).collect();
        let judge = Box::new(move |tallies: Tallies| {
            let outcome = all_or_none(&rules, &tallies, now);
            let changed = outcome.iter().flat_map(|begun| &begun.places);
            let changed = changed.map(|place| (place.key.clone(), place.tally)).collect();
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
            changed
        });
        self.store.tally(keys, judge).await?;
        let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner).clone();
        outcome.map_err(|wait| ServiceError::RateLimited { wait })
    }

    /// Gives back what a success took. A fault costs the user a place until it has decayed, and nothing else.
    pub(super) async fn give_back(&self, begun: Begun) {
        self.settle(begun, |place, tally, now| place.rule.succeeded(tally, now)).await;
    }

    /// Takes back an attempt that was never judged.
    pub(super) async fn take_back(&self, begun: Begun) {
        self.settle(begun, |place, tally, now| place.rule.undone(tally, place.tally, now)).await;
    }

    /// What became of a judgement; if it did not take place, by a fault of ours, the attempt is taken back.
    ///
    /// # Errors
    /// Those of the judgement.
    pub(super) async fn judged<T, E: Into<ServiceError>>(
        &self,
        begun: &Begun,
        judgement: Result<T, E>,
    ) -> Result<T, ServiceError> {
        let judgement = judgement.map_err(Into::into);
        if judgement.as_ref().is_err_and(ServiceError::is_ours) {
            self.take_back(begun.clone()).await;
        }
        judgement
    }

    async fn settle(&self, begun: Begun, left: fn(&Place, Tally, Timestamp) -> Option<Tally>) {
        if begun.places.is_empty() {
            return;
        }
        let now = self.now();
        let keys = begun.places.iter().map(|place| place.key.clone()).collect();
        let judge = Box::new(move |tallies: Tallies| {
            let left = |place: Place| {
                let tally = tallies.get(&place.key).copied()?;
                let left = left(&place, tally, now).unwrap_or_default();
                Some((place.key, left))
            };
            begun.places.into_iter().filter_map(left).collect()
        });
        if let Err(error) = self.store.tally(keys, judge).await {
            tracing::warn!(%error, "an attempt that does not count could not be given back");
        }
    }
}

impl Services {
    /// Writes something without making anybody wait for it: where there is nothing to record, the database must be as
    /// busy as where there is, or the time of the next answers would tell.
    pub(super) fn write_aside(&self) {
        let (store, now) = (self.store.clone(), self.now());
        let key = self.access.ring().pseudonym("nobody", "");
        tokio::spawn(async move {
            let keys = vec![key.clone()];
            let tally = Tally { until: now, count: 0, expires_at: now };
            let judge = Box::new(move |_: Tallies| Tallies::from([(key, tally)]));
            if let Err(error) = store.tally(keys, judge).await {
                tracing::warn!(%error, "a write aside failed");
            }
        });
    }
}

/// The places of an attempt under all of its rules; none, but how long to wait, if any of them refuses.
fn all_or_none(rules: &[(String, Rule)], tallies: &Tallies, now: Timestamp) -> Result<Begun, Duration> {
    let (mut begun, mut wait) = (Begun::default(), Duration::ZERO);
    for (key, rule) in rules {
        match rule.begin(tallies.get(key).copied(), now) {
            Ok(tally) => {
                begun.begins_to_block |= rule.begins_to_block(&tally);
                begun.places.push(Place { key: key.clone(), rule: *rule, tally });
            }
            Err(more) => wait = wait.max(more),
        }
    }
    if wait.is_zero() { Ok(begun) } else { Err(wait) }
}

/// The address that counts: of IPv6 the network of 64 bits, since whoever has one address there has them all.
fn network(source: &Source) -> String {
    match source.ip.as_deref().map(str::parse) {
        Some(Ok(IpAddr::V6(address))) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => source.ip.clone().unwrap_or_default(),
    }
}

/// What a session may do only so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doing {
    Refresh,
    Rename,
    Export,
}

/// How often each session does what, in memory: what is lost by a restart is one minute's worth.
#[derive(Default)]
pub struct PerSession(DashMap<(Doing, SessionId), Tally>);

impl PerSession {
    /// Counts one.
    ///
    /// # Errors
    /// `RateLimited` when there were too many.
    pub fn count(&self, doing: Doing, sid: &SessionId, limits: &Limits, now: Timestamp) -> Result<(), ServiceError> {
        let per_minute = match doing {
            Doing::Refresh => limits.refresh_per_session,
            Doing::Rename => limits.rename_per_session,
            Doing::Export => limits.export_per_session,
        };
        if per_minute == 0 {
            return Ok(());
        }
        let mut tally = self.0.entry((doing, sid.clone())).or_default();
        match Rule::PerMinute(per_minute).begin(Some(*tally), now) {
            Ok(begun) => {
                *tally = begun;
                Ok(())
            }
            Err(wait) => Err(ServiceError::RateLimited { wait }),
        }
    }

    /// Forgets what is over.
    pub fn forget(&self, now: Timestamp) {
        self.0.retain(|_, tally| now < tally.expires_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(ip: &str) -> String {
        network(&Source { ip: Some(ip.to_owned()), ..Source::default() })
    }

    #[test]
    fn ipv6_counts_by_its_network_of_64_bits_and_ipv4_by_the_address() {
        assert_eq!(from("2001:db8:1:2:3:4:5:6"), from("2001:db8:1:2:ffff::1"));
        assert_ne!(from("2001:db8:1:2::1"), from("2001:db8:1:3::1"));
        assert_ne!(from("192.0.2.1"), from("192.0.2.2"));
    }
}
