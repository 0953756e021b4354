//! Holds the access token: in the app's memory, and nowhere else. No storage, no global variable, no cookie.

use std::cell::RefCell;

thread_local! {
    static ACCESS_TOKEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The current access token; `None` before the first renewal and after the session.
pub fn access_token() -> Option<String> {
    ACCESS_TOKEN.with_borrow(Clone::clone)
}

/// Puts a new token in the place of the former one.
pub fn remember(token: String) {
    ACCESS_TOKEN.set(Some(token));
}

/// Drops the token: the session is over, or is being ended.
pub fn forget() {
    ACCESS_TOKEN.set(None);
}
