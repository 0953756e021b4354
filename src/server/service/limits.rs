//! The limits on attempts, and what each counts against. They do not tell whether an account exists: their keys are
//! digests of the typed name.

use super::attempts::{Counts, Limit};
use super::known_browsers::KnownBy;
use super::{ServiceError, Services, Source};
use crate::domain::credentials::Username;
use crate::domain::id::{SessionId, UserId};
use crate::domain::limits::{LimitRule, Tally};
use crate::domain::time::Timestamp;
use crate::domain::turns::Origin;
use crate::server::config::Limits;
use crate::server::ports::Tallies;
use dashmap::DashMap;
use ipnet::IpNet;
use std::net::IpAddr;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// What wrong passwords from unknown browsers count against.
const ACCOUNT: &str = "account";
/// Accounts that may be created from one address, per attempt to sign in that it is allowed.
const SIGN_UPS: u32 = 10;

impl Services {
    /// The limits that a password for `username` (as typed) counts against. From a known browser it counts against that
    /// browser alone, and not against account or address: other people's guesses keep nobody out there.
    pub(super) fn sign_in_limits(&self, username: &str, source: &Source, known: Option<&KnownBy>) -> Vec<Limit> {
        let limits = &self.settings.limits;
        let (kind, whom) = match known {
            Some(KnownBy::Session(sid)) => ("session", sid.to_string()),
            Some(KnownBy::Device(whom)) => ("device", whom.clone()),
            None => (ACCOUNT, Username::counted_as(username)),
        };
        let mut all = vec![
            self.limit((kind, &whom), LimitRule::Failures(limits.login_per_account), Counts::Failures),
            Limit {
                durable: false,
                ..self.limit(("signed in", &whom), LimitRule::PerMinute(limits.sign_ins_per_account), Counts::Successes)
            },
        ];
        if known.is_none() {
            let rule = LimitRule::PerMinute(limits.login_per_address);
            all.push(self.limit(("sign-in from", &network(source)), rule, Counts::Failures));
        }
        without_those_that_are_off(all)
    }

    /// The limit on wrong passwords for `username` from browsers that are not known.
    pub(super) fn account_limits(&self, username: &str) -> Vec<Limit> {
        let rule = LimitRule::Failures(self.settings.limits.login_per_account);
        let whom = Username::counted_as(username);
        without_those_that_are_off(vec![self.limit((ACCOUNT, &whom), rule, Counts::Failures)])
    }

    /// The limits that a second factor counts against. They are apart from those of the password: a right password, which
    /// clears its own, gives no more tries at the code.
    pub(super) fn second_factor_limits(&self, user: &UserId, source: &Source, known: Option<&KnownBy>) -> Vec<Limit> {
        let limits = &self.settings.limits;
        let (kind, whom) = match known {
            Some(KnownBy::Session(sid)) => ("factor in session", sid.to_string()),
            Some(KnownBy::Device(whom)) => ("factor on device", whom.clone()),
            None => ("factor of account", user.to_string()),
        };
        let mut all = vec![self.limit((kind, &whom), LimitRule::Failures(limits.login_per_account), Counts::Failures)];
        if known.is_none() {
            let rule = LimitRule::PerMinute(limits.login_per_address);
            all.push(self.limit(("sign-in from", &network(source)), rule, Counts::Failures));
        }
        without_those_that_are_off(all)
    }

    /// The limits that a sign-up counts against: one for failures, and a higher one for successes.
    pub(super) fn sign_up_limits(&self, source: &Source) -> Vec<Limit> {
        let (most, from) = (self.settings.limits.login_per_address, network(source));
        without_those_that_are_off(vec![
            self.limit(("sign-up from", &from), LimitRule::PerMinute(most), Counts::Failures),
            self.limit(("account from", &from), LimitRule::PerMinute(most.saturating_mul(SIGN_UPS)), Counts::Successes),
        ])
    }

    /// The limit that the use of a one-time link counts against.
    pub(super) fn link_limits(&self, source: &Source) -> Vec<Limit> {
        let rule = LimitRule::PerMinute(self.settings.limits.login_per_address);
        without_those_that_are_off(vec![self.limit(("link from", &network(source)), rule, Counts::Failures)])
    }

    fn limit(&self, (kind, whom): (&str, &str), rule: LimitRule, counts: Counts) -> Limit {
        Limit { key: self.access.ring().pseudonym(kind, whom), rule, counts, durable: true }
    }

    /// Writes in the background where there is nothing to record, so that the database is as busy as where there is.
    /// The time of later answers would tell the difference.
    pub(super) fn write_aside(&self) {
        let (store, now) = (self.store.clone(), self.now());
        let key = self.access.ring().pseudonym("nobody", "");
        self.background_writes.add(async move {
            let keys = vec![key.clone()];
            let tally = Tally { until: now, count: 0, expires_at: now };
            let judge = Box::new(move |_: Tallies| Tallies::from([(key, tally)]));
            if let Err(error) = store.tally(keys, judge).await {
                tracing::warn!(%error, "a write aside failed");
            }
        });
    }
}

fn without_those_that_are_off(mut limits: Vec<Limit>) -> Vec<Limit> {
    limits.retain(|limit| !matches!(limit.rule, LimitRule::PerMinute(0) | LimitRule::Failures(0)));
    limits
}

/// The address that a limit counts: for IPv6 the /64 network, since its holder has all of its addresses.
fn network(source: &Source) -> String {
    prefix(source, 32, 64)
}

/// The queue of an attempt: that of the account that knows the browser, else that of the network.
pub(super) fn origin(source: &Source, known: Option<&UserId>) -> Origin {
    match known {
        Some(user) => Origin::Known(user.to_string()),
        // The largest network that one customer gets.
        None => Origin::Stranger { network: prefix(source, 24, 48), address: network(source), account: String::new() },
    }
}

/// The network of an address, with this many bits.
fn prefix(source: &Source, bits_of_v4: u8, bits_of_v6: u8) -> String {
    let address = source.ip.as_deref().and_then(|ip| ip.parse::<IpAddr>().ok());
    let bits = if address.is_some_and(|address| address.is_ipv6()) { bits_of_v6 } else { bits_of_v4 };
    let network = address.and_then(|address| IpNet::new(address, bits).ok());
    network.map_or_else(|| source.ip.clone().unwrap_or_default(), |network| network.trunc().to_string())
}

/// The actions that are limited per session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SessionAction {
    Refresh,
    Rename,
    Export,
}

/// The counts of each session's actions, in memory. A restart loses the counts of one minute.
#[derive(Default)]
pub(super) struct PerSession(DashMap<(SessionAction, SessionId), Tally>);

impl PerSession {
    /// Counts an action.
    ///
    /// # Errors
    /// `RateLimited` when there were too many.
    pub(super) fn count(
        &self,
        action: SessionAction,
        sid: &SessionId,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let per_minute = match action {
            SessionAction::Refresh => limits.refresh_per_session,
            SessionAction::Rename => limits.rename_per_session,
            SessionAction::Export => limits.export_per_session,
        };
        if per_minute == 0 {
            return Ok(());
        }
        let mut tally = self.0.entry((action, sid.clone())).or_default();
        match LimitRule::PerMinute(per_minute).count(Some(*tally), now) {
            Ok(counted) => {
                *tally = counted;
                Ok(())
            }
            Err(wait) => Err(ServiceError::RateLimited { wait }),
        }
    }

    /// Forgets counts that have decayed.
    pub(super) fn forget(&self, now: Timestamp) {
        // Also counts from a clock that has stepped back since.
        self.0.retain(|_, tally| !tally.expires_at.since(now).is_zero() && tally.expires_at.since(now) < 2 * MINUTE);
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
        let turn = |ip: &str| origin(&Source { ip: Some(ip.to_owned()), ..Source::default() }, None);
        let expected = |network: &str, address: &str| Origin::Stranger {
            network: network.into(),
            address: address.into(),
            account: String::new(),
        };
        assert_eq!(turn("192.0.2.1"), expected("192.0.2.0/24", "192.0.2.1/32"));
        assert_eq!(turn("2001:db8:1:2::9"), expected("2001:db8:1::/48", "2001:db8:1:2::/64"));
    }
}
