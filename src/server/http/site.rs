//! The built site: its files as answers, and which of them a page names.

use crate::server::site::{Site, SiteSource};
use crate::ui::files::SiteFiles;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::Response;
use leptos::config::LeptosOptions;
use std::collections::BTreeMap;
use std::path::Path;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend, DefaultServeDirFallback};

/// Built files, in the folder `pkg` of the site: precompressed, and with the hash of what they hold in their names.
pub(crate) fn built<S: Clone + Send + Sync + 'static>(site: &SiteSource, pkg: &str) -> Router<S> {
    match site {
        SiteSource::Folder(root) => precompressed(ServeDir::new(root.join(pkg))),
        SiteSource::Embedded(archive) => precompressed(ServeDir::with_backend(pkg, archive.clone())),
    }
}

fn precompressed<S: Clone + Send + Sync + 'static, B: Backend>(
    files: ServeDir<DefaultServeDirFallback, B>,
) -> Router<S> {
    // Of a folder there is nothing to see, nor to be led to.
    let files = files.append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(files)
}

/// A file of the site's root.
pub(crate) async fn public(site: &SiteSource, request: Request) -> Response<Body> {
    match site {
        SiteSource::Folder(root) => answer(ServeDir::new(root), request).await,
        SiteSource::Embedded(archive) => answer(ServeDir::with_backend(Path::new(""), archive.clone()), request).await,
    }
}

async fn answer<B: Backend>(files: ServeDir<DefaultServeDirFallback, B>, request: Request) -> Response<Body> {
    match files.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// The files of a built site that pages name: read once, when the server starts. The site's hash file has the hashes in
/// their names, and a manifest tells which part of the app is in which files. Without hashes, files are named as the
/// tools name them.
pub(crate) fn files(options: &LeptosOptions, site: &Site) -> SiteFiles {
    let hashes = &site.hashes;
    let address = |name: &str, kind: &str, ending: &str| {
        let hash = hashes.get(kind).map(|hash| format!(".{hash}")).unwrap_or_default();
        format!("/{}/{name}{hash}.{ending}", options.site_pkg_dir)
    };
    let name = &*options.output_name;
    let wasm = if hashes.is_empty() { format!("{name}_bg") } else { name.to_owned() };
    let manifest = address("__wasm_split_manifest", "manifest", "json");
    let parts: BTreeMap<String, Vec<String>> = site
        .source
        .read(manifest.trim_start_matches('/'))
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    let loader = if hashes.get("split").is_some() {
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
pub(crate) fn reload_port(options: &LeptosOptions) -> Option<u32> {
    std::env::var_os("LEPTOS_WATCH").is_some().then_some(options.reload_port)
}
