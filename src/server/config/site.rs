//! The web app's files: where they are, and whether they are of one build with the program.
//!
//! The settings may name a folder. Otherwise the program serves the files that it carries, and whatever folder lies
//! beside it is not looked at: it may be left over from an older release. A program that carries none, as development
//! builds do, looks for a folder.

use super::{ConfigError, SettingSource};
use crate::server::site::{Archive, HASHES, Hashes, Site, SiteSource};
use leptos::config::LeptosOptions;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What we read of Leptos' own section of the settings file.
#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Section {
    output_name: String,
    site_root: Option<PathBuf>,
    site_pkg_dir: String,
    /// Whether the files' names contain hashes, as in a release.
    hash_files: bool,
}

impl Default for Section {
    fn default() -> Self {
        // `hash_files` as Leptos has it, for a section that does not say.
        Self { output_name: "latchkey".into(), site_root: None, site_pkg_dir: "pkg".into(), hash_files: false }
    }
}

impl Section {
    /// As `Cargo.toml` has it, for settings without such a section.
    fn of_the_build() -> Self {
        Self { hash_files: true, ..Self::default() }
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

/// The site, and Leptos' options for it: the folder that the settings name, if it is there; else what the program
/// carries; else a folder of the checkout, or beside the program.
///
/// # Errors
/// [`ConfigError`] naming the file that is missing, or that is of another build.
pub(super) fn find(settings: &SettingSource, embedded: Option<Archive>) -> Result<(LeptosOptions, Site), ConfigError> {
    let file: File = toml::from_str(&settings.text)
        .map_err(|error| ConfigError::File(settings.name().to_owned(), error.to_string()))?;
    let section = file.package.metadata.leptos.unwrap_or(Section::of_the_build());
    let has_app = |site: &PathBuf| site.join(&section.site_pkg_dir).is_dir();
    let named = section.site_root.as_ref().map(|site| settings.folder.join(site));
    let embedded = embedded.map(SiteSource::Embedded);
    if let Some(site) = named.clone().filter(has_app) {
        let site = in_folder(site, &section)?;
        if embedded.is_some_and(|embedded| hashes_in(&embedded) != site.hashes) {
            let folder = site.source.to_string();
            tracing::warn!(folder, "the web app's files that site-root names are of another build than the program");
        }
        return Ok((options(&section, &site), site));
    }
    if let Some(source) = embedded {
        let section = Section::of_the_build();
        let site = Site { hashes: hashes_in(&source), source };
        return Ok((options(&section, &site), site));
    }
    let exe = std::env::current_exe().unwrap_or_default();
    let beside = exe.parent().unwrap_or(Path::new("/"));
    let folders = [
        // Where cargo-leptos puts it in a checkout, wherever Cargo puts the program.
        settings.folder.join("target/site"),
        settings.folder.join("site"),
        beside.join("site"),
        // target/debug/latchkey and target/site.
        beside.parent().unwrap_or(Path::new("/")).join("site"),
    ];
    let missing = || ConfigError::Site(named.unwrap_or_else(|| folders[1].clone()));
    let site = in_folder(folders.iter().find(|site| has_app(site)).cloned().ok_or_else(missing)?, &section)?;
    Ok((options(&section, &site), site))
}

fn options(section: &Section, site: &Site) -> LeptosOptions {
    let mut options = LeptosOptions::builder().output_name(section.output_name.as_str()).build();
    options.site_root = site.source.to_string().into();
    options.site_pkg_dir = section.site_pkg_dir.as_str().into();
    options.hash_files = !site.hashes.is_empty();
    options
}

fn hashes_in(source: &SiteSource) -> Hashes {
    let text = source.read(HASHES).unwrap_or_default();
    Hashes::parse(&String::from_utf8_lossy(&text))
}

/// The site in a folder, with the hashes whose files are all there. The hash file lies in the site, or beside the
/// program, where cargo-leptos puts it.
fn in_folder(folder: PathBuf, section: &Section) -> Result<Site, ConfigError> {
    if !section.hash_files {
        return Ok(Site { source: SiteSource::Folder(folder), hashes: Hashes::default() });
    }
    let pkg = folder.join(&section.site_pkg_dir);
    let exe = std::env::current_exe().unwrap_or_default();
    let beside = exe.parent().unwrap_or(Path::new("/"));
    let mut refused = ConfigError::Hashes(folder.clone());
    for file in [&folder, beside].map(|place| place.join(HASHES)) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let hashes = Hashes::parse(&text);
        match named(&hashes, &section.output_name).into_iter().map(|file| pkg.join(file)).find(|file| !file.is_file()) {
            None => return Ok(Site { source: SiteSource::Folder(folder), hashes }),
            Some(missing) => refused = ConfigError::OtherRelease { missing, hashes: file },
        }
    }
    Err(refused)
}

/// The files that must be there, by a hash file.
fn named(hashes: &Hashes, name: &str) -> Vec<String> {
    let file = |kind: &str, start: &str, end: &str| match hashes.get(kind) {
        Some(hash) => format!("{start}.{hash}.{end}"),
        None => format!("{start}.{end}"),
    };
    let mut files: Vec<_> = ["js", "wasm", "css"].map(|kind| file(kind, name, kind)).into();
    // Only if the app is split into parts.
    for (kind, start, end) in [("manifest", "__wasm_split_manifest", "json"), ("split", "__wasm_split", "js")] {
        files.extend(hashes.get(kind).map(|_| file(kind, start, end)));
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
        let (_, site) = find(&source, None).unwrap();
        assert_eq!(site.source.to_string(), folder.path().join("site").display().to_string());
        assert_eq!(site.hashes, Hashes::parse(HASH_FILE));
    }

    #[test]
    fn what_is_missing_of_a_site_or_of_another_build_is_named() {
        let (_folder, source) = release(&FILES);
        let error = find(&source, None).unwrap_err().to_string();
        assert!(error.contains("hash.txt") && error.contains("beside the program"), "{error}");

        let (folder, source) = release(&FILES[1..]);
        std::fs::write(folder.path().join("site/hash.txt"), HASH_FILE).unwrap();
        let error = find(&source, None).unwrap_err().to_string();
        assert!(error.contains("site/pkg/latchkey.A.js") && error.contains("site/hash.txt"), "{error}");

        std::fs::remove_dir_all(folder.path().join("site")).unwrap();
        let error = find(&source, None).unwrap_err().to_string();
        assert!(error.contains("/site") && error.contains("beside the program"), "{error}");
    }

    #[test]
    fn a_settings_file_needs_no_section_for_leptos() {
        let (folder, source) = release(&FILES);
        std::fs::write(folder.path().join("site/hash.txt"), HASH_FILE).unwrap();
        let (options, site) = find(&SettingSource { text: "[server]\n".into(), ..source }, None).unwrap();
        assert!(options.hash_files && options.output_name.as_ref() == "latchkey");
        assert_eq!(site.hashes.get("css"), Some("B"));
    }

    /// What a program carries: its hashes are enough here.
    fn embedded() -> Option<Archive> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        let text = "js: E\nwasm: E\ncss: E\n";
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, HASHES, text.as_bytes()).unwrap();
        Some(Archive::open(tar.into_inner().unwrap().into()).unwrap())
    }

    #[test]
    fn a_folder_that_the_settings_name_goes_before_what_the_program_carries_and_any_other_after_it() {
        let (folder, source) = release(&FILES);
        let place = |settings: &SettingSource, embedded: Option<Archive>| {
            find(settings, embedded).map(|(_, site)| site.source.to_string())
        };
        let in_folder = folder.path().join("site").display().to_string();
        // Damaged as it is, it was asked for.
        assert!(place(&source, embedded()).unwrap_err().to_string().contains("hash.txt"));
        std::fs::write(folder.path().join("site/hash.txt"), HASH_FILE).unwrap();
        assert_eq!(place(&source, embedded()).unwrap(), in_folder);
        // Left over from an older release, perhaps.
        for text in ["", "[package.metadata.leptos]\nhash-files = false\n"] {
            let unnamed = SettingSource { text: text.into(), file: None, folder: source.folder.clone() };
            let (options, site) = find(&unnamed, embedded()).unwrap();
            assert_eq!((site.source.to_string().as_str(), site.hashes.get("js")), ("embedded", Some("E")));
            assert!(options.hash_files);
            assert_eq!(place(&unnamed, None).unwrap(), in_folder);
        }
        std::fs::rename(folder.path().join("site"), folder.path().join("elsewhere")).unwrap();
        assert_eq!(place(&source, embedded()).unwrap(), "embedded");
        assert!(place(&source, None).unwrap_err().to_string().contains(&in_folder));
    }
}
