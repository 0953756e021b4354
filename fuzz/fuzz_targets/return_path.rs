//! Where somebody wants to go after signing in: wherever a browser takes it, it is a page of this very site, and not
//! one that takes or ends a credential.
#![no_main]

use latchkey::api::return_to;
use latchkey::domain::one_time_link::is_well_formed;
use libfuzzer_sys::fuzz_target;
use url::Url;

const SITE: &str = "https://latchkey.example/login?returnTo=x";
const ENTRANCES: [&str; 4] = ["/", "/login", "/signup", "/reauthenticate"];
const DESTINATIONS: [&str; 3] = ["/devices", "/account", "/activity"];
const STOPS: [&str; 3] = ["/forgot", "/reset/done", "/invite/done"];

fuzz_target!(|wanted: &str| {
    let path = return_to::page(Some(wanted));
    let site = Url::parse(SITE).expect("a URL");
    let there = site.join(&path).expect("a path is a URL of its site");
    assert_eq!(there.origin(), site.origin(), "{path:?}");
    assert!(DESTINATIONS.contains(&there.path()), "{path:?}");
    // The path says itself where it leads: nothing of it is resolved away.
    assert_eq!(path.split(['?', '#']).next(), Some(there.path()));
    assert!(!path.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace()), "{path:?}");
    // Escaping may make an address too long to be taken again.
    assert!([path.as_str(), "/devices"].contains(&return_to::page(Some(&path)).as_str()), "{path:?}");

    // Back to the page that a choice was made on, those of signing in included.
    let same = site.join(&return_to::same_page(Some(wanted))).expect("a URL");
    assert_eq!(same.origin(), site.origin());
    let is_known = DESTINATIONS.iter().chain(&ENTRANCES[1..]).chain(&STOPS).any(|page| *page == same.path());
    let token = ["/reset/", "/invite/"].into_iter().find_map(|page| same.path().strip_prefix(page));
    assert!(is_known || token.is_some_and(is_well_formed), "{same}");
    if STOPS.contains(&same.path()) || !is_known {
        assert_eq!(same.query(), None);
    }
    if ENTRANCES.contains(&same.path()) {
        for (name, target) in same.query_pairs() {
            let target = site.join(&target).expect("a URL");
            assert!(name == "returnTo" && DESTINATIONS.contains(&target.path()));
        }
    }
});
