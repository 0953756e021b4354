//! The scope that each route needs of its caller (RFC 6750 section 3.1). A route without a line takes no access token.

use crate::api::account::{EXPORT, ListActivity, ListSessions, ReadAccount, ReadMe};
use crate::domain::scope::Scope;
use crate::ui::links::{LIVE, post};
use server_fn::ServerFn as _;

/// Each route that identifies its caller by a token, and the scope that it needs.
const NEEDED: [(&str, Scope); 18] = [
    (ReadMe::PATH, Scope::Account),
    (ReadAccount::PATH, Scope::Account),
    (ListSessions::PATH, Scope::Account),
    (ListActivity::PATH, Scope::Account),
    (EXPORT, Scope::Account),
    (LIVE, Scope::Account),
    (post::LOGOUT, Scope::Account),
    (post::LOGOUT_ALL, Scope::Account),
    (post::REVOKE, Scope::Account),
    (post::RENAME, Scope::Account),
    (post::END_NOT_MINE, Scope::Account),
    (post::REAUTHENTICATE, Scope::Account),
    (post::TOTP, Scope::Account),
    (post::TOTP_CONFIRM, Scope::Account),
    (post::TOTP_REMOVE, Scope::Account),
    (post::RECOVERY_CODES, Scope::Account),
    (post::PASSWORD, Scope::Account),
    (post::DELETE_ACCOUNT, Scope::Account),
];

/// The scope that the route at `path` needs; `None` if it has no line.
pub(super) fn needed(path: &str) -> Option<Scope> {
    NEEDED.into_iter().find(|(route, _)| *route == path).map(|(_, scope)| scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::http::routes;

    #[test]
    fn every_line_is_about_a_route_and_no_route_has_two() {
        for (at, (path, _)) in NEEDED.iter().enumerate() {
            assert!(routes().iter().any(|(route, _)| route == path), "{path}");
            assert!(NEEDED[..at].iter().all(|(other, _)| other != path), "{path}");
        }
        assert_eq!(needed("/auth/login"), None);
    }
}
