//! The second factor: signing in with it, and proving it again.

use super::known_browsers::{Acquaintance, BrowserCookies};
use super::{Granted, ServiceError, Services, Source};
use crate::api::Secret;
use crate::domain::activity::{Event, Kind};
use crate::domain::client::{Client, ClientKind};
use crate::domain::id::{RecoveryCodeDigest, UserId, WaitingDigest};
use crate::domain::second_factor::{AuthenticatedBy, FactorAnswer, FactorMethod, WAIT, WaitingSignIn};
use crate::domain::session::Session;
use crate::domain::totp::{Step, accepted};
use crate::server::ports::{StoredFactors, StoredTotp, UsedFactor, User};
use crate::server::telemetry::AUDIT;
use crate::server::token::base64url;
use crate::server::token::keys::KeyError;
use crate::server::token::one_time_codes::{recovery_code_digest, totp_hmac, waiting_digest};
use crate::server::token::ring::KeyRing;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a sign-in is asked for after the password, and the value with which it goes on.
#[derive(Clone, Debug)]
pub struct AskedFactor {
    pub methods: Vec<FactorMethod>,
    pub value: Secret,
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
                let secret = self.unseal(&totp_name(user), &totp.sealed_secret).await?;
                accepted(*code, totp.last_step, now, totp_hmac(&secret)).map(Proof::Totp)
            }
            (FactorAnswer::RecoveryCode(_), None) => None,
            (FactorAnswer::RecoveryCode(code), Some(set)) => {
                let key = self.unseal(&recovery_name(user), &set.sealed_key).await?;
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

    /// The keys, with the one for second factors, which is created when it is first needed.
    async fn factor_keys(&self) -> Result<Arc<KeyRing>, ServiceError> {
        let ring = self.access.ring();
        if ring.factors().is_none() {
            self.keys.ensure_factor_key(&self.access, self.now()).await?;
            return Ok(self.access.ring());
        }
        Ok(ring)
    }

    pub(super) async fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let ring = self.factor_keys().await?;
        let key = ring.factors().ok_or(KeyError::Generation)?;
        Ok(key.seal(name, plain, &*self.entropy)?)
    }

    pub(super) async fn unseal(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, ServiceError> {
        let ring = self.factor_keys().await?;
        let key = ring.factors().ok_or(KeyError::Generation)?;
        Ok(key.unseal(name, sealed)?)
    }
}

/// The authenticator app, if sign-ins ask for it.
pub(super) fn confirmed(factors: &StoredFactors) -> Option<&StoredTotp> {
    factors.totp.as_ref().filter(|totp| totp.confirmed_at.is_some())
}

fn methods(factors: &StoredFactors) -> Vec<FactorMethod> {
    let has_codes = factors.recovery_codes.as_ref().is_some_and(|codes| codes.left > 0);
    let recovery = has_codes.then_some(FactorMethod::RecoveryCode);
    std::iter::once(FactorMethod::Totp).chain(recovery).collect()
}

/// The names under which secrets are sealed: none can take the place of another, or of another user's.
pub(super) fn totp_name(user: &UserId) -> String {
    format!("totp/{user}")
}

pub(super) fn recovery_name(user: &UserId) -> String {
    format!("recovery/{user}")
}
