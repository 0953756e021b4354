//! Prepares a new password like the server (`domain::credentials::Password`), with the browser's Unicode version.

use js_sys::{JsString, RegExp};

/// Characters that the server refuses: controls, line ends, unassigned code points.
const REFUSED: &str = r"[\p{Cc}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]";
/// Spaces of all kinds.
const SPACES: &str = r"\p{Zs}";

/// The prepared password; `None` if it has characters that the server refuses.
pub(super) fn prepared(typed: &str) -> Option<String> {
    if RegExp::new(REFUSED, "u").test(typed) {
        return None;
    }
    let spaced = JsString::from(typed).replace_by_pattern(&RegExp::new(SPACES, "gu"), " ");
    Some(String::from(spaced.normalize("NFC")))
}
