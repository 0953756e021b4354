//! `latchkey doctor`: looks at what operators get wrong, and says how to mend it. It changes nothing, and works beside
//! a running server.
//!
//! Each check is a function of what was measured, and returns its findings; measuring is apart from it.

mod database;
mod exposure;
mod files;
pub(super) mod http_get;
mod machine;
mod public_url;

use super::CommandError;
use super::output::{json_line, print, printable};
use crate::server::application::{Runtime, StartError, key_policies};
use crate::server::config::{ConfigError, EffectiveSettings, Settings, WrongSetting};
use crate::server::storage;
use crate::server::tls::Certificates;
use database::Survey;
use serde::Serialize;
use std::ffi::OsString;
use std::path::Path;

/// How bad a finding is. Only an error makes the command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// The server does not start, or does not do its work.
    Error,
    /// It works, and somebody is worse off or at risk.
    Warning,
    /// Worth knowing; it may be meant.
    Note,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    level: Level,
    /// A name that stays the same, for scripts.
    code: &'static str,
    /// A sentence that says what is.
    message: String,
    /// A sentence that says what to do.
    remedy: String,
}

impl Finding {
    fn new(level: Level, code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level, code, message: message.into(), remedy: remedy.into() }
    }

    fn error(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Level::Error, code, message, remedy)
    }

    fn warning(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Level::Warning, code, message, remedy)
    }

    fn note(code: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Level::Note, code, message, remedy)
    }
}

/// Runs the command: prints what is found, worst first.
///
/// # Errors
/// [`CommandError::Unhealthy`] when a finding is an error.
pub(super) async fn run(
    json: bool,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), CommandError> {
    let mut findings = match EffectiveSettings::load(file, environment) {
        Ok(read) => examine(&read.settings).await,
        Err(ConfigError::Wrong(wrong)) => wrong.0.iter().map(wrong_setting).collect(),
        Err(error) => return Err(StartError::from(error).into()),
    };
    findings.sort_by_key(|finding| finding.level);
    for finding in &findings {
        if json {
            print(&json_line(finding)?)?;
        } else {
            let Finding { level, code, message, remedy } = finding;
            print(&format!("{}: {} [{code}]\n  {}", level.as_str(), printable(message), printable(remedy)))?;
        }
    }
    if !json && findings.is_empty() {
        print("Nothing is wrong.")?;
    }
    match findings.iter().filter(|finding| finding.level == Level::Error).count() {
        0 => Ok(()),
        errors => Err(CommandError::Unhealthy(errors)),
    }
}

fn wrong_setting(wrong: &WrongSetting) -> Finding {
    let remedy = "Correct it; until then the server does not start, and nothing else is examined.";
    Finding::error("setting_wrong", wrong.to_string(), remedy)
}

/// The files of the server's own certificate, which the next start will read.
fn own_certificate(settings: &Settings) -> Option<Finding> {
    let error = Certificates::of(&settings.server).err()?;
    let remedy = "Put the right files at server.tls_cert and server.tls_key: a start would stop here. A running server \
                  goes on with the pair that it has.";
    Some(Finding::error("tls_unusable", format!("The certificate of this server cannot be used: {error}."), remedy))
}

async fn examine(settings: &Settings) -> Vec<Finding> {
    let runtime = Runtime::default();
    let now = runtime.clock.now();
    let url = &settings.database.url;
    let mut findings = exposure::judge(settings);
    findings.extend(machine::judge(settings));
    findings.extend(own_certificate(settings));

    let serving = storage::serving_process(url);
    let survey = Survey::make(url, &settings.secret.file, &*runtime.clock).await;
    findings.extend(files::judge(storage::file(url).as_deref(), &settings.secret.file));
    findings.extend(database::judge(&survey, serving.as_deref(), &key_policies(&settings.tokens), now));

    // PostgreSQL does not say whether a server uses it.
    let serves = storage::file(url).is_none() || serving.is_some();
    let kids = survey.published_kids(now);
    let authorities = std::env::var_os("SSL_CERT_FILE");
    findings
        .extend(public_url::examine(&settings.server.public_url, authorities, serves, &kids, &*runtime.clock).await);
    findings
}
