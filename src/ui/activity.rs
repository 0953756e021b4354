//! What the activity page says of an event, apart from how it looks.

use super::links::{self, query};
use super::text::activity as text;
use super::{naming, text::activity::happened};
use crate::api::data::ActivityEvent;
use crate::domain::activity::Kind;

/// Which events are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    #[default]
    All,
    SignIns,
    Warnings,
}

impl Filter {
    pub const ALL: [Self; 3] = [Self::All, Self::SignIns, Self::Warnings];

    const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::SignIns => Some("sign-ins"),
            Self::Warnings => Some("warnings"),
        }
    }

    pub fn from_query(text: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|filter| filter.as_str() == text).unwrap_or_default()
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::All => text::ALL,
            Self::SignIns => text::SIGN_INS,
            Self::Warnings => text::WARNINGS,
        }
    }

    pub fn shows(self, kind: Kind) -> bool {
        match self {
            Self::All => true,
            Self::SignIns => {
                matches!(kind, Kind::SignedUp | Kind::SignedIn | Kind::SignInFailed | Kind::SignInsBlocked)
            }
            Self::Warnings => warns(kind),
        }
    }
}

/// Whether somebody else may have been at it.
pub fn warns(kind: Kind) -> bool {
    matches!(kind, Kind::SignInFailed | Kind::SignInsBlocked | Kind::Reused)
}

/// Whether there is something to do if it was somebody else.
pub fn can_be_disowned(kind: Kind) -> bool {
    matches!(kind, Kind::SignedIn | Kind::Reused)
}

/// Where the page is with this filter, from the event before `before` on.
pub fn address(filter: Filter, before: Option<i64>) -> String {
    let before = before.map(|before| before.to_string());
    links::with_query(links::ACTIVITY, &[(query::SHOW, filter.as_str()), (query::BEFORE, before.as_deref())])
}

/// The event in words.
pub fn words(kind: Kind, detail: Option<&str>) -> &'static str {
    match (kind, detail) {
        (Kind::SignedUp, _) => happened::SIGNED_UP,
        (Kind::SignedIn, _) => happened::SIGNED_IN,
        (Kind::SignInFailed, _) => happened::SIGN_IN_FAILED,
        (Kind::SignInsBlocked, _) => happened::SIGN_INS_BLOCKED,
        (Kind::SignedOut, _) => happened::SIGNED_OUT,
        (Kind::SessionEnded, Some("replaced")) => happened::REPLACED,
        (Kind::SessionEnded, Some("too_many")) => happened::TOO_MANY,
        (Kind::SessionEnded, Some("operator")) => happened::BY_OPERATOR,
        (Kind::SessionEnded, Some("password_changed")) => happened::BY_PASSWORD,
        (Kind::SessionEnded, _) => happened::SESSION_ENDED,
        (Kind::SessionRenamed, _) => happened::SESSION_RENAMED,
        (Kind::Forked, _) => happened::FORKED,
        (Kind::Reused, _) => happened::REUSED,
        (Kind::PasswordChanged, _) => happened::PASSWORD_CHANGED,
    }
}

/// With what it was done, as far as is known.
pub fn device(event: &ActivityEvent) -> Option<String> {
    naming::kind(event.browser.as_deref(), event.os.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_in_the_address() {
        for filter in Filter::ALL {
            assert_eq!(Filter::from_query(filter.as_str()), filter);
        }
        assert_eq!(Filter::from_query(Some("nonsense")), Filter::All);
        assert_eq!(address(Filter::All, None), "/activity");
        assert_eq!(address(Filter::Warnings, Some(7)), "/activity?show=warnings&before=7");
    }

    #[test]
    fn what_warns_is_never_hidden_among_warnings() {
        assert!(Filter::Warnings.shows(Kind::Reused) && Filter::Warnings.shows(Kind::SignInFailed));
        assert!(!Filter::Warnings.shows(Kind::SessionRenamed));
        assert!(Filter::SignIns.shows(Kind::SignInFailed) && !Filter::SignIns.shows(Kind::PasswordChanged));
    }
}
