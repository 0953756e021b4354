//! The port, verb by verb: each is carried out by the module of what it is about.

use super::database::Database;
use super::sql::Dialect;
use crate::domain::activity::Event;
use crate::domain::credentials::Username;
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::ports::{
    Decide, DecideKeys, DecideTallies, EndSessions, Ended, EventPage, KnownBrowser, LastSeen, PasswordChange, Recorded,
    StartSession, Store, StoreError, StoredKey, Tallies, Undecided, User,
};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

#[async_trait]
impl Store for Database {
    async fn add_user(&self, user: &User, event: Option<&Event>) -> Result<bool, StoreError> {
        self.add_user(user, event).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.user(id).await
    }

    async fn user_by_name(&self, name: &Username) -> Result<Option<User>, StoreError> {
        self.user_by_name(name).await
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.users().await
    }

    async fn rehash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
        self.rehash(id, old, new).await
    }

    async fn change_password(&self, change: PasswordChange<'_>) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.change_password(change).await
    }

    async fn set_disabled(
        &self,
        id: &UserId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.set_disabled(id, at, now).await
    }

    async fn delete_user(&self, id: &UserId) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.delete_user(id).await
    }

    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.start_session(start).await
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.session(id).await
    }

    async fn live_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.live_sessions(user_id, now).await
    }

    async fn sessions_of(
        &self,
        user_id: &UserId,
        after: Option<(Timestamp, SessionId)>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        self.sessions_of(user_id, after, limit).await
    }

    async fn these_sessions(&self, user_id: &UserId, ids: &[SessionId]) -> Result<Vec<Session>, StoreError> {
        self.these_sessions(user_id, ids).await
    }

    async fn session_fingerprints(&self, users: &[UserId]) -> Result<HashMap<UserId, String>, StoreError> {
        self.session_fingerprints(users).await
    }

    async fn judge(&self, ids: Vec<SessionId>, judge: Decide) -> Result<Undecided, StoreError> {
        self.judge(ids, judge).await
    }

    async fn end_sessions(&self, end: &EndSessions, event: &Event) -> Result<Vec<SessionId>, StoreError> {
        self.end_sessions(end, event).await
    }

    async fn end_again(&self, ended: &[Ended]) -> Result<u64, StoreError> {
        self.end_again(ended).await
    }

    async fn rename_session(
        &self,
        user_id: &UserId,
        id: &SessionId,
        name: &str,
        event: &Event,
    ) -> Result<bool, StoreError> {
        self.rename_session(user_id, id, name, event).await
    }

    async fn reauthenticated(&self, id: &SessionId, at: Timestamp) -> Result<bool, StoreError> {
        self.reauthenticated(id, at).await
    }

    async fn write_last_seen(&self, seen: &[LastSeen]) -> Result<Vec<SessionId>, StoreError> {
        self.write_last_seen(seen).await
    }

    async fn purge(&self, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        self.purge(before, now).await
    }

    async fn record(&self, event: &Event) -> Result<(), StoreError> {
        self.record(event).await
    }

    async fn activity(&self, user_id: &UserId, page: EventPage) -> Result<Vec<Recorded>, StoreError> {
        self.activity(user_id, page).await
    }

    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.keys().await
    }

    async fn change_keys(&self, judge: DecideKeys) -> Result<Vec<StoredKey>, StoreError> {
        self.change_keys(judge).await
    }

    async fn users_of_browser(&self, digest: &str) -> Result<Vec<UserId>, StoreError> {
        self.users_of_browser(digest).await
    }

    async fn known_browsers(&self, user_id: &UserId) -> Result<Vec<KnownBrowser>, StoreError> {
        self.known_browsers(user_id).await
    }

    async fn know_browser(&self, digest: &str, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
        self.know_browser(digest, user_id, now).await
    }

    async fn tallies(&self, keys: &[String]) -> Result<Tallies, StoreError> {
        self.tallies(keys).await
    }

    async fn tally(&self, keys: Vec<String>, judge: DecideTallies) -> Result<(), StoreError> {
        self.tally(keys, judge).await
    }

    async fn web_session(&self, id: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        self.web_session(id, now).await
    }

    async fn add_web_session(
        &self,
        id: &str,
        data: &str,
        expires_at: Timestamp,
        of: Option<&SessionId>,
    ) -> Result<bool, StoreError> {
        self.add_web_session(id, data, expires_at, of).await
    }

    async fn save_web_session(&self, id: &str, data: &str, expires_at: Timestamp) -> Result<(), StoreError> {
        self.save_web_session(id, data, expires_at).await
    }

    async fn delete_web_session(&self, id: &str) -> Result<(), StoreError> {
        self.delete_web_session(id).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.ping().await
    }

    fn incarnation(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    fn is_shared(&self) -> bool {
        self.dialect == Dialect::Postgres
    }
}
