//! Limits on attempts: a place is taken before anything is computed, and given back by a success. Nobody is told by
//! them whether an account exists: the keys are digests of what was typed.

use super::{ServiceError, Services, Source};
use crate::domain::credentials::Username;
use crate::domain::id::SessionId;
use crate::domain::limits::{Rule, Tally};
use crate::domain::time::Timestamp;
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

/// What came of beginning one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Whether it is the one after which others of the account have to wait.
    pub begins_to_block: bool,
}

impl Services {
    /// An attempt to prove that one is `username`, as it was typed. From a browser that already showed a session of the
    /// same user it counts against that session and not against the account: somebody else's guesses keep nobody out.
    pub(super) fn sign_in_attempt(&self, username: &str, source: &Source, known: Option<&SessionId>) -> Attempt {
        let limits = &self.settings.limits;
        let name = Username::new(username).map_or_else(|_| username.to_lowercase(), |name| name.as_str().to_owned());
        let account = match known {
            Some(sid) => ("session", sid.to_string()),
            None => ("account", name),
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
    pub(super) async fn begin(&self, attempt: &Attempt) -> Result<Begun, ServiceError> {
        let mut begun = Begun { begins_to_block: false };
        if attempt.0.is_empty() {
            return Ok(begun);
        }
        let (now, rules) = (self.now(), attempt.0.clone());
        let outcome: Arc<Mutex<Result<bool, Duration>>> = Arc::new(Mutex::new(Ok(false)));
        let slot = outcome.clone();
        let keys = attempt.0.iter().map(|(key, _)| key.clone()).collect();
        let judge = Box::new(move |tallies: Tallies| {
            let (outcome, changed) = all_or_none(&rules, &tallies, now);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
            changed
        });
        self.store.tally(keys, judge).await?;
        begun.begins_to_block = outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .map_err(|wait| ServiceError::RateLimited { wait })?;
        Ok(begun)
    }

    /// Gives back what a success took. A fault costs the user a place until it has decayed, and nothing else.
    pub(super) async fn give_back(&self, attempt: Attempt) {
        if attempt.0.is_empty() {
            return;
        }
        let (now, rules) = (self.now(), attempt.0);
        let keys = rules.iter().map(|(key, _)| key.clone()).collect();
        let judge = Box::new(move |tallies: Tallies| {
            let back = |(key, rule): (String, Rule)| {
                let tally = tallies.get(&key).copied()?;
                Some((key, rule.succeeded(tally, now).unwrap_or_default()))
            };
            rules.into_iter().filter_map(back).collect()
        });
        if let Err(error) = self.store.tally(keys, judge).await {
            tracing::warn!(%error, "an attempt that succeeded could not be given back");
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

/// The tallies of an attempt under all of its rules; without a change if any of them refuses.
fn all_or_none(rules: &[(String, Rule)], tallies: &Tallies, now: Timestamp) -> (Result<bool, Duration>, Tallies) {
    let (mut changed, mut wait, mut begins_to_block) = (Tallies::new(), Duration::ZERO, false);
    for (key, rule) in rules {
        match rule.begin(tallies.get(key).copied(), now) {
            Ok(tally) => {
                begins_to_block |= rule.begins_to_block(&tally);
                changed.insert(key.clone(), tally);
            }
            Err(more) => wait = wait.max(more),
        }
    }
    if wait.is_zero() { (Ok(begins_to_block), changed) } else { (Err(wait), Tallies::new()) }
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

/// How often each session refreshes, in memory: what is lost by a restart is one minute's worth.
#[derive(Default)]
pub struct Refreshes(DashMap<SessionId, Tally>);

impl Refreshes {
    /// Counts a refresh.
    ///
    /// # Errors
    /// `RateLimited` when there were too many.
    pub fn count(&self, sid: &SessionId, per_minute: u32, now: Timestamp) -> Result<(), ServiceError> {
        if per_minute == 0 {
            return Ok(());
        }
        let mut tally = self.0.entry(sid.clone()).or_default();
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
