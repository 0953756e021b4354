//! The documents that are made from the descriptions of the settings: `docs/settings.md`, and `Leptos.toml` as it is
//! shipped. Tests hold that both files are what is made here.

use super::bounds::BOUNDS;
use super::setting_names::variable;
use super::{DescribedSetting, Settings};
use std::fmt::Write as _;

const MARKDOWN_PREFACE: &str = "\
# Settings

This page is made by `latchkey config reference` of the program's own descriptions.

`Leptos.toml` is read from the working folder, from beside the program, or from `--config`. Each setting is a key of a
section there, and also an environment variable, which takes precedence. A duration is a whole number with its unit:
`500ms`, `10s`, `15m`, `12h`, `14d`. In the environment the items of a list are separated by commas. Relative paths
count from the folder of `Leptos.toml`; without the file, from the working folder.

`latchkey config check` names every setting that is wrong, and `latchkey config show` prints the settings in force and
where each comes from.
";

const MARKDOWN_CLIENTS: &str = "
## `[[clients]]`

Native clients, a table for each. A native client gets its refresh token in the answer's body and never a cookie. The
web app is a built-in client.

    [[clients]]
    id = \"my-app\"
    kind = \"native\"
";

const FILE_PREFACE: &str = "\
# The settings of a running Latchkey. What stands here commented out is the default; every key is also an
# environment variable, LATCHKEY_SECTION__KEY. An unknown key or a bad value stops the start: `latchkey config check`
# names them all. Relative paths count from the folder of this file. docs/settings.md has the same with types and bounds.

# A release carries the web app. A folder that is named here, and is there, takes its place.
# [package.metadata.leptos]
# site-root = \"target/site\"
# hash-files = true
";

const FILE_CLIENTS: &str = "
# A native client gets its refresh token in the answer's body and never a cookie.
# [[clients]]
# id = \"my-app\"
# kind = \"native\"
";

/// All settings, as Markdown.
pub fn markdown() -> String {
    let mut page = MARKDOWN_PREFACE.to_owned();
    for section in Settings::default().described() {
        // A string takes all that it is given.
        let _ = write!(page, "\n## `[{}]`\n\n{}\n", section.name, lines(section.doc, ""));
        for setting in section.settings {
            let _ = write!(page, "\n### `{}`\n\n{}\n\n{}\n", setting.key, lines(setting.doc, ""), facts(&setting));
        }
    }
    page + MARKDOWN_CLIENTS
}

/// The settings file as it is shipped: each setting with its default, commented out.
pub fn settings_file() -> String {
    let mut file = FILE_PREFACE.to_owned();
    for section in Settings::default().described() {
        let _ = writeln!(file, "\n[{}]", section.name);
        for setting in section.settings {
            let name = setting.key.split_once('.').map_or(setting.key.as_str(), |(_, name)| name);
            // A setting without a default is shown as it begins.
            let value = setting.toml().unwrap_or_default();
            let _ = writeln!(file, "{}\n{}", lines(setting.doc, "# "), format!("# {name} = {value}").trim_end());
        }
    }
    file + FILE_CLIENTS
}

/// The lines of a doc comment.
fn lines(doc: &[&str], prefix: &str) -> String {
    let line = |line: &&str| format!("{prefix}{}", line.strip_prefix(' ').unwrap_or(line)).trim_end().to_owned();
    doc.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Type, default, bounds and variable of a setting, as a list.
fn facts(setting: &DescribedSetting) -> String {
    let default = setting.toml().map_or_else(|| "none".to_owned(), |value| format!("`{value}`"));
    let mut facts = format!("- Type: {}\n- Default: {default}\n", setting.kind);
    if let Some(bound) = BOUNDS.iter().find(|bound| bound.keys.first() == Some(&setting.key.as_str())) {
        let _ = writeln!(facts, "- Must be {}", bound.words);
    }
    facts + &format!("- Variable: `{}`", variable(&setting.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file `name` of the repository is what `made` is; otherwise says how to make it so.
    #[track_caller]
    fn assert_is_made(name: &str, made: &str, option: &str) {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read_to_string(path).unwrap_or_default();
        let differs = file.lines().zip(made.lines()).position(|(file, made)| file != made);
        let line = 1 + differs.unwrap_or(file.lines().count().min(made.lines().count()));
        assert!(
            file == made,
            "{name} differs at line {line} from src/server/config/settings.rs. Make it anew: \
             cargo run --features ssr -- config reference{option} > {name}.new && mv {name}.new {name}"
        );
    }

    #[test]
    fn the_page_of_the_settings_is_made_from_them() {
        assert_is_made("docs/settings.md", &markdown(), "");
    }

    #[test]
    fn the_file_that_is_shipped_is_made_from_the_settings() {
        assert_is_made("Leptos.toml", &settings_file(), " --toml");
    }

    #[test]
    fn every_setting_says_what_it_is_for_and_every_bound_is_of_a_setting() {
        let all: Vec<_> = Settings::default().described().into_iter().flat_map(|section| section.settings).collect();
        for setting in &all {
            assert!(!setting.doc.is_empty() && !setting.kind.is_empty(), "{}", setting.key);
        }
        for key in BOUNDS.iter().flat_map(|bound| bound.keys).filter(|key| **key != "clients") {
            assert!(all.iter().any(|setting| setting.key == *key), "{key}");
        }
    }

    /// Whoever takes the marks of the comments away has the same settings.
    #[test]
    fn what_the_shipped_file_shows_can_be_read() {
        let text: Vec<String> = settings_file()
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| is_assignment(rest)).unwrap_or(line).to_owned())
            .collect();
        let read: Settings = toml::from_str(&text.join("\n")).unwrap();
        assert_eq!(format!("{:?}", read.described()), format!("{:?}", Settings::default().described()));
    }

    fn is_assignment(line: &str) -> bool {
        let name = line.split_once(" = ").map(|(name, _)| name);
        name.is_some_and(|name| {
            Settings::default().described().iter().flat_map(|section| &section.settings).any(|setting| {
                setting.value != serde_json::Value::Null && setting.key.split('.').next_back() == Some(name)
            })
        })
    }
}
