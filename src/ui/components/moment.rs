//! A point in time. Dates are in UTC at first, the same on the server and in the first paint; then in the reader's own
//! locale and time zone.

use crate::domain::preferences::Language;
use crate::domain::time::Timestamp;
use crate::ui::clock::Clock;
use crate::ui::{browser, calendar, environment};
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use leptos::prelude::*;
use std::thread::LocalKey;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// How a point in time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// "3 minutes ago", or the date if that is long ago.
    Ago,
    /// Date and time of day.
    Exactly,
    /// The date.
    Day,
}

impl Telling {
    /// For one end of the time between `from` and `to`: the time of day matters when that is short.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        const SHORT: Duration = Duration::from_secs(2 * 86_400);
        if to.since(from) < SHORT { Self::Exactly } else { Self::Day }
    }
}

/// A `time` element; what it says in full is in its title.
#[component]
pub fn Moment(at: Timestamp, telling: Telling) -> impl IntoView {
    let clock = Clock::expect();
    let date = move || if clock.is_alive() { day(at) } else { calendar::utc_day(at) };
    let words = move || match telling {
        Telling::Ago => calendar::ago(at, clock.now()).unwrap_or_else(date),
        Telling::Exactly if clock.is_alive() => exactly(at),
        Telling::Exactly => calendar::utc(at),
        Telling::Day => date(),
    };
    let in_full = move || clock.is_alive().then(|| exactly(at));
    view! {
        <time datetime=calendar::iso(at) title=in_full>
            {words}
        </time>
    }
}

fn options(entries: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (key, value) in entries {
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&options, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    options
}

/// The page's language, in the reader's own kind of it where the browser names one (`en-GB`).
fn locale() -> Array {
    let language = environment::language();
    let own = browser::languages().into_iter().find(|tag| Language::from_tag(tag) == Some(language));
    Array::of1(&own.unwrap_or_else(|| language.tag().to_owned()).into())
}

thread_local! {
    // Making these is slow, so they are made once.
    static EXACT: Function =
        Intl::DateTimeFormat::new(&locale(), &options(&[("dateStyle", "medium"), ("timeStyle", "short")])).format();
    static DAY: Function = Intl::DateTimeFormat::new(&locale(), &options(&[("dateStyle", "medium")])).format();
}

fn exactly(at: Timestamp) -> String {
    written(&EXACT, at).unwrap_or_else(|| calendar::utc(at))
}

/// The date, for a page that is alive.
pub(super) fn day(at: Timestamp) -> String {
    written(&DAY, at).unwrap_or_else(|| calendar::utc_day(at))
}

fn written(format: &'static LocalKey<Function>, at: Timestamp) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date are exact in a double")]
    let date = Date::new(&JsValue::from_f64(at.as_millis() as f64));
    format.with(|format| format.call1(&JsValue::UNDEFINED, &date)).ok()?.as_string()
}
