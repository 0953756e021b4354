//! The settings of a server, from `Leptos.toml` and the environment. They are checked before anything starts.
//!
//! Every key of the file can also be set by an environment variable, `LATCHKEY_SECTION__KEY`, which overrides the file.
//! An unknown key or an invalid value is an error that names the place and the reason; all of them are reported at
//! once. Relative paths start at the file's folder.

mod bounds;
mod described;
mod duration;
mod environment;
mod listen;
mod networks;
mod paths;
mod public_url;
pub mod reference;
mod setting_names;
mod settings;
mod site;
mod sources;
mod wrong;

pub use described::{DescribedSection, DescribedSetting};
pub(crate) use duration::parse as parse_duration;
pub use listen::ListenAddress;
pub(crate) use networks::parse as parse_network;
pub use settings::*;
pub use wrong::{ValueSource, WrongSetting, WrongSettings};

use crate::server::site::{Archive, Site};
use environment::EnvironmentVariables;
use jsonwebtoken::Algorithm;
use leptos::config::LeptosOptions;
use sources::ValueSources;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The settings file. It is searched for in the working folder, then beside the program.
pub const FILE: &str = "Leptos.toml";

/// Why the settings cannot be used. The text names the place and the reason.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum ConfigError {
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    File(PathBuf, String),
    #[error("environment variable {0}: {1}")]
    Environment(String, String),
    #[error("{0}")]
    Wrong(WrongSettings),
    #[error("{key}: {reason}")]
    Value { key: &'static str, reason: String },
    #[error(
        "this program carries no web app (a release does: `make build`), and no folder with one was found: neither {} nor \
         `site` beside the program",
        .0.display()
    )]
    Site(PathBuf),
    #[error(
        "hash.txt, which names the web app's files, was found neither in {} nor beside the program: both must be of one build",
        .0.display()
    )]
    Hashes(PathBuf),
    #[error(
        "the web app's file {} is missing, which {} names: program and folder must be of one build",
        missing.display(),
        hashes.display()
    )]
    OtherRelease { missing: PathBuf, hashes: PathBuf },
}

/// The configuration of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings, checked.
    pub settings: Settings,
    /// What Leptos needs to know of the site.
    pub leptos: LeptosOptions,
    /// The web app's files.
    pub site: Site,
    /// Where the settings were read from, if there is a file.
    pub file: Option<PathBuf>,
}

impl Config {
    /// Reads `file` (or the one found by [`FILE`]) and the environment. `embedded` are the web app's files that the
    /// program carries.
    ///
    /// # Errors
    /// [`ConfigError`], of settings with all that is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        embedded: Option<Archive>,
    ) -> Result<Self, ConfigError> {
        let source = SettingSource::read(file)?;
        let settings = source.settings(environment)?.settings;
        let (leptos, site) = site::find(&source, embedded)?;
        Ok(Self { settings, leptos, site, file: source.file })
    }
}

impl Settings {
    /// Reads only the settings, for commands that serve no pages.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        EffectiveSettings::load(file, environment).map(|read| read.settings)
    }
}

/// The settings, and where each value comes from.
#[derive(Clone, Debug)]
pub struct EffectiveSettings {
    /// The settings, checked.
    pub settings: Settings,
    /// Where they were read from, if there is a file.
    pub file: Option<PathBuf>,
    sources: ValueSources,
}

impl EffectiveSettings {
    /// Reads `file` (or the one found by [`FILE`]) and the environment. Nothing else is read or made.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        SettingSource::read(file)?.settings(environment)
    }

    /// Where the value of the setting `section.key` comes from.
    pub fn source(&self, key: &str) -> ValueSource {
        self.sources.get(key).cloned().unwrap_or(ValueSource::Default)
    }
}

/// The text of the settings file; empty if there is no file.
struct SettingSource {
    file: Option<PathBuf>,
    /// The folder at which relative paths start: the file's folder, otherwise the working folder. Absolute.
    folder: PathBuf,
    text: String,
}

impl SettingSource {
    fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        let here = std::env::current_dir().map_err(|error| ConfigError::Read(PathBuf::from("."), error))?;
        let Some(found) = file.map(Path::to_owned).or_else(find) else {
            return Ok(Self { file: None, folder: here, text: String::new() });
        };
        let file = here.join(found);
        let text = std::fs::read_to_string(&file).map_err(|error| ConfigError::Read(file.clone(), error))?;
        let folder = file.parent().unwrap_or(&here).to_owned();
        Ok(Self { file: Some(file), folder, text })
    }

    /// The name of the file in errors.
    fn name(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(FILE))
    }

    fn settings(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<EffectiveSettings, ConfigError> {
        let environment = EnvironmentVariables::read(environment);
        if !environment.passed_over.is_empty() {
            let names = environment.passed_over.join(" ");
            tracing::warn!(names, "environment variables that start with LATCHKEY_ and are not settings are ignored");
        }
        let (settings, sources) = sources::read(self.name(), &self.text, environment, &self.folder)?;
        Ok(EffectiveSettings { settings, file: self.file.clone(), sources })
    }
}

fn find() -> Option<PathBuf> {
    let exe = std::env::current_exe().unwrap_or_default();
    let beside = exe.parent().map(Path::to_owned);
    // A build that is not installed: target/release/latchkey of a checkout.
    let checkout = exe.ancestors().nth(2).filter(|folder| folder.ends_with("target")).and_then(Path::parent);
    let folders = [Some(PathBuf::new()), beside, checkout.map(Path::to_owned)];
    folders.into_iter().flatten().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
