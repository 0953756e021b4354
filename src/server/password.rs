//! Hashes passwords with Argon2id (RFC 9106) on a fixed number of threads outside the async runtime. Each thread keeps
//! its memory for the next hash. A hash runs to its end even if its request is gone, so their number stays bounded.
//! Sources take turns.

use super::metrics::HashMetrics;
use super::ports::Entropy;
use crate::domain::credentials::Password;
use crate::domain::turns::{Origin, Turns};
use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The most memory that a stored hash may ask for, in KiB: otherwise a damaged row could exhaust the machine.
const MEMORY_MAX: u32 = 1 << 20;
const SALT_LEN: usize = 16;

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many hashes wait, or this source has more of them than others. Try again later.
    #[error("too many passwords are being checked right now")]
    Busy,
    /// The stored hash is malformed, or its parameters exceed the bounds.
    #[error("the stored password hash cannot be used")]
    Unusable,
}

/// Whether a password matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    Wrong,
    Right,
    /// The password is right, and this is its hash with the current parameters, to replace the stored one.
    Outdated(String),
}

type Work = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// The hashing threads, and the thread that checks new passwords.
pub struct Hasher {
    hashing: Pool,
    /// A separate pool, so that slow checks of new passwords do not delay sign-ins.
    judging: Pool,
    params: Params,
    entropy: Arc<dyn Entropy>,
    /// A hash that matches no password. It is checked for unknown users, so that they cost as much time as known ones.
    decoy: String,
}

impl Hasher {
    /// Starts `threads` threads. At most `queue` hashes of known browsers may wait, and as many of others.
    pub fn start(params: Params, threads: usize, queue: usize, entropy: Arc<dyn Entropy>) -> std::io::Result<Self> {
        let hashing = Pool::start("argon2", threads.max(1), queue)?;
        let judging = Pool::start("judge", 1, queue)?;
        let decoy = Self::decoy(&params, &*entropy);
        Ok(Self { hashing, judging, params, entropy, decoy })
    }

    /// The same, counting hashes to `metrics`.
    #[must_use]
    pub fn measured(mut self, metrics: HashMetrics) -> Self {
        self.hashing.metrics = metrics;
        self
    }

    fn decoy(params: &Params, entropy: &dyn Entropy) -> String {
        let mut bytes = [0; SALT_LEN + Params::DEFAULT_OUTPUT_LEN];
        entropy.fill(&mut bytes);
        let (salt, output) = bytes.split_at(SALT_LEN);
        phc(params, salt, output).unwrap_or_default()
    }

    /// Hashes a new password, as a PHC string.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many hashes wait.
    pub async fn hash(&self, password: &Password, from: &Origin) -> Result<String, HashError> {
        let (password, params, salt) = (password.clone(), self.params.clone(), self.salt());
        self.hashing.run(from, move |memory| hash(&params, password.expose(), &salt, memory)).await?
    }

    /// Checks a password against a stored hash. `None` stands for an unknown user: it takes as long, and never matches.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many hashes wait; [`HashError::Unusable`] for a damaged hash.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&str>,
        from: &Origin,
    ) -> Result<PasswordCheck, HashError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let (password, params, salt) = (password.clone(), self.params.clone(), self.salt());
        let check = move |memory: &mut Vec<Block>| {
            let matches = verify(password.expose(), &stored, memory)?;
            match (matches && known, is_current(&stored, &params)) {
                (false, _) => Ok(PasswordCheck::Wrong),
                (true, true) => Ok(PasswordCheck::Right),
                (true, false) => hash(&params, password.expose(), &salt, memory).map(PasswordCheck::Outdated),
            }
        };
        self.hashing.run(from, check).await?
    }

    /// Checks a new password on a separate thread.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many checks wait.
    pub async fn judge<T: Send + 'static>(
        &self,
        from: &Origin,
        judge: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        self.judging.run(from, |_| judge()).await
    }

    fn salt(&self) -> [u8; SALT_LEN] {
        let mut salt = [0; SALT_LEN];
        self.entropy.fill(&mut salt);
        salt
    }
}

/// Threads that run the waiting work. Sources take turns.
struct Pool {
    waiting: Arc<WaitingHash>,
    metrics: HashMetrics,
}

struct WaitingHash {
    /// `None` once the pool is dropped.
    turns: Mutex<Option<Turns<Work>>>,
    more: Condvar,
}

impl WaitingHash {
    fn turns(&self) -> MutexGuard<'_, Option<Turns<Work>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next piece of work; `None` once the pool is dropped.
    fn next(&self) -> Option<Work> {
        let mut turns = self.turns();
        loop {
            if let Some(work) = turns.as_mut()?.take() {
                return Some(work);
            }
            turns = self.more.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Pool {
    fn start(name: &str, threads: usize, queue: usize) -> std::io::Result<Self> {
        let waiting = Arc::new(WaitingHash { turns: Mutex::new(Some(Turns::new(queue))), more: Condvar::new() });
        for n in 0..threads {
            let waiting = waiting.clone();
            std::thread::Builder::new().name(format!("{name}-{n}")).spawn(move || {
                let mut memory = Vec::new();
                while let Some(work) = waiting.next() {
                    work(&mut memory);
                }
            })?;
        }
        Ok(Self { waiting, metrics: HashMetrics::default() })
    }

    async fn run<T: Send + 'static>(
        &self,
        from: &Origin,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (reply, answer) = oneshot::channel();
        let waiting = self.metrics.wait();
        let work: Work = Box::new(move |memory| {
            let running = waiting.run();
            // A panic ends this piece of work, not the thread.
            let done = catch_unwind(AssertUnwindSafe(|| work(memory)));
            drop(running);
            drop(reply.send(done.map_err(|_| HashError::Unusable)));
        });
        let lost = self.waiting.turns().as_mut().map(|turns| turns.push(from, work));
        self.waiting.more.notify_one();
        // Dropping the work that lost its place drops its sender too, so its request gets [`HashError::Busy`].
        drop(lost);
        answer.await.map_err(|_| HashError::Busy)?
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.waiting.turns().take();
        self.waiting.more.notify_all();
    }
}

/// Runs Argon2id in memory that is reused for the next hash.
fn derive(params: &Params, password: &str, salt: &[u8], memory: &mut Vec<Block>) -> Result<Vec<u8>, HashError> {
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut output = vec![0; length];
    memory.resize_with(memory.len().max(params.block_count()), Block::default);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut output, &mut memory[..params.block_count()])
        .map_err(|_| HashError::Unusable)?;
    Ok(output)
}

fn hash(params: &Params, password: &str, salt: &[u8], memory: &mut Vec<Block>) -> Result<String, HashError> {
    let output = derive(params, password, salt, memory)?;
    phc(params, salt, &output).ok_or(HashError::Unusable)
}

fn phc(params: &Params, salt: &[u8], output: &[u8]) -> Option<String> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into().ok()?,
        salt: Some(Salt::new(salt).ok()?),
        hash: Some(Output::new(output).ok()?),
    };
    Some(hash.to_string())
}

fn verify(password: &str, stored: &str, memory: &mut Vec<Block>) -> Result<bool, HashError> {
    let (parsed, params) = read(stored).ok_or(HashError::Unusable)?;
    let (salt, expected) = parsed.salt.zip(parsed.hash).ok_or(HashError::Unusable)?;
    let output = derive(&params, password, salt.as_ref(), memory)?;
    Ok(aws_lc_rs::constant_time::verify_slices_are_equal(&output, expected.as_bytes()).is_ok())
}

/// Parses a stored hash. It must be Argon2id of this version, within the bounds.
fn read(stored: &str) -> Option<(PasswordHash, Params)> {
    let parsed = PasswordHash::new(stored).ok()?;
    let known = parsed.algorithm == Algorithm::Argon2id.ident() && parsed.version == Some(Version::V0x13.into());
    let params = Params::try_from(&parsed).ok()?;
    (known && params.m_cost() <= MEMORY_MAX && params.t_cost() <= 64).then_some((parsed, params))
}

fn is_current(stored: &str, params: &Params) -> bool {
    let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    read(stored).is_some_and(|(_, stored)| costs(&stored) == costs(params))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(9);
        }
    }

    fn hasher(memory: u32) -> Hasher {
        Hasher::start(Params::new(memory, 1, 1, None).unwrap(), 2, 4, Arc::new(Fixed)).unwrap()
    }

    fn somebody() -> Origin {
        Origin::Known("somebody".into())
    }

    fn password(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_matches_and_an_unknown_user_never() {
        let hasher = hasher(64);
        let stored = hasher.hash(&password("right"), &somebody()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert_eq!(hasher.verify(&password("right"), Some(&stored), &somebody()).await, Ok(PasswordCheck::Right));
        assert_eq!(hasher.verify(&password("wrong"), Some(&stored), &somebody()).await, Ok(PasswordCheck::Wrong));
        assert_eq!(hasher.verify(&password("right"), None, &somebody()).await, Ok(PasswordCheck::Wrong));
    }

    #[tokio::test]
    async fn an_outdated_hash_is_made_anew() {
        let stored = hasher(64).hash(&password("right"), &somebody()).await.unwrap();
        let stronger = hasher(128);
        let Ok(PasswordCheck::Outdated(renewed)) =
            stronger.verify(&password("right"), Some(&stored), &somebody()).await
        else {
            panic!("the hash was not renewed");
        };
        assert_eq!(stronger.verify(&password("right"), Some(&renewed), &somebody()).await, Ok(PasswordCheck::Right));
    }

    #[tokio::test]
    async fn parameters_beyond_all_bounds_are_refused_before_any_memory_is_taken() {
        for stored in [
            "$argon2id$v=19$m=4194304,t=1,p=1$CQkJCQkJCQkJCQkJCQkJCQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2i$v=19$m=64,t=1,p=1$CQkJCQkJCQkJCQkJCQkJCQ$AAAAAAAAAAAAAAAAAAAAAA",
            "plain",
            "",
        ] {
            assert_eq!(
                hasher(64).verify(&password("x"), Some(stored), &somebody()).await,
                Err(HashError::Unusable),
                "{stored}"
            );
        }
    }
}
