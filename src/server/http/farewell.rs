//! Keeps the sign-in page's note about the ended session in a cookie for a few minutes. The request that ends the
//! session, or that clears its cookie, sets it, so that every tab shows the same note. It is not in the address, where
//! anybody could write one.

use super::context::RequestContext;
use super::cookies::{Cookies, FAREWELL};
use crate::domain::device::device_name;
use crate::domain::farewell::Farewell;
use http::{HeaderMap, HeaderValue, header};
use std::time::Duration;

/// How long the note is kept: a tab may be looked at later than the one that signed out.
const SAID_FOR: Duration = Duration::from_secs(5 * 60);

/// The note that a request carries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub farewell: Option<Farewell>,
    is_there: bool,
    /// Whether a person will see the next page. Programs send no `Accept-Language`.
    reads: bool,
}

pub(super) fn of(headers: &HeaderMap, cookies: &Cookies) -> Kept {
    let cookie = cookies.get(FAREWELL);
    Kept {
        farewell: cookie.value().and_then(from_text),
        is_there: cookie.is_there(),
        reads: headers.contains_key(header::ACCEPT_LANGUAGE),
    }
}

/// A `Set-Cookie` value that stores `farewell` for the sign-in page; `None` for programs.
pub(super) fn keep(context: &RequestContext, farewell: &Farewell) -> Option<HeaderValue> {
    let text = serde_urlencoded::to_string(farewell).ok().filter(|_| context.kept.reads)?;
    FAREWELL.set(&text, Some(SAID_FOR))
}

/// A `Set-Cookie` value that removes the note when somebody signs in; `None` if there is none.
pub(super) fn forget(context: &RequestContext) -> Option<HeaderValue> {
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
