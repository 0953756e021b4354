//! The browser's side of the page that the server sends when it cannot identify the visitor: the browser may have
//! withheld the `SameSite=Strict` cookie, or lost its web session. It requests a token, and then the page again.

use super::renewal::{self, RenewalOutcome};
use super::{begin as carry_tokens, browser, entrance, timing};
use crate::ui::text;

/// The id of the element with the status message.
pub const STATUS: &str = "resuming";

/// Starts. If the session has ended, [`renewal`] leads to the sign-in page.
pub fn begin() {
    carry_tokens();
    entrance::follow();
    browser::spawn(async {
        let mut attempt = 0;
        loop {
            match renewal::renew().await {
                RenewalOutcome::Renewed => return browser::replace(&browser::here()),
                RenewalOutcome::Ended(_) => return,
                RenewalOutcome::Unreachable => {
                    browser::set_text(STATUS, text().frame().unreachable);
                    attempt += 1;
                    browser::sleep(timing::backoff(attempt, browser::chance(), None)).await;
                }
            }
        }
    });
}
