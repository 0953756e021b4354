//! All texts that people read: one file for each language, with one table for each part of the app. The structs in
//! `tables.rs` define the tables, so a language that lacks a sentence does not compile. Sentences with variable parts,
//! and plurals, are functions: components never join fragments.

mod de;
mod en;
mod factors;
mod fr;
mod tables;

pub use factors::{FactorPagesTexts, FactorsTexts};
pub use tables::*;

use super::environment;
use crate::api::problem::Code;
use crate::domain::preferences::{Language, Theme};

/// A sentence or a word.
pub type Words = &'static str;
/// A sentence that contains a name.
pub type About = fn(&str) -> String;
/// A sentence that contains a number.
pub type Counted = fn(u64) -> String;

/// The product's name, the same in every language.
pub const PRODUCT: Words = "Latchkey";

/// The texts in the language of the current page.
pub fn text() -> Text {
    of(environment::language())
}

/// The texts of a language.
pub const fn of(language: Language) -> Text {
    Text(language)
}

/// The title of a page, as shown in tabs and the history.
pub fn page_title(page: &str) -> String {
    format!("{page} · {PRODUCT}")
}

/// All texts of a language: a table for each part of the app, so that a page loads only the tables that it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(Language);

macro_rules! tables {
    ($($name:ident: $Table:ident = $TABLE:ident;)+) => {
        impl Text {
            $(/// The words of one part, in the language of the page.
            pub fn $name(self) -> &'static $Table {
                match self.0 {
                    Language::English => &en::$TABLE,
                    Language::German => &de::$TABLE,
                    Language::French => &fr::$TABLE,
                }
            })+
        }
    };
}

tables! {
    enter: EnterTexts = ENTER;
    strength: StrengthTexts = STRENGTH;
    frame: FrameTexts = FRAME;
    preferences: PreferencesTexts = PREFERENCES;
    devices: DevicesTexts = DEVICES;
    account: AccountTexts = ACCOUNT;
    activity: ActivityTexts = ACTIVITY;
    not_me: NotMeTexts = NOT_ME;
    links: LinksTexts = LINKS;
    confirm: ConfirmTexts = CONFIRM;
    missing: MissingTexts = MISSING;
    problems: ProblemsTexts = PROBLEMS;
    fields: FieldsTexts = FIELDS;
    dates: DatesTexts = DATES;
    factors: FactorsTexts = FACTORS;
    factor_pages: FactorPagesTexts = FACTOR_PAGES;
    farewells: FarewellsTexts = FAREWELLS;
    lasting: LastingTexts = LASTING;
}

impl Text {
    /// What a theme is called.
    pub fn theme(self, theme: Theme) -> Words {
        match theme {
            Theme::System => self.preferences().system,
            Theme::Light => self.preferences().light,
            Theme::Dark => self.preferences().dark,
        }
    }

    /// What to say of a problem.
    pub fn problem(self, code: Code) -> Words {
        let problems = self.problems();
        match code {
            Code::ValidationFailed => problems.validation_failed,
            Code::InvalidCredentials => problems.invalid_credentials,
            Code::InvalidToken => problems.session_ended,
            Code::SessionRevoked => problems.session_revoked,
            Code::RefreshReused => problems.refresh_reused,
            Code::InsufficientScope => problems.insufficient_scope,
            Code::ReauthenticationRequired => problems.reauthentication_required,
            Code::ForbiddenOrigin => problems.forbidden_origin,
            Code::CookiesRequired => problems.cookies_required,
            Code::NotFound => problems.not_found,
            Code::UsernameTaken => problems.username_taken,
            Code::RegistrationClosed => problems.registration_closed,
            Code::LinkInvalid => problems.link_invalid,
            Code::SecondFactorRequired => problems.second_factor_required,
            Code::SecondFactorInvalid => problems.second_factor_invalid,
            Code::AlreadySetUp => problems.already_set_up,
            Code::SignInExpired => problems.sign_in_expired,
            Code::PayloadTooLarge => problems.payload_too_large,
            Code::RateLimited => problems.rate_limited,
            Code::Unavailable | Code::RefreshOvertaken | Code::RequestTimeout => problems.unavailable,
            Code::BadRequest | Code::MethodNotAllowed | Code::UnsupportedMediaType | Code::Internal => {
                problems.unexpected
            }
        }
    }

    /// Why a field was refused; `None` for an unknown field. `password_min` is the minimum length of a password.
    pub fn field_problem(self, field: &str, reason: &str, password_min: u64) -> Option<String> {
        let fields = self.fields();
        Some(match (field, reason) {
            ("username", "required" | "too_short") => fields.username_too_short.into(),
            ("username", "too_long") => fields.username_too_long.into(),
            ("username", _) => fields.username_invalid.into(),
            ("password" | "newPassword", "too_short") => (fields.password_too_short)(password_min),
            ("password" | "newPassword", "too_long") => fields.password_too_long.into(),
            ("password" | "newPassword", "too_common") => fields.password_too_common.into(),
            ("newPassword", "unchanged") => fields.password_unchanged.into(),
            ("password" | "newPassword", "contains_username") => fields.password_contains_username.into(),
            ("password" | "newPassword" | "currentPassword", "required") => fields.password_required.into(),
            ("password" | "newPassword", _) => fields.password_invalid.into(),
            ("name", _) => fields.name.into(),
            _ => return None,
        })
    }

    /// The sentence that asks to wait after too many attempts.
    pub fn wait(self, seconds: u64) -> String {
        match seconds {
            0..=90 => (self.problems().wait_seconds)(seconds.max(1)),
            _ => (self.problems().wait_minutes)(seconds.div_ceil(60)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_they_are_spoken() {
        let [en, de, fr] = Language::ALL.map(|language| of(language).devices().end_others);
        assert!(en(1).starts_with("One other device loses"), "{}", en(1));
        assert!(en(2).starts_with("2 other devices lose"), "{}", en(2));
        assert!(de(1).starts_with("Ein anderes Gerät verliert"), "{}", de(1));
        assert!(de(2).starts_with("2 andere Geräte verlieren"), "{}", de(2));
        assert!(fr(1).starts_with("Un autre appareil perd"), "{}", fr(1));
        assert!(fr(2).starts_with("2 autres appareils perdent"), "{}", fr(2));
    }

    #[test]
    fn waiting_is_told_in_its_largest_unit() {
        let english = of(Language::English);
        assert_eq!(english.wait(0), "Too many attempts. Try again in a second.");
        assert_eq!(english.wait(90), "Too many attempts. Try again in 90 seconds.");
        assert_eq!(english.wait(91), "Too many attempts. Try again in 2 minutes.");
    }

    const ENGLISH: &str = concat!(include_str!("en.rs"), include_str!("factors/en.rs"));
    const GERMAN: &str = concat!(include_str!("de.rs"), include_str!("factors/de.rs"));
    const FRENCH: &str = concat!(include_str!("fr.rs"), include_str!("factors/fr.rs"));

    /// All sentences in a language's file: the text between quotes.
    fn sentences(file: &str) -> impl Iterator<Item = &str> {
        file.split('"').skip(1).step_by(2)
    }

    #[test]
    fn french_signs_do_not_leave_their_word() {
        // These spaces may be written as escapes.
        let file = FRENCH.replace(r"\u{a0}", "\u{a0}").replace(r"\u{202f}", "\u{202f}");
        for sentence in sentences(&file) {
            let signs: Vec<char> = sentence.chars().collect();
            for pair in signs.windows(2).filter(|pair| "?!;:".contains(pair[1])) {
                let expected = if pair[1] == ':' { '\u{a0}' } else { '\u{202f}' };
                assert_eq!(pair[0], expected, "{sentence}");
            }
        }
    }

    #[test]
    fn apostrophes_quotes_and_ellipses_are_those_of_print() {
        for sentence in [ENGLISH, GERMAN, FRENCH].into_iter().flat_map(sentences) {
            let typed = ["'", "...", " …", "  "].iter().find(|typed| sentence.contains(**typed));
            let is_broken = sentence.contains("\\\n");
            assert!(typed.is_none() || is_broken && typed == Some(&"  "), "{sentence}");
        }
    }

    #[test]
    fn nobody_is_addressed_as_a_man() {
        const FRENCH_FORMS: [&str; 6] =
            ["vous êtes connecté", "restez connecté", "avez été déconnecté", "nouveau ici", "heureux", "exploitant"];
        for sentence in sentences(FRENCH).map(str::to_lowercase) {
            assert!(!FRENCH_FORMS.iter().any(|form| sentence.contains(form)), "{sentence}");
            assert!(
                !["rester connecté", "connecté en tant"].iter().any(|form| sentence.starts_with(form)),
                "{sentence}"
            );
        }
        for sentence in sentences(GERMAN) {
            assert!(
                !["Betreiber", "Nutzer ", "Administrator"].iter().any(|form| sentence.contains(form)),
                "{sentence}"
            );
        }
    }

    #[test]
    fn a_time_of_day_is_joined_to_its_date_as_each_language_does() {
        let [en, de, fr] = Language::ALL.map(|language| (of(language).dates().date_and_time)("D", "00:01"));
        assert_eq!([en, de, fr], ["D, 00:01", "D, 00:01", "D à 00:01"]);
    }

    #[test]
    fn events_are_told_without_the_words_of_engineers() {
        let happened = &of(Language::English).activity().happened;
        assert_eq!(happened.forked, "This device renewed its sign-in after a lost connection");
        assert_eq!(happened.reused, "Somebody may have copied this sign-in. We ended it.");
        assert_eq!(of(Language::English).confirm().title, "Confirm it’s you");
        assert_eq!(
            (happened.session_ended_because)("Kitchen", happened.too_many),
            "Kitchen was signed out: there were too many devices"
        );
    }

    #[test]
    fn no_language_leaves_a_page_or_a_problem_in_another_ones_words() {
        let told = Language::ALL.map(|language| {
            let text = of(language);
            [text.devices().title, text.activity().title, text.account().title, text.problem(Code::RefreshReused)]
        });
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert!(told[one].iter().zip(&told[other]).all(|(one, other)| one != other));
        }
    }
}
