//! Signing up and in, and the password.

use super::identity::{Credentials, PresentedToken, refused};
use super::known_browsers::{Acquaintance, BrowserCookies, browser_digest};
use super::limits::origin;
use super::queue::{RefreshOutcome, TokenUse};
use super::{Granted, ServiceError, Services, Source, event};
use crate::domain::activity::{Event, Kind};
use crate::domain::client::{Client, ClientKind};
use crate::domain::credentials::{Password, PasswordError, Username};
use crate::domain::id::{KeyId, SessionId, UserId};
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::session::{Lifetime, Session, Unminted};
use crate::domain::time::Timestamp;
use crate::domain::turns::Origin;
use crate::server::common_passwords::{is_common, words_of_the_site};
use crate::server::config::Registration;
use crate::server::password::PasswordCheck;
use crate::server::ports::{PasswordChange, SignInBrowser, StartSession, User};
use crate::server::telemetry::AUDIT;
use crate::server::token::{base64url, refresh};
use std::time::Duration;

/// A sign-up by the web app.
#[derive(Clone, Debug)]
pub struct SignUp<'a> {
    pub username: &'a str,
    pub password: &'a crate::api::Secret,
    pub remember: bool,
}

/// A sign-in.
#[derive(Clone, Debug)]
pub struct SignIn<'a> {
    pub username: &'a str,
    pub password: &'a crate::api::Secret,
    pub remember: bool,
    pub client: &'a Client,
}

impl Services {
    /// Creates an account and signs it in. The browser's former session ends.
    ///
    /// # Errors
    /// `RegistrationClosed`, `Username`, `Password`, `UsernameTaken`.
    pub async fn sign_up(
        &self,
        sign_up: SignUp<'_>,
        source: &Source,
        brought: &BrowserCookies,
    ) -> Result<Granted, ServiceError> {
        if self.settings.accounts.registration != Registration::Open {
            return Err(ServiceError::RegistrationClosed);
        }
        let attempt = self.begin(self.sign_up_limits(source)).await?;
        let user = match self.add_user(sign_up.username, sign_up.password.expose(), Some(source)).await {
            Ok(user) => user,
            Err(error) if error.is_ours() => return Err(error),
            Err(error) => return self.record_outcome(attempt, false).await.and(Err(error)),
        };
        self.succeeded(attempt).await;
        tracing::info!(target: AUDIT, user = %user.id, ip = source.ip, "an account was made");
        let by = AuthenticatedBy::password();
        self.start_session(&user, &Client::web(), sign_up.remember, by, source, brought).await
    }

    /// Creates an account. Without a source, the operator does.
    ///
    /// # Errors
    /// `Username`, `Password`, `UsernameTaken`.
    pub async fn add_user(
        &self,
        username: &str,
        password: &str,
        source: Option<&Source>,
    ) -> Result<User, ServiceError> {
        let from = source.map_or_else(|| Origin::Known(String::new()), |source| origin(source, None));
        let from = from.asking_for(Username::counted_as(username));
        let username = Username::new(username).map_err(ServiceError::Username)?;
        let user = self.new_user(username, "password", password, &from).await?;
        let event = source.map(|source| event(&user.id, Kind::SignedUp, source, user.created_at));
        if self.store.add_user(&user, event.as_ref()).await? { Ok(user) } else { Err(ServiceError::UsernameTaken) }
    }

    /// A user who is yet to be stored, with the password in `field`.
    pub(super) async fn new_user(
        &self,
        username: Username,
        field: &'static str,
        password: &str,
        from: &Origin,
    ) -> Result<User, ServiceError> {
        let password = self.new_password(field, password, &username, from).await?;
        let password_hash = self.hasher.hash(&password, from).await?;
        let now = self.now();
        let id = UserId::new(self.time_ordered_id(now));
        Ok(User { id, username, password_hash, created_at: now, password_changed_at: now, disabled_at: None })
    }

    pub(super) async fn new_password(
        &self,
        field: &'static str,
        typed: &str,
        username: &Username,
        from: &Origin,
    ) -> Result<Password, ServiceError> {
        let (typed, username, least) = (typed.to_owned(), username.clone(), self.settings.password.min_length);
        let words = words_of_the_site(&self.settings.server.public_url);
        let is_common = move |password: &str| is_common(password, &words);
        let checked = self.hasher.judge(from, move || Password::new(&typed, least, &username, is_common)).await?;
        checked.map_err(|error| ServiceError::Password(field, error))
    }

    /// Signs in. The browser's former session ends.
    ///
    /// # Errors
    /// `InvalidCredentials`, whether name or password is wrong; `Password` if it is too long to be hashed;
    /// `RateLimited`; `SecondFactorRequired` when the sign-in has to go on with a second factor.
    pub async fn sign_in(
        &self,
        sign_in: SignIn<'_>,
        source: &Source,
        brought: &BrowserCookies,
    ) -> Result<Granted, ServiceError> {
        let known = self.acquaintance(brought).await?;
        let user = self.authenticate(sign_in.username, sign_in.password.expose(), source, &known).await?;
        let SignIn { client, remember, .. } = sign_in;
        self.ask_second_factor(&user, client, remember, source).await?;
        self.start_session(&user, client, remember, AuthenticatedBy::password(), source, brought).await
    }

    /// The user of these credentials. An unknown name, a wrong password and a disabled user cost and look the same.
    /// `known`: the accounts to which the browser may be known.
    async fn authenticate(
        &self,
        username: &str,
        password: &str,
        source: &Source,
        known: &Acquaintance,
    ) -> Result<User, ServiceError> {
        let password = typed_password(password)?;
        let user = self.user_named(username).await?;
        self.verify(user, username, &password, source, known).await
    }

    /// The user with this name, as somebody typed it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn user_named(&self, typed: &str) -> Result<Option<User>, ServiceError> {
        for name in Username::stored_forms(typed) {
            if let Some(user) = self.store.user_by_name(&name).await? {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// Whether `password` is the password of `user`. `username` is the typed name; `user` is `None` if nobody has it.
    async fn verify(
        &self,
        user: Option<User>,
        username: &str,
        password: &Password,
        source: &Source,
        known: &Acquaintance,
    ) -> Result<User, ServiceError> {
        let known_by = user.as_ref().and_then(|user| known.with(&user.id));
        let sid = user.as_ref().and_then(|user| known.session_of(&user.id));
        let sid = sid.map(|session| tracing::field::display(&session.id));
        let attempt = self.begin(self.sign_in_limits(username, source, known_by.as_ref())).await?;
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let from = origin(source, user.as_ref().map(|user| &user.id).filter(|_| known_by.is_some()));
        let from = from.asking_for(Username::counted_as(username));
        let verified = self.hasher.verify(password, hash, &from).await?;
        let right = verified != PasswordCheck::Wrong;
        match user {
            Some(user) if right && user.disabled_at.is_none() => {
                self.succeeded(attempt).await;
                if let PasswordCheck::Outdated(renewed) = verified {
                    // The password was right: the next sign-in tries again.
                    if let Err(error) = self.store.rehash(&user.id, &user.password_hash, &renewed).await {
                        tracing::warn!(%error, user = %user.id, "a password hash could not be renewed");
                    }
                }
                Ok(user)
            }
            Some(user) => {
                let begins_to_block = self.record_outcome(attempt, false).await?;
                tracing::info!(user = %user.id, sid, ip = source.ip, "a sign-in failed");
                self.record_aside(self.event(&user.id, Kind::SignInFailed, source));
                if begins_to_block {
                    tracing::warn!(
                        target: AUDIT, user = %user.id, sid, ip = source.ip,
                        "sign-ins are blocked for a while"
                    );
                    self.record_aside(self.event(&user.id, Kind::SignInsBlocked, source));
                }
                Err(ServiceError::InvalidCredentials)
            }
            None => {
                self.record_outcome(attempt, false).await?;
                tracing::info!(ip = source.ip, "a sign-in failed");
                self.write_aside();
                Err(ServiceError::InvalidCredentials)
            }
        }
    }

    pub(super) async fn start_session(
        &self,
        user: &User,
        client: &Client,
        remember: bool,
        authenticated_by: AuthenticatedBy,
        source: &Source,
        brought: &BrowserCookies,
    ) -> Result<Granted, ServiceError> {
        let replaces = match &brought.refresh {
            Some(shown) => self.family(shown).await?,
            None => None,
        };
        let now = self.now();
        let unminted = self.new_session(user, client, remember, now)?;
        let refresh = refresh::mint(unminted.token_input(), &self.access.ring(), &self.settings.server.public_url)?;
        let second_factor_at = (!authenticated_by.is_password_alone()).then_some(now);
        let (label, unproved) = (source.label(), unminted.minted(refresh.digest()));
        let session = Session { label, authenticated_by, second_factor_at, ..unproved };
        let event = event(&user.id, Kind::SignedIn, source, now);
        let event = Event { sid: Some(session.id.clone()), by: Some(session.id.clone()), ..event };
        let start = StartSession {
            session: &session,
            password_changed_at: user.password_changed_at,
            replaces: replaces.as_ref().map(|session| &session.id),
            max: self.settings.sessions.max_per_user,
            event: &event,
        };
        let former = replaces.as_ref().map(|former| &former.user_id).filter(|former| **former != user.id);
        let device = match client.kind {
            ClientKind::Web => Some(self.device_cookie(brought).await?),
            ClientKind::Native => None,
        };
        let (digest, web) = (device.as_ref().map(browser_digest), brought.web.as_ref());
        let web = web.map(|draft| draft.of(&session)).transpose()?;
        let browser = SignInBrowser { digest: digest.as_ref(), web: web.as_ref() };
        // The user is gone or disabled, or the password was changed or a second factor set up in between.
        if !self.ends.start_session(start, browser, former).await? {
            return Err(ServiceError::InvalidCredentials);
        }
        tracing::info!(target: AUDIT, user = %user.id, sid = %session.id, ip = source.ip, "signed in");
        Ok(Granted { device, ..self.grant(session, refresh)? })
    }

    fn new_session(
        &self,
        user: &User,
        client: &Client,
        remember: bool,
        now: Timestamp,
    ) -> Result<Unminted, ServiceError> {
        let tokens = &self.settings.tokens;
        let (idle, absolute) = if remember {
            (tokens.refresh_idle, tokens.refresh_absolute)
        } else {
            (tokens.refresh_idle_short, tokens.refresh_absolute_short)
        };
        let key_id: KeyId = self.access.ring().newest_refresh(now)?.id.clone();
        let nonce = base64url(&self.random::<16>());
        let lifetime = Lifetime::start(now, idle, absolute, remember);
        let id = SessionId::new(self.time_ordered_id(now));
        Ok(Session::start(id, user.id.clone(), client.id.clone(), lifetime, key_id, nonce))
    }

    /// UUIDv7 (RFC 9562 section 5.7): sorted by time, with 74 random bits.
    fn time_ordered_id(&self, now: Timestamp) -> String {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid().to_string()
    }

    pub(super) fn grant(&self, session: Session, refresh: refresh::Minted) -> Result<Granted, ServiceError> {
        let now = self.now();
        let access = self.access.issue(&session, &*self.entropy, now)?;
        let refresh_expires_in: Duration = refresh.expires_at.since(now);
        Ok(Granted { session, access, refresh, refresh_expires_in, device: None })
    }

    /// Exchanges a refresh token for its successor and a fresh access token. `shared`: see
    /// [`crate::domain::refresh_token::Presented`].
    ///
    /// # Errors
    /// `InvalidToken`, `Revoked`, `Reused`, `Overtaken`; passing faults, after which the same token is as good as
    /// before.
    pub async fn refresh(
        &self,
        shown: &PresentedToken,
        shared: bool,
        source: &Source,
    ) -> Result<Granted, ServiceError> {
        match self.present(shown, source, TokenUse::Exchange { shared }).await? {
            RefreshOutcome::Exchanged(session, minted) => self.grant(*session, minted),
            outcome => Err(refused(&outcome)),
        }
    }

    /// Checks the password of a signed-in user again, and renews `auth_time`. With a second factor, what needs one may be
    /// done too.
    ///
    /// # Errors
    /// `InvalidCredentials` for a wrong password, `SecondFactorInvalid`, and those of the credentials.
    pub async fn reauthenticate(
        &self,
        password: &crate::api::Secret,
        second: Option<&crate::api::Secret>,
        credentials: &Credentials,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        self.check_password(&session, password.expose(), "password", source).await?;
        self.prove_again(&session, second.map(crate::api::Secret::expose), source).await?;
        tracing::info!(
            target: AUDIT, user = %session.user_id, sid = %session.id, ip = source.ip,
            "the password was given again"
        );
        Ok(())
    }

    pub(super) async fn check_password(
        &self,
        session: &Session,
        typed: &str,
        field: &'static str,
        source: &Source,
    ) -> Result<User, ServiceError> {
        let user = self.store.user(&session.user_id).await?.ok_or(ServiceError::InvalidToken)?;
        let password = match typed_password(typed) {
            Err(ServiceError::Password(_, error)) => return Err(ServiceError::Password(field, error)),
            password => password?,
        };
        let username = user.username.as_str().to_owned();
        self.verify(Some(user), &username, &password, source, &Acquaintance::of(session)).await
    }

    /// Changes the password, ends all other sessions and forgets all other known browsers. The current password is the
    /// only proof that it needs.
    ///
    /// # Errors
    /// `InvalidCredentials`, `Password`, and those of the credentials.
    pub async fn change_password(
        &self,
        current: &crate::api::Secret,
        new: &crate::api::Secret,
        credentials: &Credentials,
        brought: &BrowserCookies,
        source: &Source,
    ) -> Result<(), ServiceError> {
        let session = self.by_credentials(credentials, source).await?;
        let user = self.check_password(&session, current.expose(), "currentPassword", source).await?;
        // Checked first, since it is cheap.
        if Password::typed(current.expose()).is_ok_and(|current| Password::typed(new.expose()) == Ok(current)) {
            return Err(ServiceError::Password("newPassword", PasswordError::Unchanged));
        }
        let from = origin(source, Some(&user.id));
        let password = self.new_password("newPassword", new.expose(), &user.username, &from).await?;
        let new_hash = self.hasher.hash(&password, &from).await?;
        let event = self.event(&user.id, Kind::PasswordChanged, source);
        let event = Event { sid: Some(session.id.clone()), by: Some(session.id.clone()), ..event };
        let browser = brought.browser_digest();
        let change = PasswordChange {
            user_id: &user.id,
            password_changed_at: user.password_changed_at,
            new_hash: &new_hash,
            link: None,
            keep: Some(&session.id),
            browser: browser.as_ref(),
            at: self.now(),
            event: &event,
        };
        // If somebody changed it in between, the given password is no longer the current one.
        self.ends.change_password(change).await?.ok_or(ServiceError::InvalidCredentials)?;
        tracing::info!(target: AUDIT, user = %user.id, sid = %session.id, ip = source.ip, "the password was changed");
        Ok(())
    }
}

/// Parses a password to be checked. One that cannot be anybody's counts as wrong; one that is too long is refused.
fn typed_password(typed: &str) -> Result<Password, ServiceError> {
    Password::typed(typed).map_err(|error| match error {
        PasswordError::TooLong => ServiceError::Password("password", error),
        _ => ServiceError::InvalidCredentials,
    })
}
