//! Environment variables: which of them are settings, and which of those with our prefix are set by other programs.

use super::setting_names::{SettingNames, variable};
use super::wrong::{ValueSource, WrongSetting};
use std::ffi::OsString;
use toml::{Table, Value};

const PREFIX: &str = "LATCHKEY_";

/// Variables with facts about an image or a container, which packagers set.
const PACKAGING: [&str; 11] =
    ["VERSION", "RELEASE", "TAG", "IMAGE", "DIGEST", "SHA256", "COMMIT", "REVISION", "HOME", "UID", "GID"];

/// A setting from the environment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub name: String,
    pub section: String,
    pub key: String,
    pub value: String,
}

impl Variable {
    /// The value as TOML if it parses (`true`, `5`, `["a"]`), otherwise as a string (`10s`).
    pub(super) fn toml(&self) -> Value {
        let parsed =
            format!("value = {}", self.value).parse::<Table>().ok().and_then(|mut table| table.remove("value"));
        match parsed {
            Some(value @ (Value::Boolean(_) | Value::Integer(_) | Value::Float(_) | Value::Array(_))) => value,
            _ => Value::String(self.value.clone()),
        }
    }
}

/// The settings in an environment, and the variables with our prefix that other programs set.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EnvironmentVariables {
    pub settings: Vec<Variable>,
    pub passed_over: Vec<String>,
    /// Names that have the form of a setting and are none, and values that are not UTF-8.
    pub wrong: Vec<WrongSetting>,
}

impl EnvironmentVariables {
    /// Reads the variables that start with `LATCHKEY_`. All others are ignored, whatever bytes they contain.
    pub(super) fn read(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut read = Self::default();
        for (name, value) in variables {
            if !name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
                continue;
            }
            let text = name.to_string_lossy().into_owned();
            let rest = text.strip_prefix(PREFIX).unwrap_or_default();
            // `telemetry` reads `LATCHKEY_LOG`, and tests have variables of their own.
            if rest == "LOG" || rest.starts_with("TEST_") {
                continue;
            }
            if is_of_orchestration(rest, &value.to_string_lossy()) {
                read.passed_over.push(text);
                continue;
            }
            let Some((section, key)) = rest.split_once("__") else {
                let meant = SettingNames::all().nearest(rest).map(|key| format!("did you mean {}?", variable(key)));
                let reason = "is no setting; settings are named LATCHKEY_SECTION__KEY, like LATCHKEY_SERVER__LISTEN";
                read.wrong.push(wrong(text, reason, meant));
                continue;
            };
            let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
            match value.into_string() {
                Ok(value) => read.settings.push(Variable { name: text, section, key, value }),
                Err(_) => read.wrong.push(wrong(text, "its value is not UTF-8", None)),
            }
        }
        // The order of the environment is nobody's choice.
        read.settings.sort_by(|one, other| one.name.cmp(&other.name));
        read.passed_over.sort();
        read
    }
}

fn wrong(name: String, reason: &str, remedy: Option<String>) -> WrongSetting {
    let (reason, source) = (reason.to_owned(), ValueSource::Environment(name));
    WrongSetting { source, key: None, value: None, reason, remedy }
}

/// Whether Kubernetes or Docker sets such a variable: for a Service called `latchkey` or `latchkey-…`
/// (`LATCHKEY_SERVICE_HOST`, `LATCHKEY_SERVICE_PORT_HTTP`, `LATCHKEY_PORT=tcp://…`, `LATCHKEY_PORT_3000_TCP_ADDR`), for
/// a linked container (`LATCHKEY_NAME=/app/latchkey`, `LATCHKEY_ENV_…`), or for an image (`LATCHKEY_VERSION`).
fn is_of_orchestration(rest: &str, value: &str) -> bool {
    let is_port_of = |protocol: &str| {
        rest.split_once(&format!("_{protocol}")).is_some_and(|(before, after)| {
            let number = before.rsplit_once("PORT_").map(|(_, number)| number);
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
                && ["", "_ADDR", "_PORT", "_PROTO"].contains(&after)
        })
    };
    let ends_with = |word: &str| rest == word || rest.ends_with(&format!("_{word}"));
    ends_with("SERVICE_HOST")
        || ends_with("SERVICE_PORT")
        || rest.starts_with("SERVICE_PORT_")
        || rest.contains("_SERVICE_PORT_")
        || ends_with("PORT") && ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
        || ["TCP", "UDP", "SCTP"].into_iter().any(is_port_of)
        || rest == "NAME" && value.starts_with('/')
        || rest.starts_with("ENV_")
        || PACKAGING.contains(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt as _;

    fn read(variables: &[(&[u8], &[u8])]) -> EnvironmentVariables {
        let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        EnvironmentVariables::read(variables.iter().map(|(name, value)| (text(name), text(value))))
    }

    /// What is said of the one variable that is wrong.
    fn refused(variables: &[(&[u8], &[u8])]) -> String {
        let read = read(variables);
        assert_eq!(read.wrong.len(), 1, "{read:?}");
        read.wrong[0].to_string()
    }

    #[test]
    fn what_kubernetes_docker_and_images_set_is_passed_over() {
        let foreign: [(&[u8], &[u8]); 15] = [
            (b"LATCHKEY_PORT", b"tcp://10.0.0.1:3000"),
            (b"LATCHKEY_PORT_3000_TCP", b"tcp://10.0.0.1:3000"),
            (b"LATCHKEY_PORT_3000_TCP_ADDR", b"10.0.0.1"),
            (b"LATCHKEY_PORT_3000_TCP_PORT", b"3000"),
            (b"LATCHKEY_PORT_3000_TCP_PROTO", b"tcp"),
            (b"LATCHKEY_PORT_53_UDP_ADDR", b"10.0.0.1"),
            (b"LATCHKEY_SERVICE_HOST", b"10.0.0.1"),
            (b"LATCHKEY_SERVICE_PORT", b"3000"),
            (b"LATCHKEY_SERVICE_PORT_HTTP", b"3000"),
            (b"LATCHKEY_DB_SERVICE_HOST", b"10.0.0.2"),
            (b"LATCHKEY_DB_PORT_5432_TCP", b"tcp://10.0.0.2:5432"),
            (b"LATCHKEY__DB_SERVICE_HOST", b"10.0.0.2"),
            (b"LATCHKEY_NAME", b"/web/latchkey"),
            (b"LATCHKEY_ENV_PATH", b"\xff"),
            (b"LATCHKEY_VERSION", b"1.2.3"),
        ];
        let read = read(&foreign);
        assert_eq!((read.settings.len(), read.wrong.len()), (0, 0), "{read:?}");
        assert_eq!(read.passed_over.len(), foreign.len(), "{read:?}");
    }

    #[test]
    fn what_looks_like_a_setting_and_is_none_is_named() {
        let odd: [(&[u8], &[u8]); 6] = [
            (b"LATCHKEY_GRACE", b"5s"),
            (b"LATCHKEY_PORT", b"3000"),
            (b"LATCHKEY_HOST", b"0.0.0.0"),
            (b"LATCHKEY_NAME", b"Ada"),
            (b"LATCHKEY_SERVER_LISTEN", b"0.0.0.0:3000"),
            (b"LATCHKEY_PORT_HTTP_TCP", b"3000"),
        ];
        for (name, value) in odd {
            let error = refused(&[(name, value)]);
            assert!(error.contains(std::str::from_utf8(name).unwrap()) && error.contains("SECTION__KEY"), "{error}");
        }
    }

    #[test]
    fn only_our_own_variables_must_be_text() {
        let foreign: [(&[u8], &[u8]); 3] = [(b"LANG", b"\xff\xfe"), (b"ODD\xff", b"x"), (b"", b"")];
        assert_eq!(read(&foreign), EnvironmentVariables::default());
        let error = refused(&[(b"LATCHKEY_DATABASE__URL", b"sqlite://\xff.db")]);
        assert_eq!(error, "environment variable LATCHKEY_DATABASE__URL: its value is not UTF-8");
        let error = refused(&[(b"LATCHKEY_\xff", b"x")]);
        assert!(error.contains("LATCHKEY_\u{fffd}"), "{error}");
    }
}
