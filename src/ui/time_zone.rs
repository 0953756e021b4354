//! The reader's time zone. In the browser it is the browser's own. The app stores its name in a cookie, so that the
//! server can render the next page in this zone.

use super::{browser, environment};
use crate::domain::preferences::{ZONE_COOKIE, ZoneName};
use crate::domain::time::Timestamp;
use leptos::prelude::use_context;
use std::sync::Arc;

/// The root's attribute with the name of the zone that the server used.
const ATTRIBUTE: &str = "data-time-zone";

/// A function from a time to the zone's offset from UTC, in seconds.
type Offset = dyn Fn(Timestamp) -> i64 + Send + Sync;

/// The zone in the browser's cookie, for the views of one page.
#[derive(Clone)]
pub struct TimeZone {
    name: ZoneName,
    /// `None` for a name that the server does not know.
    offset: Option<Arc<Offset>>,
}

impl TimeZone {
    /// A zone, and how far it is ahead of UTC at a given time.
    pub fn new(name: ZoneName, offset: Option<Arc<Offset>>) -> Self {
        Self { name, offset }
    }
}

/// How many seconds the reader's clock is ahead of UTC at `time`; `None` on the server if it does not know the zone.
pub fn offset(time: Timestamp) -> Option<i64> {
    if environment::is_in_browser() {
        return Some(browser::offset(time));
    }
    let offset = use_context::<TimeZone>()?.offset?;
    Some(offset(time))
}

/// The offset that the server used for the current page; `None` if it did not know the zone.
pub fn written(time: Timestamp) -> Option<i64> {
    let is_told = !environment::is_in_browser() || browser::root_attribute(ATTRIBUTE).is_some();
    is_told.then(|| offset(time)).flatten()
}

/// The value of the root's attribute.
pub fn stored() -> Option<String> {
    use_context::<TimeZone>().map(|zone| zone.name.as_str().to_owned())
}

/// Stores the browser's zone in the cookie if the server does not know it. For the browser only. The page sets the
/// cookie itself: it is no secret, and this needs no call that could arrive late.
pub fn store() {
    const YEAR: u32 = 365 * 86_400;

    let Some(own) = browser::time_zone().and_then(|name| ZoneName::new(&name)) else { return };
    let own = own.as_str();
    if browser::root_attribute(ATTRIBUTE).as_deref() != Some(own) {
        browser::set_cookie(&format!("{ZONE_COOKIE}={own}; Path=/; Secure; SameSite=Lax; Max-Age={YEAR}"));
    }
}
