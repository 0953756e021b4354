//! What holds of all sources: the walls between modules, and the rules that every file keeps.

mod modules;
mod walls;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The longest that a file may be.
const LINES_MAX: usize = 400;

fn sources() -> Vec<(PathBuf, String)> {
    sources_in("src")
}

/// All Rust files below a folder of the repository.
fn sources_in(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    found
}

/// A path below `src`, as `a/b.rs`.
fn name(path: &Path) -> &str {
    path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap().to_str().unwrap()
}

#[test]
fn the_targets_are_told_apart_in_one_place() {
    let files = sources();
    let told = |text: &str| text.matches(concat!("cfg(", "feature")).count();
    let places: BTreeSet<_> = files.iter().filter(|(_, text)| told(text) > 0).map(|(path, _)| name(path)).collect();
    assert_eq!(places, BTreeSet::from(["lib.rs"]));
    assert_eq!(files.iter().map(|(_, text)| told(text)).sum::<usize>(), 2);
}

/// So that the walk over all routes (`gate`) misses none.
#[test]
fn routes_are_made_in_one_place_from_its_lists() {
    let files = sources();
    let made = |text: &str| text.lines().filter(|line| line.contains(concat!(".rou", "te("))).count();
    let places: Vec<_> = files.iter().map(|(path, text)| (name(path), made(text))).filter(|(_, n)| *n > 0).collect();
    assert_eq!(places, [("server/http/router.rs", 3)], "documents, server functions, pages");
}

/// A session that ends elsewhere would not be announced.
#[test]
fn sessions_end_in_one_place() {
    let ports = ["dyn Endings", "SessionEndings", "UserEndings", "Refreshes"];
    let (mut holders, mut writers) = (BTreeSet::new(), BTreeSet::new());
    let files = sources();
    for (path, text) in files.iter().filter(|(path, _)| name(path).starts_with("server/")) {
        let code =
            text.split("#[cfg(test)]").next().unwrap().lines().filter(|line| !line.trim_start().starts_with("//"));
        let code: String = code.collect::<Vec<_>>().join("\n");
        if ports.iter().any(|port| code.contains(port)) && !name(path).starts_with("server/ports/") {
            holders.insert(name(path));
        }
        if ["SET revoked_at", "DELETE FROM users"].iter().any(|sql| code.contains(sql)) {
            writers.insert(name(path));
        }
    }
    let storage = ["server/storage/refreshes.rs", "server/storage/sessions.rs", "server/storage/users.rs"];
    assert_eq!(holders, storage.into_iter().chain(["server/session_ends.rs"]).collect(), "who may end sessions");
    assert_eq!(
        writers,
        storage.into_iter().collect(),
        "statements that end sessions stand where the ports for it are implemented"
    );
}

#[test]
fn no_file_is_too_long() {
    let long = |(path, text): &(PathBuf, String)| {
        let lines = text.lines().count();
        (lines > LINES_MAX).then(|| format!("{}: {lines}", path.display()))
    };
    let all = ["src", "fuzz/src", "fuzz/fuzz_targets"].into_iter().flat_map(sources_in);
    let found: Vec<String> = all.collect::<Vec<_>>().iter().filter_map(long).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// `make fuzz` runs what is declared, from the corpus that is kept.
#[test]
fn every_fuzz_target_is_declared_and_has_a_corpus() {
    let manifest: toml::Table = include_str!("../../../fuzz/Cargo.toml").parse().unwrap();
    let name = |target: &toml::Value| target["name"].as_str().unwrap().to_owned();
    let name_of = |file: &OsStr| file.to_str().unwrap().split('.').next().unwrap().to_owned();
    let declared: BTreeSet<String> = manifest["bin"].as_array().unwrap().iter().map(name).collect();
    for folder in ["fuzz/fuzz_targets", "fuzz/corpus"] {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        let names = entries.map(|entry| name_of(&entry.unwrap().file_name()));
        assert_eq!(declared, names.collect(), "{folder}");
    }
}

#[test]
fn the_build_names_the_site_as_the_server_expects_it() {
    let table: toml::Table = include_str!("../../../Cargo.toml").parse().unwrap();
    let build = &table["package"]["metadata"]["leptos"];
    // The defaults of `server::config`; a settings file need not say them.
    for (key, value) in [("output-name", "latchkey"), ("site-root", "target/site"), ("site-pkg-dir", "pkg")] {
        assert_eq!(build[key].as_str(), Some(value), "{key}");
    }
    assert_eq!(build["hash-files"].as_bool(), Some(true));
    let shipped: toml::Table = include_str!("../../../Leptos.toml").parse().unwrap();
    assert!(!shipped.contains_key("package"), "it names no folder: a release serves the files that it carries");
}
