//! Paths in the settings. Relative ones start at the folder of the settings file, wherever the program was started.

use std::path::Path;
use url::Url;

/// Parameters of a PostgreSQL URL that are file names.
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// `url` with every path in it made absolute, starting at `folder`. An unknown kind of URL is returned unchanged.
///
/// # Errors
/// A sentence for the operator when the folder's name is not UTF-8 and a URL cannot hold it.
pub(super) fn database_url(url: &str, folder: &Path) -> Result<String, String> {
    let absolute = |path: &str| {
        let path = folder.join(path).into_os_string();
        path.into_string().map_err(|path| format!("names {path:?}, which is not UTF-8; choose another folder"))
    };
    match url.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() && !path.starts_with('/') => {
            Ok(format!("sqlite://{}", absolute(path)?))
        }
        Some(("postgres" | "postgresql", _)) => {
            let Ok(mut parsed) = Url::parse(url) else { return Ok(url.to_owned()) };
            let is_relative =
                |name: &str, value: &str| FILES.contains(&name) && !value.is_empty() && !value.starts_with('/');
            let pairs: Vec<(String, String)> = parsed.query_pairs().into_owned().collect();
            if !pairs.iter().any(|(name, value)| is_relative(name, value)) {
                return Ok(url.to_owned());
            }
            let mut query = parsed.query_pairs_mut();
            query.clear();
            for (name, value) in pairs {
                let value = if is_relative(&name, &value) { absolute(&value)? } else { value };
                query.append_pair(&name, &value);
            }
            drop(query);
            Ok(parsed.into())
        }
        _ => Ok(url.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    #[test]
    fn relative_paths_count_from_the_folder_and_nothing_else_changes() {
        for (url, seen) in [
            ("sqlite://data/latchkey.db", "sqlite:///srv/latchkey/data/latchkey.db"),
            ("sqlite:///var/latchkey.db", "sqlite:///var/latchkey.db"),
            ("sqlite://", "sqlite://"),
            ("postgres://u:p%2F@h/db?sslmode=verify-full", "postgres://u:p%2F@h/db?sslmode=verify-full"),
            (
                "postgres://u:p%2F@h/db?sslmode=verify-full&sslrootcert=ca.crt",
                "postgres://u:p%2F@h/db?sslmode=verify-full&sslrootcert=%2Fsrv%2Flatchkey%2Fca.crt",
            ),
            ("postgres://h/db?sslrootcert=/etc/ca.crt", "postgres://h/db?sslrootcert=/etc/ca.crt"),
            ("mysql://data/x", "mysql://data/x"),
        ] {
            assert_eq!(database_url(url, Path::new("/srv/latchkey")).as_deref(), Ok(seen), "{url}");
        }
    }

    #[test]
    fn a_folder_that_no_url_can_hold_is_named() {
        let odd = Path::new(OsStr::from_bytes(b"/srv/\xff"));
        assert!(database_url("sqlite://x.db", odd).unwrap_err().contains("not UTF-8"));
        assert!(database_url("sqlite:///x.db", odd).is_ok());
    }
}
