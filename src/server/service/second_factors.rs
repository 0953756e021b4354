//! The second factor: signing in with it, proving it again, setting it up and removing it.

use super::identity::{Caller, Credentials};
use super::known_browsers::{Acquaintance, BrowserCookies};
use super::{Granted, ServiceError, Services, Source};
use crate::api::Secret;
use crate::api::data::SecondFactorInfo;
use crate::domain::activity::{Event, Kind};
use crate::domain::client::{Client, ClientKind};
use crate::domain::id::{RecoveryCodeDigest, UserId, WaitingDigest};
use crate::domain::recovery_code::{RANDOM_BYTES, RecoveryCode, SET_SIZE};
use crate::domain::second_factor::{AuthenticatedBy, FactorAnswer, FactorMethod, SET_UP_TIME, WAIT, WaitingSignIn};
use crate::domain::session::{Reason, Session};
use crate::domain::totp::{self, SECRET_BYTES, Step, TotpCode, accepted};
use crate::server::ports::{NewRecoveryCodes, NewTotp, StoredFactors, StoredTotp, UsedFactor, User};
use crate::server::telemetry::AUDIT;
use crate::server::token::base64url;
use crate::server::token::one_time_codes::{recovery_code_digest, totp_hmac, waiting_digest};
use zeroize::Zeroizing;

/// What a sign-in is asked for after the password, and the value with which it goes on.
#[derive(Clone, Debug)]
pub struct AskedFactor {
    pub methods: Vec<FactorMethod>,
    pub value: Secret,
}

/// An authenticator app that is being set up.
#[derive(Clone, Debug)]
pub struct TotpSecret {
    /// In base32, as apps take it.
    pub secret: Secret,
    /// The same as an address for a QR code.
    pub address: Secret,
}

/// A proof that is still to be used up.
enum Proof {
    Totp(Step),
    RecoveryCode(RecoveryCodeDigest, Step, Box<Event>),
}

impl Proof {
    fn used(&self) -> UsedFactor<'_> {
        match self {
            Self::Totp(step) => UsedFactor::Totp(*step),
            Self::RecoveryCode(digest, step, event) => UsedFactor::RecoveryCode(digest, *step, event),
        }
    }
}

impl Services {
    /// Stops a sign-in whose password was right if the user has a second factor. The value that it returns is stored as
    /// a digest only.
    ///
    /// # Errors
    /// `SecondFactorRequired`.
    pub(super) async fn ask_second_factor(
        &self,
        user: &User,
        client: &Client,
        remember: bool,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let factors = self.store.second_factors(&user.id).await?;
        if confirmed(&factors).is_none() {
            return Ok(());
        }
        let value = Secret::new(base64url(&self.random::<32>()));
        let waiting = WaitingSignIn {
            user_id: user.id.clone(),
            client_id: client.id.clone(),
            remember,
            password_changed_at: user.password_changed_at,
            expires_at: self.now() + WAIT,
            tries: 0,
        };
        self.store.add_waiting_sign_in(&waiting_digest(value.expose()), &waiting).await?;
        tracing::info!(target: AUDIT, user = %user.id, ip = source.ip, "a sign-in waits for the second factor");
        Err(ServiceError::SecondFactorRequired(Box::new(AskedFactor { methods: methods(&factors), value })))
    }

    /// The methods that a waiting sign-in may use. Reads only.
    ///
    /// # Errors
    /// `SignInExpired`.
    pub async fn methods_of_waiting(&self, digest: &WaitingDigest) -> Result<Vec<FactorMethod>, ServiceError> {
        let (waiting, _) = self.waiting(digest, ClientKind::Web).await?;
        Ok(methods(&self.store.second_factors(&waiting.user_id).await?))
    }

    /// The waiting sign-in of this digest and its user, if it may have another answer.
    async fn waiting(&self, digest: &WaitingDigest, kind: ClientKind) -> Result<(WaitingSignIn, User), ServiceError> {
        let waiting = self.store.waiting_sign_in(digest).await?.filter(|waiting| waiting.is_open(kind, self.now()));
        let waiting = waiting.ok_or(ServiceError::SignInExpired)?;
        let user = self
            .store
            .user(&waiting.user_id)
            .await?
            .filter(|user| user.disabled_at.is_none() && user.password_changed_at == waiting.password_changed_at);
        Ok((waiting, user.ok_or(ServiceError::SignInExpired)?))
    }

    /// Ends a sign-in that waits for the second factor by starting its session.
    ///
    /// # Errors
    /// `SecondFactorInvalid`, `SignInExpired`, `RateLimited`.
    pub async fn sign_in_with_second_factor(
        &self,
        digest: &WaitingDigest,
        kind: ClientKind,
        answer: &FactorAnswer,
        source: &Source,
        brought: &BrowserCookies,
    ) -> Result<Granted, ServiceError> {
        let (waiting, user) = self.waiting(digest, kind).await?;
        let client = Client::find(&self.settings.clients, Some(waiting.client_id.as_str()));
        let client = client.ok_or(ServiceError::UnknownClient)?;
        let known = self.acquaintance(brought).await?.with(&user.id);
        let attempt = self.begin(self.second_factor_limits(&user.id, source, known.as_ref())).await?;
        if !self.store.count_answer(digest, self.now()).await? {
            return Err(ServiceError::SignInExpired);
        }
        let right = match self.proof(&user.id, answer, source).await? {
            Some(proof) => self.store.finish_waiting(digest, &user.id, proof.used()).await?,
            None => false,
        };
        if !right {
            return self.refuse_factor(attempt, &user.id, source).await;
        }
        self.succeeded(attempt).await;
        let by = AuthenticatedBy::password().and(answer.method());
        self.start_session(&user, &client, waiting.remember, by, source, brought).await
    }

    /// Counts and records a wrong second factor.
    async fn refuse_factor<T>(
        &self,
        attempt: super::attempts::Visit,
        user: &UserId,
        source: &Source,
    ) -> Result<T, ServiceError> {
        let begins_to_block = self.record_outcome(attempt, false).await?;
        tracing::info!(%user, ip = source.ip, "a second factor was wrong");
        self.record_aside(self.event(user, Kind::SecondFactorFailed, source));
        if begins_to_block {
            tracing::warn!(target: AUDIT, %user, ip = source.ip, "second factors are blocked for a while");
            self.record_aside(self.event(user, Kind::SignInsBlocked, source));
        }
        Err(ServiceError::SecondFactorInvalid)
    }

    /// The proof in an answer; `None` if it is wrong. Whether a recovery code is one is found out when it is used up.
    async fn proof(
        &self,
        user: &UserId,
        answer: &FactorAnswer,
        source: &Source,
    ) -> Result<Option<Proof>, ServiceError> {
        let factors = self.store.second_factors(user).await?;
        let Some(totp) = confirmed(&factors) else { return Ok(None) };
        let now = self.now();
        Ok(match (answer, &factors.recovery_codes) {
            (FactorAnswer::Code(code), _) => {
                let secret = self.keys.open_sealed(&totp_name(user), &totp.sealed_secret)?;
                accepted(*code, totp.last_step, now, totp_hmac(&secret)).map(Proof::Totp)
            }
            (FactorAnswer::RecoveryCode(_), None) => None,
            (FactorAnswer::RecoveryCode(code), Some(set)) => {
                let key = self.keys.open_sealed(&recovery_name(user), &set.sealed_key)?;
                let event = Box::new(self.event(user, Kind::RecoveryCodeUsed, source));
                Some(Proof::RecoveryCode(recovery_code_digest(&key, code), Step::newest(now), event))
            }
        })
    }

    /// Renews what a session has proved, after its password was checked: by the password alone, or by a second factor
    /// too.
    ///
    /// # Errors
    /// `SecondFactorInvalid`, `RateLimited`; `InvalidToken` when the session has ended.
    pub(super) async fn prove_again(
        &self,
        session: &Session,
        second: Option<&str>,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let user = &session.user_id;
        let second = second.filter(|typed| !typed.trim().is_empty());
        let renewed = match second {
            Some(typed) if confirmed(&self.store.second_factors(user).await?).is_some() => {
                let known = Acquaintance::of(session).with(user);
                let attempt = self.begin(self.second_factor_limits(user, source, known.as_ref())).await?;
                let proof = match FactorAnswer::typed(typed) {
                    Some(answer) => self.proof(user, &answer, source).await?,
                    None => None,
                };
                let right = match proof {
                    Some(proof) => self.store.prove_again(user, proof.used(), &session.id, self.now()).await?,
                    None => false,
                };
                if !right {
                    return self.refuse_factor(attempt, user, source).await;
                }
                self.succeeded(attempt).await;
                true
            }
            _ => self.store.reauthenticated(&session.id, self.now()).await?,
        };
        if renewed { Ok(()) } else { Err(ServiceError::InvalidToken) }
    }

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
        let sealed = self.keys.seal(&totp_name(&session.user_id), secret.as_ref())?;
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
        let secret = self.keys.open_sealed(&totp_name(&caller.user_id), &totp.sealed_secret)?;
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
        let secret = self.keys.open_sealed(&totp_name(user_id), &totp.sealed_secret)?;
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
        let sealed_key = self.keys.seal(&recovery_name(&session.user_id), key.as_ref())?;
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

/// The authenticator app, if sign-ins ask for it.
fn confirmed(factors: &StoredFactors) -> Option<&StoredTotp> {
    factors.totp.as_ref().filter(|totp| totp.confirmed_at.is_some())
}

fn methods(factors: &StoredFactors) -> Vec<FactorMethod> {
    let has_codes = factors.recovery_codes.as_ref().is_some_and(|codes| codes.left > 0);
    let recovery = has_codes.then_some(FactorMethod::RecoveryCode);
    std::iter::once(FactorMethod::Totp).chain(recovery).collect()
}

/// The names under which secrets are sealed: none can take the place of another, or of another user's.
fn totp_name(user: &UserId) -> String {
    format!("totp/{user}")
}

fn recovery_name(user: &UserId) -> String {
    format!("recovery/{user}")
}
