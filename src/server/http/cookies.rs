//! All cookies: their names, and how they are read, set and cleared.

use crate::domain::preferences::ZONE_COOKIE;
use http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// The refresh token. `__Host-` ties the cookie to this host, `Http-` keeps scripts from setting it
/// (draft-ietf-httpbis-rfc6265bis, section 4.1.3).
pub const REFRESH: Cookie = Cookie { name: "__Host-Http-latchkey-refresh", same_site: "Strict" };
/// The web session.
pub const WEB_SESSION: Cookie = Cookie { name: "__Host-Http-latchkey-session", same_site: "Lax" };

/// Identifies a browser to the users who signed in from it, also after they signed out.
pub const DEVICE: Cookie = Cookie { name: "__Host-Http-latchkey-device", same_site: "Strict" };
/// How long a browser keeps it: the longest time allowed (draft-ietf-httpbis-rfc6265bis, section 5.5).
pub const DEVICE_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The chosen theme and language. Holds no secret.
pub const PREFERENCES: Cookie = Cookie { name: "__Host-Http-latchkey-preferences", same_site: "Lax" };
/// The note of the sign-in page about the session that this browser had. Holds no secret.
pub const FAREWELL: Cookie = Cookie { name: "__Host-Http-latchkey-farewell", same_site: "Lax" };

/// The browser's time zone, set by a script of the page. Holds no secret.
pub const TIME_ZONE: Cookie = Cookie { name: ZONE_COOKIE, same_site: "Lax" };

/// The name and the `SameSite` attribute of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: &'static str,
    same_site: &'static str,
}

/// All of them.
const ALL: [Cookie; 6] = [REFRESH, WEB_SESSION, DEVICE, PREFERENCES, FAREWELL, TIME_ZONE];

/// Our cookies in a request.
#[derive(Clone)]
pub struct Cookies([CookieValue; ALL.len()]);

/// The value of a cookie in a request.
#[derive(Clone, PartialEq, Eq)]
pub enum CookieValue {
    /// No such cookie.
    Nothing,
    /// The value of the only one.
    One(String),
    /// Several cookies of this name, or a value that is not text. Somebody may have planted one, so none is used.
    Unusable,
}

impl Cookies {
    /// Reads the cookies with exactly these names: nothing is decoded.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut found = ALL.map(|_| CookieValue::Nothing);
        // The header is read as bytes: another site's cookie that is not text must not hide ours.
        let pairs = headers.get_all(header::COOKIE).into_iter().flat_map(|line| line.as_bytes().split(|b| *b == b';'));
        for pair in pairs {
            let pair = pair.trim_ascii();
            for (cookie, found) in ALL.iter().zip(&mut found) {
                if let Some(value) = pair.strip_prefix(cookie.name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
                {
                    found.add(value);
                }
            }
        }
        Self(found)
    }

    /// The value of one of them.
    pub fn get(&self, cookie: Cookie) -> &CookieValue {
        ALL.iter()
            .position(|other| *other == cookie)
            .and_then(|place| self.0.get(place))
            .unwrap_or(&CookieValue::Nothing)
    }

    fn has_one_of<const N: usize>(&self, cookies: [Cookie; N]) -> bool {
        cookies.into_iter().any(|cookie| self.get(cookie).is_there())
    }

    /// Whether a request has any of our cookies, so its browser keeps cookies.
    pub fn are_kept(&self) -> bool {
        self.has_one_of([REFRESH, WEB_SESSION, PREFERENCES, TIME_ZONE])
    }

    /// Whether a request has a cookie that signing in does not remove.
    pub fn are_kept_for_long(&self) -> bool {
        self.has_one_of([PREFERENCES, TIME_ZONE])
    }
}

impl Cookie {
    /// A `Set-Cookie` value. Without `life` the browser keeps the cookie until it is closed.
    pub fn set(self, value: &str, life: Option<Duration>) -> Option<HeaderValue> {
        let Self { name, same_site } = self;
        let age = life.map(|life| format!("; Max-Age={}", life.as_secs())).unwrap_or_default();
        let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{age}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Whether an answer sets or clears the cookie.
    pub fn is_set_by(self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::SET_COOKIE)
            .iter()
            .any(|set| set.as_bytes().strip_prefix(self.name.as_bytes()).is_some_and(|rest| rest.starts_with(b"=")))
    }

    /// A `Set-Cookie` value that removes the cookie: same name, path and flags.
    pub fn clear(self) -> Option<HeaderValue> {
        self.set("", Some(Duration::ZERO))
    }
}

impl CookieValue {
    /// Adds what came under the name.
    fn add(&mut self, value: &[u8]) {
        *self = match (&*self, std::str::from_utf8(value)) {
            (Self::Nothing, Ok(value)) => Self::One(value.to_owned()),
            _ => Self::Unusable,
        };
    }

    /// The value, if there is exactly one that can be read.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::One(value) => Some(value),
            Self::Nothing | Self::Unusable => None,
        }
    }

    /// Whether anything came under the name, usable or not.
    pub fn is_there(&self) -> bool {
        *self != Self::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> CookieValue {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        Cookies::of(&headers).get(REFRESH).clone()
    }

    #[test]
    fn a_name_matches_byte_for_byte() {
        assert_eq!(read(&[b"a=b; __Host-Http-latchkey-refresh=x.y.z; c=d"]).value(), Some("x.y.z"));
        for other in [
            b"__host-http-latchkey-refresh=x".as_slice(),
            b"__Host-Http-latchkey-refresh%20=x",
            b"__Host-Http-latchkey%2Drefresh=x",
            b"__Host-Http-latchkey-refreshed=x",
            b"__Host-Http-latchkey-refresh =x",
            b"__Host-Http-latchkey-refresh",
        ] {
            assert!(!read(&[other]).is_there(), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn two_of_one_name_are_refused_and_odd_foreign_ones_hide_nothing() {
        let ours = b"__Host-Http-latchkey-refresh=x".as_slice();
        assert!(read(&[ours, ours]) == CookieValue::Unusable);
        assert_eq!(read(&[b"odd=\xff\xfe; =; ;;; \"; x", ours]).value(), Some("x"));
        assert_eq!(read(&[&[b"big=".as_slice(), &[b'x'; 9000], b"; ", ours].concat()]).value(), Some("x"));
    }

    #[test]
    fn a_value_that_is_no_text_is_there_but_no_value() {
        let odd = read(&[b"__Host-Http-latchkey-refresh=x\xff"]);
        assert!(odd.is_there() && odd.value().is_none());
    }

    #[test]
    fn setting_and_clearing_carry_the_same_flags() {
        let set = REFRESH.set("t", Some(Duration::from_secs(60))).unwrap();
        let expected = "__Host-Http-latchkey-refresh=t; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60";
        assert_eq!(set, expected);
        assert_eq!(
            WEB_SESSION.clear().unwrap(),
            "__Host-Http-latchkey-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        assert!(!REFRESH.set("t", None).unwrap().to_str().unwrap().contains("Max-Age"));
    }
}
