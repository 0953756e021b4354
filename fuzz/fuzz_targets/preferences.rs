//! How a reader wants the pages. First line: `Accept-Language`. Second: what the cookie holds. Only what was asked for is
//! given, and what is kept is one of the few choices that there are.
#![no_main]

use latchkey::domain::preferences::{Language, Preferences};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (header, cookie) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(language) = Language::wanted(header) {
        assert!(header.to_ascii_lowercase().contains(language.tag()));
    }
    let chosen = Preferences::from_text(cookie);
    assert_eq!(Preferences::from_text(&chosen.to_text()), chosen);
    assert!(chosen.to_text().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.'));
});
