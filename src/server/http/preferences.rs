//! How somebody wants the pages, as a cookie says it.

use super::context::{RequestContext, response};
use super::cookies::PREFERENCES;
use crate::api::problem::Problem;
use crate::domain::preferences::{Language, Preferences, Theme};
use crate::server::config::Registration;
use crate::ui::Environment;
use http::{HeaderMap, header};
use std::time::Duration;

/// How long a choice is kept: a year.
const KEPT: Duration = Duration::from_secs(365 * 86_400);

/// What the browser's cookie says.
pub fn chosen(headers: &HeaderMap) -> Preferences {
    PREFERENCES.read(headers).value().map(Preferences::from_text).unwrap_or_default()
}

/// What a page is to know.
pub fn environment(context: &RequestContext, headers: &HeaderMap) -> Environment {
    let settings = context.services().settings();
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = context.preferences.language.or_else(|| Language::wanted(asked?));
    Environment {
        theme: context.preferences.theme,
        language: language.unwrap_or_default(),
        password_min: settings.password.min_length as u64,
        sign_up_open: settings.accounts.registration == Registration::Open,
        now: context.services().now(),
    }
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
