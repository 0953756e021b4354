//! Web sessions (tower-sessions) on our own store. With them the server renders pages for the signed-in user, and keeps
//! state while somebody signs in. The cookie is set and cleared here: the library's own layer would clear it without
//! the flags that a `__Host-` cookie needs.

use super::cookies::{Cookies, WEB_SESSION};
use crate::domain::device::is_unruly;
use crate::domain::id::{SessionId, WaitingDigest};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::{Clock, NewWebSession, StoreError, WebSessions};
use crate::server::service::WebSessionDraft;
use crate::server::token::digest;
use crate::ui::form_result::FormResult;
use async_trait::async_trait;
use axum::body::Body;
use http::{HeaderValue, Response};
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::{Expiry, Session as WebSession, SessionStore, session_store};

/// How long a web session of a visitor who is not signed in lasts.
const VISIT: Duration = Duration::from_secs(15 * 60);
const SID: &str = "sid";
/// Until when the browser keeps the cookie, in milliseconds since the epoch. Absent: until the browser is closed.
const KEPT_UNTIL: &str = "kept_until";
const USERNAME: &str = "username";
const FORM_RESULT: &str = "form_result";
/// The session that the user wants to end because somebody else started it.
const NOT_MINE: &str = "not_mine";
/// The sign-in that waits for its second factor.
const WAITING: &str = "waiting";

/// Implements tower-sessions' store on ours. The store gets a digest of the id, never the id.
#[derive(Clone)]
pub struct WebSessionStore {
    /// Where they are kept.
    pub store: Arc<dyn WebSessions>,
    /// The clock by which they expire.
    pub clock: Arc<dyn Clock>,
}

impl Debug for WebSessionStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebSessionStore")
    }
}

fn key(id: &Id) -> String {
    digest(&id.to_string())
}

fn millis(date: OffsetDateTime) -> Timestamp {
    Timestamp::from_millis(i64::try_from(date.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
}

fn date(time: Timestamp) -> OffsetDateTime {
    let nanos = i128::from(time.as_millis()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn backend(error: StoreError) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

/// A record as text. The id is left out: the row is found by its digest.
fn written(data: &HashMap<String, Value>, expires_at: Timestamp) -> serde_json::Result<String> {
    serde_json::to_string(&(data, expires_at))
}

fn encode(record: &Record) -> session_store::Result<String> {
    written(&record.data, millis(record.expiry_date)).map_err(|error| session_store::Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for WebSessionStore {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        loop {
            let (id, data, expires_at) = (key(&record.id), encode(record)?, millis(record.expiry_date));
            // Each session has one web session, so that a client that returns without the cookie does not add a row
            // each time.
            let of = record.data.get(SID).and_then(|sid| SessionId::deserialize(sid).ok());
            if self.store.add_web_session(&id, &data, expires_at, of.as_ref()).await.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let expires_at = millis(record.expiry_date);
        self.store.save_web_session(&key(&record.id), &encode(record)?, expires_at).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let found = self.store.web_session(&key(id), self.clock.now()).await.map_err(backend)?;
        let Some(text) = found else { return Ok(None) };
        let (data, expires_at) =
            serde_json::from_str(&text).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date: date(expires_at) }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.store.delete_web_session(&key(id)).await.map_err(backend)
    }
}

impl WebSessionStore {
    /// The web session that a request brings, or a new one, which costs nothing until something is put into it.
    pub fn of(&self, cookies: &Cookies) -> (WebSession, bool) {
        let cookie = cookies.get(WEB_SESSION);
        let id = cookie.value().and_then(|value| value.parse().ok());
        let expiry = Expiry::AtDateTime(date(self.clock.now() + VISIT));
        (WebSession::new(id, Arc::new(self.clone()), Some(expiry)), cookie.is_there())
    }

    /// Saves the changes that a request made to its web session, and sets or clears the browser's cookie.
    ///
    /// # Errors
    /// When the store is unavailable.
    pub async fn finish(
        &self,
        web: &WebSession,
        had_cookie: bool,
        response: &mut Response<Body>,
    ) -> Result<(), tower_sessions::session::Error> {
        // A sign-in has started another one, and stored it already.
        if WEB_SESSION.is_set_by(response.headers()) {
            return Ok(());
        }
        // A refusal may arrive late, and must not clear the cookie of a newer sign-in.
        let refuses = response.status().is_client_error() || response.status().is_server_error();
        // The browser sent a cookie, but its web session no longer exists.
        let lost = had_cookie && !refuses && web.is_empty().await;
        if !web.is_modified() && !lost {
            return Ok(());
        }
        let cookie = if web.is_empty().await {
            if !had_cookie {
                return Ok(());
            }
            WEB_SESSION.clear()
        } else {
            web.save().await?;
            let kept: Option<Timestamp> = web.get(KEPT_UNTIL).await?;
            let life = kept.map(|until| until.since(self.clock.now()));
            web.id().and_then(|id| WEB_SESSION.set(&id.to_string(), life))
        };
        if let Some(cookie) = cookie {
            response.headers_mut().append(http::header::SET_COOKIE, cookie);
        }
        Ok(())
    }
}

/// An error of the web session's store, as an error of our store.
pub(super) fn fault(error: tower_sessions::session::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// The session that the web session belongs to.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn sid(web: &WebSession) -> Result<Option<SessionId>, StoreError> {
    web.get(SID).await.map_err(fault)
}

/// Binds the web session to `session`, under a new id: an id from before the sign-in is not adopted.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn bind(web: &WebSession, session: &Session) -> Result<(), StoreError> {
    let bind = async {
        web.cycle_id().await?;
        web.clear().await;
        web.set_expiry(Some(Expiry::AtDateTime(date(session.lifetime.expires_at))));
        web.insert(SID, &session.id).await?;
        if session.lifetime.remember {
            web.insert(KEPT_UNTIL, session.lifetime.expires_at).await?;
        }
        Ok(())
    };
    bind.await.map_err(fault)
}

/// The web session that a sign-in starts in the transaction of its session, under a new id: an id from before is not
/// adopted.
#[derive(Debug)]
pub(super) struct NextWebSession {
    id: Id,
    replaces: Option<Id>,
}

impl NextWebSession {
    /// After the web session that the browser has now.
    pub(super) fn after(web: &WebSession) -> Self {
        Self { id: Id::default(), replaces: web.id() }
    }

    /// Its cookie, once it is stored.
    pub(super) fn cookie(&self, session: &Session, now: Timestamp) -> Option<HeaderValue> {
        let life = session.lifetime.remember.then(|| session.lifetime.expires_at.since(now));
        WEB_SESSION.set(&self.id.to_string(), life)
    }
}

impl WebSessionDraft for NextWebSession {
    fn of(&self, session: &Session) -> Result<NewWebSession, StoreError> {
        let fault = |_| StoreError::Corrupt("a web session that cannot be written as JSON".into());
        let mut data = HashMap::from([(SID.to_owned(), serde_json::to_value(&session.id).map_err(fault)?)]);
        let expires_at = session.lifetime.expires_at;
        if session.lifetime.remember {
            data.insert(KEPT_UNTIL.to_owned(), serde_json::to_value(expires_at).map_err(fault)?);
        }
        let data = written(&data, expires_at).map_err(fault)?;
        Ok(NewWebSession { id: key(&self.id), data, expires_at, replaces: self.replaces.as_ref().map(key) })
    }
}

/// Ends the web session if it is bound to a session, ended or not. A visitor's web session stays: it may hold what was
/// typed.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn unbind(web: &WebSession) -> Result<(), StoreError> {
    if sid(web).await?.is_none() {
        return Ok(());
    }
    discard(web).await
}

/// Ends the web session, bound to a session or not.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn discard(web: &WebSession) -> Result<(), StoreError> {
    web.flush().await.map_err(fault)
}

/// The length to which a refused username is cut, in characters.
const USERNAME_MAX: usize = 256;

/// Stores the username of a refused form, so that nobody has to type it again.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn keep_username(web: &WebSession, username: &str) -> Result<(), StoreError> {
    let kept: String = username.chars().filter(|c| !is_unruly(*c)).take(USERNAME_MAX).collect();
    web.insert(USERNAME, kept).await.map_err(fault)
}

/// The username that [`keep_username`] stored.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn kept_username(web: &WebSession) -> Result<Option<String>, StoreError> {
    web.get(USERNAME).await.map_err(fault)
}

/// Stores the result of a form for the next page.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn keep_form_result(web: &WebSession, result: &FormResult) -> Result<(), StoreError> {
    web.insert(FORM_RESULT, result).await.map_err(fault)
}

/// Takes the result that [`keep_form_result`] stored. It is shown once.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn take_form_result(web: &WebSession) -> Result<Option<FormResult>, StoreError> {
    let result = web.get(FORM_RESULT).await.map_err(fault)?;
    // Removing a missing value would be a write for each page.
    if result.is_some() {
        web.remove::<FormResult>(FORM_RESULT).await.map_err(fault)?;
    }
    Ok(result)
}

/// Stores the digest of a sign-in that waits for its second factor, under a new id: an id from before the password is not
/// adopted.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn keep_waiting(web: &WebSession, digest: &WaitingDigest) -> Result<(), StoreError> {
    let keep = async {
        web.cycle_id().await?;
        web.insert(WAITING, digest).await
    };
    keep.await.map_err(fault)
}

/// The digest that [`keep_waiting`] stored.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn waiting(web: &WebSession) -> Result<Option<WaitingDigest>, StoreError> {
    web.get(WAITING).await.map_err(fault)
}

/// Stores the session that the user does not recognise, for the page that asks before it is ended.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn keep_not_mine(web: &WebSession, sid: &SessionId) -> Result<(), StoreError> {
    web.insert(NOT_MINE, sid).await.map_err(fault)
}

/// The session that [`keep_not_mine`] stored.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn not_mine(web: &WebSession) -> Result<Option<SessionId>, StoreError> {
    web.get(NOT_MINE).await.map_err(fault)
}

/// Removes the session that [`keep_not_mine`] stored.
///
/// # Errors
/// When the store is unavailable.
pub(super) async fn forget_not_mine(web: &WebSession) -> Result<(), StoreError> {
    web.remove::<SessionId>(NOT_MINE).await.map(drop).map_err(fault)
}
