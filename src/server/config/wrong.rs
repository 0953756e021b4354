//! Settings that are wrong, in words for the operator.

use std::fmt;
use std::path::PathBuf;

/// Where the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueSource {
    /// Nobody set it.
    Default,
    /// A line of the settings file, counted from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// The content of a file that another setting names.
    Content(PathBuf),
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{}, line {line}", file.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Content(file) => write!(f, "content of {}", file.display()),
        }
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongSetting {
    /// Where it stands.
    pub source: ValueSource,
    /// The setting, if that is known.
    pub key: Option<String>,
    /// The value as it was written, if it may be shown.
    pub value: Option<String>,
    /// Why it cannot be used.
    pub reason: String,
    /// What to write instead, if there is more to say than the reason does.
    pub remedy: Option<String>,
}

impl fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        match (&self.key, &self.value) {
            (Some(key), Some(value)) => write!(f, "{key} = {value}: ")?,
            (Some(key), None) => write!(f, "{key}: ")?,
            (None, _) => {}
        }
        f.write_str(&self.reason)?;
        self.remedy.as_ref().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

/// All settings that cannot be used: a line for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongSettings(pub Vec<WrongSetting>);

impl fmt::Display for WrongSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [one] = self.0.as_slice() {
            return one.fmt(f);
        }
        write!(f, "{} settings are wrong:", self.0.len())?;
        self.0.iter().try_for_each(|wrong| write!(f, "\n{wrong}"))
    }
}
