//! What must happen, written from the rotation table of the design and not from the code: generations by number, times
//! by the clock, no digests and no rows.

use std::collections::BTreeMap;

/// All in milliseconds.
pub(super) const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const GRACE: i64 = 10 * SECOND;
const WINDOW: i64 = 10 * MINUTE;
const LEEWAY: i64 = 5;

/// A refresh token that was given out.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    pub session: usize,
    pub generation: u64,
    /// After how many losses of data it was made: two of one generation are told apart by it.
    branch: u32,
    /// The whole second at which it expires by its own account.
    expires: i64,
    pub text: String,
}

/// An access token that was given out.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub session: usize,
    pub generation: u64,
    /// As its claims say it.
    pub expires: i64,
    pub text: String,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Reused,
    Otherwise,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub user: usize,
    pub native: bool,
    generation: u64,
    branch: u32,
    /// Its generation and branch.
    parent: Option<(u64, u32)>,
    /// By whom the parent was exchanged.
    agent: usize,
    rotated_at: i64,
    /// When each exchanged generation was first exchanged.
    exchanged: BTreeMap<u64, i64>,
    /// Whether the current token was shown, itself or by an access token, as the database has it.
    is_confirmed: bool,
    /// The highest generation that was shown and is not written.
    seen: Option<u64>,
    /// How often data were lost, and what comes back then.
    losses: u32,
    standby: Option<Box<Session>>,
    authenticated_at: i64,
    idle: i64,
    idle_end: i64,
    end: i64,
    over: Option<Over>,
}

/// What a presented refresh token must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A new generation.
    New(u64),
    /// The current one, in the same bytes.
    Same(u64),
    Refused(u16, &'static str),
}

pub(super) const INVALID: Expected = Expected::Refused(401, "invalid_token");

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub now: i64,
    pub sessions: Vec<Session>,
    pub refresh: Vec<Refresh>,
    pub access: Vec<Access>,
}

impl Model {
    pub(super) fn signed_in(&mut self, user: usize, native: bool, remember: bool) -> usize {
        let (idle, absolute) = if remember { (14 * DAY, 30 * DAY) } else { (12 * HOUR, DAY) };
        self.sessions.push(Session {
            user,
            native,
            generation: 0,
            branch: 0,
            parent: None,
            agent: 0,
            rotated_at: self.now,
            exchanged: BTreeMap::new(),
            is_confirmed: false,
            seen: None,
            losses: 0,
            standby: None,
            authenticated_at: self.now,
            idle,
            idle_end: self.now + idle,
            end: self.now + absolute,
            over: None,
        });
        self.sessions.len() - 1
    }

    /// Keeps what a sign-in or a refresh brought.
    pub(super) fn given(&mut self, session: usize, refresh: String, access: Access) {
        let Session { generation, branch, rotated_at, idle, end, .. } = self.sessions[session];
        let expires = ((rotated_at + idle).min(end) + SECOND - 1).div_euclid(SECOND);
        if !self.refresh.iter().any(|known| known.text == refresh) {
            self.refresh.push(Refresh { session, generation, branch, expires, text: refresh });
        }
        self.access.push(access);
    }

    pub(super) fn is_alive(&self, session: usize) -> bool {
        let session = &self.sessions[session];
        session.over.is_none() && self.now < session.idle_end.min(session.end)
    }

    pub(super) fn alive_of(&self, user: usize) -> usize {
        (0..self.sessions.len()).filter(|index| self.sessions[*index].user == user && self.is_alive(*index)).count()
    }

    /// The current token, as it was given out.
    pub(super) fn current(&self, session: usize) -> &str {
        let Session { generation, branch, .. } = self.sessions[session];
        let is_current =
            |token: &&Refresh| (token.session, token.generation, token.branch) == (session, generation, branch);
        let current = self.refresh.iter().find(is_current);
        &current.expect("it was given out").text
    }

    /// Presents a refresh token: to be exchanged, or only to be shown.
    pub(super) fn present(&mut self, token: usize, agent: usize, shared: bool, exchange: bool) -> Expected {
        let branch = self.refresh[token].branch;
        self.present_as(token, branch, agent, shared, exchange)
    }

    /// The same, with the token taken for one of another branch.
    fn present_as(&mut self, token: usize, branch: u32, agent: usize, shared: bool, exchange: bool) -> Expected {
        let (now, Refresh { session: index, generation, expires, .. }) = (self.now, self.refresh[token].clone());
        if now.div_euclid(SECOND) >= expires {
            return INVALID;
        }
        let alive = self.is_alive(index);
        let session = &mut self.sessions[index];
        match session.over {
            Some(Over::Reused) => return Expected::Refused(401, "refresh_reused"),
            Some(Over::Otherwise) => return Expected::Refused(401, "session_revoked"),
            None if !alive => return INVALID,
            None => {}
        }
        let since = now - session.rotated_at;
        let fresh = (generation, branch) == (session.generation, session.branch);
        // Ours, and the session knows nothing of it: what it knew was lost.
        let is_lost = !fresh && generation >= session.generation;
        if !fresh && !is_lost {
            if session.parent != Some((generation, branch)) {
                let recent = session.exchanged.get(&generation).is_some_and(|at| now - at < GRACE);
                let is_beside = session.parent.is_some_and(|(parent, _)| parent == generation);
                if recent && (shared || is_beside) {
                    return Expected::Refused(409, "refresh_overtaken");
                }
                return session.reused();
            }
            if since < GRACE && agent != session.agent {
                return Expected::Refused(409, "refresh_overtaken");
            }
            if since < GRACE {
                return Expected::Same(session.generation);
            }
            if session.is_confirmed || session.seen == Some(session.generation) {
                return session.reused();
            }
        }
        if !exchange {
            if fresh {
                session.seen = session.seen.max(Some(generation));
            }
            return Expected::Same(session.generation);
        }
        for lost in session.generation..generation {
            session.exchanged.insert(lost, now);
        }
        session.exchanged.insert(generation, now);
        session.parent = Some((generation, branch));
        session.agent = agent;
        session.generation = session.generation.max(generation) + 1;
        session.branch = session.losses;
        session.is_confirmed = false;
        session.rotated_at = now;
        session.idle_end = (now + session.idle).min(session.end);
        Expected::New(session.generation)
    }

    /// Presents what is like a refresh token in all but its bytes: only we could have made it, so it counts as one of
    /// which we have lost the record.
    pub(super) fn present_forged(&mut self, token: usize, shared: bool) -> Expected {
        self.present_as(token, u32::MAX, 0, shared, true)
    }

    /// What was seen is written.
    pub(super) fn flush(&mut self) {
        for session in self.sessions.iter_mut() {
            session.is_confirmed |= session.seen.take() == Some(session.generation);
        }
    }

    /// A standby takes over what there is.
    pub(super) fn replicate(&mut self) {
        self.flush();
        for session in &mut self.sessions {
            session.standby = None;
            session.standby = Some(Box::new(session.clone()));
        }
    }

    /// The standby becomes the database, for all sessions that were not ended.
    pub(super) fn lose(&mut self) {
        self.flush();
        for session in self.sessions.iter_mut().filter(|session| session.over.is_none()) {
            if let Some(kept) = session.standby.take() {
                let (losses, authenticated_at) = (session.losses + 1, session.authenticated_at);
                *session = Session { losses, authenticated_at, standby: Some(kept.clone()), ..*kept };
            }
        }
    }

    /// Shows an access token: whether it is good.
    pub(super) fn uses(&mut self, token: usize) -> bool {
        let Access { session, generation, expires, .. } = self.access[token].clone();
        let good = self.now.div_euclid(SECOND) < expires + LEEWAY && self.is_alive(session);
        if good {
            let session = &mut self.sessions[session];
            session.seen = session.seen.max(Some(generation));
        }
        good
    }

    pub(super) fn is_recent(&self, session: usize) -> bool {
        self.now - self.sessions[session].authenticated_at < WINDOW
    }

    pub(super) fn authenticated(&mut self, session: usize) {
        self.sessions[session].authenticated_at = self.now;
    }

    /// Ends a session, unless it was ended before.
    pub(super) fn end(&mut self, session: usize) {
        self.sessions[session].over.get_or_insert(Over::Otherwise);
    }

    pub(super) fn end_all(&mut self, user: usize, but: Option<usize>) {
        for index in 0..self.sessions.len() {
            if self.sessions[index].user == user && Some(index) != but {
                self.end(index);
            }
        }
    }

    /// Whether a refresh token still reads as one of ours.
    pub(super) fn reads(&self, token: usize) -> bool {
        self.now.div_euclid(SECOND) < self.refresh[token].expires
    }
}

impl Session {
    fn reused(&mut self) -> Expected {
        self.over = Some(Over::Reused);
        Expected::Refused(401, "refresh_reused")
    }
}
