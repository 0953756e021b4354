//! What the use cases need of the world, written from their side: [`Store`], [`Clock`], [`Entropy`].

use crate::domain::activity::{Event, Kind, Names, Party};
use crate::domain::credentials::Username;
use crate::domain::device::Device;
use crate::domain::id::{KeyId, SessionId, UserId};
use crate::domain::limits::Tally;
use crate::domain::session::{Exchanged, Parent, Reason, Session};
use crate::domain::time::Timestamp;
use async_trait::async_trait;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// What time it is.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Randomness that nobody can guess.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// Why storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A passing fault: locked, unreachable, full. Nothing was changed, or what was is unknown: ask again later.
    #[error("the database cannot answer right now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database answered with something that cannot be: a row that breaks our own rules, a bad statement.
    #[error("the database holds something impossible: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// The same once more: for another request that it fails too.
    pub fn again(&self) -> Self {
        match self {
            Self::Unavailable(cause) => Self::Unavailable(cause.to_string().into()),
            Self::Corrupt(what) => Self::Corrupt(what.clone()),
        }
    }
}

/// A user as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    /// Argon2id in PHC string format.
    pub password_hash: String,
    pub created_at: Timestamp,
    pub password_changed_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

/// A change of one session by a presented refresh token. A guarded write: it counts only for a session that is not
/// revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are the large one")]
pub enum SessionChange {
    Rotated(Rotated),
    Ended { id: SessionId, reason: Reason, at: Timestamp },
}

/// A new current refresh token. Also sets `last_seen_at` to `rotated_at` and clears `confirmed_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    pub id: SessionId,
    pub generation: u64,
    pub digest: String,
    pub parent: Parent,
    pub overtaken: Vec<Exchanged>,
    pub rotated_at: Timestamp,
    pub key_id: KeyId,
    pub idle_expires_at: Timestamp,
    pub user_agent: String,
    pub device: Device,
    pub ip: Option<String>,
}

/// What a judgement changes, all in its one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub changes: Vec<SessionChange>,
    pub events: Vec<Event>,
}

/// Looks at sessions inside a write transaction and says what changes. It is given those that exist, each locked
/// until the commit, in any order.
pub type Decide = Box<dyn FnOnce(Vec<Session>) -> Changes + Send>;

/// The sessions that a judgement was not shown.
#[derive(Debug, Default)]
pub struct Undecided {
    /// Another transaction held them locked: ask again soon.
    pub held: Vec<SessionId>,
    /// Their rows break our own rules.
    pub broken: Vec<(SessionId, StoreError)>,
}

/// What is kept of attempts, by key.
pub type Tallies = BTreeMap<String, Tally>;

/// Looks at what is kept of attempts and says what of it changes.
pub type DecideTallies = Box<dyn FnOnce(Tallies) -> Tallies + Send>;

/// Which sessions to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// This one, if it is the user's.
    One(SessionId),
    /// All of the user's.
    All,
    /// All of the user's but this one.
    AllBut(SessionId),
}

/// Which sessions of whom to end, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndSessions {
    pub user_id: UserId,
    pub which: Selection,
    pub reason: Reason,
    pub at: Timestamp,
}

/// That a session was seen since it was last written, from memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    pub id: SessionId,
    pub at: Timestamp,
    /// Seen with a token of this generation: confirms it if it is still the current one.
    pub generation: Option<u64>,
}

/// That a session was ended, as a server remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    pub id: SessionId,
    pub at: Timestamp,
    pub reason: Reason,
}

/// A signing or HMAC key as stored; `sealed` is encrypted under the installation's secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    pub id: KeyId,
    /// `access` or `refresh`.
    pub purpose: String,
    /// `EdDSA`, `ES256`, `RS256` or `HS512` (RFC 7518, RFC 8037).
    pub algorithm: String,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// From when on it signs; it is published before.
    pub active_at: Timestamp,
    /// When all that it signed has expired and it is forgotten; `None` while it may sign.
    pub expires_at: Option<Timestamp>,
}

/// What changes about the keys, all in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChanges {
    pub add: Vec<StoredKey>,
    /// When these expire, in place of what was said before.
    pub expire: Vec<(KeyId, Timestamp)>,
}

/// Looks at all keys inside a write transaction, which no other may enter meanwhile, and says what changes.
pub type DecideKeys = Box<dyn FnOnce(&[StoredKey]) -> KeyChanges + Send>;

/// An event as stored; what is in an [`Event`], and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Later events have higher ones.
    pub cursor: i64,
    pub kind: Kind,
    pub at: Timestamp,
    pub sid: Option<SessionId>,
    pub ip: Option<String>,
    pub user_agent: String,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub detail: Option<String>,
    pub other: Option<Party>,
    pub by: Option<SessionId>,
    pub names: Option<Names>,
}

/// Which of a user's events are asked for.
#[derive(Clone, Copy, Debug)]
pub struct EventPage {
    /// Only these; `None` for all of them.
    pub kinds: Option<&'static [Kind]>,
    /// Only those before the one with this cursor.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Everything that is kept. Each verb is one transaction, durable when it returns `Ok`; dropped half-way it leaves
/// nothing or all of it. No verb ever returns a revoked session as alive after the revocation was answered.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Adds a user; `false` if the name is taken (nothing is changed then).
    async fn add_user(&self, user: &User, event: Option<&Event>) -> Result<bool, StoreError>;
    async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError>;
    async fn user_by_name(&self, name: &Username) -> Result<Option<User>, StoreError>;
    /// All users by name.
    async fn users(&self) -> Result<Vec<User>, StoreError>;
    /// Replaces a hash by a stronger one of the same password, if it is still `old`.
    async fn rehash(&self, id: &UserId, old: &str, new: &str) -> Result<(), StoreError>;
    /// Changes the password, if it was not changed since `password_changed_at`, renews `authenticated_at` of `keep` (if
    /// any), and ends all other sessions; no browser but `browser` stays known. Returns those sessions, or `None` if the
    /// password is another one by now.
    async fn change_password(&self, change: PasswordChange<'_>) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Disables (`Some`) or enables a user; disabling ends all sessions, which are returned. `None`: no such user.
    async fn set_disabled(
        &self,
        id: &UserId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Deletes a user with everything that is theirs; returns the sessions that ended. `None`: no such user.
    async fn delete_user(&self, id: &UserId) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Starts a session; in the same transaction ends `replaces` (if it is the same user's or not) with
    /// [`Reason::Replaced`], and those of the user's live sessions that [give way](crate::domain::crowding) beyond `max`
    /// with [`Reason::TooMany`].
    /// Returns those it ended, or `None` (and nothing was changed) if the user is gone or disabled, or has changed the
    /// password since `password_changed_at`.
    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Vec<SessionId>>, StoreError>;
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;
    /// The user's sessions that are alive at `now`, in any order.
    async fn live_sessions(&self, user_id: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;
    /// A page of all of the user's sessions that are kept, those that are over too, newest first: at most `limit`, from
    /// the one on that follows `after`.
    async fn sessions_of(
        &self,
        user_id: &UserId,
        after: Option<(Timestamp, SessionId)>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError>;
    /// Those of these sessions that are the user's and are kept, over or not, in any order.
    async fn these_sessions(&self, user_id: &UserId, ids: &[SessionId]) -> Result<Vec<Session>, StoreError>;
    /// Of each of these users who has sessions that were not ended: a text that is another one when one comes, goes or
    /// is renamed, and the same otherwise.
    async fn session_fingerprints(&self, users: &[UserId]) -> Result<HashMap<UserId, String>, StoreError>;
    /// One write transaction: loads and locks `ids`, lets `judge` decide, writes what it says, commits.
    /// A session that cannot be had now, or cannot be read, keeps no other from its decision.
    async fn judge(&self, ids: Vec<SessionId>, judge: Decide) -> Result<Undecided, StoreError>;
    /// Ends sessions that are not ended yet, writes one event for each (`event` is its pattern, `sid` filled in), and
    /// returns those it ended.
    async fn end_sessions(&self, end: &EndSessions, event: &Event) -> Result<Vec<SessionId>, StoreError>;
    /// Ends these sessions once more, where the database has lost that they were ended: a standby that was behind took
    /// over. Returns how many it ended.
    async fn end_again(&self, ended: &[Ended]) -> Result<u64, StoreError>;
    /// Renames a live session of the user's; `false` if there is none. `event` is written with both names.
    async fn rename_session(
        &self,
        user_id: &UserId,
        id: &SessionId,
        name: &str,
        event: &Event,
    ) -> Result<bool, StoreError>;
    /// Renews `authenticated_at` of a live session; `false` if there is none.
    async fn reauthenticated(&self, id: &SessionId, at: Timestamp) -> Result<bool, StoreError>;
    /// Writes what was seen: moves `last_seen_at` forward only, sets `confirmed_at` where the generation is current.
    /// Returns those that another transaction held locked, of which nothing was written.
    async fn write_last_seen(&self, seen: &[LastSeen]) -> Result<Vec<SessionId>, StoreError>;
    /// Deletes, in batches, sessions that ended before `before`, web sessions that expired before `now`, and
    /// keys that did, except those that the current refresh token of a living session is made with; also events older
    /// than 400 days, and of each user the ended sessions beyond the newest 500 and the events beyond 10,000: the newest
    /// 500 of each [lasting](Kind::LASTING) kind stay, and then the newest of all.
    async fn purge(&self, before: Timestamp, now: Timestamp) -> Result<(), StoreError>;

    /// Writes an event; nothing for a user who is gone.
    async fn record(&self, event: &Event) -> Result<(), StoreError>;
    /// The user's events, newest first.
    async fn activity(&self, user_id: &UserId, page: EventPage) -> Result<Vec<Recorded>, StoreError>;

    /// All keys, by when they become active.
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError>;
    /// One write transaction, one at a time over all servers: loads all keys, lets `judge` decide, writes what it says,
    /// commits. Returns all keys as they are then.
    async fn change_keys(&self, judge: DecideKeys) -> Result<Vec<StoredKey>, StoreError>;

    async fn web_session(&self, id: &str, now: Timestamp) -> Result<Option<String>, StoreError>;
    /// Adds a web session, in place of the one that the session `of` had, if any; `false` if the id is taken.
    async fn add_web_session(
        &self,
        id: &str,
        data: &str,
        expires_at: Timestamp,
        of: Option<&SessionId>,
    ) -> Result<bool, StoreError>;
    /// Adds or replaces a web session.
    async fn save_web_session(&self, id: &str, data: &str, expires_at: Timestamp) -> Result<(), StoreError>;
    async fn delete_web_session(&self, id: &str) -> Result<(), StoreError>;

    /// Those to whom a browser is known, by the digest of its cookie.
    async fn users_of_browser(&self, digest: &str) -> Result<Vec<UserId>, StoreError>;
    /// The browsers that are known to a user, the one used last first.
    async fn known_browsers(&self, user_id: &UserId) -> Result<Vec<KnownBrowser>, StoreError>;
    /// Makes a browser known to a user; nothing for one who is gone. Of each user the 50 used last are kept.
    async fn know_browser(&self, digest: &str, user_id: &UserId, now: Timestamp) -> Result<(), StoreError>;

    /// What is kept of attempts under `keys`, where there is something. Reads only.
    async fn tallies(&self, keys: &[String]) -> Result<Tallies, StoreError>;
    /// One write transaction: loads and locks what is kept of attempts under `keys`, and sets what `judge` says.
    async fn tally(&self, keys: Vec<String>, judge: DecideTallies) -> Result<(), StoreError>;

    /// Whether the database answers and, where this server is the only one that writes, takes writes.
    async fn ping(&self) -> Result<(), StoreError>;
    /// A number that changes when the database may have become another one, with less in it.
    fn incarnation(&self) -> u64;
    /// Whether another process may end sessions behind our back without our hearing of it: then liveness is asked of
    /// the store each time.
    fn is_shared(&self) -> bool;
}

/// A browser that is known to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownBrowser {
    pub created_at: Timestamp,
    /// To the day.
    pub last_used_at: Timestamp,
}

/// See [`Store::change_password`].
#[derive(Clone, Debug)]
pub struct PasswordChange<'a> {
    pub user_id: &'a UserId,
    /// Since when the password counts that was shown. Its hash may have been renewed meanwhile.
    pub password_changed_at: Timestamp,
    pub new_hash: &'a str,
    pub keep: Option<&'a SessionId>,
    /// The browser that stays known, by the digest of its cookie.
    pub browser: Option<&'a str>,
    pub at: Timestamp,
    pub event: &'a Event,
}

/// See [`Store::start_session`].
#[derive(Clone, Debug)]
pub struct StartSession<'a> {
    pub session: &'a Session,
    /// Since when the password counts that was shown.
    pub password_changed_at: Timestamp,
    pub replaces: Option<&'a SessionId>,
    pub max: u32,
    pub event: &'a Event,
}
