//! When keys are created, start to sign, and expire. The next key is published before it signs; a former key is kept
//! until everything that it signed has expired.

use super::id::KeyId;
use super::time::Timestamp;
use std::time::Duration;

/// How long verifiers may cache the published keys (`max-age` of `jwks.json`, RFC 9111 section 5.2.2.1). It is short
/// because they may trust a withdrawn key for that long.
pub const PUBLISHED_MAX_AGE: Duration = Duration::from_secs(60);

/// How long a key is published before it signs. Much longer than [`PUBLISHED_MAX_AGE`]: some verifiers cache keys for
/// as long as they like.
pub const LEAD: Duration = Duration::from_secs(60 * 60);

/// The longest time until every server has loaded the keys in the database: two rounds of its housekeeping.
pub const SPREAD: Duration = Duration::from_secs(60);

/// A key, with the fields that the schedule needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledKey {
    /// Its `kid`.
    pub id: KeyId,
    /// The value of a token's `alg` header (RFC 7515 section 4.1.1).
    pub algorithm: String,
    /// From when on it signs, and until when it verifies.
    pub times: Times,
}

/// From when a key signs, and until when it verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When it begins to sign.
    pub active_at: Timestamp,
    /// `None` while it may sign.
    pub expires_at: Option<Timestamp>,
}

/// What a key is used for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, but does not sign yet.
    Next,
    /// New tokens are signed with it.
    Signing,
    /// Verifies what it signed before.
    Verifying,
    /// No longer used, and deleted soon.
    Expired,
}

impl KeyState {
    /// As commands print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Expired => "expired",
        }
    }
}

/// The rules for rotating the keys of one purpose.
///
/// ```
/// use latchkey::domain::id::KeyId;
/// use latchkey::domain::key_schedule::{LEAD, Policy, ScheduledKey, Times};
/// # use latchkey::domain::time::Timestamp;
/// # use std::time::Duration;
/// # let (now, day) = (Timestamp::from_secs(1_700_000_000), Duration::from_secs(86_400));
/// # let kept = Duration::from_secs(900);
///
/// let policy = Policy { algorithm: "EdDSA".into(), every: 30 * day, kept, is_enough: true };
/// assert_eq!(policy.due(&[], now).make, Some(now));
///
/// let times = Times { active_at: now, expires_at: None };
/// let keys = [ScheduledKey { id: KeyId::new("k1"), algorithm: "EdDSA".into(), times }];
/// assert!(policy.due(&keys, now + day).is_nothing());
/// // The next one is published before it signs.
/// assert_eq!(policy.due(&keys, now + 30 * day - LEAD).make, Some(now + 30 * day));
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    /// The algorithm of new keys. If the signing key has another one, the keys are rotated.
    pub algorithm: String,
    /// How long a key signs; zero: until a rotation is ordered.
    pub every: Duration,
    /// How long a token can still be valid after its key has stopped signing.
    pub kept: Duration,
    /// Whether the key alone is enough to create tokens. If so, a leaked key must stop verifying at once.
    pub is_enough: bool,
}

/// The changes that are due for the keys of one purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Create a key that signs from this time on.
    pub make: Option<Timestamp>,
    /// These keys no longer sign, and expire at these times.
    pub expire: Vec<(KeyId, Timestamp)>,
}

impl Due {
    /// Whether there is nothing to do.
    pub fn is_nothing(&self) -> bool {
        self.make.is_none() && self.expire.is_empty()
    }
}

/// The key of `keys` that signs now: of those that may sign, the one that became active last. If none is active yet,
/// because the clock stepped back, the one that becomes active first signs, so that no server stops.
pub fn signing<K>(keys: impl IntoIterator<Item = (K, Times)>, now: Timestamp) -> Option<K> {
    let may = keys.into_iter().filter(|(_, times)| times.expires_at.is_none());
    let (active, waiting): (Vec<_>, Vec<_>) = may.partition(|(_, times)| times.active_at <= now);
    let last = active.into_iter().max_by_key(|(_, times)| times.active_at);
    last.or_else(|| waiting.into_iter().min_by_key(|(_, times)| times.active_at)).map(|(key, _)| key)
}

fn signer(keys: &[ScheduledKey], now: Timestamp) -> Option<&ScheduledKey> {
    signing(keys.iter().map(|key| (key, key.times)), now)
}

/// What `key`, one of the `keys` of one purpose, is used for now.
pub fn state(key: &ScheduledKey, keys: &[ScheduledKey], now: Timestamp) -> KeyState {
    match key.times.expires_at {
        Some(end) if end <= now => KeyState::Expired,
        Some(_) => KeyState::Verifying,
        None if signer(keys, now) == Some(key) => KeyState::Signing,
        None if key.times.active_at > now => KeyState::Next,
        None => KeyState::Verifying,
    }
}

/// The key that will sign next, if there is one.
pub fn next(keys: &[ScheduledKey], now: Timestamp) -> Option<&ScheduledKey> {
    keys.iter().find(|key| state(key, keys, now) == KeyState::Next)
}

impl Policy {
    /// What is due before anything can be signed: a key, if no key may sign.
    pub fn first(&self, keys: &[ScheduledKey], now: Timestamp) -> Due {
        Due { make: signer(keys, now).is_none().then_some(now), expire: Vec::new() }
    }

    /// What is due now by the schedule. `keys` are all keys of the purpose, in any order.
    pub fn due(&self, keys: &[ScheduledKey], now: Timestamp) -> Due {
        let Some(signer) = signer(keys, now) else { return self.first(keys, now) };
        let former = keys.iter().filter(|key| {
            key.times.expires_at.is_none() && key.id != signer.id && key.times.active_at <= signer.times.active_at
        });
        // The signing key has replaced all other keys that could sign.
        let expire = former.map(|key| (key.id.clone(), signer.times.active_at + self.kept)).collect();
        Due { make: self.make(signer, keys, now), expire }
    }

    fn make(&self, signer: &ScheduledKey, keys: &[ScheduledKey], now: Timestamp) -> Option<Timestamp> {
        if next(keys, now).is_some() {
            return None;
        }
        if signer.algorithm != self.algorithm {
            return Some(now + LEAD);
        }
        let end = signer.times.active_at + self.every;
        (!self.every.is_zero() && now + LEAD >= end).then(|| end.max(now + LEAD))
    }

    /// What is due when an operator orders a rotation: the next key is created, unless there already is one.
    pub fn rotation(&self, keys: &[ScheduledKey], now: Timestamp) -> Due {
        let make = next(keys, now).is_none().then(|| now + LEAD);
        Due { make, expire: Vec::new() }
    }

    /// What is due when a key has leaked, and its rotation cannot wait.
    ///
    /// If a key [`Policy::is_enough`] to create tokens, the new key signs at once, and no other key verifies any more.
    /// Otherwise the new key signs as soon as every server has it, in place of the next key, and nothing is withdrawn:
    /// everything signed so far stays valid.
    pub fn rotation_at_once(&self, keys: &[ScheduledKey], now: Timestamp) -> Due {
        let is_over = |key: &&ScheduledKey| key.times.expires_at.is_some_and(|end| end <= now);
        if self.is_enough {
            let expire = keys.iter().filter(|key| !is_over(key)).map(|key| (key.id.clone(), now));
            return Due { make: Some(now), expire: expire.collect() };
        }
        let make = now + SPREAD;
        let expire = next(keys, now).map(|key| (key.id.clone(), make.max(key.times.active_at) + self.kept));
        Due { make: Some(make), expire: expire.into_iter().collect() }
    }
}

#[cfg(test)]
#[path = "key_schedule_tests.rs"]
mod tests;
