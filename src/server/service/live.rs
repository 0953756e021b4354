//! Live events for open pages: sessions of the user that start, end or are renamed, and the end of the page's own
//! session. Renewals are never sent: a holder of a stolen access token must not learn when the owner renews.

use super::identity::Caller;
use super::{ServiceError, Services, Source};
use crate::api::Secret;
use crate::domain::id::{SessionId, UserId};
use crate::domain::network::Network;
use crate::domain::scope::Scope;
use crate::domain::session::Reason;
use crate::domain::time::Timestamp;
use crate::server::liveness::Liveness;
use crate::server::ports::{ForeignCommits, Records, SessionNames, StoreError};
use crate::server::session_changes::{Listener, SessionChanges};
use crate::server::token::digest;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Interval for noticing other processes' commits, so that a session ended by a command is refused within a second.
const LOOK: Duration = Duration::from_millis(300);
/// The same where several servers share a database. There each request asks the database about its session anyway.
const LOOK_SHARED: Duration = Duration::from_millis(700);

/// A live event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    SessionCreated(SessionId),
    SessionRevoked(SessionId),
    SessionRenamed(SessionId, Option<String>),
    /// The page's own session has ended; nothing follows. `None`: it expired, or its user was deleted.
    SignedOut(Option<Reason>),
}

/// Follows the sessions of a user, for a page of one of them.
pub struct Watch {
    services: Arc<Services>,
    caller: Caller,
    listener: Listener,
    known: SessionNames,
    is_unchanged: bool,
    told: VecDeque<LiveEvent>,
    /// When the access token expires. To go on listening, the page sends a new one.
    until: Timestamp,
    over: bool,
}

impl Services {
    /// Follows the sessions of the caller with this access token. `shown` is the version of the list that the caller
    /// shows, if it knows one ([`ShownSessions`](super::ShownSessions)).
    ///
    /// # Errors
    /// `InvalidToken`, `InsufficientScope`; `RateLimited` when too many of the user's pages listen, or too many from
    /// the same network.
    pub async fn watch(
        self: &Arc<Self>,
        token: &Secret,
        needs: Scope,
        shown: Option<&str>,
        source: &Source,
    ) -> Result<Watch, ServiceError> {
        let caller = self.by_access_token(token.expose(), needs).await?;
        let until = Timestamp::from_secs(self.read_access(token.expose()).await?.exp);
        let network = source.ip.as_deref().and_then(|ip| ip.parse().ok()).map(Network::of);
        // Subscribes before the first look, so that no change is missed in between.
        let listener = self
            .changes
            .listen(&caller.user_id, network)
            .ok_or(ServiceError::RateLimited { wait: Duration::from_secs(30) })?;
        let services = self.clone();
        let (known, told) = (SessionNames::new(), VecDeque::new());
        let mut watch = Watch { services, caller, listener, known, is_unchanged: false, told, until, over: false };
        watch.known = match self.changes.take_kept(&watch.caller.user_id, self.now()) {
            Some(kept) => kept,
            None => watch.look().await?,
        };
        watch.is_unchanged = shown.is_some_and(|shown| version(&watch.known) == shown);
        Ok(watch)
    }
}

/// The version of a list: another one when a session starts, ends or is renamed.
pub(super) fn version(names: &SessionNames) -> String {
    let mut text = String::new();
    for (sid, name) in names {
        // Lengths keep two lists apart, whatever the names contain.
        let _ = write!(text, "{} {sid}", sid.as_str().len());
        if let Some(name) = name {
            let _ = write!(text, " {} {name}", name.len());
        }
        text.push('\n');
    }
    digest(&text)
}

/// Follows the changes that other processes make to sessions, with one query for all open pages. SQLite tells that
/// another process has committed: then the cache of live sessions is emptied, and all pages look. PostgreSQL does not
/// tell: there the fingerprints of the users' sessions are compared.
pub(super) async fn follow_others(store: Weak<dyn Records>, liveness: Weak<Liveness>, changes: Weak<SessionChanges>) {
    let mut known: HashMap<UserId, Option<String>> = HashMap::new();
    let mut commits = None;
    let mut answers = true;
    let look = if store.upgrade().is_some_and(|store| store.is_shared()) { LOOK_SHARED } else { LOOK };
    loop {
        sleep(look).await;
        let (Some(store), Some(liveness), Some(changes)) = (store.upgrade(), liveness.upgrade(), changes.upgrade())
        else {
            return;
        };
        let looked = match foreign_commits(&*store, &liveness).await {
            Ok(Some(now)) if commits == Some(now) => Ok(()),
            Ok(Some(now)) => {
                liveness.invalidate_all();
                changes.announce_to_all();
                commits = Some(now);
                Ok(())
            }
            Ok(None) => tell_whose_sessions_changed(&*store, &changes, &mut known).await,
            Err(error) => {
                liveness.invalidate_all();
                Err(error)
            }
        };
        // A server that stops closes its database.
        if let Err(error) = looked.as_ref()
            && answers
            && !changes.is_closed()
        {
            tracing::warn!(%error, "open pages are not told for now what happens elsewhere");
        }
        answers = looked.is_ok();
    }
}

/// Asks [`Health::foreign_commits`](crate::server::ports::Health::foreign_commits). While the answer waits behind a
/// long write, the cache of live sessions is emptied again and again.
async fn foreign_commits(store: &dyn Records, liveness: &Liveness) -> Result<Option<ForeignCommits>, StoreError> {
    let mut answer = store.foreign_commits();
    loop {
        match timeout(LOOK, &mut answer).await {
            Ok(answer) => return answer,
            Err(_) => liveness.invalidate_all(),
        }
    }
}

async fn tell_whose_sessions_changed(
    store: &dyn Records,
    changes: &SessionChanges,
    known: &mut HashMap<UserId, Option<String>>,
) -> Result<(), StoreError> {
    let users = changes.users();
    let mut seen = if users.is_empty() { HashMap::new() } else { store.session_fingerprints(&users).await? };
    let seen: HashMap<_, _> = users.into_iter().map(|user| (user.clone(), seen.remove(&user))).collect();
    // A user whose page has just begun to listen counts as changed: something may have happened before.
    for (user, _) in seen.iter().filter(|(user, fingerprint)| known.get(*user) != Some(*fingerprint)) {
        changes.announce(user);
    }
    *known = seen;
    Ok(())
}

impl Watch {
    /// Whether the caller shows the sessions as they were when it began to listen.
    pub fn is_unchanged(&self) -> bool {
        self.is_unchanged
    }

    /// The next event; `None` when the access token has expired or the session has ended.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn next(&mut self) -> Result<Option<LiveEvent>, ServiceError> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Ok(Some(event));
            }
            if self.over || !self.wait().await {
                return Ok(None);
            }
            self.compare().await?;
        }
    }

    /// Waits until something may have changed; `false` when the access token has expired.
    async fn wait(&mut self) -> bool {
        let left = self.until.since(self.services.now());
        if left.is_zero() {
            return false;
        }
        timeout(left, self.listener.wait()).await.unwrap_or(false)
    }

    async fn compare(&mut self) -> Result<(), ServiceError> {
        let now = self.services.now();
        if self.services.liveness.check(&self.caller.sid, now).await?.is_none() {
            let session = self.services.store.session(&self.caller.sid).await?;
            let reason = session.and_then(|session| session.revoked).map(|revoked| revoked.reason);
            self.over = true;
            self.told.push_back(LiveEvent::SignedOut(reason));
            return Ok(());
        }
        let seen = self.look().await?;
        let gone = self.known.keys().filter(|sid| !seen.contains_key(*sid));
        self.told.extend(gone.cloned().map(LiveEvent::SessionRevoked));
        for (sid, name) in &seen {
            match self.known.get(sid) {
                None => self.told.push_back(LiveEvent::SessionCreated(sid.clone())),
                Some(former) if former != name => {
                    self.told.push_back(LiveEvent::SessionRenamed(sid.clone(), name.clone()));
                }
                Some(_) => {}
            }
        }
        self.known = seen;
        Ok(())
    }

    async fn look(&self) -> Result<SessionNames, ServiceError> {
        Ok(self.services.store.session_names(&self.caller.user_id, self.services.now()).await?)
    }
}
