//! Manages the keys of one server: carries out their schedule, and loads keys that other processes created.

use super::access::AccessTokens;
use super::factor_key::{self, FactorKey};
use super::keys::{self, KeyError, KeyPurpose};
use super::ring::{KeyRing, RingError};
use super::secret::{InstallationSecret, SealedUnder, SecretError};
use crate::domain::key_schedule::{Due, Policy, ScheduledKey, Times};
use crate::domain::time::Timestamp;
use crate::server::ports::{Entropy, KeyChanges, Keys, StoreError, StoredKey};
use jsonwebtoken::Algorithm;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// The shortest interval between two queries for unknown keys: anybody can name one in a token.
const ASKED_AT_MOST: Duration = Duration::from_secs(5);

/// The rotation policies of each purpose.
#[derive(Clone, Debug)]
pub struct Policies {
    /// How the keys that sign access tokens are rotated.
    pub access: Policy,
    /// The algorithm of access keys.
    pub algorithm: Algorithm,
    /// How the keys that authenticate refresh tokens are rotated.
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

/// When an ordered rotation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After the new key has been published for long enough.
    Scheduled,
    /// At once: see [`Policy::rotation_at_once`].
    AtOnce,
}

/// The keys of `purpose` in the form that the schedule uses.
pub fn scheduled(stored: &[StoredKey], purpose: KeyPurpose) -> Vec<ScheduledKey> {
    let own = stored.iter().filter(|key| key.purpose == purpose.as_str());
    own.map(|key| ScheduledKey {
        id: key.id.clone(),
        algorithm: key.algorithm.clone(),
        times: Times { active_at: key.active_at, expires_at: key.expires_at },
    })
    .collect()
}

/// The changes that are due for each purpose, given the stored keys.
type Plan = Box<dyn Fn(&[StoredKey]) -> Vec<(KeyPurpose, Due)> + Send>;

/// The keys of one server, and their rotation.
pub struct KeyManager {
    store: Arc<dyn Keys>,
    entropy: Arc<dyn Entropy>,
    secret_file: PathBuf,
    policies: Policies,
    loaded: Mutex<Loaded>,
}

/// The keys as they were last loaded from the store, and the secret that opens them.
struct Loaded {
    stored: Vec<StoredKey>,
    secret: Arc<InstallationSecret>,
    /// Why the secret file, read again, was of no use.
    secret_problem: Option<String>,
    /// The last query for an unknown key, and whether the store answered it.
    asked: Option<(Timestamp, bool)>,
}

impl KeyManager {
    /// Opens the keys. On the first start, with an empty database, it creates the secret file and the first keys.
    ///
    /// # Errors
    /// [`RingError`], also when the secret is missing, damaged or foreign. Nothing is created then.
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
        // A foreign secret is detected before any key is created with it.
        KeyRing::open(&stored, &secret)?;
        let secret = Arc::new(secret);
        let loaded = Loaded { stored: Vec::new(), secret: secret.clone(), secret_problem: None, asked: None };
        let (secret_file, loaded) = (secret_file.to_owned(), Mutex::new(loaded));
        let manager = Self { store, entropy, secret_file, policies, loaded };
        let first = manager.plan(KeyPurpose::ALL, move |policy, keys| policy.first(keys, now));
        let stored = manager.carry_out(first, stored, &secret, now).await?;
        let ring = KeyRing::open(&stored, &secret)?;
        manager.loaded.lock().await.stored = stored;
        Ok((manager, ring))
    }

    /// Makes the changes that are due by the schedule, and loads those of other servers.
    ///
    /// # Errors
    /// [`RingError`]. The key ring stays unchanged, and the next run makes up for it.
    pub async fn run_schedule(&self, tokens: &AccessTokens, now: Timestamp) -> Result<(), RingError> {
        let mut loaded = self.loaded.lock().await;
        let stored = self.store.keys().await?;
        self.read_secret_again(&mut loaded, &stored).await;
        let due = self.plan(KeyPurpose::ALL, move |policy, keys| policy.due(keys, now));
        let secret = loaded.secret.clone();
        let stored = self.carry_out(due, stored, &secret, now).await?;
        self.reload(&mut loaded, stored, tokens).await
    }

    /// Loads the keys of other servers, because a token names an unknown key. The store is queried at most every 5 s;
    /// calls in the meantime wait for a running query.
    ///
    /// # Errors
    /// [`RingError`]. It is unknown then whether the key exists.
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
        self.reload(&mut loaded, stored, tokens).await
    }

    /// Rotates the keys of `purposes` by order of the operator. Returns all keys afterwards.
    ///
    /// # Errors
    /// [`RingError`]. Nothing has changed then.
    pub async fn rotate(
        &self,
        purposes: &[KeyPurpose],
        when: When,
        now: Timestamp,
    ) -> Result<Vec<StoredKey>, RingError> {
        let plan = self.plan(purposes.iter().copied(), move |policy, keys| match when {
            When::Scheduled => policy.rotation(keys, now),
            When::AtOnce => policy.rotation_at_once(keys, now),
        });
        let secret = self.loaded.lock().await.secret.clone();
        let stored = self.store.keys().await?;
        let stored = self.carry_out(plan, stored, &secret, now).await?;
        // If the secret was replaced meanwhile, no key was made.
        keys::needed_secret(&stored, &secret)?;
        Ok(stored)
    }

    /// Makes sure that there is a key for the secrets of second factors, and that it is loaded. If several servers create
    /// it at once, one does.
    ///
    /// # Errors
    /// [`RingError`].
    pub async fn ensure_factor_key(&self, tokens: &AccessTokens, now: Timestamp) -> Result<(), RingError> {
        let mut loaded = self.loaded.lock().await;
        let is_there = |stored: &[StoredKey]| stored.iter().any(|key| key.purpose == factor_key::PURPOSE);
        let mut stored = self.store.keys().await?;
        if !is_there(&stored) {
            let (secret, entropy) = (loaded.secret.clone(), self.entropy.clone());
            let made = FactorKey::generate(&secret, &*entropy, now)?;
            let add = move |stored: &[StoredKey]| {
                // Under the same secret as the others. If ours does not open these, it was replaced.
                let sealed = match keys::needed_secret(stored, &secret) {
                    _ if is_there(stored) => None,
                    Ok(SealedUnder::Current) => Some(made),
                    Ok(SealedUnder::Former) => keys::reseal(made, &secret, SealedUnder::Former, &*entropy).ok(),
                    Err(_) => None,
                };
                KeyChanges { add: sealed.into_iter().collect(), ..KeyChanges::default() }
            };
            stored = self.store.change_keys(Box::new(add)).await?;
        }
        self.reload(&mut loaded, stored, tokens).await
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

    /// Makes the changes of `plan`. Keys are created before the transaction, because that can take long, and the plan
    /// is made again inside it: if two servers would make the same change, one does. A new key is sealed under the same
    /// secret as the stored ones. If `secret` does not open these, it was replaced: nothing is changed then.
    async fn carry_out(
        &self,
        plan: Plan,
        stored: Vec<StoredKey>,
        secret: &Arc<InstallationSecret>,
        now: Timestamp,
    ) -> Result<Vec<StoredKey>, RingError> {
        let due = plan(&stored);
        if due.iter().all(|(_, due)| due.is_nothing()) {
            return Ok(stored);
        }
        let mut made = Vec::new();
        for (purpose, due) in &due {
            if let Some(active_at) = due.make {
                made.push((*purpose, self.generate(*purpose, secret, now, active_at)?));
            }
        }
        let (secret, entropy) = (secret.clone(), self.entropy.clone());
        let decide = move |stored: &[StoredKey]| {
            let mut changes = KeyChanges::default();
            let Ok(needed) = keys::needed_secret(stored, &secret) else { return changes };
            for (purpose, Due { make, expire }) in plan(stored) {
                let key = made.iter().find(|(of, _)| *of == purpose).map(|(_, key)| key.clone());
                let key = match needed {
                    SealedUnder::Current => key,
                    SealedUnder::Former => key.and_then(|key| keys::reseal(key, &secret, needed, &*entropy).ok()),
                };
                if let (Some(active_at), Some(key)) = (make, key) {
                    tracing::info!(purpose = purpose.as_str(), kid = %key.id, "a key is created");
                    changes.add.push(StoredKey { active_at, ..key });
                } else if make.is_some() {
                    // The key became due only after the first plan. This change waits for the next run.
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

    fn generate(
        &self,
        purpose: KeyPurpose,
        secret: &InstallationSecret,
        now: Timestamp,
        active_at: Timestamp,
    ) -> Result<StoredKey, KeyError> {
        keys::generate(purpose, self.policies.algorithm(purpose), secret, &*self.entropy, now, active_at)
    }

    async fn reload(
        &self,
        loaded: &mut Loaded,
        stored: Vec<StoredKey>,
        tokens: &AccessTokens,
    ) -> Result<(), RingError> {
        if stored == loaded.stored {
            return Ok(());
        }
        if keys::needed_secret(&stored, &loaded.secret).is_err() {
            self.read_secret_again(loaded, &stored).await;
        }
        tokens.replace_ring(KeyRing::open(&stored, &loaded.secret)?);
        loaded.stored = stored;
        Ok(())
    }

    /// Reads the secret file again, which `latchkey secret rotate` replaces. A file that is gone, cannot be used or does
    /// not open the stored keys changes nothing; the log says so once.
    async fn read_secret_again(&self, loaded: &mut Loaded, stored: &[StoredKey]) {
        let file = self.secret_file.clone();
        let read = tokio::task::spawn_blocking(move || InstallationSecret::load(&file)).await;
        let missing = || SecretError::Missing(self.secret_file.clone()).to_string();
        let read = match read {
            Ok(Ok(secret)) => secret.ok_or_else(missing),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let opens = |secret: &InstallationSecret| {
            keys::needed_secret(stored, secret).map(drop).map_err(|error| error.to_string())
        };
        loaded.secret_problem = match read.and_then(|secret| opens(&secret).map(|()| secret)) {
            Ok(secret) => {
                loaded.secret = Arc::new(secret);
                None
            }
            Err(problem) => {
                if loaded.secret_problem.as_ref() != Some(&problem) {
                    tracing::warn!(problem, "the secret file is of no use now; the secret read before stays in use");
                }
                Some(problem)
            }
        };
    }
}
