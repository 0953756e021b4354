//! Chooses the lines that are logged, by the environment variable `LATCHKEY_LOG`.

use crate::server::config::ConfigError;
use tracing_subscriber::EnvFilter;

/// The environment variable with the filter.
const VARIABLE: &str = "LATCHKEY_LOG";

/// The filter in `LATCHKEY_LOG`; `default` if it is not set or empty.
///
/// # Errors
/// [`ConfigError::Environment`] when it cannot be parsed.
pub(super) fn from_environment(default: &str) -> Result<EnvFilter, ConfigError> {
    let wrong = |reason: String| ConfigError::Environment(VARIABLE.to_owned(), reason);
    let text = std::env::var_os(VARIABLE).unwrap_or_default();
    let text = text.into_string().map_err(|_| wrong("its value is not UTF-8".into()))?;
    let text = if text.trim().is_empty() { default } else { &text };
    EnvFilter::try_new(directives(text).map_err(wrong)?).map_err(|error| wrong(error.to_string()))
}

/// Parses a filter in the syntax of [`EnvFilter`]: levels, or `target=level`, separated by commas. `EnvFilter` would
/// take an unknown word for a target and log nothing else, so unknown words are refused. Errors are always logged.
fn directives(text: &str) -> Result<String, String> {
    // A web session that has expired is no suspicion.
    let mut all = vec!["error".to_owned(), "tower_sessions_core=error".to_owned()];
    for directive in text.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
        let (target, level) =
            directive.rsplit_once('=').map_or((None, directive), |(target, word)| (Some(target), word));
        let level = match level.to_ascii_lowercase().as_str() {
            level @ ("error" | "warn" | "info" | "debug" | "trace") => level.to_owned(),
            "warning" => "warn".to_owned(),
            // The least that can be logged.
            "off" => "error".to_owned(),
            _ => {
                let target = target.map(|target| format!("{target}=")).unwrap_or_default();
                return Err(format!(
                    "{directive:?} is not understood; use error, warn, info, debug or trace, such as {target}info"
                ));
            }
        };
        all.push(target.map_or_else(|| level.clone(), |target| format!("{target}={level}")));
    }
    Ok(all.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_made_of_levels_and_of_targets_with_levels() {
        assert_eq!(directives("info").as_deref(), Ok("error,tower_sessions_core=error,info"));
        assert_eq!(directives("WARNING").as_deref(), Ok("error,tower_sessions_core=error,warn"));
        assert_eq!(directives("off,sqlx=off").as_deref(), Ok("error,tower_sessions_core=error,error,sqlx=error"));
        assert_eq!(
            directives(" latchkey=debug , sqlx=Warning ").as_deref(),
            Ok("error,tower_sessions_core=error,latchkey=debug,sqlx=warn")
        );
    }

    #[test]
    fn a_filter_that_is_not_understood_is_refused_with_the_words_that_are() {
        for bad in ["verbose", "infos", "latchkey", "latchkey=loud", "info,quiet", "0", "latchkey=0", "="] {
            let error = directives(bad).unwrap_err();
            assert!(error.contains("error, warn, info, debug or trace"), "{bad}: {error}");
        }
    }
}
