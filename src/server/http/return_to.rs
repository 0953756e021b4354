//! The page to return to after signing in. The address is parsed and looked up among our pages, never compared by
//! prefix.

use crate::domain::one_time_link::{Purpose, is_well_formed};
use crate::ui::links::{self, query};

/// Pages that a sign-in may return to.
const PAGES: [&str; 4] = [links::DEVICES, links::ACCOUNT, links::ACTIVITY, links::REAUTHENTICATE];

/// The address in `wanted`, with its query, if it is one of our pages; otherwise the devices page.
pub fn page(wanted: Option<&str>) -> String {
    wanted.and_then(|wanted| links::address_of(wanted, &PAGES)).unwrap_or_else(|| links::DEVICES.to_owned())
}

/// The page in `wanted`. Unlike [`page`], it may be a sign-in page, which keeps its own page to return to.
pub fn same(wanted: Option<&str>) -> String {
    const ENTRANCES: [&str; 6] =
        [links::LOGIN, links::SIGNUP, links::REAUTHENTICATE, links::FORGOT, links::RESET_DONE, links::INVITE_DONE];
    let (path, query) = wanted.and_then(|wanted| wanted.split_once('?')).unwrap_or((wanted.unwrap_or_default(), ""));
    for purpose in [Purpose::Reset, Purpose::Invite] {
        let token = path.rsplit('/').next().filter(|token| is_well_formed(token));
        if let Some(page) = token.map(|token| links::one_time(purpose, token)).filter(|page| page == path) {
            return page;
        }
    }
    let Some(entrance) = ENTRANCES.into_iter().find(|page| *page == path) else { return page(wanted) };
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    match fields.iter().find(|(name, _)| name == query::RETURN_TO) {
        Some((_, target)) => links::with_query(entrance, &[(query::RETURN_TO, Some(&page(Some(target))))]),
        None => entrance.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_returned_to() {
        assert_eq!(page(Some("/account")), "/account");
        assert_eq!(page(Some("/activity?show=warnings")), "/activity?show=warnings");
        for odd in ["//evil.example", "/\\evil.example", "https://evil.example", "/devices/../x", "javascript:1", ""] {
            assert_eq!(page(Some(odd)), "/devices", "{odd}");
        }
        assert_eq!(page(None), "/devices");
    }
    #[test]
    fn the_same_page_may_be_one_of_signing_in_and_keeps_where_it_leads() {
        assert_eq!(same(Some("/login")), "/login");
        assert_eq!(same(Some("/signup?returnTo=%2Factivity%3Fshow&error=x")), "/signup?returnTo=%2Factivity%3Fshow%3D");
        assert_eq!(same(Some("/login?returnTo=//evil.example")), "/login?returnTo=%2Fdevices");
        assert_eq!(same(Some("/account?error=x")), "/account");
        let link = "/invite/n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg";
        assert_eq!((same(Some(link)), same(Some("/invite/x"))), (link.to_owned(), "/devices".to_owned()));
        for odd in ["//evil.example", "/login/../x", "/auth/logout", ""] {
            assert_eq!(same(Some(odd)), "/devices", "{odd}");
        }
    }
}
