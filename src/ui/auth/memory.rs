//! Holds the access token: in the app's memory, and nowhere else. No storage, no global variable, no cookie.

use std::cell::RefCell;

thread_local! {
    static ACCESS_TOKEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

pub fn access_token() -> Option<String> {
    ACCESS_TOKEN.with_borrow(Clone::clone)
}

pub fn remember(token: String) {
    ACCESS_TOKEN.set(Some(token));
}

pub fn forget() {
    ACCESS_TOKEN.set(None);
}
