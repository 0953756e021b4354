//! The texts about the second factor: the tables, and a file for each language.

#![expect(missing_docs, reason = "a field is named by what it says, and the tables are where that is read")]

pub(super) mod de;
pub(super) mod en;
pub(super) mod fr;

use super::{Counted, Words};

/// The second factor on the pages of signed-in users.
pub struct FactorsTexts {
    pub title: Words,
    pub lead: Words,
    pub app: Words,
    pub app_off: Words,
    pub app_since: Words,
    pub set_up: Words,
    pub set_up_lead: Words,
    pub remove_open: Words,
    pub remove_lead: Words,
    pub remove: Words,
    pub removed: Words,
    pub codes: Words,
    /// The number of unused codes.
    pub codes_left: Counted,
    pub codes_few: Words,
    pub codes_lead: Words,
    pub codes_new: Words,
    /// Shown on the page that required the password.
    pub confirmed: Words,
    /// How a session was signed in, beside the time.
    pub with_app: Words,
    pub with_recovery_code: Words,
    pub app_added: Words,
    pub app_removed: Words,
    pub app_removed_by_operator: Words,
    pub code_used: Words,
    pub codes_made: Words,
    pub wrong_code: Words,
    /// The field for either kind of code.
    pub code_or_recovery_code: Words,
}

/// The pages that take or show codes. Only the server uses it.
pub struct FactorPagesTexts {
    pub enter_title: Words,
    pub enter_lead: Words,
    pub code: Words,
    pub recovery_open: Words,
    pub recovery_code: Words,
    pub start_again: Words,
    pub start_lead: Words,
    pub start: Words,
    pub scan_lead: Words,
    pub picture: Words,
    pub by_hand: Words,
    pub then: Words,
    pub turn_on: Words,
    pub codes_title: Words,
    pub codes_offer: Words,
    pub codes_show: Words,
    pub codes_lead: Words,
    pub codes_kept: Words,
}
