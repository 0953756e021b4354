//! Web sessions (tower-sessions) on our own store: they let the server render pages for who is signed in, and carry the
//! state of a sign-in under way. The cookie is ours to set and clear, since the library's own layer clears it without
//! the flags that a `__Host-` cookie needs.

use super::cookies::WEB_SESSION;
use crate::domain::device::is_unruly;
use crate::domain::id::SessionId;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::{Clock, StoreError, WebSessions};
use crate::server::token::digest;
use crate::ui::form_result::FormResult;
use async_trait::async_trait;
use axum::body::Body;
use http::{HeaderMap, Response};
use serde::Deserialize as _;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::{Expiry, Session as WebSession, SessionStore, session_store};

/// How long a visitor who is not signed in keeps one.
const VISIT: Duration = Duration::from_secs(15 * 60);
const SID: &str = "sid";
/// Until when the browser keeps the cookie, in milliseconds since the epoch; absent: until it is closed.
const KEPT_UNTIL: &str = "kept_until";
const USERNAME: &str = "username";
const SAID: &str = "said";
/// The session that the user wants to end, since somebody else started it.
const NOT_MINE: &str = "not_mine";

/// tower-sessions' four verbs on our store. What is stored is a digest of the id, never the id.
#[derive(Clone)]
pub struct WebSessionStore {
    pub store: Arc<dyn WebSessions>,
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

fn encode(record: &Record) -> session_store::Result<String> {
    // The id stays out: the row is found by its digest.
    serde_json::to_string(&(&record.data, millis(record.expiry_date)))
        .map_err(|error| session_store::Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for WebSessionStore {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        loop {
            let (id, data, expires_at) = (key(&record.id), encode(record)?, millis(record.expiry_date));
            // One for each session: whoever comes without the cookie again and again leaves no row each time.
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
    pub fn of(&self, headers: &HeaderMap) -> (WebSession, bool) {
        let brought = WEB_SESSION.read(headers);
        let id = brought.value().and_then(|value| value.parse().ok());
        let expiry = Expiry::AtDateTime(date(self.clock.now() + VISIT));
        (WebSession::new(id, Arc::new(self.clone()), Some(expiry)), brought.is_there())
    }

    /// Saves what a request put into its web session, and tells the browser.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn finish(
        &self,
        web: &WebSession,
        brought: bool,
        response: &mut Response<Body>,
    ) -> Result<(), tower_sessions::session::Error> {
        // A refusal may come late, and must not wipe the cookie of a newer sign-in.
        let refuses = response.status().is_client_error() || response.status().is_server_error();
        // Empty though the browser brought one: it was looked up, and is not there any more.
        let lost = brought && !refuses && web.is_empty().await;
        if !web.is_modified() && !lost {
            return Ok(());
        }
        let cookie = if web.is_empty().await {
            if !brought {
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

/// A fault of the web session's store, as the use cases say it.
pub fn fault(error: tower_sessions::session::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// The session that the web session is of.
///
/// # Errors
/// When the store does not answer.
pub async fn sid(web: &WebSession) -> Result<Option<SessionId>, StoreError> {
    web.get(SID).await.map_err(fault)
}

/// Makes the web session one of `session`, under a new id: nothing that the browser brought is adopted.
///
/// # Errors
/// When the store does not answer.
pub async fn bind(web: &WebSession, session: &Session) -> Result<(), StoreError> {
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

/// Ends the web session, if it is one of somebody who is or was signed in. A visitor's is kept: it may hold what was
/// typed.
///
/// # Errors
/// When the store does not answer.
pub async fn unbind(web: &WebSession) -> Result<(), StoreError> {
    if sid(web).await?.is_none() {
        return Ok(());
    }
    discard(web).await
}

/// Ends the web session, whosoever it is.
///
/// # Errors
/// When the store does not answer.
pub async fn discard(web: &WebSession) -> Result<(), StoreError> {
    web.flush().await.map_err(fault)
}

/// How much of a username is kept that was refused, in characters.
const USERNAME_MAX: usize = 256;

/// Keeps the username of a form that was refused, so that it need not be typed again.
///
/// # Errors
/// When the store does not answer.
pub async fn keep_username(web: &WebSession, username: &str) -> Result<(), StoreError> {
    let kept: String = username.chars().filter(|c| !is_unruly(*c)).take(USERNAME_MAX).collect();
    web.insert(USERNAME, kept).await.map_err(fault)
}

/// The username that [`keep_username`] kept.
///
/// # Errors
/// When the store does not answer.
pub async fn kept_username(web: &WebSession) -> Result<Option<String>, StoreError> {
    web.get(USERNAME).await.map_err(fault)
}

/// Keeps what a form has done, for the page that comes next.
///
/// # Errors
/// When the store does not answer.
pub async fn keep_form_result(web: &WebSession, said: &FormResult) -> Result<(), StoreError> {
    web.insert(SAID, said).await.map_err(fault)
}

/// What [`say`] kept; it is said once.
///
/// # Errors
/// When the store does not answer.
pub async fn take_said(web: &WebSession) -> Result<Option<FormResult>, StoreError> {
    let said = web.get(SAID).await.map_err(fault)?;
    // To remove what is not there would be a write for each page.
    if said.is_some() {
        web.remove::<FormResult>(SAID).await.map_err(fault)?;
    }
    Ok(said)
}

/// Keeps which session the user says is somebody else's, for the page that asks before it is ended.
///
/// # Errors
/// When the store does not answer.
pub async fn keep_not_mine(web: &WebSession, sid: &SessionId) -> Result<(), StoreError> {
    web.insert(NOT_MINE, sid).await.map_err(fault)
}

/// The session that [`keep_not_mine`] kept.
///
/// # Errors
/// When the store does not answer.
pub async fn not_mine(web: &WebSession) -> Result<Option<SessionId>, StoreError> {
    web.get(NOT_MINE).await.map_err(fault)
}

/// Forgets what [`keep_not_mine`] kept.
///
/// # Errors
/// When the store does not answer.
pub async fn forget_not_mine(web: &WebSession) -> Result<(), StoreError> {
    web.remove::<SessionId>(NOT_MINE).await.map(drop).map_err(fault)
}
