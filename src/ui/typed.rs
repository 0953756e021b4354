//! Keeps what was typed when a page is loaded again, for example in another language. The browser stores it in this
//! entry of the tab's history, outside of addresses, storage and the server. Passwords are never kept.

use super::browser;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// The id of the field that is kept.
const USERNAME: &str = "username";
/// The name of the checkbox that is kept.
const REMEMBER: &str = "remember";

fn username() -> Option<HtmlInputElement> {
    browser::element(USERNAME)?.dyn_into().ok()
}

fn remember() -> Option<HtmlInputElement> {
    username()?.form()?.get_with_name(REMEMBER)?.dyn_into().ok()
}

/// Stores the input. Call this right before the page is loaded again.
pub fn keep() {
    if let Some(username) = username() {
        let mark = if remember().is_some_and(|remember| remember.checked()) { "1" } else { "0" };
        browser::set_history_state(&format!("{mark}{}", username.value()));
    }
}

/// Restores the input, unless something has been typed since.
pub fn restore() {
    let Some(username) = username() else { return };
    let Some(state) = browser::take_history_state() else { return };
    if let Some((mark, name)) = state.split_at_checked(1).filter(|_| username.value().is_empty()) {
        username.set_value(name);
        if let Some(remember) = remember() {
            remember.set_checked(mark == "1");
        }
    }
}
