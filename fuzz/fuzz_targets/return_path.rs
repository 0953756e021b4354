//! Where somebody wants to go after signing in: wherever a browser takes it, it is a page of this very site, and not
//! one that takes or ends a credential.
#![no_main]

use latchkey::server::http::return_to;
use latchkey::ui::links::return_path;
use libfuzzer_sys::fuzz_target;
use url::Url;

const SITE: &str = "https://latchkey.example/login?returnTo=x";
const ENTRANCES: [&str; 4] = ["/", "/login", "/signup", "/reauthenticate"];

fuzz_target!(|wanted: &str| {
    let path = return_path(Some(wanted));
    let site = Url::parse(SITE).expect("a URL");
    let there = site.join(path).expect("a path is a URL of its site");
    assert_eq!(there.origin(), site.origin(), "{path:?}");
    assert!(!ENTRANCES.contains(&there.path()), "{path:?}");
    assert!(!["/auth", "/api", "/pkg", "/.well-known"].iter().any(|start| there.path().starts_with(start)), "{path:?}");
    // The path says itself where it leads: nothing of it is resolved away.
    assert_eq!(path.split(['?', '#']).next(), Some(there.path()));
    assert!(!path.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace()), "{path:?}");
    assert_eq!(return_path(Some(path)), path);

    // The server's own rule, for forms without JavaScript.
    let page = return_to::page(Some(wanted));
    let asked = wanted.split(['?', '#']).next();
    assert_eq!(
        page,
        ["/account", "/activity", "/reauthenticate"].into_iter().find(|page| asked == Some(page)).unwrap_or("/devices")
    );

    // Back to the page that a choice was made on, those of signing in included.
    let same = site.join(&return_to::same(Some(wanted))).expect("a URL");
    assert_eq!(same.origin(), site.origin());
    assert!(["/devices", "/account", "/activity"].iter().chain(&ENTRANCES[1..]).any(|page| *page == same.path()));
    for (name, target) in same.query_pairs() {
        assert!(name == "returnTo" && return_to::page(Some(&target)) == target);
    }
});
