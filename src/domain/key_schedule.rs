//! When keys are made, take over, and go: the next one is published before it signs, the former one is kept until all
//! that it signed has expired.

use super::id::KeyId;
use super::time::Timestamp;
use std::time::Duration;

/// For how long whoever fetched the published keys may keep them (`max-age` of `jwks.json`, RFC 9111 section 5.2.2.1).
/// Short, since for so long a withdrawn key is still believed elsewhere.
pub const PUBLISHED_MAX_AGE: Duration = Duration::from_secs(60);

/// How long before it signs a key is published. Much more than [`PUBLISHED_MAX_AGE`]: there are verifiers that keep
/// keys for as long as they like.
pub const LEAD: Duration = Duration::from_secs(60 * 60);

/// How long it takes at most until every server has taken in what is in the database: two rounds of its housekeeping.
pub const SPREAD: Duration = Duration::from_secs(60);

/// A key, as far as the schedule is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledKey {
    pub id: KeyId,
    /// As in a token's header (`alg`, RFC 7515 section 4.1.1).
    pub algorithm: String,
    pub times: Times,
}

/// From when on a key signs, and until when it verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub active_at: Timestamp,
    /// `None` while it may sign.
    pub expires_at: Option<Timestamp>,
}

/// What a key does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, and waiting for its time.
    Next,
    Signing,
    /// What it signed before is still good.
    Verifying,
    /// Of no use any more, and deleted soon.
    Expired,
}

impl KeyState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Expired => "expired",
        }
    }
}

/// How the keys of one purpose are rotated.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Of new keys; another one than the signing key's is a reason to rotate.
    pub algorithm: String,
    /// For how long a key signs; zero for as long as nobody says otherwise.
    pub every: Duration,
    /// How long after a key signed last something may live that it signed.
    pub kept: Duration,
    /// Whether whoever has a key can make tokens with it, so that a key that leaked must go at once.
    pub is_enough: bool,
}

/// What is to be done with the keys of one purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// A key is to be made, which signs from then on.
    pub make: Option<Timestamp>,
    /// These no longer sign, and expire then.
    pub expire: Vec<(KeyId, Timestamp)>,
}

impl Due {
    pub fn is_nothing(&self) -> bool {
        self.make.is_none() && self.expire.is_empty()
    }
}

/// Which of `keys` signs now: of those that may, the one that became active last. A clock that stepped back stops no
/// server: where none is active yet, the one that comes first signs.
pub fn signing<K>(keys: impl IntoIterator<Item = (K, Times)>, now: Timestamp) -> Option<K> {
    let may = keys.into_iter().filter(|(_, times)| times.expires_at.is_none());
    let (active, waiting): (Vec<_>, Vec<_>) = may.partition(|(_, times)| times.active_at <= now);
    let last = active.into_iter().max_by_key(|(_, times)| times.active_at);
    last.or_else(|| waiting.into_iter().min_by_key(|(_, times)| times.active_at)).map(|(key, _)| key)
}

fn signer(keys: &[ScheduledKey], now: Timestamp) -> Option<&ScheduledKey> {
    signing(keys.iter().map(|key| (key, key.times)), now)
}

/// What `key`, one of `keys` of one purpose, does now.
pub fn state(key: &ScheduledKey, keys: &[ScheduledKey], now: Timestamp) -> KeyState {
    match key.times.expires_at {
        Some(end) if end <= now => KeyState::Expired,
        Some(_) => KeyState::Verifying,
        None if signer(keys, now) == Some(key) => KeyState::Signing,
        None if key.times.active_at > now => KeyState::Next,
        None => KeyState::Verifying,
    }
}

/// The key that waits for its time, if there is one.
pub fn next(keys: &[ScheduledKey], now: Timestamp) -> Option<&ScheduledKey> {
    keys.iter().find(|key| state(key, keys, now) == KeyState::Next)
}

impl Policy {
    /// What is due before anything can be signed: a key, if none may sign.
    pub fn first(&self, keys: &[ScheduledKey], now: Timestamp) -> Due {
        Due { make: signer(keys, now).is_none().then_some(now), expire: Vec::new() }
    }

    /// What is due now, by the schedule. `keys` are those of the purpose, in any order.
    pub fn due(&self, keys: &[ScheduledKey], now: Timestamp) -> Due {
        let Some(signer) = signer(keys, now) else { return self.first(keys, now) };
        let former = keys.iter().filter(|key| {
            key.times.expires_at.is_none() && key.id != signer.id && key.times.active_at <= signer.times.active_at
        });
        // All keys that may sign have changed over to the signing one by now.
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

    /// What a rotation by command does: the next key is made, if it does not wait already.
    pub fn rotation(&self, keys: &[ScheduledKey], now: Timestamp) -> Due {
        let make = next(keys, now).is_none().then(|| now + LEAD);
        Due { make, expire: Vec::new() }
    }

    /// What a rotation does that cannot wait, since a key leaked.
    ///
    /// Where the key [`Policy::is_enough`] to make tokens, the new one signs at once and no other is believed any more.
    /// Otherwise the new one signs as soon as every server has it, in place of the one that waits, and nothing is
    /// withdrawn: what was signed is good as before.
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
