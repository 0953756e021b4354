//! How a user's events are listed: wrong passwords from one browser are grouped, and a group that the right password
//! followed counts as the user's own typing errors.

use super::activity::Kind;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Wrong passwords from one browser form one group while no pause between them is longer than this. A right password
/// within the same time closes the group.
pub const PAUSE: Duration = Duration::from_secs(30 * 60);
/// More wrong passwords than this are a warning, whatever followed: people who mistype rarely get this far, and an
/// attacker may guess right in the end.
const TYPING_ERRORS_MAX: u32 = 9;

/// The facts about an event that decide how it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// What happened.
    pub kind: Kind,
    /// A stable word that says more, as in [`Event::detail`](super::activity::Event::detail).
    pub detail: Option<&'a str>,
    /// When it happened.
    pub at: Timestamp,
    /// `None` once the address has been erased.
    pub ip: Option<&'a str>,
    /// With which program, as it named itself.
    pub user_agent: &'a str,
}

impl Facts<'_> {
    /// Whether both came from the same browser at the same address. If either address was erased, the browser alone
    /// decides.
    pub fn is_from_where(&self, other: &Self) -> bool {
        let same_address = self.ip.zip(other.ip).is_none_or(|(one, other)| one == other);
        self.user_agent == other.user_agent && same_address
    }

    /// Whether somebody gave a wrong password, or had to wait after several.
    pub fn is_wrong_password(&self) -> bool {
        matches!(self.kind, Kind::SignInFailed | Kind::SignInsBlocked)
    }

    /// Whether it required the right password: a sign-in, a new password, the end of another session.
    fn proves_the_password(&self) -> bool {
        self.kind == Kind::SignedIn
            || self.kind == Kind::PasswordChanged && self.detail != Some("operator")
            || self.kind == Kind::SessionEnded && self.detail == Some("ended_by_user")
    }
}

/// What followed a group of wrong passwords, from the same browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// No right password.
    Nothing,
    /// The sign-in in whose entry the group is listed.
    SignedIn,
    /// Another event that required the right password.
    RightPassword,
}

/// The wrong passwords that one entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongPasswords {
    /// How many there were.
    pub count: u32,
    /// When the first one was entered.
    pub since: Timestamp,
    /// What followed them.
    pub outcome: Outcome,
}

/// One entry of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedEvent {
    /// The index of the event that it shows: the last one of a group of wrong passwords.
    pub place: usize,
    /// The wrong passwords that the entry stands for, if it does.
    pub wrong: Option<WrongPasswords>,
    /// Whether somebody else may have caused it.
    pub warns: bool,
}

/// A group of wrong passwords from one browser.
struct Run {
    last: usize,
    count: u32,
    since: Timestamp,
    blocked: Vec<usize>,
    /// The event that proved the right password afterwards.
    settled: Option<usize>,
}

/// The entries for these events. Both are newest first.
///
/// ```
/// use latchkey::domain::activity::Kind;
/// use latchkey::domain::history::{Facts, entries};
/// use latchkey::domain::time::Timestamp;
///
/// let event = |kind, minute: i64| {
///     let at = Timestamp::from_secs(60 * minute);
///     Facts { kind, detail: None, at, ip: Some("192.0.2.1"), user_agent: "Firefox" }
/// };
/// // Two typing errors, and the right password: one entry, and no warning.
/// let events = [event(Kind::SignedIn, 2), event(Kind::SignInFailed, 1), event(Kind::SignInFailed, 0)];
/// let entries = entries(&events);
/// assert_eq!(entries.len(), 1);
/// assert_eq!((entries[0].place, entries[0].warns), (0, false));
/// assert_eq!(entries[0].wrong.map(|wrong| wrong.count), Some(2));
/// ```
pub fn entries(events: &[Facts<'_>]) -> Vec<ListedEvent> {
    let runs = runs(events);
    let run_with = |test: &dyn Fn(&Run) -> bool| runs.iter().find(|run| test(run));
    let summary = |run: &Run, outcome| WrongPasswords { count: run.count, since: run.since, outcome };
    let entry = |(place, event): (usize, &Facts<'_>)| {
        let calm = |run: &Run| run.settled.is_some() && run.count <= TYPING_ERRORS_MAX;
        let (wrong, warns) = match event.kind {
            Kind::SignInFailed => {
                let run = run_with(&|run| run.last == place)?;
                let outcome = match run.settled.map(|settled| events[settled].kind) {
                    // Listed in the entry of the sign-in.
                    Some(Kind::SignedIn) => return None,
                    Some(_) => Outcome::RightPassword,
                    None => Outcome::Nothing,
                };
                (Some(summary(run, outcome)), !calm(run))
            }
            Kind::SignInsBlocked => (None, !run_with(&|run| run.blocked.contains(&place)).is_some_and(calm)),
            Kind::SignedIn => match run_with(&|run| run.settled == Some(place)) {
                Some(run) => (Some(summary(run, Outcome::SignedIn)), !calm(run)),
                None => (None, false),
            },
            kind => (None, kind.warns()),
        };
        Some(ListedEvent { place, wrong, warns })
    };
    events.iter().enumerate().filter_map(entry).collect()
}

fn runs(events: &[Facts<'_>]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (place, event) in events.iter().enumerate().rev() {
        if !event.is_wrong_password() && !event.proves_the_password() {
            continue;
        }
        let open = runs.iter_mut().rev().find(|run| {
            let last = &events[run.last];
            run.settled.is_none() && last.is_from_where(event) && event.at.since(last.at) <= PAUSE
        });
        match (event.kind, open) {
            (Kind::SignInFailed, Some(run)) => {
                run.last = place;
                run.count += 1;
            }
            (Kind::SignInFailed, None) => {
                runs.push(Run { last: place, count: 1, since: event.at, blocked: Vec::new(), settled: None });
            }
            (Kind::SignInsBlocked, Some(run)) => run.blocked.push(place),
            (_, Some(run)) => run.settled = Some(place),
            (_, None) => {}
        }
    }
    runs
}

/// How many of `older` belong to the group of the last of `newer`, and should be on the same page. Both are newest
/// first.
pub fn continued(newer: &[Facts<'_>], older: &[Facts<'_>]) -> usize {
    let Some(mut last) = newer.last().filter(|last| last.is_wrong_password() || last.proves_the_password()) else {
        return 0;
    };
    let mut count = 0;
    for event in older {
        if !event.is_wrong_password() || !event.is_from_where(last) || last.at.since(event.at) > PAUSE {
            break;
        }
        last = event;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: (&str, &str) = ("203.0.113.7", "Firefox");
    const ELSEWHERE: (&str, &str) = ("198.51.100.9", "curl");

    fn event(kind: Kind, minute: i64, (ip, user_agent): (&'static str, &'static str)) -> Facts<'static> {
        Facts { kind, detail: None, at: Timestamp::from_secs(minute * 60), ip: Some(ip), user_agent }
    }

    /// Each entry of a story, oldest first: its kind, how many wrong passwords it stands for, what followed them, and
    /// whether it warns.
    fn listed(story: &[Facts<'static>]) -> Vec<(Kind, u32, Option<Outcome>, bool)> {
        let newest_first: Vec<_> = story.iter().rev().copied().collect();
        let listed = |entry: &ListedEvent| {
            let wrong = entry.wrong;
            (
                newest_first[entry.place].kind,
                wrong.map_or(0, |wrong| wrong.count),
                wrong.map(|wrong| wrong.outcome),
                entry.warns,
            )
        };
        entries(&newest_first).iter().rev().map(listed).collect()
    }

    use Kind::{PasswordChanged, SessionRenamed, SignInFailed, SignInsBlocked, SignedIn, SignedUp};

    #[test]
    fn ones_own_typing_errors_are_told_with_the_sign_in_and_do_not_warn() {
        let mut story: Vec<_> = (0..5).map(|minute| event(SignInFailed, minute, HOME)).collect();
        story.push(event(SignedIn, 6, HOME));
        assert_eq!(listed(&story), [(SignedIn, 5, Some(Outcome::SignedIn), false)]);
    }

    #[test]
    fn wrong_passwords_that_no_right_one_followed_are_one_warning() {
        let story: Vec<_> = (0..5).map(|minute| event(SignInFailed, minute, ELSEWHERE)).collect();
        assert_eq!(listed(&story), [(SignInFailed, 5, Some(Outcome::Nothing), true)]);
    }

    #[test]
    fn a_sign_in_settles_only_what_came_from_the_same_browser_and_address() {
        let other_browser = ("203.0.113.7", "curl");
        let other_address = ("198.51.100.9", "Firefox");
        for stranger in [ELSEWHERE, other_browser, other_address] {
            let story = [
                event(SignInFailed, 0, stranger),
                event(SignInFailed, 1, HOME),
                event(SignInFailed, 2, stranger),
                event(SignedIn, 3, HOME),
            ];
            let expected =
                [(SignInFailed, 2, Some(Outcome::Nothing), true), (SignedIn, 1, Some(Outcome::SignedIn), false)];
            assert_eq!(listed(&story), expected, "{stranger:?}");
        }
    }

    #[test]
    fn what_lies_far_apart_does_not_belong_together() {
        let story = [event(SignInFailed, 0, HOME), event(SignInFailed, 31, HOME), event(SignedIn, 62, HOME)];
        let alone = (SignInFailed, 1, Some(Outcome::Nothing), true);
        assert_eq!(listed(&story), [alone, alone, (SignedIn, 0, None, false)]);
        let close = [event(SignInFailed, 0, HOME), event(SignInFailed, 30, HOME), event(SignedIn, 60, HOME)];
        assert_eq!(listed(&close), [(SignedIn, 2, Some(Outcome::SignedIn), false)]);
    }

    #[test]
    fn each_sign_in_settles_what_came_before_it_only() {
        let story = [
            event(SignInFailed, 0, HOME),
            event(SignedIn, 1, HOME),
            event(SignInFailed, 2, HOME),
            event(SignInFailed, 3, HOME),
            event(SignedIn, 4, HOME),
            event(SignInFailed, 5, HOME),
        ];
        let expected = [
            (SignedIn, 1, Some(Outcome::SignedIn), false),
            (SignedIn, 2, Some(Outcome::SignedIn), false),
            (SignInFailed, 1, Some(Outcome::Nothing), true),
        ];
        assert_eq!(listed(&story), expected);
    }

    #[test]
    fn a_new_password_settles_typing_errors_beside_it() {
        let story = [event(SignInFailed, 0, HOME), event(SessionRenamed, 1, HOME), event(PasswordChanged, 2, HOME)];
        let expected = [
            (SignInFailed, 1, Some(Outcome::RightPassword), false),
            (SessionRenamed, 0, None, false),
            (PasswordChanged, 0, None, false),
        ];
        assert_eq!(listed(&story), expected);
    }

    /// Whoever sends no User-Agent is not the operator.
    #[test]
    fn a_new_password_by_the_operator_settles_nothing() {
        let nowhere = |event: Facts<'static>| Facts { ip: None, user_agent: "", ..event };
        let set = Facts { detail: Some("operator"), ..event(PasswordChanged, 1, HOME) };
        let story = [nowhere(event(SignInFailed, 0, HOME)), nowhere(set)];
        assert_eq!(listed(&story)[0], (SignInFailed, 1, Some(Outcome::Nothing), true));
    }

    #[test]
    fn so_many_that_they_are_guesses_warn_even_if_one_was_right() {
        let mut story: Vec<_> = (0..10).map(|minute| event(SignInFailed, minute, HOME)).collect();
        story.push(event(SignInsBlocked, 9, HOME));
        story.push(event(SignedIn, 20, HOME));
        let expected = [(SignInsBlocked, 0, None, true), (SignedIn, 10, Some(Outcome::SignedIn), true)];
        assert_eq!(listed(&story), expected);
        // Where an operator allows fewer failures, being blocked is not a warning by itself.
        let few = [event(SignInFailed, 0, HOME), event(SignInsBlocked, 0, HOME), event(SignedIn, 5, HOME)];
        assert_eq!(listed(&few), [(SignInsBlocked, 0, None, false), (SignedIn, 1, Some(Outcome::SignedIn), false)]);
    }

    #[test]
    fn an_erased_address_tears_nothing_apart() {
        let erased = |event: Facts<'static>| Facts { ip: None, ..event };
        let story = [erased(event(SignInFailed, 0, HOME)), event(SignedIn, 1, HOME)];
        assert_eq!(listed(&story), [(SignedIn, 1, Some(Outcome::SignedIn), false)]);
    }

    #[test]
    fn everything_else_stays_as_it_is_and_in_its_order() {
        let story = [event(SignedUp, 0, HOME), event(SignedIn, 0, HOME), event(Kind::Reused, 1, ELSEWHERE)];
        assert_eq!(
            listed(&story),
            [(SignedUp, 0, None, false), (SignedIn, 0, None, false), (Kind::Reused, 0, None, true)]
        );
    }

    #[test]
    fn a_page_goes_on_while_its_last_entry_does() {
        let sign_in = [event(SignedUp, 50, HOME), event(SignedIn, 40, HOME)];
        let older = [
            event(SignInFailed, 39, HOME),
            event(SignInFailed, 20, HOME),
            event(SignInFailed, 19, ELSEWHERE),
            event(SignInFailed, 18, HOME),
        ];
        assert_eq!(continued(&sign_in, &older), 2);
        assert_eq!(continued(&older[..1], &older[1..]), 1);
        assert_eq!(continued(&sign_in[..1], &older), 0, "a page ends with something else");
        assert_eq!(continued(&[], &older), 0);
    }
}
