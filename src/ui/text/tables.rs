//! The tables of texts: a field for each sentence or word that people read.
#![expect(missing_docs, reason = "a field is named by what it says, and the tables are where that is read")]

use super::{About, Counted, Words};

/// Points in time.
pub struct DatesTexts {
    /// January first, abbreviated.
    pub months: [Words; 12],
    /// Day, name of the month, year.
    pub date: fn(i64, &str, i64) -> String,
    /// A date, and a time of day.
    pub date_and_time: fn(&str, &str) -> String,
    pub today: Words,
    pub yesterday: Words,
    /// How long ago something was.
    pub now: Words,
    pub minutes: Counted,
    pub hours: Counted,
    pub days: Counted,
    /// How far ahead something is. Hours and days are two or more.
    pub in_minutes: Counted,
    pub in_hours: Counted,
    pub in_days: Counted,
}

/// Signing in and signing up.
pub struct EnterTexts {
    pub sign_in: Words,
    pub sign_in_lead: Words,
    pub sign_up: Words,
    pub sign_up_lead: Words,
    pub sign_up_button: Words,
    pub username: Words,
    pub password: Words,
    /// The minimum number of characters.
    pub password_rule: Counted,
    pub show_password: Words,
    pub caps_lock: Words,
    pub remember: Words,
    pub no_account: Words,
    pub have_account: Words,
    /// Where only the operator creates accounts: instead of the link to sign up, and on the page to sign up.
    pub closed: Words,
    pub closed_title: Words,
    pub closed_lead: Words,
    /// The same where accounts are created by invitation.
    pub invited: Words,
    pub invited_title: Words,
    pub invited_lead: Words,
    /// The link on the page to sign in, and the title of the page that it leads to.
    pub forgot: Words,
}

/// The strength of a new password.
pub struct StrengthTexts {
    /// The number of missing characters.
    pub missing: Counted,
    pub common: Words,
    pub fair: Words,
    pub good: Words,
    pub strong: Words,
}

/// The header and footer around the pages of signed-in users.
pub struct FrameTexts {
    /// A description of the app for search results.
    pub description: Words,
    pub skip_to_content: Words,
    pub sign_out: Words,
    pub signing_out: Words,
    pub resuming: Words,
    pub failed: Words,
    /// A form that was refused.
    pub refused: Words,
    pub go_on: Words,
    pub retry: Words,
    pub unreachable: Words,
    pub offline: Words,
    pub close: Words,
    pub navigation: Words,
    pub devices: Words,
    pub activity: Words,
    pub account: Words,
    pub signed_in_as: Words,
}

/// The theme and the language of the pages.
pub struct PreferencesTexts {
    pub language: Words,
    pub theme: Words,
    pub system: Words,
    pub light: Words,
    pub dark: Words,
    pub apply: Words,
}

/// The devices page.
pub struct DevicesTexts {
    pub title: Words,
    pub lead: Words,
    pub list: Words,
    pub this_device: Words,
    pub unknown: Words,
    pub only_this: Words,
    pub active_now: Words,
    pub last_active: Words,
    pub signed_in: Words,
    /// When a session ends if it is not used, and when at the latest; and the sentence if both are the same.
    pub ends_unused: fn(&str, &str) -> String,
    pub ends: About,
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
    /// A browser and its system.
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
    /// A link for the case that somebody else has signed in.
    pub not_you: Words,
    pub came: About,
    pub ended_one: About,
    pub ended_several: Counted,
    pub ended_others: Words,
    /// The old and the new name.
    pub renamed: fn(&str, &str) -> String,
    /// The device, and the reason as a whole sentence.
    pub not_ended: fn(&str, &str) -> String,
    /// The reason as a whole sentence.
    pub others_not_ended: About,
}

/// The account page.
pub struct AccountTexts {
    pub title: Words,
    pub since: Words,
    pub password_changed: Words,
    pub change_password: Words,
    pub change_lead: Words,
    /// After an event caused by somebody else: their session was ended just now, or is over, or they tried passwords.
    pub not_me_ended: Words,
    pub not_me_over: Words,
    pub not_me_guessed: Words,
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
pub struct ActivityTexts {
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
    pub news: Words,
    pub show_news: Words,
    pub not_me: Words,
    pub other_side: Words,
    pub from: About,
    pub happened: HappenedTexts,
}

/// A sentence for each kind of event.
pub struct HappenedTexts {
    pub signed_up: Words,
    pub signed_in: Words,
    /// The number of wrong passwords that no right one followed.
    pub wrong_passwords: Counted,
    /// The number of wrong passwords before this sign-in.
    pub wrong_then_signed_in: Counted,
    /// The number of wrong passwords before the right one.
    pub wrong_then_right: Counted,
    pub sign_ins_blocked: Words,
    pub signed_out: Words,
    pub session_ended: Words,
    pub session_ended_of: About,
    /// A device, and one of the four reasons below.
    pub session_ended_because: fn(&str, &str) -> String,
    pub some_session_ended_because: About,
    pub replaced: Words,
    pub too_many: Words,
    pub by_operator: Words,
    pub by_password: Words,
    pub session_renamed: Words,
    pub session_renamed_of: About,
    /// The old and the new name.
    pub session_renamed_from_to: fn(&str, &str) -> String,
    pub forked: Words,
    pub reused: Words,
    pub password_changed: Words,
    /// By the operator.
    pub password_set: Words,
    pub link_made: Words,
    pub password_reset: Words,
}

/// Ending a session that somebody else started.
pub struct NotMeTexts {
    pub title: Words,
    /// What happens after the session has ended.
    pub then: Words,
}

/// The pages of one-time links, and the page for people who forgot their password.
pub struct LinksTexts {
    pub reset_title: Words,
    /// The account's name.
    pub reset_lead: About,
    pub reset_done_title: Words,
    pub reset_done: Words,
    /// The account's name.
    pub invite_lead: About,
    pub invite_done_title: Words,
    pub invite_done: Words,
    pub invalid_title: Words,
    pub reset_invalid: Words,
    pub invite_invalid: Words,
    pub forgot_lead: Words,
    /// Before the operator's own words.
    pub contact: Words,
}

/// Entering the password again.
pub struct ConfirmTexts {
    pub title: Words,
    pub lead: Words,
    pub confirm: Words,
    /// Shown on the page that required the password.
    pub confirmed: Words,
}

/// The page for unknown addresses.
pub struct MissingTexts {
    pub title: Words,
    pub lead: Words,
    pub home: Words,
}

/// A sentence for each problem, for the person who meets it.
pub struct ProblemsTexts {
    pub validation_failed: Words,
    pub invalid_credentials: Words,
    pub wrong_password: Words,
    pub session_ended: Words,
    pub session_revoked: Words,
    pub refresh_reused: Words,
    pub insufficient_scope: Words,
    pub reauthentication_required: Words,
    pub forbidden_origin: Words,
    /// Before a link to the service's own address.
    pub opened_elsewhere: Words,
    pub cookies_required: Words,
    pub not_found: Words,
    pub username_taken: Words,
    pub registration_closed: Words,
    pub link_invalid: Words,
    pub second_factor_required: Words,
    pub second_factor_invalid: Words,
    pub sign_in_expired: Words,
    pub already_set_up: Words,
    pub payload_too_large: Words,
    pub rate_limited: Words,
    pub wait_seconds: Counted,
    pub wait_minutes: Counted,
    pub offline: Words,
    pub unavailable: Words,
    /// For problems without a sentence of their own.
    pub unexpected: Words,
}

/// Why a field was refused.
pub struct FieldsTexts {
    pub username_too_short: Words,
    pub username_too_long: Words,
    pub username_invalid: Words,
    /// The minimum number of characters.
    pub password_too_short: Counted,
    pub password_too_long: Words,
    pub password_too_common: Words,
    pub password_contains_username: Words,
    pub password_required: Words,
    pub password_unchanged: Words,
    pub password_invalid: Words,
    pub name: Words,
}

/// The sign-in page's note about the session that this browser had. Only the server uses it.
pub struct FarewellsTexts {
    pub signed_out: Words,
    pub signed_out_everywhere: Words,
    pub deleted: Words,
    pub ended_by_user: Words,
    pub replaced: Words,
    pub reused: Words,
    pub password_changed: Words,
    pub too_many: Words,
    pub operator: Words,
    pub disabled: Words,
    pub expired: Words,
    pub gone: Words,
    /// The device that ended the session.
    pub by: About,
    /// What to do if somebody else did it.
    pub not_you: Words,
}

/// How long a sign-in lasts. Only the server uses it.
pub struct LastingTexts {
    pub days: Counted,
    pub hours: Counted,
    pub minutes: Counted,
    /// "Keep me signed in": the longest life, the longest time without use, and the longest life without this option.
    pub remember: fn(&str, &str, &str) -> String,
}
