//! Short messages about what has just happened: a list at the end of the page. Each can be closed. The server renders
//! the list and the template of a message ([`Messages`](super::components::message::Messages)). For the browser only.

use super::browser;
use super::devices::HEADING;
use leptos::prelude::{document, window};
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlTemplateElement};

/// The ids of the list, and of the template of a message.
pub const PLACE: &str = "messages";
/// The attribute's name.
pub const PATTERN: &str = "message";

/// The maximum number of messages at once. The oldest is removed first.
const MOST: u32 = 4;

const SECOND: Duration = Duration::from_secs(1);

/// In a window lower than this, in pixels, messages are at the top of the page (as in `style/message.css`).
const LOW: f64 = 400.0;

/// Shows a message. `action` is a link, its words and address; a message with a link stays until it is closed.
pub fn show(words: String, action: Option<(&'static str, String)>) {
    browser::spawn(async move {
        // A dialog would cover it.
        while dialog_is_open() {
            browser::sleep(SECOND / 4).await;
        }
        let Some((place, message)) = browser::element(PLACE).zip(made(&words, action.as_ref())) else { return };
        while place.child_element_count() >= MOST {
            place.first_element_child().iter().for_each(Element::remove);
        }
        let _ = place.append_child(&message);
        if window().inner_height().is_ok_and(|height| height.as_f64() < Some(LOW)) {
            place.scroll_into_view_with_bool(false);
        }
        let mut left = if action.is_some() { None } else { Some(seconds_to_read(&words)) };
        while message.is_connected() && left != Some(0) {
            browser::sleep(SECOND).await;
            // The time counts while the message is visible, and nobody is about to use it.
            let is_read = browser::is_visible() && !dialog_is_open();
            if is_read && !place.matches(":hover, :focus-within").unwrap_or(false) {
                left = left.map(|left| left - 1);
            }
        }
        message.remove();
    });
}

/// A message made from the template.
fn made(words: &str, action: Option<&(&'static str, String)>) -> Option<Element> {
    let pattern: HtmlTemplateElement = browser::element(PATTERN)?.dyn_into().ok()?;
    let message: Element = pattern.content().first_element_child()?.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    message.query_selector("p").ok()??.set_text_content(Some(words));
    let link = message.query_selector("a").ok()??;
    match action {
        Some((words, href)) => {
            link.set_text_content(Some(words));
            link.set_attribute("href", href).ok()?;
        }
        None => link.remove(),
    }
    let closed = message.clone();
    let close = message.query_selector("button").ok()??;
    browser::listen(&close, "click", move |_: Event| {
        closed.remove();
        browser::focus_quietly(HEADING);
    });
    Some(message)
}

fn dialog_is_open() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// The number of seconds that even slow readers need: they read fewer than three words a second.
fn seconds_to_read(words: &str) -> u32 {
    6 + u32::try_from(words.len() / 10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_is_there_for_longer() {
        assert!(seconds_to_read("Renamed.") >= 6);
        assert!(seconds_to_read(&"x".repeat(200)) >= 20);
    }
}
