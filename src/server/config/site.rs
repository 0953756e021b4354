//! Finds the web app's files, and checks that they belong to the same build as the program.

use super::{ConfigError, SettingSource};
use leptos::config::LeptosOptions;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file with the hashes in the names of the web app's files.
const HASHES: &str = "hash.txt";

/// The part of Leptos' section in the settings file that we read.
#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Section {
    output_name: String,
    site_root: PathBuf,
    site_pkg_dir: String,
    /// Whether the files' names contain hashes, as in a release.
    hash_files: bool,
}

impl Default for Section {
    fn default() -> Self {
        // Leptos' own default of `hash_files`.
        Self { output_name: "latchkey".into(), site_root: "site".into(), site_pkg_dir: "pkg".into(), hash_files: false }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    package: Package,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Package {
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    leptos: Option<Section>,
}

/// Leptos' options for the site, which is in the folder named in the settings file, or beside the program.
///
/// # Errors
/// [`ConfigError`] that names the missing file, or the one of another build.
pub(super) fn options(source: &SettingSource) -> Result<LeptosOptions, ConfigError> {
    let file: File =
        toml::from_str(&source.text).map_err(|error| ConfigError::File(source.name().to_owned(), error.to_string()))?;
    let section = file.package.metadata.leptos.unwrap_or(Section { hash_files: true, ..Section::default() });
    let exe = std::env::current_exe().unwrap_or_default();
    let beside = exe.parent().unwrap_or(Path::new("/"));
    let folders = [
        source.folder.join(&section.site_root),
        beside.join("site"),
        // A build that is not installed: target/release/latchkey and target/site.
        beside.parent().unwrap_or(Path::new("/")).join("site"),
    ];
    let pkg = |site: &Path| site.join(&section.site_pkg_dir);
    let Some(site) = folders.iter().find(|site| pkg(site).is_dir()) else {
        return Err(ConfigError::Site(folders[0].clone()));
    };
    let mut options = LeptosOptions::builder().output_name(section.output_name.as_str()).build();
    options.site_root = site.to_string_lossy().into();
    options.site_pkg_dir = section.site_pkg_dir.as_str().into();
    options.hash_files = section.hash_files;
    if section.hash_files {
        let hashes = hashes(site, &pkg(site), beside, &section.output_name)?;
        // Leptos joins it to the program's folder; an absolute path stays unchanged.
        options.hash_file = hashes.to_string_lossy().into();
    }
    Ok(options)
}

/// The hash file, in the site or beside the program, whose named files all exist.
fn hashes(site: &Path, pkg: &Path, beside: &Path, name: &str) -> Result<PathBuf, ConfigError> {
    let mut refused = ConfigError::Hashes(site.to_owned());
    for hashes in [site, beside].map(|folder| folder.join(HASHES)) {
        let Ok(text) = std::fs::read_to_string(&hashes) else { continue };
        match named(&text, name).into_iter().map(|file| pkg.join(file)).find(|file| !file.is_file()) {
            None => return Ok(hashes),
            Some(missing) => refused = ConfigError::OtherRelease { missing, hashes },
        }
    }
    Err(refused)
}

/// The files that a hash file names. Its lines are `js: HASH`.
fn named(text: &str, name: &str) -> Vec<String> {
    let hash = |kind: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(of, _)| of.trim() == kind).map(|(_, hash)| hash.trim()).next()
    };
    let file = |kind: &str, start: &str, end: &str| match hash(kind) {
        Some(hash) => format!("{start}.{hash}.{end}"),
        None => format!("{start}.{end}"),
    };
    let mut files: Vec<_> = ["js", "wasm", "css"].map(|kind| file(kind, name, kind)).into();
    // Only if the app is split into parts.
    for (kind, start, end) in [("manifest", "__wasm_split_manifest", "json"), ("split", "__wasm_split", "js")] {
        files.extend(hash(kind).map(|_| file(kind, start, end)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH_FILE: &str = "js: A\nwasm: A\ncss: B\nmanifest: A\nsplit: A\n";

    /// A folder with a site like that of a release, and settings for it.
    fn release(names: &[&str]) -> (tempfile::TempDir, SettingSource) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("site/pkg")).unwrap();
        for name in names {
            std::fs::write(folder.path().join("site/pkg").join(name), "").unwrap();
        }
        let text = "[package.metadata.leptos]\nsite-root = \"site\"\nhash-files = true\n".to_owned();
        let source = SettingSource { file: None, folder: folder.path().to_owned(), text };
        (folder, source)
    }

    const FILES: [&str; 5] =
        ["latchkey.A.js", "latchkey.A.wasm", "latchkey.B.css", "__wasm_split_manifest.A.json", "__wasm_split.A.js"];

    #[test]
    fn a_site_that_is_whole_is_found_with_its_hashes() {
        let (folder, source) = release(&FILES);
        std::fs::write(folder.path().join("site/hash.txt"), HASH_FILE).unwrap();
        let options = options(&source).unwrap();
        assert_eq!(Path::new(options.site_root.as_ref()), folder.path().join("site"));
        assert_eq!(Path::new(options.hash_file.as_ref()), folder.path().join("site/hash.txt"));
    }

    #[test]
    fn what_is_missing_of_a_site_or_of_another_build_is_named() {
        let (_folder, source) = release(&FILES);
        let error = options(&source).unwrap_err().to_string();
        assert!(error.contains("hash.txt") && error.contains("beside the program"), "{error}");

        let (folder, source) = release(&FILES[1..]);
        std::fs::write(folder.path().join("site/hash.txt"), HASH_FILE).unwrap();
        let error = options(&source).unwrap_err().to_string();
        assert!(error.contains("site/pkg/latchkey.A.js") && error.contains("site/hash.txt"), "{error}");

        std::fs::remove_dir_all(folder.path().join("site")).unwrap();
        let error = options(&source).map(|found| found.site_root).unwrap_err().to_string();
        assert!(error.contains("/site") && error.contains("beside the program"), "{error}");
    }

    #[test]
    fn a_settings_file_needs_no_section_for_leptos() {
        let (folder, source) = release(&FILES);
        std::fs::write(folder.path().join("site/hash.txt"), HASH_FILE).unwrap();
        let options = options(&SettingSource { text: "[server]\n".into(), ..source }).unwrap();
        assert!(options.hash_files && options.output_name.as_ref() == "latchkey");
    }
}
