//! Reads the settings from the file and the environment. Every value is judged by itself, so that all wrong ones are
//! reported at once.

use super::bounds::BOUNDS;
use super::described::{is_secret, masked, toml_of};
use super::environment::{EnvironmentVariables, Variable};
use super::setting_names::{SettingNames, variable};
use super::wrong::{ValueSource, WrongSetting, WrongSettings};
use super::{ConfigError, ListenAddress, Settings, paths, public_url};
use crate::domain::client::Client;
use crate::server::files;
use serde::Deserialize as _;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};
use toml::{Spanned, Table, Value};

/// The longest URL that is read from a file, in bytes.
const URL_MAX: u64 = 16 * 1024;

const NO_SETTING: &str = "there is no such setting";

/// Where the value of each setting that somebody has set comes from, by `section.key`.
pub(super) type ValueSources = BTreeMap<String, ValueSource>;

/// The settings in `text`, which is the content of `file`, overridden by `environment`. Relative paths start at
/// `folder`.
///
/// # Errors
/// [`ConfigError::Wrong`] with all that is wrong.
pub(super) fn read(
    file: &Path,
    text: &str,
    environment: EnvironmentVariables,
    folder: &Path,
) -> Result<(Settings, ValueSources), ConfigError> {
    let mut reading = SettingsReading {
        file,
        text,
        keys: SettingNames::all(),
        table: Table::new(),
        sources: ValueSources::new(),
        wrong: vec![],
    };
    reading.read_file();
    reading.wrong.extend(environment.wrong);
    for variable in environment.settings {
        reading.read_variable(variable);
    }
    let mut settings = reading.settings();
    reading.check(&mut settings, folder);
    let SettingsReading { sources, mut wrong, .. } = reading;
    // As they stand in the file; what the environment has comes after.
    wrong.sort_by_key(|wrong| if let ValueSource::File(_, line) = wrong.source { line } else { usize::MAX });
    if wrong.is_empty() { Ok((settings, sources)) } else { Err(ConfigError::Wrong(WrongSettings(wrong))) }
}

struct SettingsReading<'a> {
    file: &'a Path,
    text: &'a str,
    keys: SettingNames,
    /// What was read and can be used.
    table: Table,
    sources: ValueSources,
    wrong: Vec<WrongSetting>,
}

impl SettingsReading<'_> {
    fn read_file(&mut self) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            // Only the message: the line itself may hold a password.
            let source = self.at(&error.span().unwrap_or_default());
            self.report(source, None, None, format!("this is not TOML: {}", one_line(error)), None);
        }
        let broken: Vec<ValueSource> = self.wrong.iter().map(|wrong| wrong.source.clone()).collect();
        for (name, value) in table.get_ref() {
            let (section, at) = (name.get_ref().as_ref(), self.at(&name.span()));
            match value.get_ref() {
                // Leptos' own.
                _ if section == "package" => {}
                DeValue::Array(clients) if section == "clients" => {
                    for client in clients.iter() {
                        self.read_client(client);
                    }
                }
                DeValue::Table(values) if self.keys.has_section(section) => {
                    for (name, value) in values {
                        let key = format!("{section}.{}", name.get_ref());
                        self.read_value(&key, self.at(&name.span()), value);
                    }
                }
                _ if section == "clients" => {
                    let remedy = "write each client as [[clients]]".to_owned();
                    self.report(at, Some(section), None, "is no list".into(), Some(remedy));
                }
                _ if self.keys.has_section(section) => {
                    let remedy = format!("write [{section}], and its settings below");
                    self.report(at, Some(section), None, "is a section".into(), Some(remedy));
                }
                _ => match self.keys.nearest_section(section).map(|meant| format!("did you mean [{meant}]?")) {
                    None => self.report_unknown(at, section, ToOwned::to_owned),
                    remedy => self.report(at, Some(section), None, NO_SETTING.to_owned(), remedy),
                },
            }
        }
        // A line that is no TOML leads to values that nobody wrote.
        let mut seen = 0..errors.len();
        self.wrong.retain(|wrong| seen.next().is_some() || !broken.contains(&wrong.source));
    }

    fn read_value(&mut self, key: &str, source: ValueSource, value: &Spanned<DeValue<'_>>) {
        let written = self.text.get(value.span()).unwrap_or_default();
        let written = written.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        match Value::deserialize(ValueDeserializer::from(value.clone())) {
            _ if !self.keys.has(key) => self.report_unknown(source, key, ToOwned::to_owned),
            Ok(value) => self.take(key, source, value, written),
            Err(error) => self.report(source, Some(key), Some(written), one_line(&error), None),
        }
    }

    fn read_client(&mut self, client: &Spanned<DeValue<'_>>) {
        if let Err(error) = Client::deserialize(ValueDeserializer::from(client.clone())) {
            let source = self.at(&error.span().unwrap_or(client.span()));
            self.report(source, Some("clients"), None, one_line(&error), None);
        } else if let Ok(value) = Value::deserialize(ValueDeserializer::from(client.clone())) {
            let source = self.at(&client.span());
            self.sources.entry("clients".to_owned()).or_insert(source);
            let clients = self.table.entry("clients").or_insert_with(|| Value::Array(Vec::new()));
            clients.as_array_mut().into_iter().for_each(|clients| clients.push(value.clone()));
        }
    }

    fn read_variable(&mut self, of: Variable) {
        let (key, source) = (format!("{}.{}", of.section, of.key), ValueSource::Environment(of.name.clone()));
        if self.keys.has(&key) {
            // As a string in quotes, because it may have any characters.
            self.take(&key, source, of.toml(), toml_of(&of.value.into()));
        } else {
            self.report_unknown(source, &key, variable);
        }
    }

    /// Takes a value, if the setting `key` may have it; `written` is how it was written.
    fn take(&mut self, key: &str, source: ValueSource, value: Value, written: String) {
        let Some((section, name)) = key.split_once('.') else { return };
        let alone = Table::from_iter([(name.to_owned(), value.clone())]);
        if let Err(error) = Table::from_iter([(section.to_owned(), Value::Table(alone))]).try_into::<Settings>() {
            let kinds = Settings::default().described().into_iter().flat_map(|section| section.settings);
            let kind = kinds.filter(|setting| setting.key == key).map(|setting| setting.kind).next();
            // Our own messages say what to write.
            let kind = kind.filter(|_| error.message().starts_with("invalid"));
            let remedy = kind.map(|kind| format!("its type is: {}", kind.replace('`', "")));
            return self.report(source, Some(key), Some(written), one_line(&error), remedy);
        }
        let section = self.table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        section.as_table_mut().into_iter().for_each(|section| drop(section.insert(name.to_owned(), value.clone())));
        self.sources.insert(key.to_owned(), source);
    }

    fn settings(&mut self) -> Settings {
        self.table.clone().try_into().unwrap_or_else(|error| {
            // Each value alone was read before.
            self.report(ValueSource::Default, None, None, one_line(&error), None);
            Settings::default()
        })
    }

    /// Checks the bounds, and completes URLs and paths.
    fn check(&mut self, settings: &mut Settings, folder: &Path) {
        if let Some(file) = &settings.database.url_file {
            let file = folder.join(file);
            match self.url_in(&file) {
                Ok(url) => settings.database.url = url,
                Err(reason) => self.report_value(settings, &["database.url_file"], reason),
            }
            settings.database.url_file = Some(file);
        }
        match public_url::origin(&settings.server.public_url) {
            Ok(origin) => settings.server.public_url = origin,
            Err(reason) => self.report_value(settings, &["server.public_url"], reason.to_owned()),
        }
        for bound in &BOUNDS {
            let is_known = |key: &&str| !self.wrong.iter().any(|wrong| wrong.key.as_deref() == Some(*key));
            if bound.keys.iter().all(is_known) && !(bound.holds)(settings) {
                self.report_value(settings, bound.keys, format!("must be {}", bound.words));
            }
        }
        settings.secret.file = folder.join(&settings.secret.file);
        let server = &mut settings.server;
        for file in [&mut server.tls_cert, &mut server.tls_key].into_iter().flatten() {
            *file = folder.join(&file);
        }
        for address in server.listen.iter_mut().chain(&mut server.metrics_listen) {
            if let ListenAddress::Unix(file) = address {
                *file = folder.join(&file);
            }
        }
        match paths::database_url(&settings.database.url, folder) {
            Ok(url) => settings.database.url = url,
            Err(reason) => self.report_value(settings, &["database.url"], reason),
        }
    }

    /// The URL of the database in the file that `database.url_file` names.
    fn url_in(&mut self, file: &Path) -> Result<String, String> {
        if self.sources.contains_key("database.url") {
            return Err("excludes database.url; remove one of them".to_owned());
        }
        let (opened, _) = files::open_regular(file).map_err(|error| format!("cannot be read: {error}"))?;
        let mut text = String::new();
        // The error of a text that is not UTF-8 does not quote it.
        opened.take(URL_MAX).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
        self.sources.insert("database.url".to_owned(), ValueSource::Content(file.to_owned()));
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Reports the first of `keys`, at the place of the first one that somebody has set.
    fn report_value(&mut self, settings: &Settings, keys: &[&str], reason: String) {
        let source = keys.iter().find_map(|key| self.sources.get(*key)).cloned().unwrap_or(ValueSource::Default);
        let all = settings.described().into_iter().flat_map(|section| section.settings);
        let value = all.filter(|setting| setting.key == keys[0]).find_map(|setting| setting.toml());
        self.report(source, Some(keys[0]), value, reason, None);
    }

    /// Reports a name that is no setting. Its value is not shown: it may be a misspelt secret.
    fn report_unknown(&mut self, source: ValueSource, key: &str, spelt: impl Fn(&str) -> String) {
        let remedy = self.keys.nearest(key).map(|meant| format!("did you mean {}?", spelt(meant)));
        let key = matches!(source, ValueSource::File(..)).then_some(key);
        self.report(source, key, None, NO_SETTING.to_owned(), remedy);
    }

    fn report(
        &mut self,
        source: ValueSource,
        key: Option<&str>,
        value: Option<String>,
        reason: String,
        remedy: Option<String>,
    ) {
        let value = value.map(|value| match key {
            Some(key) if is_secret(key) => masked(key, value.trim_matches('"')),
            _ => value,
        });
        self.wrong.push(WrongSetting { source, key: key.map(ToOwned::to_owned), value, reason, remedy });
    }

    /// The line at which `span` begins.
    fn at(&self, span: &Range<usize>) -> ValueSource {
        let before = self.text.bytes().take(span.start);
        ValueSource::File(self.file.to_owned(), 1 + before.filter(|byte| *byte == b'\n').count())
    }
}

/// The message alone, without the line of the file that TOML's errors quote.
fn one_line(error: &Error) -> String {
    error.message().lines().collect::<Vec<_>>().join("; ")
}
