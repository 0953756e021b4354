//! Keeps the keys: carries out their schedule, and takes in those that another process made.

use super::access::AccessTokens;
use super::keys::{self, KeyError, KeyPurpose};
use super::ring::{KeyRing, RingError};
use super::secret::{InstallationSecret, SecretError};
use crate::domain::key_schedule::{Due, Policy, ScheduledKey, Times};
use crate::domain::time::Timestamp;
use crate::server::ports::{Entropy, KeyChanges, Keys, StoreError, StoredKey};
use jsonwebtoken::Algorithm;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How often at most the store is asked for a key that we do not know: anybody can name one.
const ASKED_AT_MOST: Duration = Duration::from_secs(5);

/// How the keys of each purpose are rotated.
#[derive(Clone, Debug)]
pub struct Policies {
    pub access: Policy,
    /// Of the access keys.
    pub algorithm: Algorithm,
    pub refresh: Policy,
}

impl Policies {
    fn of(&self, purpose: KeyPurpose) -> &Policy {
        match purpose {
            KeyPurpose::Access => &self.access,
            KeyPurpose::Refresh => &self.refresh,
        }
    }

    fn algorithm(&self, purpose: KeyPurpose) -> Algorithm {
        match purpose {
            KeyPurpose::Access => self.algorithm,
            KeyPurpose::Refresh => Algorithm::HS512,
        }
    }
}

/// When a rotation by command takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After the new key was published for long enough.
    Scheduled,
    /// See [`Policy::rotation_at_once`].
    AtOnce,
}

/// The keys of `purpose` as the schedule sees them.
pub fn scheduled(stored: &[StoredKey], purpose: KeyPurpose) -> Vec<ScheduledKey> {
    let own = stored.iter().filter(|key| key.purpose == purpose.as_str());
    own.map(|key| ScheduledKey {
        id: key.id.clone(),
        algorithm: key.algorithm.clone(),
        times: Times { active_at: key.active_at, expires_at: key.expires_at },
    })
    .collect()
}

/// What is due for each purpose.
type Plan = Box<dyn Fn(&[StoredKey]) -> Vec<(KeyPurpose, Due)> + Send>;

/// Keeps the keys of one server.
pub struct KeyManager {
    store: Arc<dyn Keys>,
    entropy: Arc<dyn Entropy>,
    secret: InstallationSecret,
    policies: Policies,
    loaded: Mutex<Loaded>,
}

/// What was loaded of the store last.
struct Loaded {
    stored: Vec<StoredKey>,
    /// When it was asked for a key that we did not know, and whether it answered.
    asked: Option<(Timestamp, bool)>,
}

impl KeyManager {
    /// Opens the keys; on the first start of an empty database makes the secret file and the first keys.
    ///
    /// # Errors
    /// [`RingError`]; a secret that is missing, damaged or foreign is one, and nothing is made anew then.
    pub async fn open(
        store: Arc<dyn Keys>,
        entropy: Arc<dyn Entropy>,
        secret_file: &Path,
        policies: Policies,
        now: Timestamp,
    ) -> Result<(Self, KeyRing), RingError> {
        let stored = store.keys().await?;
        let secret = match InstallationSecret::load(secret_file)? {
            Some(secret) => secret,
            None if stored.is_empty() => InstallationSecret::create(secret_file, &*entropy)?,
            None => return Err(SecretError::Missing(secret_file.to_owned()).into()),
        };
        // A foreign secret is found out before anything is made under it.
        KeyRing::open(&stored, &secret)?;
        let loaded = Mutex::new(Loaded { stored: Vec::new(), asked: None });
        let keeper = Self { store, entropy, secret, policies, loaded };
        let first = keeper.plan(KeyPurpose::ALL, move |policy, keys| policy.first(keys, now));
        let stored = keeper.carry_out(first, stored, now).await?;
        let ring = KeyRing::open(&stored, &keeper.secret)?;
        keeper.loaded.lock().await.stored = stored;
        Ok((keeper, ring))
    }

    /// Does what is due by the schedule, and takes in what others did.
    ///
    /// # Errors
    /// [`RingError`]; the ring stays as it was, and the next time catches up.
    pub async fn run_schedule(&self, tokens: &AccessTokens, now: Timestamp) -> Result<(), RingError> {
        let mut loaded = self.loaded.lock().await;
        let stored = self.store.keys().await?;
        let due = self.plan(KeyPurpose::ALL, move |policy, keys| policy.due(keys, now));
        let stored = self.carry_out(due, stored, now).await?;
        self.reload(&mut loaded, stored, tokens)
    }

    /// Looks for keys that others made, since a token names one that we do not know. The store is asked every 5 s at
    /// most; who comes while it is being asked waits for the answer.
    ///
    /// # Errors
    /// [`RingError`]; whether the key exists is not known then.
    pub async fn look_for_others(&self, tokens: &AccessTokens, now: Timestamp) -> Result<(), RingError> {
        let mut loaded = self.loaded.lock().await;
        match loaded.asked {
            Some((at, answered)) if at <= now && now.since(at) < ASKED_AT_MOST => {
                let silent = || StoreError::Unavailable("the keys could not be read a moment ago".into()).into();
                return if answered { Ok(()) } else { Err(silent()) };
            }
            _ => {}
        }
        loaded.asked = Some((now, false));
        let stored = self.store.keys().await?;
        loaded.asked = Some((now, true));
        self.reload(&mut loaded, stored, tokens)
    }

    /// Rotates the keys of `purposes` by command; returns all keys as they are then.
    ///
    /// # Errors
    /// [`RingError`]; nothing was changed then.
    pub async fn rotate(
        &self,
        purposes: &[KeyPurpose],
        haste: When,
        now: Timestamp,
    ) -> Result<Vec<StoredKey>, RingError> {
        let plan = self.plan(purposes.iter().copied(), move |policy, keys| match haste {
            When::Scheduled => policy.rotation(keys, now),
            When::AtOnce => policy.rotation_at_once(keys, now),
        });
        let stored = self.store.keys().await?;
        self.carry_out(plan, stored, now).await
    }

    fn plan(
        &self,
        purposes: impl IntoIterator<Item = KeyPurpose>,
        due: impl Fn(&Policy, &[ScheduledKey]) -> Due + Send + 'static,
    ) -> Plan {
        let policies: Vec<_> =
            purposes.into_iter().map(|purpose| (purpose, self.policies.of(purpose).clone())).collect();
        Box::new(move |stored| {
            policies.iter().map(|(purpose, policy)| (*purpose, due(policy, &scheduled(stored, *purpose)))).collect()
        })
    }

    /// Carries out what `plan` says of `stored`. Keys are made before the transaction, since that may take long, and
    /// the plan is asked again inside it: of two servers that would do the same, one does it.
    async fn carry_out(&self, plan: Plan, stored: Vec<StoredKey>, now: Timestamp) -> Result<Vec<StoredKey>, RingError> {
        let due = plan(&stored);
        if due.iter().all(|(_, due)| due.is_nothing()) {
            return Ok(stored);
        }
        let mut made = Vec::new();
        for (purpose, due) in &due {
            if let Some(active_at) = due.make {
                made.push((*purpose, self.generate(*purpose, now, active_at)?));
            }
        }
        let decide = move |stored: &[StoredKey]| {
            let mut changes = KeyChanges::default();
            for (purpose, Due { make, expire }) in plan(stored) {
                let key = made.iter().find(|(of, _)| *of == purpose).map(|(_, key)| key.clone());
                if let (Some(active_at), Some(key)) = (make, key) {
                    tracing::info!(purpose = purpose.as_str(), kid = %key.id, "a key is made");
                    changes.add.push(StoredKey { active_at, ..key });
                } else if make.is_some() {
                    // Only now there is a reason for a key; with what else is due it waits for the next time.
                    continue;
                }
                for (kid, _) in &expire {
                    tracing::info!(purpose = purpose.as_str(), %kid, "a key no longer signs");
                }
                changes.expire.extend(expire);
            }
            changes
        };
        Ok(self.store.change_keys(Box::new(decide)).await?)
    }

    fn generate(&self, purpose: KeyPurpose, now: Timestamp, active_at: Timestamp) -> Result<StoredKey, KeyError> {
        keys::generate(purpose, self.policies.algorithm(purpose), &self.secret, &*self.entropy, now, active_at)
    }

    fn reload(&self, loaded: &mut Loaded, stored: Vec<StoredKey>, tokens: &AccessTokens) -> Result<(), RingError> {
        if stored != loaded.stored {
            tokens.replace_ring(KeyRing::open(&stored, &self.secret)?);
            loaded.stored = stored;
        }
        Ok(())
    }
}
