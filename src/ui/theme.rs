//! Light or dark, by the system or by choice. The choice is in a small cookie that is no secret, so that the server
//! renders it already and no page flashes in the other one.

use super::browser;
use leptos::prelude::use_context;

/// The cookie's name; its value is [`Theme::as_str`].
pub const COOKIE: &str = "latchkey-theme";
/// The attribute of the root that the styles follow.
const ATTRIBUTE: &str = "data-theme";

/// How the pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The inverse of [`Theme::as_str`]; anything else is the system's.
    pub fn from_text(text: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text).unwrap_or_default()
    }

    /// What the root's attribute says; nothing for the system's.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then_some(self.as_str())
    }

    /// What this page is rendered in. The server provides it as context; in the browser the root says it.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self::from_text(&browser::root_attribute(ATTRIBUTE).unwrap_or_default()))
    }

    /// Shows it, and keeps the choice for a year.
    pub fn choose(self) {
        browser::set_root_attribute(ATTRIBUTE, self.attribute());
        browser::keep_choice(COOKIE, self.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_reads_back_and_nonsense_is_the_systems() {
        for theme in Theme::ALL {
            assert_eq!(Theme::from_text(theme.as_str()), theme);
        }
        assert_eq!(Theme::from_text("\"><script>"), Theme::System);
        assert_eq!(Theme::System.attribute(), None);
    }
}
