//! The settings of a running server: `Leptos.toml` and the environment, checked before anything starts.
//!
//! Every key of the file is also an environment variable, `LATCHKEY_SECTION__KEY`, which wins. An unknown key or a bad
//! value stops the start with the place and the reason.

mod duration;
mod settings;

pub use settings::*;

use leptos::config::LeptosOptions;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The file of settings, looked for in the working folder and then beside the program.
pub const FILE: &str = "Leptos.toml";
const ENV_PREFIX: &str = "LATCHKEY_";

/// Why the settings cannot be used; the text names the place and the reason.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    File(PathBuf, String),
    #[error("environment variable {0}: {1}")]
    Environment(String, String),
    #[error("{key}: {reason}")]
    Value { key: &'static str, reason: String },
    #[error("the web app's files were not found in {}; run `make build`", .0.display())]
    Site(PathBuf),
}

/// All that a server needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    pub settings: Settings,
    pub leptos: LeptosOptions,
}

impl Config {
    /// Reads `file` (or the one found by [`FILE`]) and the environment.
    ///
    /// # Errors
    /// [`ConfigError`], by the first thing that is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let (found, text) = read(file)?;
        let settings = parse(found.as_deref().unwrap_or(Path::new(FILE)), &text, environment)?;
        Ok(Self { settings, leptos: leptos_options(found.as_deref(), &text)? })
    }
}

impl Settings {
    /// The settings alone: for commands that serve no pages.
    ///
    /// # Errors
    /// [`ConfigError`], by the first thing that is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let (found, text) = read(file)?;
        parse(found.as_deref().unwrap_or(Path::new(FILE)), &text, environment)
    }
}

fn read(file: Option<&Path>) -> Result<(Option<PathBuf>, String), ConfigError> {
    let found = file.map(Path::to_owned).or_else(find);
    let text = match &found {
        Some(path) => std::fs::read_to_string(path).map_err(|error| ConfigError::Read(path.clone(), error))?,
        None => String::new(),
    };
    Ok((found, text))
}

/// The settings in `text`, overlaid by `environment`.
fn parse(
    path: &Path,
    text: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, ConfigError> {
    let in_file = |error: toml::de::Error| ConfigError::File(path.to_owned(), error.to_string());
    // Once by itself, since only then an error can name the line.
    toml::from_str::<Settings>(text).map_err(in_file)?;
    let mut table: Table = text.parse().map_err(in_file)?;
    for (name, value) in environment {
        let Some(key) = name.strip_prefix(ENV_PREFIX) else { continue };
        // What the tests and the log are steered by is no setting.
        if key.starts_with("TEST_") || key == "LOG" {
            continue;
        }
        let wrong = |reason: &str| ConfigError::Environment(name.clone(), reason.to_owned());
        let (section, key) = key.split_once("__").ok_or_else(|| wrong("expected LATCHKEY_SECTION__KEY"))?;
        let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
        let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        let section = section.as_table_mut().ok_or_else(|| wrong("not a section"))?;
        section.insert(key, value_of(&value));
        // Checked one by one, so that the error can name the variable.
        table.clone().try_into::<Settings>().map_err(|error| wrong(error.message()))?;
    }
    let settings: Settings = table.try_into().map_err(in_file)?;
    settings.check()?;
    Ok(settings)
}

/// A TOML value if it reads as one (`true`, `5`, `["a"]`), otherwise the text itself (`10s`).
fn value_of(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    match parsed {
        Some(value @ (Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Array(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

fn find() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok();
    let folders = [Some(PathBuf::from("."))].into_iter().chain(beside.iter().flat_map(|exe| {
        // target/release/latchkey: the checkout is three up.
        [exe.parent(), exe.ancestors().nth(3)].map(|folder| folder.map(Path::to_owned))
    }));
    folders.flatten().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}

/// Leptos' own options, with the site's folder made absolute: seen from the settings file, or beside the program.
fn leptos_options(file: Option<&Path>, text: &str) -> Result<LeptosOptions, ConfigError> {
    let wrong = |reason: String| ConfigError::File(file.unwrap_or(Path::new(FILE)).to_owned(), reason);
    let mut options = match file {
        Some(_) => leptos::config::get_config_from_str(text).map_err(|error| wrong(error.to_string()))?,
        None => LeptosOptions::builder().output_name("latchkey").hash_files(true).build(),
    };
    let root = PathBuf::from(options.site_root.as_ref());
    let exe = std::env::current_exe().unwrap_or_default();
    let folder = file.and_then(Path::parent).unwrap_or(Path::new("."));
    let candidates = [
        folder.join(&root),
        exe.parent().unwrap_or(Path::new(".")).join("site"),
        exe.ancestors().nth(2).unwrap_or(Path::new(".")).join("site"),
    ];
    let site = candidates.iter().find(|folder| folder.join(options.site_pkg_dir.as_ref()).is_dir());
    let site = site.ok_or_else(|| ConfigError::Site(candidates[0].clone()))?;
    options.site_root = site.to_string_lossy().into_owned().into();
    Ok(options)
}

#[cfg(test)]
mod tests;
