//! The reader's time zone. In the browser it is the browser's own; the app keeps its name in a cookie, so that the server
//! writes the next page in it from the start.

use super::{browser, environment};
use crate::domain::preferences::{ZONE_COOKIE, ZoneName};
use crate::domain::time::Timestamp;
use leptos::prelude::use_context;
use std::sync::Arc;

/// The attribute of the root that names the zone that the server was told of.
const ATTRIBUTE: &str = "data-time-zone";

/// How many seconds a zone is ahead of UTC at a time.
type Offset = dyn Fn(Timestamp) -> i64 + Send + Sync;

/// The zone that the server was told of, for the views of one page.
#[derive(Clone)]
pub struct TimeZone {
    name: ZoneName,
    /// `None` for a name that the server does not know.
    offset: Option<Arc<Offset>>,
}

impl TimeZone {
    pub fn new(name: ZoneName, offset: Option<Arc<Offset>>) -> Self {
        Self { name, offset }
    }
}

/// How many seconds the reader's clock is ahead of UTC at `time`; `None` on the server while it does not know.
pub fn offset(time: Timestamp) -> Option<i64> {
    if environment::is_in_browser() {
        return Some(browser::offset(time));
    }
    let offset = use_context::<TimeZone>()?.offset?;
    Some(offset(time))
}

/// The same for what the server wrote of the present page: `None` where it did not know the zone.
pub fn written(time: Timestamp) -> Option<i64> {
    let is_told = !environment::is_in_browser() || browser::root_attribute(ATTRIBUTE).is_some();
    is_told.then(|| offset(time)).flatten()
}

/// For the root of the page.
pub fn stored() -> Option<String> {
    use_context::<TimeZone>().map(|zone| zone.name.as_str().to_owned())
}

/// Tells the server in which zone the browser is, where it does not know; in the browser only. The page sets the cookie
/// by itself: it is no secret, and needs no call that may come late.
pub fn store() {
    const YEAR: u32 = 365 * 86_400;

    let Some(own) = browser::time_zone().and_then(|name| ZoneName::new(&name)) else { return };
    let own = own.as_str();
    if browser::root_attribute(ATTRIBUTE).as_deref() != Some(own) {
        browser::set_cookie(&format!("{ZONE_COOKIE}={own}; Path=/; Secure; SameSite=Lax; Max-Age={YEAR}"));
    }
}
