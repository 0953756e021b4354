//! Everything that may end sessions. Only [`session_ends`](crate::server::session_ends) holds these ports, so that no
//! session ends without being announced.

use super::{NewWebSession, StoreError};
use crate::domain::activity::Event;
use crate::domain::id::{BrowserDigest, LinkDigest, SessionId, UserId};
use crate::domain::session::{Reason, Session};
use crate::domain::time::Timestamp;
use async_trait::async_trait;
use serde::Serialize;

/// See [`SessionEndings::start_session`].
#[derive(Clone, Debug)]
pub struct StartSession<'a> {
    pub session: &'a Session,
    /// Since when the password counts that was shown.
    pub password_changed_at: Timestamp,
    pub replaces: Option<&'a SessionId>,
    pub max: u32,
    pub event: &'a Event,
}

/// What a sign-in in a browser writes beside its session.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignInBrowser<'a> {
    /// Becomes known to the user ([`KnownBrowsers::know_browser`](super::KnownBrowsers::know_browser)).
    pub digest: Option<&'a BrowserDigest>,
    pub web: Option<&'a NewWebSession>,
}

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

/// See [`SessionEndings::end_all_sessions`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedPage {
    /// The sessions that it ended, in any order.
    pub ended: Vec<SessionId>,
    /// The last session of the page, expired ones included; `None` where none was left.
    pub next: Option<SessionId>,
}

/// That a session was ended, as a server remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    pub id: SessionId,
    pub at: Timestamp,
    pub reason: Reason,
}

/// See [`UserEndings::change_password`].
#[derive(Clone, Debug)]
pub struct PasswordChange<'a> {
    pub user_id: &'a UserId,
    /// Since when the password counts that was shown. Its hash may have been renewed meanwhile.
    pub password_changed_at: Timestamp,
    pub new_hash: &'a str,
    /// The link that is the proof, by the digest of its token. It is used up by the change.
    pub link: Option<&'a LinkDigest>,
    pub keep: Option<&'a SessionId>,
    /// The browser that stays known, by the digest of its cookie.
    pub browser: Option<&'a BrowserDigest>,
    pub at: Timestamp,
    pub event: &'a Event,
}

/// What ends sessions for their own sake.
#[async_trait]
pub trait SessionEndings: Send + Sync {
    /// Starts a session; in the same transaction ends `replaces` (if it is the same user's or not) with
    /// [`Reason::Replaced`], and those of the user's live sessions that [give way](crate::domain::crowding) beyond
    /// `max` with [`Reason::TooMany`]. Returns those it ended, or `None` (and nothing was changed) if the user is gone
    /// or disabled, or has changed the password since `password_changed_at`.
    async fn start_session(&self, start: StartSession<'_>) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.start_session_in(start, SignInBrowser::default()).await
    }
    /// The same in a browser, with what it writes of it, all or nothing.
    async fn start_session_in(
        &self,
        start: StartSession<'_>,
        browser: SignInBrowser<'_>,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Ends sessions that are not ended yet, writes one event for each (`event` is its pattern, `sid` filled in), and
    /// returns those it ended.
    async fn end_sessions(&self, end: &EndSessions, event: &Event) -> Result<Vec<SessionId>, StoreError>;
    /// Ends a page of all users' live sessions that started by `at`, for the operator: at most `limit`, in the order of
    /// their ids, starting after `after`. Writes one event for each session that it ended.
    async fn end_all_sessions(
        &self,
        after: Option<&SessionId>,
        at: Timestamp,
        limit: u32,
    ) -> Result<EndedPage, StoreError>;
    /// Ends these sessions once more, where the database has lost that they were ended: a standby that was behind took
    /// over. Returns how many it ended.
    async fn end_again(&self, ended: &[Ended]) -> Result<u64, StoreError>;
}

/// What ends the sessions of a user along with another change.
#[async_trait]
pub trait UserEndings: Send + Sync {
    /// Changes the password, if it was not changed since `password_changed_at`, renews `authenticated_at` of `keep` (if
    /// any), and ends all other sessions and the user's links; no browser but `browser` stays known. Returns those
    /// sessions, or `None` if the password is another one by now. With `link`, also `None` if that is gone or has
    /// expired, or the user is disabled.
    async fn change_password(&self, change: PasswordChange<'_>) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Disables (`Some`) or enables a user; disabling ends the user's links and all sessions, which are returned.
    /// `None`: no such user.
    async fn set_disabled(
        &self,
        id: &UserId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Deletes a user with everything that is theirs; returns the sessions that ended. `None`: no such user.
    async fn delete_user(&self, id: &UserId) -> Result<Option<Vec<SessionId>>, StoreError>;
}
