//! The theme and the language in which somebody wants the pages. They are stored in a small cookie, which holds no
//! secret, so that the server already renders the pages that way.

use serde::{Deserialize, Serialize};

/// How the pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// The theme of the reader's system.
    #[default]
    System,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Theme {
    /// In the order in which the page offers them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// As the cookie holds it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The inverse of [`Theme::as_str`].
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// A language of the pages.
///
/// ```
/// use latchkey::domain::preferences::Language;
///
/// assert_eq!(Language::wanted("pt, fr-CH;q=0.9, de;q=0.8"), Some(Language::French));
/// assert_eq!(Language::German.own_name(), "Deutsch");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// `en`; the one that pages have where nothing better is known.
    #[default]
    #[serde(rename = "en")]
    English,
    /// `de`.
    #[serde(rename = "de")]
    German,
    /// `fr`.
    #[serde(rename = "fr")]
    French,
}

impl Language {
    /// In the order in which the page offers them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::French];

    /// The language tag (RFC 5646).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
        }
    }

    /// The language's name in itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
        }
    }

    /// The language of a tag. Only the first subtag counts: `de-AT` is German.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The language that an `Accept-Language` header prefers (RFC 9110 section 12.5.4, lookup by RFC 4647 section 3.4).
    pub fn wanted(header: &str) -> Option<Self> {
        // Browsers send a few ranges. The rest of a longer list is not read.
        const READ: usize = 16;
        let ranges = header.split(',').take(READ).filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
            let language = Self::from_tag(tag.trim())?;
            (weight > 0.0 && weight <= 1.0).then_some((language, weight))
        });
        let best = ranges.fold(None, |best: Option<(Self, f32)>, range| match best {
            Some((_, weight)) if weight >= range.1 => best,
            _ => Some(range),
        });
        best.map(|(language, _)| language)
    }
}

/// The cookie in which a page stores its browser's time zone. Scripts set it, so it cannot have the prefix
/// `__Host-Http-`.
pub const ZONE_COOKIE: &str = "__Host-latchkey-time-zone";

/// The name of a time zone in the form of the IANA time zone database: `Europe/Berlin`. It is not checked whether that
/// zone exists.
///
/// ```
/// use latchkey::domain::preferences::ZoneName;
///
/// assert!(ZoneName::new("Europe/Berlin").is_some());
/// assert_eq!(ZoneName::new("Berlin; Path=/"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneName(String);

impl ZoneName {
    /// The length of the longest accepted name, in bytes.
    const MAX: usize = 64;

    /// `None` if the text cannot be the name of a zone. Accepted names need no escaping in a cookie (RFC 6265 section
    /// 4.1.1).
    pub fn new(text: &str) -> Option<Self> {
        let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
        let is_name = (1..=Self::MAX).contains(&text.len()) && text.bytes().all(is_one);
        is_name.then(|| Self(text.to_owned()))
    }

    /// The name, as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The choices that the preferences cookie holds.
///
/// ```
/// use latchkey::domain::preferences::{Language, Preferences, Theme};
///
/// let chosen = Preferences { theme: Theme::Dark, language: Some(Language::German) };
/// assert_eq!(chosen.to_text(), "dark.de");
/// assert_eq!(Preferences::from_text("dark.de"), chosen);
/// assert_eq!(Preferences::from_text("?"), Preferences::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// How the pages look.
    pub theme: Theme,
    /// `None`: the browser's preference.
    pub language: Option<Language>,
}

impl Preferences {
    /// As the cookie holds it: the theme, a dot, and the tag of the language.
    pub fn to_text(self) -> String {
        format!("{}.{}", self.theme.as_str(), self.language.map_or("", Language::tag))
    }

    /// The inverse of [`Preferences::to_text`]. Text that cannot be read counts as no choice.
    pub fn from_text(text: &str) -> Self {
        let (theme, language) = text.split_once('.').unwrap_or((text, ""));
        Self { theme: Theme::from_text(theme).unwrap_or_default(), language: Language::from_tag(language) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_reads_back_and_nonsense_is_nothing() {
        for theme in Theme::ALL {
            for language in Language::ALL.map(Some).into_iter().chain([None]) {
                let chosen = Preferences { theme, language };
                assert_eq!(Preferences::from_text(&chosen.to_text()), chosen);
            }
        }
        for odd in ["", ".", "\"><script>", "dark; x.xx", "........"] {
            assert_eq!(Preferences::from_text(odd), Preferences::default(), "{odd}");
        }
    }

    #[test]
    fn a_zone_has_a_name_that_a_cookie_can_hold() {
        for name in ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Asia/Ust-Nera"] {
            assert_eq!(ZoneName::new(name).as_ref().map(ZoneName::as_str), Some(name));
        }
        for odd in ["", "Europe/Berlin; Path=/", "../etc/passwd", "a b", "Zürich", "\r\n", &"x".repeat(65)] {
            assert_eq!(ZoneName::new(odd), None, "{odd}");
        }
    }

    #[test]
    fn languages_are_named_as_their_speakers_do() {
        assert_eq!(Language::ALL.map(Language::own_name), ["English", "Deutsch", "Français"]);
    }

    #[test]
    fn the_language_that_is_wanted_most_is_taken() {
        for (header, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
            ("fr", Some(Language::French)),
            ("ja, fr;q=0.4, en;q=0.7", Some(Language::English)),
            ("en;q=0.5, de;q=0.5", Some(Language::English)),
            ("EN-gb", Some(Language::English)),
            ("de;q=0, en;q=0.1", Some(Language::English)),
            ("de;q=0", None),
            ("de;q=1.5, en;q=0.1", Some(Language::English)),
            ("de;q=-1, en;q=0.1", Some(Language::English)),
            ("ja, *;q=0.1", None),
            ("de;q=nan, den", None),
            (";;;,,,q=1;de", None),
            ("", None),
        ] {
            assert_eq!(Language::wanted(header), expected, "{header}");
        }
    }
}
