//! The browser's side of pages that anybody may see: nobody is signed in, and there is no token.

use super::{tabs, transport};
use crate::api::transport::install;
use crate::ui::{browser, links};
use std::rc::Rc;

/// Installs the transport that sends calls without a token.
pub fn begin() {
    install(Rc::new(transport::Open));
    follow();
}

/// Follows sign-ins in other tabs: then a sign-in page loads again. A page that is restored from the back/forward cache
/// is loaded again too.
pub fn follow() {
    tabs::open(|message| {
        // The server redirects a signed-in user to the next page.
        if message == tabs::TabMessage::SignedIn && links::leads_to_entrance(&browser::here()) {
            browser::reload();
        }
    });
    browser::reload_when_back();
}

/// Tells the other tabs that a sign-in or sign-up has succeeded.
pub fn signed_in() {
    tabs::post(tabs::TabMessage::SignedIn);
}
