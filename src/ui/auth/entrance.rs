//! The browser's side of pages that anybody may see: nobody is signed in there yet, and there is no token.

use super::{tabs, transport};
use crate::api::transport::install;
use crate::ui::{browser, links};
use std::rc::Rc;

/// Begins: calls go as they are.
pub fn begin() {
    install(Rc::new(transport::Open));
    follow();
}

/// Begins to follow what happens in other tabs, and lets them hear of this one. When somebody signs in there, this one
/// follows; and a page that comes back by Back is loaded anew.
pub fn follow() {
    tabs::open(|news| {
        // The server leads on who is signed in.
        if news == tabs::TabMessage::SignedIn && links::leads_to_entrance(&browser::here()) {
            browser::reload();
        }
    });
    browser::reload_when_back();
}

/// A sign-in or a sign-up has succeeded in this tab.
pub fn signed_in() {
    tabs::post(tabs::TabMessage::SignedIn);
}
