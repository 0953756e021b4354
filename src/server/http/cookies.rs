//! The one place for cookies: their names, how they are read, set and cleared.

use crate::domain::preferences::ZONE_COOKIE;
use http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// The refresh token. `__Host-` ties it to this host, `Http-` keeps scripts from setting it (draft-ietf-httpbis-rfc6265bis,
/// section 4.1.3).
pub const REFRESH: Cookie = Cookie { name: "__Host-Http-latchkey-refresh", same_site: "Strict" };
/// The web session.
pub const WEB_SESSION: Cookie = Cookie { name: "__Host-Http-latchkey-session", same_site: "Lax" };

/// By which a browser is known to those who signed in from it, also after they signed out.
pub const DEVICE: Cookie = Cookie { name: "__Host-Http-latchkey-device", same_site: "Strict" };
/// For how long a browser keeps it: as long as one may (draft-ietf-httpbis-rfc6265bis, section 5.5).
pub const DEVICE_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// How the pages look, by choice; no secret.
pub const PREFERENCES: Cookie = Cookie { name: "__Host-Http-latchkey-preferences", same_site: "Lax" };
/// What the sign-in page says of the session that was here; no secret.
pub const FAREWELL: Cookie = Cookie { name: "__Host-Http-latchkey-farewell", same_site: "Lax" };

/// In which time zone the browser is, as the page says, which sets it; no secret.
pub const TIME_ZONE: Cookie = Cookie { name: ZONE_COOKIE, same_site: "Lax" };

/// One cookie of ours.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    name: &'static str,
    same_site: &'static str,
}

/// What a request brings under one name.
#[derive(Clone, PartialEq, Eq)]
pub enum CookieValue {
    Nothing,
    One(String),
    /// More than one of the same name, or one that is no text: somebody may have slipped it in, so none is believed.
    Unusable,
}

/// Whether a request brings any cookie of ours: its browser keeps them.
pub fn are_kept(headers: &HeaderMap) -> bool {
    [REFRESH, WEB_SESSION, PREFERENCES, TIME_ZONE].into_iter().any(|cookie| cookie.read(headers).is_there())
}

/// Whether a request brings one that no sign-in takes away.
pub fn are_kept_for_long(headers: &HeaderMap) -> bool {
    [PREFERENCES, TIME_ZONE].into_iter().any(|cookie| cookie.read(headers).is_there())
}

impl Cookie {
    /// Reads the cookie by its name, byte for byte: nothing is decoded.
    pub fn read(self, headers: &HeaderMap) -> CookieValue {
        let mut found = CookieValue::Nothing;
        // Bytes, since a foreign cookie that is not text must not hide ours.
        let pairs = headers.get_all(header::COOKIE).into_iter().flat_map(|line| line.as_bytes().split(|b| *b == b';'));
        for pair in pairs {
            let pair = pair.trim_ascii();
            let Some(value) = pair.strip_prefix(self.name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")) else {
                continue;
            };
            found = match (found, std::str::from_utf8(value)) {
                (CookieValue::Nothing, Ok(value)) => CookieValue::One(value.to_owned()),
                _ => CookieValue::Unusable,
            };
        }
        found
    }

    /// A `Set-Cookie` value; without `life` the browser forgets it when it is closed.
    pub fn set(self, value: &str, life: Option<Duration>) -> Option<HeaderValue> {
        let Self { name, same_site } = self;
        let age = life.map(|life| format!("; Max-Age={}", life.as_secs())).unwrap_or_default();
        let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{age}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// A `Set-Cookie` value that makes the browser forget it: same name, path and flags.
    pub fn clear(self) -> Option<HeaderValue> {
        self.set("", Some(Duration::ZERO))
    }
}

impl CookieValue {
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::One(value) => Some(value),
            Self::Nothing | Self::Unusable => None,
        }
    }

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
        REFRESH.read(&headers)
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

    /// CK3
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
