//! The same-origin gate before every unsafe method.

use super::cookies::{REFRESH, WEB_SESSION};
use http::{HeaderMap, Method, header};

/// Whether a request may change something: the browser says that it comes from this very origin (Fetch Metadata), or,
/// if it does not say, its `Origin` is the public URL. A request with neither is no browser's, and passes only without
/// our cookies.
pub fn may_pass(method: &Method, headers: &HeaderMap, public_url: &str) -> bool {
    if method.is_safe() {
        return true;
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    if let Some(site) = sites.next() {
        return site == "same-origin" && sites.next().is_none();
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match origins.next() {
        Some(origin) => origin == public_url && origins.next().is_none(),
        None => !REFRESH.read(headers).is_there() && !WEB_SESSION.read(headers).is_there(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://id.example.org";

    fn post(site: Option<&str>, origin: Option<&str>, cookie: bool) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        if cookie {
            headers.insert("cookie", "__Host-Http-latchkey-refresh=x".parse().unwrap());
        }
        may_pass(&Method::POST, &headers, URL)
    }

    #[test]
    fn what_the_browser_says_of_the_site_decides() {
        for origin in [None, Some(URL), Some("null"), Some("https://evil.example")] {
            for cookie in [false, true] {
                assert!(post(Some("same-origin"), origin, cookie));
                for site in ["same-site", "cross-site", "none", "SAME-ORIGIN", ""] {
                    assert!(!post(Some(site), origin, cookie), "{site} {origin:?}");
                }
            }
        }
    }

    #[test]
    fn otherwise_the_origin_decides() {
        assert!(post(None, Some(URL), true));
        for other in ["null", "https://evil.example", "http://id.example.org", "https://id.example.org:8443", ""] {
            assert!(!post(None, Some(other), false), "{other}");
        }
    }

    #[test]
    fn with_neither_only_what_has_no_cookie_of_ours_passes() {
        assert!(post(None, None, false));
        assert!(!post(None, None, true));
    }

    #[test]
    fn reading_passes_always() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert!(may_pass(&Method::GET, &headers, URL));
    }
}
