//! Every word that people read: one file for each language, with one table for each part of the app. The structs here
//! say what a table holds, so a language that lacks a sentence does not compile. Sentences with something in them are functions, never
//! glued together by a component; plurals are theirs too.

mod de;
mod en;
mod fr;

use super::environment;
use crate::api::problem::Code;
use crate::domain::preferences::{Language, Theme};

/// A sentence or a word.
pub type Words = &'static str;
/// A sentence about something that has a name.
pub type About = fn(&str) -> String;
/// A sentence about a number of things.
pub type Counted = fn(u64) -> String;

pub const PRODUCT: Words = "Latchkey";

/// The words in the language of this page.
pub fn text() -> Text {
    of(environment::language())
}

/// The words in one language.
pub const fn of(language: Language) -> Text {
    Text(language)
}

/// The title of a page, as tabs and history show it.
pub fn page_title(page: &str) -> String {
    format!("{page} · {PRODUCT}")
}

/// All words of one language: a table for each part of the app, so that a page carries only those that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(Language);

macro_rules! tables {
    ($($name:ident: $Table:ident = $TABLE:ident;)+) => {
        impl Text {
            $(pub fn $name(self) -> &'static $Table {
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
    enter: Enter = ENTER;
    strength: Strength = STRENGTH;
    frame: Frame = FRAME;
    preferences: Preferences = PREFERENCES;
    devices: Devices = DEVICES;
    account: Account = ACCOUNT;
    activity: Activity = ACTIVITY;
    confirm: Confirm = CONFIRM;
    missing: Missing = MISSING;
    problems: Problems = PROBLEMS;
    fields: Fields = FIELDS;
    dates: Dates = DATES;
}

/// Points in time.
pub struct Dates {
    /// January first, short.
    pub months: [Words; 12],
    /// Day, name of the month, year.
    pub date: fn(i64, &str, i64) -> String,
    /// How long ago something was.
    pub now: Words,
    pub minutes: Counted,
    pub hours: Counted,
    pub days: Counted,
}

/// The two ways in.
pub struct Enter {
    pub sign_in: Words,
    pub sign_in_lead: Words,
    pub sign_up: Words,
    pub sign_up_lead: Words,
    pub sign_up_button: Words,
    pub username: Words,
    pub password: Words,
    /// At least so many characters.
    pub password_rule: Counted,
    pub show_password: Words,
    pub caps_lock: Words,
    pub remember: Words,
    pub no_account: Words,
    pub have_account: Words,
    pub closed: Words,
}

/// How good a new password is.
pub struct Strength {
    /// So many characters are missing.
    pub missing: Counted,
    pub common: Words,
    pub fair: Words,
    pub good: Words,
    pub strong: Words,
}

/// What stands around the pages of somebody who is signed in.
pub struct Frame {
    pub skip_to_content: Words,
    pub sign_out: Words,
    pub signing_out: Words,
    pub resuming: Words,
    pub failed: Words,
    pub go_on: Words,
    pub retry: Words,
    pub unreachable: Words,
    pub offline: Words,
    pub navigation: Words,
    pub devices: Words,
    pub activity: Words,
    pub account: Words,
    pub signed_in_as: Words,
}

/// How the pages look, and in which language.
pub struct Preferences {
    pub language: Words,
    pub theme: Words,
    pub system: Words,
    pub light: Words,
    pub dark: Words,
    pub apply: Words,
}

/// The devices page.
pub struct Devices {
    pub title: Words,
    pub lead: Words,
    pub list: Words,
    pub this_device: Words,
    pub unknown: Words,
    pub only_this: Words,
    pub active_now: Words,
    pub last_active: Words,
    pub signed_in: Words,
    pub until: Words,
    pub address: Words,
    pub sign_out: Words,
    pub sign_out_others: Words,
    pub sign_out_everywhere: Words,
    pub select: Words,
    pub select_done: Words,
    pub sign_out_selected: Counted,
    pub cancel: Words,
    pub rename: Words,
    pub name: Words,
    pub save: Words,
    /// A browser, and the system that it runs on.
    pub browser_on_system: fn(&str, &str) -> String,
    pub rename_one: About,
    pub sign_out_one: About,
    pub select_one: About,
    pub end_one_title: About,
    pub end_one: Words,
    pub end_several_title: Counted,
    pub end_several: Words,
    pub end_others_title: Words,
    pub end_others: Counted,
    pub end_everywhere_title: Words,
    pub end_everywhere: Words,
    pub came: About,
    pub ended_one: About,
    pub ended_several: Counted,
    pub ended_others: Words,
    pub renamed: About,
    /// The device, and why, as a whole sentence.
    pub not_ended: fn(&str, &str) -> String,
    /// Why, as a whole sentence.
    pub others_not_ended: About,
}

/// The account page.
pub struct Account {
    pub title: Words,
    pub since: Words,
    pub password_changed: Words,
    pub change_password: Words,
    pub change_lead: Words,
    /// After an event of somebody else's, whose session was ended just now, or was over.
    pub not_me_ended: Words,
    pub not_me_over: Words,
    pub current: Words,
    pub new: Words,
    pub changed: Words,
    pub data: Words,
    pub data_lead: Words,
    pub download: Words,
    /// The file's name.
    pub file: Words,
    pub delete: Words,
    pub delete_lead: Words,
    pub delete_open: Words,
    pub delete_password: Words,
    pub delete_button: Words,
}

/// The activity page.
pub struct Activity {
    pub title: Words,
    pub lead: Words,
    pub filter: Words,
    pub all: Words,
    pub sign_ins: Words,
    pub warnings: Words,
    pub warning: Words,
    pub none: Words,
    pub older: Words,
    pub newest: Words,
    pub not_me: Words,
    pub other_side: Words,
    pub happened: Happened,
}

/// What happened, a sentence for each kind of event.
pub struct Happened {
    pub signed_up: Words,
    pub signed_in: Words,
    pub sign_in_failed: Words,
    pub sign_ins_blocked: Words,
    pub signed_out: Words,
    pub session_ended: Words,
    pub replaced: Words,
    pub too_many: Words,
    pub by_operator: Words,
    pub by_password: Words,
    pub session_renamed: Words,
    pub forked: Words,
    pub reused: Words,
    pub password_changed: Words,
}

/// Proving again who one is.
pub struct Confirm {
    pub title: Words,
    pub lead: Words,
    pub confirm: Words,
}

/// A page that is not there.
pub struct Missing {
    pub title: Words,
    pub lead: Words,
    pub home: Words,
}

/// What a problem means to the person who meets it.
pub struct Problems {
    pub validation_failed: Words,
    pub invalid_credentials: Words,
    pub wrong_password: Words,
    pub session_ended: Words,
    pub session_revoked: Words,
    pub refresh_reused: Words,
    pub reauthentication_required: Words,
    pub forbidden_origin: Words,
    pub not_found: Words,
    pub username_taken: Words,
    pub registration_closed: Words,
    pub payload_too_large: Words,
    pub rate_limited: Words,
    pub wait_seconds: Counted,
    pub wait_minutes: Counted,
    pub unavailable: Words,
    /// For what no sentence was written for.
    pub unexpected: Words,
}

/// Why a field was refused.
pub struct Fields {
    pub username_too_short: Words,
    pub username_too_long: Words,
    pub username_invalid: Words,
    /// At least so many characters.
    pub password_too_short: Counted,
    pub password_too_long: Words,
    pub password_too_common: Words,
    pub password_contains_username: Words,
    pub password_required: Words,
    pub password_invalid: Words,
    pub name: Words,
}

impl Text {
    pub fn theme(self, theme: Theme) -> Words {
        match theme {
            Theme::System => self.preferences().system,
            Theme::Light => self.preferences().light,
            Theme::Dark => self.preferences().dark,
        }
    }

    pub fn problem(self, code: Code) -> Words {
        let problems = self.problems();
        match code {
            Code::ValidationFailed => problems.validation_failed,
            Code::InvalidCredentials => problems.invalid_credentials,
            Code::InvalidToken => problems.session_ended,
            Code::SessionRevoked => problems.session_revoked,
            Code::RefreshReused => problems.refresh_reused,
            Code::ReauthenticationRequired => problems.reauthentication_required,
            Code::ForbiddenOrigin => problems.forbidden_origin,
            Code::NotFound => problems.not_found,
            Code::UsernameTaken => problems.username_taken,
            Code::RegistrationClosed => problems.registration_closed,
            Code::PayloadTooLarge => problems.payload_too_large,
            Code::RateLimited => problems.rate_limited,
            Code::Unavailable | Code::RefreshOvertaken | Code::RequestTimeout => problems.unavailable,
            Code::MethodNotAllowed | Code::UnsupportedMediaType | Code::Internal => problems.unexpected,
        }
    }

    /// Why a field was refused; `None` for a field this app does not know. `password_min`: the fewest characters of a
    /// password here.
    pub fn field_problem(self, field: &str, reason: &str, password_min: u64) -> Option<String> {
        let fields = self.fields();
        Some(match (field, reason) {
            ("username", "required" | "too_short") => fields.username_too_short.into(),
            ("username", "too_long") => fields.username_too_long.into(),
            ("username", _) => fields.username_invalid.into(),
            ("password" | "newPassword", "too_short") => (fields.password_too_short)(password_min),
            ("password" | "newPassword", "too_long") => fields.password_too_long.into(),
            ("password" | "newPassword", "too_common") => fields.password_too_common.into(),
            ("password" | "newPassword", "contains_username") => fields.password_contains_username.into(),
            ("password" | "newPassword" | "currentPassword", "required") => fields.password_required.into(),
            ("password" | "newPassword", _) => fields.password_invalid.into(),
            ("name", _) => fields.name.into(),
            _ => return None,
        })
    }

    /// Waiting after too many attempts.
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
