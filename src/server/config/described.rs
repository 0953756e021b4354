//! Each setting, described: its key, what it is for, the words for its type, and its value. The reference, the shipped
//! `Leptos.toml`, `latchkey config show` and the suggestions for unknown keys are made from these descriptions.

use super::{Algorithm, ForwardedHeader, ListenAddress, Registration};
use crate::domain::client::Client;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// What stands where a password was.
const MASKED: &str = "***";
/// Settings whose value may hold a password.
const SECRET: [&str; 1] = ["database.url"];

/// A setting with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedSetting {
    /// `section.key`.
    pub key: String,
    /// What it is for: the lines of its doc comment.
    pub doc: &'static [&'static str],
    /// Its type, in words.
    pub kind: String,
    /// The value; null if it is not set. A password in it is masked.
    pub value: Value,
}

impl DescribedSetting {
    /// The value as TOML; `None` if it is not set.
    pub fn toml(&self) -> Option<String> {
        (!self.value.is_null()).then(|| toml_of(&self.value))
    }
}

/// A section, and the settings in it.
#[derive(Clone, Debug, PartialEq)]
pub struct DescribedSection {
    /// Its name in `Leptos.toml`.
    pub name: &'static str,
    /// What it is about.
    pub doc: &'static [&'static str],
    /// Its settings, in the order of their declaration.
    pub settings: Vec<DescribedSetting>,
}

/// A type that a field of [`Settings`](super::Settings) may have: a section.
pub(super) trait SettingSection {
    /// The settings of the section `name`; `None` for a field that is described elsewhere.
    fn described(&self, name: &'static str) -> Option<Vec<DescribedSetting>>;
}

/// A type that a setting may have.
pub(super) trait SettingType {
    /// The type in words, for operators.
    fn kind() -> String;

    /// The value in the form in which it is written. Strings, numbers and lists are the same in JSON and in TOML.
    fn written(&self) -> Value;
}

/// Declares a section: a struct with defaults, which is read from TOML and described. The attribute of serde stands
/// after the doc comment.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident {
        $($(#[doc = $fdoc:literal])* $(#[serde($($serde:tt)*)])? $field:ident: $type:ty = $default:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[doc = $fdoc])* $(#[serde($($serde)*)])? pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::server::config::described::SettingSection for $name {
            fn described(
                &self,
                name: &'static str,
            ) -> Option<Vec<$crate::server::config::described::DescribedSetting>> {
                use $crate::server::config::described::describe;
                Some(vec![$(describe(name, stringify!($field), &[$($fdoc),*], &self.$field),)*])
            }
        }
    };
}
pub(super) use section;

/// Declares [`Settings`](super::Settings): its fields are the sections.
macro_rules! sections {
    ($(#[$doc:meta])* $name:ident {
        $($(#[doc = $fdoc:literal])* $field:ident: $type:ty = $default:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[doc = $fdoc])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// All settings with their values, by section.
            pub fn described(&self) -> Vec<$crate::server::config::DescribedSection> {
                use $crate::server::config::described::{DescribedSection, SettingSection as _};
                let sections = [$((
                    stringify!($field),
                    &[$($fdoc),*][..] as &'static [&'static str],
                    self.$field.described(stringify!($field)),
                )),*];
                let described = |(name, doc, settings): (_, _, Option<_>)| {
                    settings.map(|settings| DescribedSection { name, doc, settings })
                };
                sections.into_iter().filter_map(described).collect()
            }
        }
    };
}
pub(super) use sections;

/// The description of one setting. For [`section!`].
pub(super) fn describe<T: SettingType>(
    section: &str,
    name: &str,
    doc: &'static [&'static str],
    value: &T,
) -> DescribedSetting {
    let key = format!("{section}.{name}");
    let value = match value.written() {
        Value::String(text) => Value::String(masked(&key, &text)),
        value => value,
    };
    DescribedSetting { key, doc, kind: T::kind(), value }
}

/// Whether the setting `key` may hold a password.
pub(super) fn is_secret(key: &str) -> bool {
    SECRET.contains(&key)
}

/// The value of the setting `key` as it may be shown: without the password that a URL carries.
pub(super) fn masked(key: &str, text: &str) -> String {
    if !is_secret(key) || text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Ok(mut url) = url::Url::parse(text) else { return MASKED.to_owned() };
    if url.host().is_none() && !text.contains("://") {
        return MASKED.to_owned();
    }
    if url.password().is_some() && url.set_password(Some(MASKED)).is_err() {
        return MASKED.to_owned();
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if pairs.iter().any(|(name, _)| name == "password") {
        let shown = |name: String, value| if name == "password" { (name, MASKED.to_owned()) } else { (name, value) };
        url.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(|(name, value)| shown(name, value)));
    }
    url.into()
}

/// A value as TOML (<https://toml.io/en/v1.0.0>). Characters that TOML forbids in a string, or that could control a
/// terminal, are escaped.
pub(super) fn toml_of(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let mut quoted = String::from("\"");
            for c in text.chars() {
                match c {
                    '"' | '\\' => quoted.extend(['\\', c]),
                    c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
                    c => quoted.push(c),
                }
            }
            quoted + "\""
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// A duration as people write it, in the largest unit in which it is a whole number.
fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None if millis == 0 => "0s".to_owned(),
        None => format!("{millis}ms"),
    }
}

macro_rules! setting_types {
    ($($type:ty: $kind:literal, |$value:ident| $written:expr;)*) => {
        $(impl SettingType for $type {
            fn kind() -> String {
                $kind.to_owned()
            }

            fn written(&self) -> Value {
                let $value = self;
                Value::from($written)
            }
        })*
    };
}

setting_types! {
    String: "text", |value| value.clone();
    bool: "true or false", |value| *value;
    u16: "whole number", |value| *value;
    u32: "whole number", |value| *value;
    u64: "whole number", |value| *value;
    usize: "whole number", |value| *value;
    f64: "number", |value| *value;
    PathBuf: "path", |value| value.display().to_string();
    IpAddr: "address", |value| value.to_string();
    SocketAddr: "address and port", |value| value.to_string();
    Duration: "duration", |value| duration_text(*value);
    Algorithm: "`EdDSA`, `ES256` or `RS256`", |value| format!("{value:?}");
    ForwardedHeader: "`X-Forwarded-For` or `Forwarded`", |value| value.as_str();
    ListenAddress: "address and port, or `unix:` and a file", |value| value.to_string();
    Registration: "`open`, `invite` or `closed`", |value| value.as_str();
}

impl<T: SettingType> SettingType for Option<T> {
    fn kind() -> String {
        T::kind()
    }

    fn written(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::written)
    }
}

impl<T: SettingType> SettingType for Vec<T> {
    fn kind() -> String {
        format!("list; each item: {}", T::kind())
    }

    fn written(&self) -> Value {
        self.iter().map(T::written).collect()
    }
}

/// Clients are tables of their own: the reference has an example.
impl SettingSection for Vec<Client> {
    fn described(&self, _: &'static str) -> Option<Vec<DescribedSetting>> {
        None
    }
}

/// Not ours.
impl SettingSection for Option<IgnoredAny> {
    fn described(&self, _: &'static str) -> Option<Vec<DescribedSetting>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_a_url_is_shown() {
        for (url, shown) in [
            ("sqlite://data/latchkey.db", "sqlite://data/latchkey.db"),
            ("postgres://ada@db/x", "postgres://ada@db/x"),
            ("postgres://ada:xyzzy@db/x?sslmode=disable", "postgres://ada:***@db/x?sslmode=disable"),
            ("postgres://db/x?user=ada&password=xyzzy", "postgres://db/x?user=ada&password=***"),
            ("postgres//ada:xyzzy@db/x", "***"),
            ("ada:xyzzy@db/x", "***"),
            ("xyzzy", "***"),
        ] {
            assert_eq!(masked("database.url", url), shown, "{url}");
        }
        assert_eq!(masked("accounts.contact", "xyzzy"), "xyzzy");
    }

    #[test]
    fn a_written_value_reads_back_as_itself() {
        for text in ["", "a \"b\" \\ c", "two\nlines\t\u{7f}\u{1b}", "Küche"] {
            let table: toml::Table = format!("a = {}", toml_of(&text.into())).parse().unwrap();
            assert_eq!(table["a"].as_str(), Some(text));
        }
        for text in ["0s", "500ms", "75s", "10m", "12h", "1d", "30d"] {
            assert_eq!(duration_text(super::super::parse_duration(text).unwrap()), text);
        }
        assert_eq!(toml_of(&vec!["a", "b"].into()), "[\"a\", \"b\"]");
    }
}
