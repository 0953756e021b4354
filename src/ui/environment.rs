//! The settings and choices that the server passes to each page. They are attributes of the document's root, where the
//! browser reads them before hydration, so that both sides render the same markup.

use super::browser;
use crate::domain::preferences::{Language, Theme};
use crate::domain::registration::Registration;
use crate::domain::time::Timestamp;
use leptos::prelude::use_context;
use std::cell::Cell;
use std::time::Duration;

/// The environment of the current page. On the server it is provided as context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageEnvironment {
    /// How the page looks.
    pub theme: Theme,
    /// The language of all of its words.
    pub language: Language,
    /// The minimum length of a new password, in characters.
    pub password_min: u64,
    /// Who may create an account.
    pub registration: Registration,
    /// Whether the browser has to send back a cookie before somebody signs in, to prove that it keeps cookies.
    pub checks_cookies: bool,
    /// How long the server repeats its answer to a renewal (`tokens.grace`).
    pub grace: Duration,
    /// When the page was rendered, by the server's clock.
    pub now: Timestamp,
}

impl Default for PageEnvironment {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            language: Language::English,
            password_min: 15,
            registration: Registration::Open,
            checks_cookies: false,
            grace: Duration::from_secs(10),
            now: Timestamp::default(),
        }
    }
}

/// The names of the root's attributes. The styles use the first one.
pub mod attribute {
    /// The theme, so that styles can follow it.
    pub const THEME: &str = "data-theme";
    /// The language (HTML, `lang`).
    pub const LANGUAGE: &str = "lang";
    /// How many characters a new password needs.
    pub const PASSWORD_MIN: &str = "data-password-min";
    /// Who may sign up.
    pub const SIGN_UP: &str = "data-sign-up";
    /// Whether the browser keeps cookies, if that is known.
    pub const COOKIES: &str = "data-cookies";
    /// In milliseconds.
    pub const GRACE: &str = "data-grace";
    /// What time it is for the page, in milliseconds.
    pub const NOW: &str = "data-now";
    /// The sentence about how long a sign-in lasts.
    pub const REMEMBER: &str = "data-remember";
}

thread_local! {
    static OF_PAGE: Cell<Option<PageEnvironment>> = const { Cell::new(None) };
}

impl PageEnvironment {
    /// What this page is rendered by.
    pub fn current() -> Self {
        OF_PAGE.get().or_else(use_context).unwrap_or_default()
    }

    /// Reads the environment from the page. For the browser, before hydration.
    pub fn read() {
        let root = browser::root_attribute;
        let default = Self::default();
        OF_PAGE.set(Some(Self {
            theme: root(attribute::THEME).and_then(|theme| Theme::from_text(&theme)).unwrap_or_default(),
            language: root(attribute::LANGUAGE).and_then(|tag| Language::from_tag(&tag)).unwrap_or_default(),
            password_min: root(attribute::PASSWORD_MIN)
                .and_then(|min| min.parse().ok())
                .unwrap_or(default.password_min),
            registration: root(attribute::SIGN_UP)
                .and_then(|who| Registration::from_text(&who))
                .unwrap_or(default.registration),
            checks_cookies: root(attribute::COOKIES).is_some(),
            grace: root(attribute::GRACE)
                .and_then(|millis| millis.parse().ok())
                .map_or(default.grace, Duration::from_millis),
            now: root(attribute::NOW)
                .and_then(|millis| millis.parse().ok())
                .map_or_else(browser::now, Timestamp::from_millis),
        }));
    }

    /// Whether anybody may create an account.
    pub fn is_sign_up_open(self) -> bool {
        self.registration == Registration::Open
    }
}

/// Whether this code runs in a browser, and not on the server.
pub fn is_in_browser() -> bool {
    OF_PAGE.get().is_some()
}

/// How long "keep me signed in" lasts: a sentence that the server creates from its settings and provides as context.
#[derive(Clone, Debug)]
pub struct RememberHint(pub String);

impl RememberHint {
    /// The sentence, as the page has it.
    pub fn current() -> String {
        match use_context::<Self>() {
            Some(Self(sentence)) => sentence,
            None if is_in_browser() => browser::take_body_attribute(attribute::REMEMBER).unwrap_or_default(),
            None => String::new(),
        }
    }
}

/// The language of this page.
pub fn language() -> Language {
    PageEnvironment::current().language
}

/// Switches the page to this theme.
pub fn show(theme: Theme) {
    browser::set_root_attribute(attribute::THEME, theme.as_str());
    OF_PAGE.set(Some(PageEnvironment { theme, ..PageEnvironment::current() }));
}
