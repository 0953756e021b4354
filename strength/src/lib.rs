//! How hard a password is to guess, by the estimate that the server judges by (zxcvbn). A WebAssembly module by itself:
//! its lists are larger than the rest of the app, so it loads only when somebody begins to choose a password.
//!
//! What calls it says a text character by character, so that no pointer is passed: words that are common where one is
//! ([`character`]…, [`word`]), then the password ([`character`]…, [`guesses_log10`]). Nothing of either is kept.

use std::cell::RefCell;

#[derive(Default)]
struct Estimate {
    text: String,
    words: Vec<String>,
}

thread_local! {
    static SAID: RefCell<Estimate> = RefCell::default();
}

/// The next character of a text, as its code point; what is none is left out.
#[unsafe(no_mangle)]
pub extern "C" fn character(code_point: u32) {
    SAID.with_borrow_mut(|said| said.text.extend(char::from_u32(code_point)));
}

/// The text that was said is a word that is common here.
#[unsafe(no_mangle)]
pub extern "C" fn word() {
    SAID.with_borrow_mut(|said| {
        let word = std::mem::take(&mut said.text);
        said.words.push(word);
    });
}

/// The text that was said is a password: how many guesses it takes, as a power of ten.
#[unsafe(no_mangle)]
pub extern "C" fn guesses_log10() -> f64 {
    let Estimate { text, words } = SAID.take();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    zxcvbn::zxcvbn(&text, &words).guesses_log10()
}
