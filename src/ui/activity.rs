//! The texts and links of the activity page for each event, apart from its layout.

use super::auth::timing;
use super::links::{self, query};
use super::page::ActivityEntry;
use super::{browser, naming, notice, text};
use crate::api::account;
use crate::api::data::{ActivityEvent, NewName};
use crate::domain::activity::{Filter, Kind};
use crate::domain::history::{Outcome, WrongPasswords};
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use leptos::prelude::*;

/// The name of a filter.
pub fn filter_words(filter: Filter) -> &'static str {
    match filter {
        Filter::All => text().activity().all,
        Filter::SignIns => text().activity().sign_ins,
        Filter::Warnings => text().activity().warnings,
    }
}

/// The filter in an address. Unknown values count as all.
pub fn filter_of(query: Option<&str>) -> Filter {
    query.and_then(Filter::from_text).unwrap_or(Filter::All)
}

/// What the user can do if an event was caused by somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// The other person's session is alive, and can be ended.
    End(SessionId),
    /// Somebody tried passwords: a new password helps.
    Guessed,
    /// A refresh token was copied, and its session has been ended; or somebody knows the password. A new password helps.
    Copied,
}

/// What the user can do about an entry. `others` are the user's live sessions except the current one.
pub fn way_out(entry: &ActivityEntry, others: &[SessionId]) -> Option<WayOut> {
    match (entry.event.kind, &entry.event.sid) {
        (Kind::SignedIn | Kind::PasswordChanged, Some(sid)) => others.contains(sid).then(|| WayOut::End(sid.clone())),
        (Kind::SignInFailed | Kind::SignInsBlocked, _) => entry.warns.then_some(WayOut::Guessed),
        (Kind::Reused | Kind::SecondFactorFailed, _) => Some(WayOut::Copied),
        _ => None,
    }
}

/// The address of the page with this filter, starting after the event `before`.
pub fn address(filter: Filter, before: Option<i64>) -> String {
    let before = before.map(|before| before.to_string());
    let show = (filter != Filter::All).then(|| filter.as_str());
    links::with_query(links::ACTIVITY, &[(query::SHOW, show), (query::BEFORE, before.as_deref())])
}

/// The fields that identify an event.
pub type Identity = (Kind, Timestamp, Option<SessionId>);

/// What tells this event from others.
pub fn identity(event: &ActivityEvent) -> Identity {
    (event.kind, event.at, event.sid.clone())
}

/// Checks for new events: sets `has_news` if the newest event is not `newest`.
pub fn look_for_news(filter: Filter, newest: Option<Identity>, has_news: RwSignal<bool>) {
    browser::spawn(async move {
        let mut failures = 0;
        let page = loop {
            match account::activity(Some(filter), None).await {
                Ok(page) => break page,
                Err(problem) if notice::is_over(problem.code) => return,
                Err(_) => failures += 1,
            }
            browser::sleep(timing::backoff(failures, browser::chance(), None)).await;
        };
        if page.events.first().map(identity) != newest {
            has_news.try_set(true);
        }
    });
}

/// The entry as a sentence.
pub fn words(ActivityEntry { event, wrong, .. }: &ActivityEntry) -> String {
    let happened = &text().activity().happened;
    if let Some(WrongPasswords { count, outcome, .. }) = wrong {
        let words = match outcome {
            Outcome::Nothing => happened.wrong_passwords,
            Outcome::SignedIn => happened.wrong_then_signed_in,
            Outcome::RightPassword => happened.wrong_then_right,
        };
        return words(u64::from(*count));
    }
    let device = event
        .device
        .as_ref()
        .and_then(|device| naming::called(device.name.as_deref(), device.browser.as_deref(), device.os.as_deref()))
        .map(naming::isolated);
    match (event.kind, event.detail.as_deref().and_then(reason), device) {
        (Kind::SessionEnded, None, Some(device)) => (happened.session_ended_of)(&device),
        (Kind::SessionEnded, Some(why), Some(device)) => (happened.session_ended_because)(&device, why),
        (Kind::SessionEnded, Some(why), None) => (happened.some_session_ended_because)(why),
        (Kind::SessionRenamed, _, device) => renamed(event, device),
        (Kind::PasswordChanged, Some(_), _) => happened.password_set.to_owned(),
        (Kind::SignInFailed, _, _) => (happened.wrong_passwords)(1),
        (Kind::TotpRemoved, Some(_), _) => text().factors().app_removed_by_operator.to_owned(),
        (kind, _, _) => sentence(kind).to_owned(),
    }
}

/// The names of a session before and after a rename. Older events did not store names: they use `device`, its current
/// name.
fn renamed(event: &ActivityEvent, device: Option<String>) -> String {
    let happened = &text().activity().happened;
    let Some(NewName { before, after }) = event.names.clone() else {
        return device.map_or_else(|| sentence(event.kind).to_owned(), |device| (happened.session_renamed_of)(&device));
    };
    let known = event.device.as_ref().and_then(|device| naming::kind(device.browser.as_deref(), device.os.as_deref()));
    let before = before.or(known).unwrap_or_else(|| text().devices().unknown.to_owned());
    (happened.session_renamed_from_to)(&naming::isolated(before), &naming::isolated(after))
}

/// Why a session ended, unless the user ended it from another device.
fn reason(detail: &str) -> Option<&'static str> {
    let happened = &text().activity().happened;
    match detail {
        "replaced" => Some(happened.replaced),
        "too_many" => Some(happened.too_many),
        "operator" => Some(happened.by_operator),
        "password_changed" => Some(happened.by_password),
        _ => None,
    }
}

fn sentence(kind: Kind) -> &'static str {
    let (happened, factors) = (&text().activity().happened, text().factors());
    match kind {
        Kind::SignedUp => happened.signed_up,
        Kind::SignedIn => happened.signed_in,
        Kind::SignInFailed | Kind::SignInsBlocked => happened.sign_ins_blocked,
        Kind::SignedOut => happened.signed_out,
        Kind::SessionEnded => happened.session_ended,
        Kind::SessionRenamed => happened.session_renamed,
        Kind::Forked => happened.forked,
        Kind::Reused => happened.reused,
        Kind::PasswordChanged => happened.password_changed,
        Kind::LinkMade => happened.link_made,
        Kind::PasswordReset => happened.password_reset,
        Kind::TotpAdded => factors.app_added,
        Kind::TotpRemoved => factors.app_removed,
        Kind::RecoveryCodesMade => factors.codes_made,
        Kind::RecoveryCodeUsed => factors.code_used,
        Kind::SecondFactorFailed => factors.wrong_code,
    }
}

/// The session that caused the event, if known.
pub fn came_from(event: &ActivityEvent) -> Option<&SessionId> {
    if event.kind.is_done_to_a_session() { event.by.as_ref() } else { event.sid.as_ref() }
}

/// The device that caused the event, if known.
pub fn device(event: &ActivityEvent) -> Option<String> {
    let device = naming::kind(event.browser.as_deref(), event.os.as_deref())?;
    // It may be another device than the one that the event concerns.
    Some(if event.kind.is_done_to_a_session() { (text().activity().from)(&device) } else { device })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_in_the_address() {
        for filter in Filter::ALL {
            assert_eq!(filter_of(Some(filter.as_str())), filter);
        }
        assert_eq!(filter_of(Some("nonsense")), Filter::All);
        assert_eq!(filter_of(None), Filter::All);
        assert_eq!(address(Filter::All, None), "/activity");
        assert_eq!(address(Filter::Warnings, Some(7)), "/activity?show=warnings&before=7");
    }
}
