//! The bytes of the files that each page names, as the release sends them to a browser (brotli).

use crate::browser::{Browser, Server};
use latchkey::server::site::{Archive, SiteSource};
use std::collections::{BTreeMap, BTreeSet};

/// The site of the last release build.
const SITE: &str = "target/site.tar";
const PAGES: [&str; 5] = ["/login", "/signup", "/devices", "/activity", "/account"];
const KINDS: [&str; 3] = ["wasm", "js", "css"];

/// For each page and kind of file (`devices-wasm`), the bytes. `None` if there is no release.
pub(crate) fn weights() -> Option<BTreeMap<String, u64>> {
    let tar = std::fs::read(SITE).ok()?;
    let archive = Archive::open(tar.into()).expect("a site");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    Some(runtime.block_on(weigh(archive)))
}

async fn weigh(archive: Archive) -> BTreeMap<String, u64> {
    let server = Server::start(SiteSource::Embedded(archive)).await;
    let ada = Browser::enter(&server, "/auth/signup", "ada").await;
    let nobody = Browser::nobody(&server);
    let mut weights = BTreeMap::new();
    for page in PAGES {
        let browser = if ["/login", "/signup"].contains(&page) { &nobody } else { &ada };
        let html = browser.text(page).await;
        let files: BTreeSet<&str> =
            html.split(['"', '\'']).filter(|part| part.starts_with("/pkg/") && !part.contains('<')).collect();
        for kind in KINDS {
            let mut bytes = 0;
            for file in files.iter().filter(|file| file.ends_with(&format!(".{kind}"))) {
                bytes += browser.length(file).await;
            }
            weights.insert(format!("{}-{kind}", page.trim_start_matches('/')), bytes);
        }
    }
    weights
}
