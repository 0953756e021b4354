//! The logic of the devices page: the list of sessions, the requests to end some of them, and the results.

use super::auth::{timing, transport};
use super::components::dialogs;
use super::{auth, browser, links, messages, naming, notice, text};
use crate::api::Flag;
use crate::api::data::SessionInfo;
use crate::api::problem::{Code, Problem};
use crate::api::{account, auth as calls};
use crate::domain::id::SessionId;
use leptos::prelude::*;
use std::time::Duration;
use web_sys::HtmlFormElement;

/// The id of the page's heading. It gets the focus when the focused element is gone.
pub const HEADING: &str = "devices-heading";

/// The sessions to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndRequest {
    /// One session.
    One(Box<SessionInfo>),
    /// Some of them, one by one.
    Several(Vec<SessionInfo>),
    /// All but the one that asks.
    Others,
    /// All of them.
    Everywhere,
}

impl EndRequest {
    /// A request to end the chosen sessions.
    pub fn of(mut chosen: Vec<SessionInfo>) -> Self {
        match chosen.pop() {
            Some(one) if chosen.is_empty() => Self::One(Box::new(one)),
            last => {
                chosen.extend(last);
                Self::Several(chosen)
            }
        }
    }

    /// Whether the request ends this session.
    fn takes(&self, session: &SessionInfo) -> bool {
        match self {
            Self::One(one) => one.sid == session.sid,
            Self::Several(several) => several.iter().any(|one| one.sid == session.sid),
            Self::Others => !session.current,
            Self::Everywhere => true,
        }
    }

    /// The text of its button.
    fn words(&self) -> String {
        match self {
            Self::One(one) => (text().devices().sign_out_one)(&naming::mention(one)),
            Self::Several(several) => (text().devices().sign_out_selected)(several.len() as u64),
            Self::Others => text().devices().sign_out_others.to_owned(),
            Self::Everywhere => text().devices().sign_out_everywhere.to_owned(),
        }
    }

    fn done(&self) -> String {
        match self {
            Self::One(one) => (text().devices().ended_one)(&naming::mention(one)),
            Self::Several(several) => (text().devices().ended_several)(several.len() as u64),
            Self::Others | Self::Everywhere => text().devices().ended_others.to_owned(),
        }
    }

    fn failed(&self, why: &str) -> String {
        match self {
            Self::One(one) => (text().devices().not_ended)(&naming::mention(one), why),
            Self::Several(_) | Self::Others | Self::Everywhere => (text().devices().others_not_ended)(why),
        }
    }

    /// # Errors
    /// The problem, and the sessions that are left to end.
    async fn call(self) -> Result<(), (Problem, Self)> {
        let result = match &self {
            Self::One(one) => end_session(one).await,
            Self::Several(several) => {
                for (place, one) in several.iter().enumerate() {
                    if let Err(problem) = end_session(one).await {
                        let left = several.iter().skip(place).cloned().collect();
                        return Err((problem, Self::of(left)));
                    }
                }
                Ok(())
            }
            Self::Others => calls::sign_out_all(Flag(true)).await,
            Self::Everywhere => transport::alone(Box::pin(calls::sign_out_all(Flag(false)))).await,
        };
        result.map_err(|problem| (problem, self))
    }
}

async fn end_session(session: &SessionInfo) -> Result<(), Problem> {
    match calls::revoke_session(session.sid.clone()).await {
        // The session has already ended, which is the requested result.
        Err(problem) if problem.code == Code::NotFound => Ok(()),
        result => result,
    }
}

/// The state of the page.
#[derive(Clone, Copy)]
pub struct Devices {
    /// The sessions, the current one first.
    pub rows: RwSignal<Vec<SessionInfo>>,
    /// The chosen sessions, while the user is choosing several.
    pub selected: RwSignal<Option<Vec<SessionId>>>,
    /// A request that waits for confirmation.
    pub asked: RwSignal<Option<EndRequest>>,
    /// A request that waits for the password.
    pub locked: RwSignal<Option<EndRequest>>,
    /// What went wrong last, in words.
    pub failure: RwSignal<Option<String>>,
    /// A message that the password was accepted, until a session is ended.
    pub confirmed: RwSignal<Option<String>>,
    /// The name of the signed-in user.
    username: StoredValue<String>,
    /// Sessions whose end was requested and not answered yet. They are not shown, although the server may still list
    /// them.
    ending: StoredValue<Vec<SessionId>>,
    /// Counts the requests for the list, so that a late answer is dropped.
    looks: StoredValue<u32>,
}

impl Devices {
    /// With what the server knew when it wrote the page.
    pub fn new(rows: Vec<SessionInfo>, username: String, failure: Option<String>, confirmed: Option<String>) -> Self {
        Self {
            rows: RwSignal::new(rows),
            selected: RwSignal::new(None),
            asked: RwSignal::new(None),
            locked: RwSignal::new(None),
            failure: RwSignal::new(failure),
            confirmed: RwSignal::new(confirmed),
            username: StoredValue::new(username),
            ending: StoredValue::new(Vec::new()),
            looks: StoredValue::new(0),
        }
    }

    /// How many sessions there are besides the current one.
    pub fn others(self) -> usize {
        self.rows.with(|rows| rows.iter().filter(|row| !row.current).count())
    }

    /// Starts or cancels choosing several sessions.
    pub fn toggle_selecting(self) {
        self.selected.update(|selected| *selected = selected.is_none().then(Vec::new));
    }

    /// Adds a session to the chosen ones, or removes it.
    pub fn select(self, sid: &SessionId, chosen: bool) {
        self.selected.update(|selected| {
            let Some(selected) = selected else { return };
            selected.retain(|one| one != sid);
            if chosen {
                selected.push(sid.clone());
            }
        });
    }

    /// The chosen sessions that still exist.
    pub fn chosen(self) -> Vec<SessionInfo> {
        let Some(selected) = self.selected.get() else { return Vec::new() };
        self.rows.with(|rows| rows.iter().filter(|row| selected.contains(&row.sid)).cloned().collect())
    }

    /// Asks for confirmation of `ending`. If the dialog cannot be loaded, the form is submitted, and a page asks as it
    /// does without JavaScript.
    pub fn ask(self, ending: EndRequest, form: Option<HtmlFormElement>) {
        self.failure.set(None);
        if !browser::has_dialogs() {
            if browser::confirms(&ending.words()) {
                self.end(ending);
            }
            return;
        }
        if dialogs::are_made() {
            // Immediately: the next key press may be meant for the dialog.
            return self.asked.set(Some(ending));
        }
        let username = self.username.get_value();
        if let Some(form) = &form {
            let _ = form.set_attribute("aria-busy", "true");
        }
        browser::spawn(async move {
            let made = dialogs::make(self, username).await;
            if let Some(form) = &form {
                let _ = form.remove_attribute("aria-busy");
            }
            match (made, form) {
                (Ok(()), _) => drop(self.asked.try_set(self.still(ending))),
                // A page asks. While offline, the browser would show its own error page instead.
                (Err(_), Some(form)) if browser::is_online() => drop(form.submit()),
                (Err(_), _) => {
                    let why = notice::sentence(&Code::Unavailable.into());
                    self.failure.try_set(Some(ending.failed(&why)));
                }
            }
        });
    }

    /// The part of the request whose sessions still exist.
    pub fn still(self, ending: EndRequest) -> Option<EndRequest> {
        let is_there = |one: &SessionInfo| self.rows.with_untracked(|rows| rows.iter().any(|row| row.sid == one.sid));
        match ending {
            EndRequest::One(one) => is_there(&one).then_some(EndRequest::One(one)),
            EndRequest::Several(mut several) => {
                several.retain(is_there);
                (!several.is_empty()).then(|| EndRequest::of(several))
            }
            EndRequest::Others => {
                self.rows.with_untracked(|rows| rows.iter().any(|row| !row.current)).then_some(ending)
            }
            EndRequest::Everywhere => Some(ending),
        }
    }

    /// Carries the request out. The rows disappear immediately, and come back if it fails.
    pub fn end(self, ending: EndRequest) {
        let Some(before) = self.rows.try_get_untracked() else { return };
        self.failure.set(None);
        self.confirmed.set(None);
        let selected = self.selected.get_untracked();
        self.selected.set(None);
        if ending != EndRequest::Everywhere {
            self.rows.update(|rows| rows.retain(|row| !ending.takes(row)));
        }
        let taken: Vec<SessionId> = before.iter().filter(|row| ending.takes(row)).map(|row| row.sid.clone()).collect();
        self.ending.update_value(|ending| ending.extend(taken.iter().cloned()));
        browser::spawn(async move {
            let result = ending.clone().call().await;
            self.ending.try_update_value(|ending| ending.retain(|sid| !taken.contains(sid)));
            if ending == EndRequest::Everywhere && result.is_ok() {
                return auth::signed_out();
            }
            match result {
                Ok(()) => messages::show(ending.done(), None),
                Err((problem, left)) => {
                    self.rows.try_update(|rows| put_back(rows, &before, &left));
                    self.selected.try_update(|now| *now = now.take().or(selected));
                    match problem.code {
                        Code::ReauthenticationRequired if browser::has_dialogs() => {
                            self.locked.try_set(Some(left));
                        }
                        Code::ReauthenticationRequired => browser::replace(links::REAUTHENTICATE),
                        // The browser is leaving this page, and the sign-in page gives the reason.
                        code if notice::is_over(code) => {}
                        _ => drop(self.failure.try_set(Some(left.failed(&notice::sentence(&problem))))),
                    }
                }
            }
            if self.failure.try_with_untracked(Option::is_some) == Some(true) {
                browser::show(HEADING);
            }
            if browser::focus_is_lost() {
                browser::focus_quietly(HEADING);
            }
        });
    }

    /// The current list of the server, after as many attempts as needed; `None` if it is no longer needed.
    async fn latest(self) -> Option<Vec<SessionInfo>> {
        self.looks.try_update_value(|looks| *looks += 1)?;
        let turn = self.looks.try_get_value();
        let mut failures = 0;
        while self.looks.try_get_value() == turn {
            let problem = match account::sessions().await {
                Ok(rows) => return (self.looks.try_get_value() == turn).then_some(rows),
                Err(problem) if notice::is_over(problem.code) => return None,
                Err(problem) => problem,
            };
            failures += 1;
            let asked = problem.retry_after.map(Duration::from_secs);
            browser::sleep(timing::backoff(failures, browser::chance(), asked)).await;
        }
        None
    }

    /// Shows the current list of the server, because it may have changed.
    pub fn look_again(self) {
        browser::spawn(async move {
            let Some(mut rows) = self.latest().await else { return };
            let Some(before) = self.rows.try_get_untracked() else { return };
            self.ending.with_value(|ending| rows.retain(|row| !ending.contains(&row.sid)));
            let is_in = |rows: &[SessionInfo], row: &SessionInfo| rows.iter().any(|other| other.sid == row.sid);
            for came in rows.iter().filter(|row| !is_in(&before, row)) {
                let not_you = (text().devices().not_you, links::sign_out_of(&came.sid));
                messages::show((text().devices().came)(&naming::mention(came)), Some(not_you));
            }
            for went in before.iter().filter(|row| !is_in(&rows, row)) {
                messages::show((text().devices().ended_one)(&naming::mention(went)), None);
            }
            if rows != before {
                let focused = browser::focused();
                self.rows.set(rows);
                // The rows have to be removed and moved first.
                browser::pause().await;
                if let Some(former) = focused.filter(|_| browser::focus_is_lost()) {
                    // When a row moves, its focused element loses the focus.
                    if former.is_connected() { drop(former.focus()) } else { browser::focus_quietly(HEADING) }
                }
            }
        });
    }

    /// Shows the new name of a session that has been renamed. `former` is how it was mentioned before: the list may
    /// have the new name already, since the notice of a change may overtake the answer.
    pub fn renamed(self, sid: &SessionId, former: &str, name: String) {
        self.rows.update(|rows| {
            if let Some(row) = rows.iter_mut().find(|row| row.sid == *sid) {
                messages::show((text().devices().renamed)(former, &naming::isolated(name.clone())), None);
                row.name = Some(name);
            }
        });
    }
}

/// Puts the rows of `before` that are missing and were not ended back in their places. Other changes stay.
fn put_back(rows: &mut Vec<SessionInfo>, before: &[SessionInfo], left: &EndRequest) {
    for (place, former) in before.iter().enumerate() {
        if left.takes(former) && !rows.iter().any(|row| row.sid == former.sid) {
            rows.insert(place.min(rows.len()), former.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::device::DeviceKind;
    use crate::domain::time::Timestamp;

    fn session(sid: &str) -> SessionInfo {
        SessionInfo {
            sid: SessionId::new(sid),
            current: sid == "a",
            name: None,
            browser: None,
            os: None,
            kind: DeviceKind::Unknown,
            ip: None,
            created_at: Timestamp::default(),
            last_seen_at: Timestamp::default(),
            expires_at: Timestamp::default(),
            absolute_expires_at: Timestamp::default(),
            authenticated_by: crate::domain::second_factor::AuthenticatedBy::password(),
        }
    }

    fn sids(rows: &[SessionInfo]) -> String {
        rows.iter().map(|row| row.sid.as_str()).collect()
    }

    #[test]
    fn a_row_goes_back_to_where_it_was() {
        let before = ["a", "b", "c", "d"].map(session);
        let mut rows = vec![session("a"), session("d")];
        put_back(&mut rows, &before, &EndRequest::Others);
        assert_eq!(sids(&rows), "abcd");
    }

    #[test]
    fn of_several_only_those_go_back_that_were_not_ended() {
        let before = ["a", "b", "c", "d"].map(session);
        let mut rows = vec![session("a")];
        put_back(&mut rows, &before, &EndRequest::Several(vec![session("c"), session("d")]));
        assert_eq!(sids(&rows), "acd");
    }

    #[test]
    fn what_came_meanwhile_stays() {
        let mut rows = vec![session("a"), session("new")];
        put_back(&mut rows, &["a", "b"].map(session), &EndRequest::Others);
        assert_eq!(sids(&rows), "abnew");
    }

    #[test]
    fn ending_the_others_spares_this_device() {
        assert!(!EndRequest::Others.takes(&session("a")));
        assert!(EndRequest::Others.takes(&session("b")));
        let one = EndRequest::One(Box::new(session("b")));
        assert!(one.takes(&session("b")) && !one.takes(&session("c")));
    }
}
