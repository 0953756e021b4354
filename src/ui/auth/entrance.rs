//! The browser's side of pages that anybody may see: nobody is signed in there yet, and there is no token.

use super::{tabs, transport};
use crate::api::transport::install;
use crate::ui::{browser, links};
use std::rc::Rc;

/// Begins: calls go as they are, and when somebody signs in in another tab, this one follows.
pub fn begin() {
    install(Rc::new(transport::Open));
    tabs::open(|news| {
        // The server leads on who is signed in.
        if news == tabs::News::SignedIn && links::leads_to_entrance(&browser::here()) {
            browser::reload();
        }
    });
    browser::reload_when_back();
}

/// A sign-in or a sign-up has succeeded in this tab.
pub fn signed_in() {
    tabs::tell(tabs::News::SignedIn);
}
