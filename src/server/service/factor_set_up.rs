//! Setting the second factor up and removing it.

use super::identity::{Caller, Credentials};
use super::second_factors::{confirmed, recovery_name, totp_name};
use super::{ServiceError, Services, Source};
use crate::api::Secret;
use crate::api::data::SecondFactorInfo;
use crate::domain::activity::{Event, Kind};
use crate::domain::id::UserId;
use crate::domain::recovery_code::{RANDOM_BYTES, RecoveryCode, SET_SIZE};
use crate::domain::second_factor::SET_UP_TIME;
use crate::domain::session::{Reason, Session};
use crate::domain::totp::{self, SECRET_BYTES, TotpCode, accepted};
use crate::server::ports::{NewRecoveryCodes, NewTotp, StoredFactors, StoredTotp};
use crate::server::telemetry::AUDIT;
use crate::server::token::one_time_codes::{recovery_code_digest, totp_hmac};
use zeroize::Zeroizing;

/// An authenticator app that is being set up.
#[derive(Clone, Debug)]
pub struct TotpSecret {
    /// In base32, as apps take it.
    pub secret: Secret,
    /// The same as an address for a QR code.
    pub address: Secret,
}

impl Services {
    /// What the account page says of the user's second factor; `None` if there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn second_factor_info(&self, user: &UserId) -> Result<Option<SecondFactorInfo>, ServiceError> {
        let factors = self.store.second_factors(user).await?;
        let since = confirmed(&factors).and_then(|totp| totp.confirmed_at);
        let recovery_codes_left = factors.recovery_codes.map_or(0, |codes| codes.left);
        Ok(since.map(|totp_since| SecondFactorInfo { totp_since, recovery_codes_left }))
    }

    /// Begins to set up an authenticator app. It counts once it is [confirmed](Self::confirm_totp).
    ///
    /// # Errors
    /// `ReauthenticationRequired`; `AlreadySetUp` when there is an app that counts.
    pub async fn begin_totp(&self, credentials: &Credentials, source: &Source) -> Result<TotpSecret, ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        self.require_recent(&session)?;
        let secret = Zeroizing::new(self.random::<SECRET_BYTES>());
        let sealed = self.seal(&totp_name(&session.user_id), secret.as_ref()).await?;
        if !self.store.begin_totp(&session.user_id, &sealed, self.now()).await? {
            return Err(ServiceError::AlreadySetUp);
        }
        let user = self.store.user(&session.user_id).await?.ok_or(ServiceError::InvalidToken)?;
        Ok(self.shown(user.username.as_str(), secret.as_ref()))
    }

    /// The app that the caller is setting up; `None` if there is none.
    ///
    /// # Errors
    /// `ReauthenticationRequired`.
    pub async fn begun_totp(&self, caller: &Caller) -> Result<Option<TotpSecret>, ServiceError> {
        if !self.has_proved_recently(caller).await? {
            return Err(ServiceError::ReauthenticationRequired);
        }
        let factors = self.store.second_factors(&caller.user_id).await?;
        let Some(totp) = self.begun(&factors) else { return Ok(None) };
        let secret = self.unseal(&totp_name(&caller.user_id), &totp.sealed_secret).await?;
        Ok(Some(self.shown(&caller.username, &secret)))
    }

    /// The app of `factors` that is being set up, if that has not taken too long.
    fn begun<'a>(&self, factors: &'a StoredFactors) -> Option<&'a StoredTotp> {
        let is_begun = |totp: &&StoredTotp| totp.confirmed_at.is_none() && self.now() < totp.created_at + SET_UP_TIME;
        factors.totp.as_ref().filter(is_begun)
    }

    fn shown(&self, username: &str, secret: &[u8]) -> TotpSecret {
        let secret = totp::base32(secret);
        let url = &self.settings.server.public_url;
        let issuer = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
        let address = Secret::new(totp::address(issuer.trim_end_matches('/'), username, &secret));
        TotpSecret { secret: Secret::new(secret), address }
    }

    /// Confirms an authenticator app with its first code, which is used up. From now on, sign-ins ask for it; sessions
    /// stay.
    ///
    /// # Errors
    /// `ReauthenticationRequired`, `SecondFactorInvalid`; `NotFound` when no app is being set up.
    pub async fn confirm_totp(
        &self,
        code: Option<TotpCode>,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        self.require_recent(&session)?;
        let user_id = &session.user_id;
        let factors = self.store.second_factors(user_id).await?;
        let totp = self.begun(&factors).ok_or(ServiceError::NotFound)?;
        let secret = self.unseal(&totp_name(user_id), &totp.sealed_secret).await?;
        let code = code.ok_or(ServiceError::SecondFactorInvalid)?;
        let step = accepted(code, totp.last_step, self.now(), totp_hmac(&secret));
        let step = step.ok_or(ServiceError::SecondFactorInvalid)?;
        let event = self.done_by(&session, Kind::TotpAdded, source);
        let new = NewTotp { user_id, sealed_secret: &totp.sealed_secret, step, sid: &session.id, event: &event };
        if !self.store.confirm_totp(new).await? {
            return Err(ServiceError::NotFound);
        }
        tracing::info!(target: AUDIT, user = %user_id, sid = %session.id, ip = source.ip, "an authenticator app was set up");
        Ok(())
    }

    /// Removes the authenticator app and the recovery codes. Sessions stay.
    ///
    /// # Errors
    /// `ReauthenticationRequired` unless the second factor was proved lately; `NotFound` when there is none.
    pub async fn remove_totp(&self, credentials: &Credentials, source: &Source) -> Result<(), ServiceError> {
        let session = self.by_second_factor(credentials, source).await?;
        let event = self.done_by(&session, Kind::TotpRemoved, source);
        if !self.store.remove_second_factors(&session.user_id, &event).await? {
            return Err(ServiceError::NotFound);
        }
        let (user, sid, ip) = (&session.user_id, &session.id, &source.ip);
        tracing::info!(target: AUDIT, %user, %sid, ip, "the authenticator app was removed");
        Ok(())
    }

    /// Makes recovery codes in place of all earlier ones. They are stored as digests only.
    ///
    /// # Errors
    /// `ReauthenticationRequired` unless the second factor was proved lately; `NotFound` without an authenticator app.
    pub async fn make_recovery_codes(
        &self,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<Vec<RecoveryCode>, ServiceError> {
        let session = self.by_second_factor(credentials, source).await?;
        let key = Zeroizing::new(self.random::<32>());
        let codes: Vec<_> = (0..SET_SIZE).map(|_| RecoveryCode::new(self.random::<RANDOM_BYTES>())).collect();
        let digests: Vec<_> = codes.iter().map(|code| recovery_code_digest(key.as_ref(), code)).collect();
        let sealed_key = self.seal(&recovery_name(&session.user_id), key.as_ref()).await?;
        let event = self.done_by(&session, Kind::RecoveryCodesMade, source);
        let (user_id, sealed_key) = (&session.user_id, sealed_key.as_slice());
        let new = NewRecoveryCodes { user_id, sealed_key, digests: &digests, event: &event };
        if !self.store.replace_recovery_codes(new).await? {
            return Err(ServiceError::NotFound);
        }
        tracing::info!(target: AUDIT, user = %user_id, sid = %session.id, ip = source.ip, "recovery codes were made");
        Ok(codes)
    }

    /// Removes the second factors of a user by order of the operator, and ends the sign-ins that wait for one. Sessions
    /// stay.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn remove_second_factors(&self, user: &UserId) -> Result<(), ServiceError> {
        let event = self.event(user, Kind::TotpRemoved, &Source::default());
        let event = Event { detail: Some(Reason::Operator.as_str()), ..event };
        if !self.store.remove_second_factors(user, &event).await? {
            return Err(ServiceError::NotFound);
        }
        tracing::info!(target: AUDIT, %user, "the operator removed the second factors");
        Ok(())
    }

    /// The caller's session, if it has proved the second factor lately, or the user has none.
    async fn by_second_factor(&self, credentials: &Credentials, source: &Source) -> Result<Session, ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        self.require_recent(&session)?;
        let window = self.settings.sessions.reauthentication_window;
        let is_proved = session.second_factor_at.is_some_and(|at| self.now().since(at) < window);
        if is_proved || confirmed(&self.store.second_factors(&session.user_id).await?).is_none() {
            return Ok(session);
        }
        Err(ServiceError::ReauthenticationRequired)
    }

    /// An event that a session's user caused in it.
    fn done_by(&self, session: &Session, kind: Kind, source: &Source) -> Event {
        let event = self.event(&session.user_id, kind, source);
        Event { sid: Some(session.id.clone()), by: Some(session.id.clone()), ..event }
    }
}
