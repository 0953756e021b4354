//! A point in time, as the server writes it at first; then in the reader's own locale.

use crate::domain::preferences::Language;
use crate::domain::time::Timestamp;
use crate::ui::clock::PageClock;
use crate::ui::{browser, calendar, environment, text, time_zone};
use js_sys::{Array, Date, Function, Object, Reflect};
use leptos::prelude::*;
use std::thread::LocalKey;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};

/// How a point in time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// "3 minutes ago", or the date if that is long ago.
    Ago,
    /// Date and time of day.
    Exactly,
    /// The date.
    Day,
    /// The time of day.
    Time,
}

impl TimeFormat {
    /// For one end of the time between `from` and `to`: the time of day matters when that is short.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        const SHORT: Duration = Duration::from_secs(2 * 86_400);
        if to.since(from) < SHORT { Self::Exactly } else { Self::Day }
    }
}

/// A `time` element; what it says in full is in its title.
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

/// The heading of the day on which something was; `newer`: when the entry above was. It is hidden within a day, and not
/// left out: what the server wrote and what comes alive may be in different time zones.
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
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&options, &JsValue::from_str(key), &JsValue::from_str(value));
    }
    options
}

/// The page's language, in the reader's own kind of it where the browser names one (`en-GB`). A browser names whatever
/// its settings hold, such as `en-US@posix`, and throws at a tag that is none: then the language has to do.
fn locales() -> impl Iterator<Item = String> {
    let language = environment::language();
    let own = browser::languages().into_iter().find(|tag| Language::from_tag(tag) == Some(language));
    own.into_iter().chain([language.tag().to_owned()])
}

/// What writes dates with these options; `None` in a browser that cannot.
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
    // Making these is slow, so they are made once.
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

/// The date, for a page that is alive.
pub(super) fn day(at: Timestamp) -> String {
    written(&DAY, at).unwrap_or_else(|| calendar::day(at))
}

fn written(format: &'static LocalKey<Option<Function>>, at: Timestamp) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date are exact in a double")]
    let date = Date::new(&JsValue::from_f64(at.as_millis() as f64));
    format.with(|format| format.as_ref()?.call1(&JsValue::UNDEFINED, &date).ok())?.as_string()
}
