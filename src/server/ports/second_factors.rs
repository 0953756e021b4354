//! Second factors, and the sign-ins that wait for one.

use super::StoreError;
use crate::domain::activity::Event;
use crate::domain::id::{RecoveryCodeDigest, SessionId, UserId, WaitingDigest};
use crate::domain::second_factor::WaitingSignIn;
use crate::domain::time::Timestamp;
use crate::domain::totp::Step;
use async_trait::async_trait;

/// An authenticator app as stored; the secret is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTotp {
    pub sealed_secret: Vec<u8>,
    /// The newest step whose code was used.
    pub last_step: Step,
    pub created_at: Timestamp,
    /// `None` while it is being set up.
    pub confirmed_at: Option<Timestamp>,
}

/// A set of recovery codes as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecoveryCodes {
    /// The key of the codes' digests, sealed.
    pub sealed_key: Vec<u8>,
    pub created_at: Timestamp,
    /// How many codes were not used yet.
    pub left: u32,
}

/// The second factors of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredFactors {
    pub totp: Option<StoredTotp>,
    pub recovery_codes: Option<StoredRecoveryCodes>,
}

/// See [`SecondFactors::confirm_totp`].
#[derive(Clone, Debug)]
pub struct NewTotp<'a> {
    pub user_id: &'a UserId,
    /// The secret that the code belongs to.
    pub sealed_secret: &'a [u8],
    /// The step of the code, which is used up.
    pub step: Step,
    /// The session that proves the factor with it.
    pub sid: &'a SessionId,
    pub event: &'a Event,
}

/// See [`SecondFactors::replace_recovery_codes`].
#[derive(Clone, Debug)]
pub struct NewRecoveryCodes<'a> {
    pub user_id: &'a UserId,
    pub sealed_key: &'a [u8],
    pub digests: &'a [RecoveryCodeDigest],
    pub event: &'a Event,
}

/// The proof of a second factor, which is used up by it.
#[derive(Clone, Debug)]
pub enum UsedFactor<'a> {
    /// The code of this step.
    Totp(Step),
    /// A recovery code, with the event that tells its use. Codes of the authenticator app up to this step are used up with
    /// it: somebody may have read them.
    RecoveryCode(&'a RecoveryCodeDigest, Step, &'a Event),
}

/// Second factors as they are kept. Of several proofs with the same code at once, one succeeds.
#[async_trait]
pub trait SecondFactors: Send + Sync {
    async fn second_factors(&self, user_id: &UserId) -> Result<StoredFactors, StoreError>;
    /// Begins to set up an authenticator app, in place of one that was not confirmed; `false` if one was, or there is no
    /// such user.
    async fn begin_totp(&self, user_id: &UserId, sealed_secret: &[u8], at: Timestamp) -> Result<bool, StoreError>;
    /// Confirms an authenticator app; `false`, and nothing is changed, if it has another secret by now or was confirmed.
    async fn confirm_totp(&self, new: NewTotp<'_>) -> Result<bool, StoreError>;
    /// Removes all second factors of a user, and ends the sign-ins that wait for one; `false`, and nothing is changed, if none was
    /// confirmed.
    async fn remove_second_factors(&self, user_id: &UserId, event: &Event) -> Result<bool, StoreError>;
    /// Sets new recovery codes in place of all earlier ones; `false` if the user has no authenticator app.
    async fn replace_recovery_codes(&self, new: NewRecoveryCodes<'_>) -> Result<bool, StoreError>;
    /// Uses a factor up, and renews what a session has proved: password and second factor. `false`, and nothing is
    /// changed, if the factor was used up before, or the session is not alive.
    async fn prove_again(
        &self,
        user_id: &UserId,
        used: UsedFactor<'_>,
        sid: &SessionId,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Keeps a sign-in that waits for its second factor; nothing for a user who is gone.
    async fn add_waiting_sign_in(&self, digest: &WaitingDigest, waiting: &WaitingSignIn) -> Result<(), StoreError>;
    /// A sign-in that waits, in whatever state.
    async fn waiting_sign_in(&self, digest: &WaitingDigest) -> Result<Option<WaitingSignIn>, StoreError>;
    /// Counts an answer to a sign-in that waits; `false` if it has expired at `now` or has had too many.
    async fn count_answer(&self, digest: &WaitingDigest, now: Timestamp) -> Result<bool, StoreError>;
    /// Uses a factor up, and ends the waiting of a sign-in, which then may start its session. `false`, and nothing is
    /// changed, if the factor was used up before, or the sign-in no longer waits.
    async fn finish_waiting(
        &self,
        digest: &WaitingDigest,
        user_id: &UserId,
        used: UsedFactor<'_>,
    ) -> Result<bool, StoreError>;
}
