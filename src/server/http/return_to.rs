//! Where to go after signing in. Only to a page of ours, by parsing and looking it up; never by the shape of a prefix.

/// Pages that one may come back to.
const PAGES: [&str; 4] = ["/devices", "/account", "/activity", "/reauthenticate"];

/// The page that `wanted` names, or the devices page.
pub fn page(wanted: Option<&str>) -> &'static str {
    let path = wanted.and_then(|wanted| wanted.split(['?', '#']).next());
    path.and_then(|path| PAGES.into_iter().find(|page| *page == path)).unwrap_or("/devices")
}

/// The page that `wanted` names, those of signing in included, which keep where they lead to.
pub fn same(wanted: Option<&str>) -> String {
    const ENTRANCES: [&str; 3] = ["/login", "/signup", "/reauthenticate"];
    let (path, query) = wanted.and_then(|wanted| wanted.split_once('?')).unwrap_or((wanted.unwrap_or_default(), ""));
    let Some(entrance) = ENTRANCES.into_iter().find(|page| *page == path) else { return page(wanted).to_owned() };
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    match fields.iter().find(|(name, _)| name == "returnTo") {
        Some((_, target)) => {
            let query = serde_urlencoded::to_string([("returnTo", page(Some(target)))]).unwrap_or_default();
            format!("{entrance}?{query}")
        }
        None => entrance.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_ours_are_returned_to() {
        assert_eq!(page(Some("/account")), "/account");
        assert_eq!(page(Some("/activity?x=1#y")), "/activity");
        for odd in ["//evil.example", "/\\evil.example", "https://evil.example", "/devices/../x", "javascript:1", ""] {
            assert_eq!(page(Some(odd)), "/devices", "{odd}");
        }
        assert_eq!(page(None), "/devices");
    }
    #[test]
    fn the_same_page_may_be_one_of_signing_in_and_keeps_where_it_leads() {
        assert_eq!(same(Some("/login")), "/login");
        assert_eq!(same(Some("/signup?returnTo=%2Factivity%3Fshow&error=x")), "/signup?returnTo=%2Factivity");
        assert_eq!(same(Some("/login?returnTo=//evil.example")), "/login?returnTo=%2Fdevices");
        assert_eq!(same(Some("/account?error=x")), "/account");
        for odd in ["//evil.example", "/login/../x", "/auth/logout", ""] {
            assert_eq!(same(Some(odd)), "/devices", "{odd}");
        }
    }
}
