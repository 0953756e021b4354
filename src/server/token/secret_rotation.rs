//! Replaces the installation's secret, in steps of which each leaves a working installation: the secret file gets a new
//! secret beside the former one, the keys are sealed under the new one, the former one is removed.
//!
//! Each step looks at the file and at the keys, and writes both, within one write transaction on the keys. So no server
//! makes a key meanwhile, and of two commands at once the second finds what the first did.

use super::keys::{self, KeyError};
use super::secret::{InstallationSecret, SealedUnder, SecretError};
use crate::server::ports::{Entropy, KeyChanges, Keys, StoreError, StoredKey};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

/// What a step of the rotation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretRotation {
    /// The file has a new secret and the former one. The keys are still sealed under the former.
    Prepared,
    /// The file has both, and so many keys were sealed anew, under the new one.
    Resealed(usize),
}

/// Why the secret is not replaced.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum SecretRotationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(
        "the last rotation is not finished: all keys are sealed under its new secret, and the former one is still in the \
         file; `latchkey secret rotate --finish` removes it, then rotate again"
    )]
    Unfinished,
    #[error("keys are still sealed under the former secret: run `latchkey secret rotate` first")]
    InUse,
}

impl From<SecretError> for SecretRotationError {
    fn from(error: SecretError) -> Self {
        Self::Key(error.into())
    }
}

/// How far one call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Both: a new secret, and the keys under it.
    Both,
    /// First the file, which may have to be copied to other servers; the next call seals the keys.
    OneByOne,
}

/// Makes a new secret and seals all keys under it. Carries on where a call before stopped.
///
/// # Errors
/// [`SecretRotationError`]. File and keys belong together all the same, and another call carries on.
pub async fn rotate(
    store: &dyn Keys,
    entropy: Arc<dyn Entropy>,
    file: &Path,
    steps: Steps,
) -> Result<SecretRotation, SecretRotationError> {
    let file = file.to_owned();
    change(store, move |stored| {
        let found = load(&file)?;
        let needed = keys::needed_secret(stored, &found)?;
        let secret = match (found.has_former(), needed) {
            (true, SealedUnder::Current) => return Err(SecretRotationError::Unfinished),
            (true, SealedUnder::Former) => found,
            (false, _) => {
                let secret = found.replaced(&*entropy).ok_or(KeyError::Generation)?;
                secret.save(&file)?;
                if steps == Steps::OneByOne {
                    return Ok((KeyChanges::default(), SecretRotation::Prepared));
                }
                secret
            }
        };
        let mut reseal = Vec::new();
        for key in stored {
            let key = keys::reseal(key.clone(), &secret, SealedUnder::Current, &*entropy)?;
            reseal.push((key.id, key.sealed));
        }
        let count = reseal.len();
        Ok((KeyChanges { reseal, ..KeyChanges::default() }, SecretRotation::Resealed(count)))
    })
    .await
}

/// Removes the former secret from the file. Returns whether it was there.
///
/// # Errors
/// [`SecretRotationError`]; nothing has changed then.
pub async fn finish(store: &dyn Keys, file: &Path) -> Result<bool, SecretRotationError> {
    let file = file.to_owned();
    change(store, move |stored| {
        let secret = load(&file)?;
        let needed = keys::needed_secret(stored, &secret)?;
        let has_former = secret.has_former();
        match (has_former, needed) {
            (true, SealedUnder::Former) => return Err(SecretRotationError::InUse),
            (true, SealedUnder::Current) => secret.without_former().save(&file)?,
            (false, _) => {}
        }
        Ok((KeyChanges::default(), has_former))
    })
    .await
}

fn load(file: &Path) -> Result<InstallationSecret, SecretError> {
    InstallationSecret::load(file)?.ok_or_else(|| SecretError::Missing(PathBuf::from(file)))
}

/// Runs `step` within a write transaction on the keys.
async fn change<T: Send + 'static>(
    store: &dyn Keys,
    step: impl FnOnce(&[StoredKey]) -> Result<(KeyChanges, T), SecretRotationError> + Send + 'static,
) -> Result<T, SecretRotationError> {
    let (tell, told) = mpsc::sync_channel(1);
    let decide = move |stored: &[StoredKey]| {
        let (changes, outcome) = match step(stored) {
            Ok((changes, done)) => (changes, Ok(done)),
            Err(error) => (KeyChanges::default(), Err(error)),
        };
        // The receiver lives until the transaction is over.
        let _ = tell.send(outcome);
        changes
    };
    store.change_keys(Box::new(decide)).await?;
    let silent = |_| StoreError::Unavailable("the keys were not asked for".into());
    told.try_recv().map_err(silent)?
}
