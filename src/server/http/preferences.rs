//! Reads and writes the cookies that hold how somebody wants the pages: theme, language, time zone.

use super::context::{RequestContext, response};
use super::cookies::{Cookies, PREFERENCES, TIME_ZONE};
use crate::api::problem::Problem;
use crate::domain::preferences::{Language, Preferences, Theme, ZoneName};
use crate::domain::time::Timestamp;
use crate::ui::page::Content;
use crate::ui::time_zone::TimeZone;
use crate::ui::{PageEnvironment, text};
use http::{HeaderMap, HeaderValue, header};
use jiff::tz::TimeZoneDatabase;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// How long the browser keeps a choice: a year.
const KEPT: Duration = Duration::from_secs(365 * 86_400);

/// The choices in the browser's cookie.
pub(crate) fn chosen(cookies: &Cookies) -> Preferences {
    cookies.get(PREFERENCES).value().map(Preferences::from_text).unwrap_or_default()
}

/// What a sign-in page still has to find out about a browser's cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieCheck {
    /// Nothing: the page has no form to sign in with, or a program or a script of a page requests it.
    NotNeeded,
    /// The browser has sent a long-lived cookie, and has to send it again with the form.
    Kept,
    /// The browser gets a cookie now: its current preferences, until it is closed.
    Given,
}

/// How the form on a sign-in page makes sure that the browser keeps cookies. A program that only reads the page gets no
/// cookie.
pub(crate) fn cookie_check(content: &Content, headers: &HeaderMap, cookies: &Cookies) -> CookieCheck {
    let is_page = match (headers.get("sec-fetch-dest"), headers.get("sec-fetch-site")) {
        (Some(destination), _) => destination == "document",
        // A browser without Fetch Metadata.
        (None, site) => site.is_none() && headers.contains_key(header::ACCEPT_LANGUAGE),
    };
    match content {
        Content::SignIn(_) | Content::SignUp if cookies.are_kept_for_long() => CookieCheck::Kept,
        Content::SignIn(_) | Content::SignUp if is_page => CookieCheck::Given,
        _ => CookieCheck::NotNeeded,
    }
}

/// The cookie that is set for the check.
pub(crate) fn given(context: &RequestContext) -> Option<HeaderValue> {
    PREFERENCES.set(&context.preferences.to_text(), None)
}

/// The environment of a page: settings and choices that its content depends on.
pub(crate) fn environment(context: &RequestContext, headers: &HeaderMap, check: CookieCheck) -> PageEnvironment {
    let settings = context.services().settings();
    let accept_language = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = context.preferences.language.or_else(|| Language::wanted(accept_language?));
    PageEnvironment {
        theme: context.preferences.theme,
        language: language.unwrap_or_default(),
        password_min: settings.password.min_length as u64,
        registration: settings.accounts.registration,
        checks_cookies: check != CookieCheck::NotNeeded,
        grace: settings.tokens.grace,
        now: context.services().now(),
    }
}

/// The browser's time zone, from its cookie. It is looked up in the database that is compiled in, which is the same on
/// every host and needs no file access.
pub(crate) fn time_zone(cookies: &Cookies) -> Option<TimeZone> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

    let name = ZoneName::new(cookies.get(TIME_ZONE).value()?)?;
    let offset = ZONES
        .get(name.as_str())
        .ok()
        .map(|zone| -> Arc<dyn Fn(Timestamp) -> i64 + Send + Sync> { Arc::new(move |time| offset(&zone, time)) });
    Some(TimeZone::new(name, offset))
}

fn offset(zone: &jiff::tz::TimeZone, time: Timestamp) -> i64 {
    jiff::Timestamp::from_second(time.as_secs()).map_or(0, |time| zone.to_offset(time).seconds().into())
}

/// How long "keep me signed in" lasts with these settings, in words.
pub(crate) fn remember_hint(context: &RequestContext, language: Language) -> String {
    let tokens = &context.services().settings().tokens;
    let words = text::of(language).lasting();
    let in_words = |duration: Duration| match duration.as_secs() {
        // One day is written as 24 hours: the texts have no singular.
        days if days >= 2 * DAY => (words.days)(days / DAY),
        hours if hours >= 2 * HOUR => (words.hours)(hours / HOUR),
        others => (words.minutes)(others.div_ceil(60)),
    };
    (words.remember)(
        &in_words(tokens.refresh_absolute),
        &in_words(tokens.refresh_idle),
        &in_words(tokens.refresh_absolute_short),
    )
}

/// Stores a choice. An argument that is `None` leaves the earlier choice unchanged.
pub(crate) fn choose(theme: Option<Theme>, language: Option<Language>) -> Result<(), Problem> {
    let before = RequestContext::current()?.preferences;
    let now = Preferences { theme: theme.unwrap_or(before.theme), language: language.or(before.language) };
    if let Some(cookie) = PREFERENCES.set(&now.to_text(), Some(KEPT)) {
        response().append_header(header::SET_COOKIE, cookie);
    }
    Ok(())
}
