//! How somebody wants the pages, as a cookie says it.

use super::context::{RequestContext, response};
use super::cookies::{PREFERENCES, TIME_ZONE, are_kept_for_long};
use crate::api::problem::Problem;
use crate::domain::preferences::{Language, Preferences, Theme, ZoneName};
use crate::domain::time::Timestamp;
use crate::server::config::Registration;
use crate::ui::page::Content;
use crate::ui::time_zone::TimeZone;
use crate::ui::{PageEnvironment, text};
use http::{HeaderMap, HeaderValue, header};
use jiff::tz::TimeZoneDatabase;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// How long a choice is kept: a year.
const KEPT: Duration = Duration::from_secs(365 * 86_400);

/// What the browser's cookie says.
pub fn chosen(headers: &HeaderMap) -> Preferences {
    PREFERENCES.read(headers).value().map(Preferences::from_text).unwrap_or_default()
}

/// What is to be known of a browser before somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieCheck {
    /// It has shown that it keeps cookies, or will not ask to be believed: a program, and what a page fetches.
    NotNeeded,
    /// It has one already, which it has to send back.
    Kept,
    /// It is given one now: its preferences as they are, until it is closed.
    Given,
}

/// Whether the form on a page of signing in asks for proof that the browser keeps cookies. Who only looks with a program
/// is given nothing.
pub fn cookie_check(content: &Content, headers: &HeaderMap) -> CookieCheck {
    let is_page = match (headers.get("sec-fetch-dest"), headers.get("sec-fetch-site")) {
        (Some(destination), _) => destination == "document",
        // A browser without Fetch Metadata.
        (None, site) => site.is_none() && headers.contains_key(header::ACCEPT_LANGUAGE),
    };
    match content {
        Content::SignIn(_) | Content::SignUp if are_kept_for_long(headers) => CookieCheck::Kept,
        Content::SignIn(_) | Content::SignUp if is_page => CookieCheck::Given,
        _ => CookieCheck::NotNeeded,
    }
}

/// The cookie that is given for the check.
pub fn given(context: &RequestContext) -> Option<HeaderValue> {
    PREFERENCES.set(&context.preferences.to_text(), None)
}

/// What a page is to know.
pub fn environment(context: &RequestContext, headers: &HeaderMap, check: CookieCheck) -> PageEnvironment {
    let settings = context.services().settings();
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = context.preferences.language.or_else(|| Language::wanted(asked?));
    PageEnvironment {
        theme: context.preferences.theme,
        language: language.unwrap_or_default(),
        password_min: settings.password.min_length as u64,
        sign_up_open: settings.accounts.registration == Registration::Open,
        checks_cookies: check != CookieCheck::NotNeeded,
        grace: settings.tokens.grace,
        now: context.services().now(),
    }
}

/// In which time zone the browser is, as its cookie says. By the database that comes with the program, which is the same
/// wherever it runs and is asked without touching a file.
pub fn time_zone(headers: &HeaderMap) -> Option<TimeZone> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

    let name = ZoneName::new(TIME_ZONE.read(headers).value()?)?;
    let offset = ZONES
        .get(name.as_str())
        .ok()
        .map(|zone| -> Arc<dyn Fn(Timestamp) -> i64 + Send + Sync> { Arc::new(move |time| offset(&zone, time)) });
    Some(TimeZone::new(name, offset))
}

fn offset(zone: &jiff::tz::TimeZone, time: Timestamp) -> i64 {
    jiff::Timestamp::from_second(time.as_secs()).map_or(0, |time| zone.to_offset(time).seconds().into())
}

/// How long "keep me signed in" lasts here, in words.
pub fn remember_hint(context: &RequestContext, language: Language) -> String {
    let tokens = &context.services().settings().tokens;
    let words = text::of(language).lasting();
    let told = |duration: Duration| match duration.as_secs() {
        // One day is twenty-four hours: "every 1 day" is no language.
        days if days >= 2 * DAY => (words.days)(days / DAY),
        hours if hours >= 2 * HOUR => (words.hours)(hours / HOUR),
        others => (words.minutes)(others.div_ceil(60)),
    };
    (words.remember)(&told(tokens.refresh_absolute), &told(tokens.refresh_idle), &told(tokens.refresh_absolute_short))
}

/// Keeps a choice; what was not chosen now stays as it was.
pub fn choose(theme: Option<Theme>, language: Option<Language>) -> Result<(), Problem> {
    let before = RequestContext::current()?.preferences;
    let now = Preferences { theme: theme.unwrap_or(before.theme), language: language.or(before.language) };
    if let Some(cookie) = PREFERENCES.set(&now.to_text(), Some(KEPT)) {
        response().append_header(header::SET_COOKIE, cookie);
    }
    Ok(())
}
