//! The browser's side of a page that the server could not write, since it could not tell who asks: the browser may hold
//! the strict cookie that was withheld, or has lost its web session. It asks for a token and, with it, for the page.

use super::renewal::{self, RenewalOutcome};
use super::{begin as carry_tokens, browser, entrance, timing};
use crate::ui::text;

/// The id of the sentence that says what goes on.
pub const STATUS: &str = "resuming";

/// Begins. If the session is over, [`renewal`] leads to the sign-in page.
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
