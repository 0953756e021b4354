//! A point in time: first as the server renders it, then in the reader's own locale.

use crate::domain::preferences::Language;
use crate::domain::time::Timestamp;
use crate::ui::clock::PageClock;
use crate::ui::{browser, calendar, environment, text, time_zone};
use js_sys::{Array, Date, Function, Object, Reflect};
use leptos::prelude::*;
use std::thread::LocalKey;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};

/// The format of a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// "3 minutes ago", or the date if it is long ago.
    Ago,
    /// The date and the time of day.
    Exactly,
    /// The date.
    Day,
    /// The time of day.
    Time,
}

impl TimeFormat {
    /// The format for one end of a period. It includes the time of day if the period is short.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        const SHORT: Duration = Duration::from_secs(2 * 86_400);
        if to.since(from) < SHORT { Self::Exactly } else { Self::Day }
    }
}

/// A `time` element. Its title has the exact time.
#[component]
pub fn RelativeTime(at: Timestamp, telling: TimeFormat) -> impl IntoView {
    let clock = PageClock::expect();
    let date = move || if clock.is_alive() { day(at) } else { calendar::day(at) };
    let words = move || match telling {
        TimeFormat::Ago => calendar::ago(at, clock.now()).unwrap_or_else(date),
        TimeFormat::Exactly if clock.is_alive() => exactly(at),
        TimeFormat::Exactly => calendar::date_and_time(at),
        TimeFormat::Day => date(),
        TimeFormat::Time if clock.is_alive() => time_of_day(at),
        TimeFormat::Time => calendar::time_of_day(at),
    };
    let in_full = move || clock.is_alive().then(|| exactly(at));
    view! {
        <time datetime=calendar::iso(at) title=in_full>
            {words}
        </time>
    }
}

/// The heading of a day; `newer` is the time of the entry above. Within a day the heading is rendered but hidden:
/// server and browser may be in different time zones, and must render the same elements.
#[component]
pub fn DayHeading(at: Timestamp, newer: Option<Timestamp>, class: &'static str) -> impl IntoView {
    let clock = PageClock::expect();
    let day_of = move |time| {
        let ahead = if clock.is_alive() { time_zone::offset(time) } else { time_zone::written(time) };
        calendar::day_number(time, ahead.unwrap_or_default())
    };
    let within = Memo::new(move |_| newer.map(day_of) == Some(day_of(at)));
    let words = Memo::new(move |_| {
        let date = || if clock.is_alive() { day(at) } else { calendar::day(at) };
        calendar::day_words(day_of(at), day_of(clock.now()), date)
    });
    view! {
        <h2 class=class hidden=within>
            {words}
        </h2>
    }
}

fn options(entries: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (key, value) in entries {
        // Setting a property of a new object cannot fail.
        let _ = Reflect::set(&options, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    options
}

/// The locale of the page's language: the reader's own variant if the browser names one (`en-GB`), otherwise the
/// language itself. Browsers pass on what their settings contain, such as `en-US@posix`, and throw on an invalid tag.
fn locales() -> impl Iterator<Item = String> {
    let language = environment::language();
    let own = browser::languages().into_iter().find(|tag| Language::from_tag(tag) == Some(language));
    own.into_iter().chain([language.tag().to_owned()])
}

/// A function that formats dates with these options; `None` in browsers without one.
fn formatter(entries: &[(&str, &str)]) -> Option<Function> {
    let property = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let intl = property(&window(), "Intl")?;
    let constructor: Function = property(&intl, "DateTimeFormat")?.dyn_into().ok()?;
    let options = options(entries);
    let made = locales()
        .find_map(|locale| Reflect::construct(&constructor, &Array::of2(&Array::of1(&locale.into()), &options)).ok());
    property(&made?, "format")?.dyn_into().ok()
}

thread_local! {
    // Creating these is slow, so they are created once.
    static TIME: Option<Function> = formatter(&[("timeStyle", "short")]);
    static DAY: Option<Function> = formatter(&[("dateStyle", "medium")]);
}

fn exactly(at: Timestamp) -> String {
    match (written(&DAY, at), written(&TIME, at)) {
        (Some(date), Some(time)) => (text().dates().date_and_time)(&date, &time),
        _ => calendar::date_and_time(at),
    }
}

fn time_of_day(at: Timestamp) -> String {
    written(&TIME, at).unwrap_or_else(|| calendar::time_of_day(at))
}

/// The date, for a hydrated page.
pub(super) fn day(at: Timestamp) -> String {
    written(&DAY, at).unwrap_or_else(|| calendar::day(at))
}

fn written(format: &'static LocalKey<Option<Function>>, at: Timestamp) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date are exact in a double")]
    let date = Date::new(&JsValue::from_f64(at.as_millis() as f64));
    format.with(|format| format.as_ref()?.call1(&JsValue::UNDEFINED, &date).ok())?.as_string()
}
