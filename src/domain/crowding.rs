//! Which sessions end when a user has too many. A program that signs in again and again must not end the sessions of
//! devices that people keep.

use super::id::{ClientId, SessionId};
use super::time::Timestamp;
use std::collections::HashMap;

/// A live session of the user, with the fields that this rule needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which session it is.
    pub id: SessionId,
    /// How often its token was refreshed.
    pub generation: u64,
    /// By what it is like others.
    pub look: Look,
    /// When its user signed in.
    pub created_at: Timestamp,
    /// When the server last saw a token of it.
    pub last_seen_at: Timestamp,
}

/// Sessions look alike if the same program at the same address started them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    /// The client that signed in.
    pub client_id: ClientId,
    /// The User-Agent that it was last used with.
    pub user_agent: String,
    /// The address that it was last used from; `None` once it was erased.
    pub ip: Option<String>,
}

/// Chooses the sessions to end, until no more than `max` are left. `sessions` are the user's live sessions, with the
/// session `new`, which has just started and is never chosen. The order:
///
/// 1. those that were never refreshed and look like another such session; one of each look stays.
/// 2. the others that were never refreshed.
/// 3. those that were refreshed, so somebody keeps them.
///
/// Among equals, the one that was unused the longest ends first.
///
/// ```
/// use latchkey::domain::crowding::{Candidate, Look, gives_way};
/// use latchkey::domain::id::{ClientId, SessionId};
/// use latchkey::domain::time::Timestamp;
///
/// let session = |id: &str, generation, at| Candidate {
///     id: SessionId::new(id),
///     generation,
///     look: Look { client_id: ClientId::web(), user_agent: "script".into(), ip: None },
///     created_at: Timestamp::from_secs(at),
///     last_seen_at: Timestamp::from_secs(at),
/// };
/// // The oldest was refreshed, so that somebody keeps it.
/// let sessions = vec![session("kept", 3, 1), session("once", 0, 2), session("new", 0, 3)];
/// assert_eq!(gives_way(sessions, &SessionId::new("new"), 2), [SessionId::new("once")]);
/// ```
pub fn gives_way(sessions: Vec<Candidate>, new: &SessionId, max: usize) -> Vec<SessionId> {
    let excess = sessions.len().saturating_sub(max);
    let mut alike: HashMap<Look, usize> = HashMap::new();
    for session in sessions.iter().filter(|session| session.generation == 0) {
        *alike.entry(session.look.clone()).or_default() += 1;
    }
    let mut others: Vec<Candidate> = sessions.into_iter().filter(|session| session.id != *new).collect();
    others.sort_by(|a, b| (a.last_seen_at, a.created_at, &a.id).cmp(&(b.last_seen_at, b.created_at, &b.id)));
    let (mut chosen, mut rest) = (Vec::new(), Vec::new());
    for session in others {
        match alike.get_mut(&session.look).filter(|alike| session.generation == 0 && **alike > 1) {
            Some(alike) if chosen.len() < excess => {
                *alike -= 1;
                chosen.push(session.id);
            }
            _ => rest.push(session),
        }
    }
    rest.sort_by_key(|session| session.generation > 0);
    let more = excess.saturating_sub(chosen.len());
    chosen.extend(rest.into_iter().take(more).map(|session| session.id));
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: i64) -> Timestamp {
        Timestamp::from_millis(time)
    }

    fn session(id: &str, agent: &str, generation: u64, created: i64, seen: i64) -> Candidate {
        let look = Look { client_id: ClientId::web(), user_agent: agent.into(), ip: Some("192.0.2.1".into()) };
        Candidate { id: SessionId::new(id), generation, look, created_at: at(created), last_seen_at: at(seen) }
    }

    fn chosen(sessions: &[Candidate], new: &str, max: usize) -> Vec<String> {
        gives_way(sessions.to_vec(), &SessionId::new(new), max).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nobody_gives_way_while_there_is_room() {
        let sessions = [session("old", "phone", 3, 1, 1), session("new", "script", 0, 9, 9)];
        assert_eq!(chosen(&sessions, "new", 2), [""; 0]);
    }

    #[test]
    fn a_kept_device_outlasts_a_script_that_signs_in_again_and_again() {
        let mut sessions = vec![session("phone", "phone", 1, 0, 0), session("laptop", "firefox", 0, 1, 1)];
        for n in 0..60 {
            let id = format!("script-{n}");
            sessions.push(session(&id, "script", 0, 10 + n, 10 + n));
            let ended = chosen(&sessions, &id, 10);
            assert_eq!(ended.len(), usize::from(n >= 8));
            sessions.retain(|session| !ended.contains(&session.id.to_string()));
        }
        assert!(sessions.iter().any(|session| session.id == SessionId::new("phone")));
        assert!(
            sessions.iter().any(|session| session.id == SessionId::new("laptop")),
            "never refreshed, but like no other"
        );
        assert_eq!(sessions.len(), 10);
    }

    #[test]
    fn one_of_each_look_stays_as_long_as_others_can_go() {
        let sessions = [
            session("a1", "a", 0, 1, 50),
            session("b1", "b", 0, 2, 2),
            session("a2", "a", 0, 3, 3),
            session("kept", "a", 1, 0, 0),
            session("b2", "b", 0, 5, 5),
            session("new", "c", 0, 9, 9),
        ];
        assert_eq!(chosen(&sessions, "new", 5), ["b1"]);
        assert_eq!(
            chosen(&sessions, "new", 4),
            ["b1", "a2"],
            "the longest unused of its look, though it started later"
        );
        assert_eq!(chosen(&sessions, "new", 3), ["b1", "a2", "b2"], "then the last of a look");
        assert_eq!(chosen(&sessions, "new", 2), ["b1", "a2", "b2", "a1"]);
        assert_eq!(chosen(&sessions, "new", 1), ["b1", "a2", "b2", "a1", "kept"]);
    }

    #[test]
    fn of_kept_devices_the_longest_unused_gives_way_and_the_new_one_never() {
        let sessions = [
            session("b", "b", 9, 1, 5),
            session("a", "a", 1, 2, 4),
            session("new", "a", 0, 3, 3),
            session("c", "c", 2, 0, 6),
        ];
        assert_eq!(chosen(&sessions, "new", 3), ["a"]);
        assert_eq!(chosen(&sessions, "new", 1), ["a", "b", "c"]);
    }

    #[test]
    fn the_same_program_elsewhere_or_another_client_looks_different() {
        let elsewhere = |id: &str, ip: Option<&str>, client: &str| {
            let mut session = session(id, "a", 0, 5, 5);
            session.look.ip = ip.map(str::to_owned);
            session.look.client_id = ClientId::new(client);
            session
        };
        let sessions = [
            session("alike", "a", 0, 7, 7),
            elsewhere("elsewhere", Some("192.0.2.2"), "web"),
            elsewhere("client", Some("192.0.2.1"), "tool"),
            session("new", "a", 0, 9, 9),
        ];
        assert_eq!(chosen(&sessions, "new", 3), ["alike"]);
    }
}
