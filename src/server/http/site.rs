//! Finds the files of the built site that a page refers to. They are read once, when the server starts.

use crate::ui::files::SiteFiles;
use leptos::config::LeptosOptions;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The files of a built site. The build writes their hashes into a file beside the binary, and the files of each part
/// of the app into a manifest beside the files. Without hashes, files have the names that the tools give them.
pub fn files(options: &LeptosOptions) -> SiteFiles {
    let hashes = if options.hash_files { hashes(&options.hash_file) } else { HashMap::new() };
    let folder = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let address = |name: &str, kind: &str, ending: &str| {
        let hash = hashes.get(kind).map(|hash| format!(".{hash}")).unwrap_or_default();
        format!("/{}/{name}{hash}.{ending}", options.site_pkg_dir)
    };
    let name = &*options.output_name;
    let wasm = if hashes.is_empty() { format!("{name}_bg") } else { name.to_owned() };
    let manifest = address("__wasm_split_manifest", "manifest", "json");
    let manifest = manifest.rsplit('/').next().map(|file| folder.join(file));
    let parts: BTreeMap<String, Vec<String>> = manifest
        .and_then(|file| std::fs::read(file).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    let loader = if hashes.contains_key("split") {
        address("__wasm_split", "split", "js")
    } else {
        address("__wasm_split.______________________", "split", "js")
    };
    let in_full = |file: String| format!("/{}/{file}.wasm", options.site_pkg_dir);
    SiteFiles {
        style: address(name, "css", "css"),
        script: address(name, "js", "js"),
        wasm: address(&wasm, "wasm", "wasm"),
        loader: (!parts.is_empty()).then_some(loader),
        parts: parts.into_iter().map(|(part, files)| (part, files.into_iter().map(in_full).collect())).collect(),
    }
}

/// The port at which `cargo leptos watch` tells pages to reload; `None` if it is not running. Leptos' `AutoReload`
/// makes the same test.
pub fn reload_port(options: &LeptosOptions) -> Option<u32> {
    std::env::var_os("LEPTOS_WATCH").is_some().then_some(options.reload_port)
}

/// The hashes by kind of file, as the build writes them.
fn hashes(file: &str) -> HashMap<String, String> {
    let beside = std::env::current_exe().ok().and_then(|binary| binary.parent().map(|folder| folder.join(file)));
    let text = beside.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(kind, hash)| (kind.trim().to_owned(), hash.trim().to_owned())).collect()
}
