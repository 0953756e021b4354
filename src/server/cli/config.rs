//! `latchkey config`: checks the settings, shows those in force, and describes them.

use super::CommandError;
use super::output::{json_line, print, printable};
use crate::domain::client::ClientKind;
use crate::server::application::StartError;
use crate::server::config::{EffectiveSettings, ValueSource, reference};
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Names every setting that is wrong, with its place and what to write instead.
    ///
    /// Only the settings are read: no database is opened, and nothing is made.
    #[command(after_help = "Example: latchkey config check")]
    Check,
    /// Shows the settings in force as TOML, and where each comes from. Passwords are masked.
    #[command(after_help = "Example: latchkey config show | grep -v '# default'")]
    Show {
        /// One JSON object for each setting, a line each.
        #[arg(long)]
        json: bool,
    },
    /// Describes all settings, as a page of Markdown.
    #[command(after_help = "Example: latchkey config reference --toml > Leptos.toml")]
    Reference {
        /// A settings file with the defaults, commented out, instead.
        #[arg(long)]
        toml: bool,
    },
}

/// Runs the command.
pub(super) fn run(
    command: &ConfigCommand,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), CommandError> {
    let load = || EffectiveSettings::load(file, environment).map_err(StartError::from);
    match command {
        ConfigCommand::Check => {
            let place = load()?.file.map_or_else(|| "no settings file".to_owned(), |file| file.display().to_string());
            print(&format!("All settings can be used ({}).", printable(&place)))
        }
        ConfigCommand::Show { json: true } => print(&show_json(&load()?)?),
        ConfigCommand::Show { json: false } => print(&show(&load()?)),
        ConfigCommand::Reference { toml: false } => print(reference::markdown().trim_end()),
        ConfigCommand::Reference { toml: true } => print(reference::settings_file().trim_end()),
    }
}

/// The settings as TOML: a line for each, with its source as a comment. A setting without a value is a comment.
fn show(read: &EffectiveSettings) -> String {
    let mut lines = Vec::new();
    for section in read.settings.described() {
        lines.push(format!("[{}]", section.name));
        for setting in section.settings {
            let name = setting.key.split_once('.').map_or(setting.key.as_str(), |(_, name)| name);
            let from = read.source(&setting.key);
            let source = printable(&from.to_string());
            lines.push(match setting.toml() {
                // As a line of its own it would contradict the setting that names the file.
                Some(value) if matches!(from, ValueSource::Content(_)) => format!("# {name} = {value} # {source}"),
                Some(value) => format!("{name} = {value} # {source}"),
                None => format!("# {name} is not set"),
            });
        }
        lines.push(String::new());
    }
    for client in &read.settings.clients {
        let id = serde_json::json!(client.id);
        lines.push(format!("[[clients]]\nid = {id}\nkind = \"{}\"\n", kind(client.kind)));
    }
    lines.join("\n").trim_end().to_owned()
}

const fn kind(kind: ClientKind) -> &'static str {
    match kind {
        ClientKind::Web => "web",
        ClientKind::Native => "native",
    }
}

/// A setting as JSON.
#[derive(Serialize)]
struct ShownSetting {
    key: String,
    value: Value,
    /// `default`, `file`, `environment`, or `content`: of a file that another setting names.
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variable: Option<String>,
}

impl ShownSetting {
    fn new(key: String, value: Value, source: ValueSource) -> Self {
        let (source, file, line, variable) = match source {
            ValueSource::Default => ("default", None, None, None),
            ValueSource::File(file, line) => ("file", Some(file.display().to_string()), Some(line), None),
            ValueSource::Environment(name) => ("environment", None, None, Some(name)),
            ValueSource::Content(file) => ("content", Some(file.display().to_string()), None, None),
        };
        Self { key, value, source, file, line, variable }
    }
}

fn show_json(read: &EffectiveSettings) -> Result<String, CommandError> {
    let settings = read.settings.described().into_iter().flat_map(|section| section.settings);
    let mut shown: Vec<_> = settings
        .map(|setting| (read.source(&setting.key), setting))
        .map(|(from, setting)| (from, setting.key, setting.value))
        .collect();
    let clients = read.settings.clients.iter();
    let clients = clients.map(|client| serde_json::json!({ "id": client.id, "kind": kind(client.kind) })).collect();
    shown.push((read.source("clients"), "clients".to_owned(), clients));
    let lines = shown.into_iter().map(|(source, key, value)| json_line(&ShownSetting::new(key, value, source)));
    Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
}
