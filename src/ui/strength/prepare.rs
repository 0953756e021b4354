//! A new password as the server prepares it (`domain::credentials::Password`), by the Unicode of the browser.

use js_sys::{JsString, RegExp};

/// What the server would refuse: controls, ends of lines, what is not assigned.
const REFUSED: &str = r"[\p{Cc}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]";
/// Spaces of all kinds.
const SPACES: &str = r"\p{Zs}";

/// The password that is meant by what was typed; `None` where it has characters that the server refuses.
pub fn prepared(typed: &str) -> Option<String> {
    if RegExp::new(REFUSED, "u").test(typed) {
        return None;
    }
    let spaced = JsString::from(typed).replace_by_pattern(&RegExp::new(SPACES, "gu"), " ");
    Some(String::from(spaced.normalize("NFC")))
}
