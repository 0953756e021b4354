//! What the sign-in page says of the session that this browser had. The page that ends a session, or that clears its
//! cookie, leaves it in a small cookie for a few minutes, so that every tab says the same, and no address can say it.

use super::context::RequestContext;
use super::cookies::{CookieValue, FAREWELL};
use crate::domain::device::device_name;
use crate::domain::farewell::Farewell;
use http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// For how long it is said: a tab may be looked at later than the one that signed out.
const SAID_FOR: Duration = Duration::from_secs(5 * 60);

/// What a request brings of it.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub farewell: Option<Farewell>,
    is_there: bool,
    /// Whether people ask, who are shown a page next. Programs do not say which language they read.
    reads: bool,
}

pub fn of(headers: &HeaderMap) -> Kept {
    let brought = FAREWELL.read(headers);
    Kept {
        farewell: brought.value().and_then(from_text),
        is_there: brought != CookieValue::Nothing,
        reads: headers.contains_key(header::ACCEPT_LANGUAGE),
    }
}

/// A `Set-Cookie` value that keeps `farewell` for the sign-in page; `None` for programs.
pub fn keep(context: &RequestContext, farewell: &Farewell) -> Option<HeaderValue> {
    let text = serde_urlencoded::to_string(farewell).ok().filter(|_| context.kept.reads)?;
    FAREWELL.set(&text, Some(SAID_FOR))
}

/// A `Set-Cookie` value for somebody who signs in; `None` if there is nothing to forget.
pub fn forget(context: &RequestContext) -> Option<HeaderValue> {
    context.kept.is_there.then(|| FAREWELL.clear()).flatten()
}

fn from_text(text: &str) -> Option<Farewell> {
    let farewell: Farewell = serde_urlencoded::from_str(text).ok()?;
    let readable = |name: Option<String>| name.as_deref().and_then(device_name);
    Some(Farewell { browser: readable(farewell.browser), os: readable(farewell.os), ..farewell })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::farewell::Why;
    use crate::domain::time::Timestamp;

    #[test]
    fn what_is_kept_reads_back_and_nonsense_is_nothing() {
        let at = Some(Timestamp::from_millis(1_800_000_000_000));
        let known = Farewell {
            browser: Some("Firefox".into()),
            os: Some("Linux".into()),
            ..Farewell::new(Why::EndedByUser, at)
        };
        for farewell in [Farewell::new(Why::SignedOut, None), known] {
            let text = serde_urlencoded::to_string(&farewell).unwrap();
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\";,\\".contains(&byte)), "{text}");
            assert_eq!(from_text(&text), Some(farewell));
        }
        for nonsense in ["", "why=", "why=you_won", "at=5"] {
            assert_eq!(from_text(nonsense), None, "{nonsense}");
        }
    }
}
