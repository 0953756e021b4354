//! The built files that a page refers to, and the script that starts the app.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The addresses of the built files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteFiles {
    /// The style sheet.
    pub style: String,
    /// What loads the WebAssembly.
    pub script: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The script that loads parts of the app, and the files of each part.
    pub loader: Option<String>,
    /// For each part of the app, the files that it is in.
    pub parts: BTreeMap<String, Vec<String>>,
}

impl SiteFiles {
    fn part(&self, name: Option<&str>) -> &[String] {
        name.and_then(|name| self.parts.get(name)).map_or(&[], Vec::as_slice)
    }
}

/// The script that starts the app. Without WebAssembly, or if a file cannot be loaded, the page stays as the server
/// rendered it.
fn start(files: &SiteFiles) -> String {
    let SiteFiles { script, wasm, .. } = files;
    format!(
        "import('{script}').then(app=>app.default({{module_or_path:'{wasm}'}}).then(()=>app.hydrate())).catch(()=>{{}})"
    )
}

/// The scripts of a page, and the files that it preloads. Leptos' `HydrationScripts` is not used, because it also puts
/// the nonce into the attribute `crossorigin` of links, where any script or style can read it.
#[component]
pub fn Scripts(
    /// The built files.
    files: Arc<SiteFiles>,
    /// The part of the app that the page needs at once.
    part: Option<&'static str>,
) -> impl IntoView {
    let module = |address: String| {
        view! { <link rel="modulepreload" href=address /> }
    };
    let binary = |address: String| {
        view! { <link rel="preload" href=address r#as="fetch" r#type="application/wasm" crossorigin="anonymous" /> }
    };
    let parts = files.part(part).to_vec();
    let loader = files.loader.clone().filter(|_| !parts.is_empty());
    view! {
        {module(files.script.clone())}
        {binary(files.wasm.clone())}
        {parts.into_iter().map(binary).collect_view()}
        {loader.map(module)}
        <script type="module" nonce=use_nonce()>
            {start(&files)}
        </script>
    }
}
