//! The same-origin check of every unsafe request.

use super::cookies::{Cookies, REFRESH, WEB_SESSION};
use http::{HeaderMap, Method, header};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// How many different origins are logged. Anybody can invent more.
const NAMED_MAX: usize = 16;
/// The longest origin that is logged, in bytes.
const ORIGIN_MAX: usize = 256;

/// Whether a request may change something. A browser must say that it comes from this origin (Fetch Metadata), or, if
/// it does not send that header, its `Origin` must be the public URL. A request with neither is not from a current
/// browser, and passes only if it has none of our cookies.
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
        None => {
            let cookies = Cookies::of(headers);
            !cookies.get(REFRESH).is_there() && !cookies.get(WEB_SESSION).is_there()
        }
    }
}

/// Origins other than the public URL whose requests were refused, to log each one once.
#[derive(Debug, Default)]
pub struct ForeignOrigins(Mutex<HashSet<String>>);

impl ForeignOrigins {
    /// Logs a refused request, once for each origin. A request that the browser itself calls cross-site is left out: it
    /// says nothing about the address at which people use the service.
    pub fn warn(&self, headers: &HeaderMap, public_url: &str) {
        if let Some(origin) = opened_at(headers)
            && self.is_new(origin)
        {
            tracing::warn!(
                origin,
                public_url,
                "a request was refused because its page was opened at another address than server.public_url; open it \
                 there, or set server.public_url to the address that people use"
            );
        }
    }

    fn is_new(&self, origin: &str) -> bool {
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        named.len() < NAMED_MAX && named.insert(origin.to_owned())
    }
}

/// The origin of the page that sent this request, if only `Origin` gives it.
fn opened_at(headers: &HeaderMap) -> Option<&str> {
    let origin = headers.get(header::ORIGIN).filter(|_| !headers.contains_key("sec-fetch-site"))?.to_str().ok()?;
    let is_page = origin.starts_with("http://") || origin.starts_with("https://");
    Some(origin).filter(|origin| is_page && origin.len() <= ORIGIN_MAX)
}

/// Whether a request hides its origin. Browsers do so for pages with the referrer policy `no-referrer`, and some people
/// remove the headers.
pub fn is_hidden(headers: &HeaderMap) -> bool {
    let is_told = headers.get(header::ORIGIN).is_some_and(|origin| origin != "null");
    !is_told && !headers.contains_key("sec-fetch-site")
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
    fn an_address_at_which_pages_are_opened_is_named_once_and_only_so_many() {
        let origin = |site: Option<&'static str>, origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            site.map(|site| headers.insert("sec-fetch-site", site.parse().unwrap()));
            opened_at(&headers).map(str::to_owned)
        };
        assert_eq!(origin(None, "http://192.168.1.5:3000").as_deref(), Some("http://192.168.1.5:3000"));
        assert_eq!(origin(Some("cross-site"), "https://evil.example"), None);
        assert_eq!((origin(None, "null"), origin(None, &format!("https://{}", "x".repeat(256)))), (None, None));

        let origins = ForeignOrigins::default();
        assert!(origins.is_new("http://a") && origins.is_new("http://b") && !origins.is_new("http://a"));
        let named = (0..100).filter(|n| origins.is_new(&n.to_string())).count();
        assert_eq!(named, NAMED_MAX - 2);
    }

    #[test]
    fn reading_passes_always() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert!(may_pass(&Method::GET, &headers, URL));
    }
}
