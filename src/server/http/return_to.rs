//! Where to go after signing in. Only to a page of ours, by parsing and looking it up; never by the shape of a prefix.

/// Pages that one may come back to.
const PAGES: [&str; 4] = ["/devices", "/account", "/activity", "/reauthenticate"];

/// The page that `wanted` names, or the devices page.
pub fn page(wanted: Option<&str>) -> &'static str {
    let path = wanted.and_then(|wanted| wanted.split(['?', '#']).next());
    path.and_then(|path| PAGES.into_iter().find(|page| *page == path)).unwrap_or("/devices")
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
}
