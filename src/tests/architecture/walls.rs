//! The walls: which module may use which.

use super::modules::{Modules, Named, Segments};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

/// A module, and what it and those below it may use.
struct Wall {
    /// A folder or file below `src`.
    place: &'static str,
    ours: Ours,
    /// Crates that it must not name.
    without: &'static [&'static str],
}

/// Modules of this crate, by their folders below `src`.
enum Ours {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

use Ours::{AllBut, Only};

/// `docs/architecture.md` has the same table.
const WALLS: [Wall; 14] = [
    Wall {
        place: "domain/",
        ours: Only(&[]),
        without: &["async_trait", "axum", "futures_util", "http", "leptos", "server_fn", "sqlx", "tokio", "web_sys"],
    },
    Wall { place: "api/", ours: Only(&["domain"]), without: &["axum", "sqlx", "tokio"] },
    Wall { place: "ui/", ours: Only(&["api", "domain"]), without: &["axum", "sqlx", "tokio"] },
    Wall { place: "hydrate.rs", ours: Only(&["api", "domain", "ui"]), without: &["axum", "sqlx", "tokio"] },
    Wall {
        place: "server/service/",
        ours: AllBut(&["server/cli", "server/http", "server/storage", "ui"]),
        without: &["axum", "http", "leptos", "sqlx"],
    },
    Wall { place: "server/ports/", ours: Only(&["domain"]), without: &["axum", "http", "leptos", "sqlx"] },
    Wall {
        place: "server/storage/",
        ours: Only(&["domain", "server/files", "server/metrics", "server/ports"]),
        without: &["axum", "http", "leptos"],
    },
    Wall {
        place: "server/token/",
        ours: Only(&["domain", "server/files", "server/ports", "server/system"]),
        without: &["axum", "http", "leptos", "sqlx"],
    },
    Wall {
        place: "server/password.rs",
        ours: Only(&["domain", "server/metrics", "server/ports"]),
        without: &["axum", "http", "leptos", "sqlx"],
    },
    Wall {
        place: "server/session_ends.rs",
        ours: Only(&[
            "domain",
            "server/liveness",
            "server/metrics",
            "server/ports",
            "server/session_changes",
            "server/system",
        ]),
        without: &["axum", "http", "leptos", "sqlx"],
    },
    Wall {
        place: "server/metrics/",
        ours: Only(&["domain", "server/system"]),
        without: &["axum", "http", "leptos", "sqlx", "tokio"],
    },
    Wall { place: "server/site/", ours: Only(&[]), without: &["axum", "leptos", "sqlx"] },
    Wall { place: "server/http/", ours: AllBut(&["server/cli", "server/storage"]), without: &["argon2", "sqlx"] },
    Wall {
        place: "server/config/",
        ours: AllBut(&["server/cli", "server/http", "server/service", "server/storage", "ui"]),
        without: &["axum", "sqlx"],
    },
];

/// A server function is a signature and a call into this module, which ties both targets together.
const CALLED_BY_SERVER_FUNCTIONS: &str = "server/http";

/// The path of the module that a folder or file below `src` is.
fn module(place: &str) -> Segments {
    let place = place.trim_end_matches('/').trim_end_matches(".rs");
    std::iter::once("crate").chain(place.split('/')).map(ToOwned::to_owned).collect()
}

fn is_within(path: &[String], places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(&module(place)))
}

impl Wall {
    fn holds(&self, modules: &Modules, at: &[String], named: &Named, target: &[String]) -> bool {
        if target[0] != "crate" {
            return !self.without.contains(&target[0].as_str());
        }
        // A module around this one is a step on the way: what is reached through it is named as well.
        let is_around = modules.is_module(target) && at.starts_with(target);
        let is_call = self.place == "api/" && named.in_server_function;
        is_within(target, &[self.place])
            || is_around
            || is_call && is_within(target, &[CALLED_BY_SERVER_FUNCTIONS])
            || match self.ours {
                Only(places) => is_within(target, places),
                AllBut(places) => !is_within(target, places),
            }
    }

    /// What the document says that this module may use.
    fn in_words(&self) -> String {
        let name = |place: &&str| format!("`{}`", place.trim_start_matches("server/"));
        let list = |places: &[&str]| places.iter().map(name).collect::<Vec<_>>().join(", ");
        match self.ours {
            Only([]) => "nothing of ours".to_owned(),
            Only(places) => list(places),
            AllBut(places) => format!("all but {}", list(places)),
        }
    }
}

/// Every name that a wall forbids, as `module: path`.
fn breaches(modules: &Modules) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, content) in modules.iter() {
        for wall in WALLS.iter().filter(|wall| is_within(at, &[wall.place])) {
            for named in &content.named {
                let targets = modules.resolve(at, &named.segments);
                for target in targets.iter().filter(|target| !wall.holds(modules, at, named, target)) {
                    found.insert(format!("{} uses {}", at.join("::"), target.join("::")));
                }
            }
        }
    }
    found
}

/// The crates that the manifest names, and those of the language.
fn crates() -> BTreeSet<String> {
    let manifest: toml::Table = include_str!("../../../Cargo.toml").parse().unwrap();
    let names = ["dependencies", "dev-dependencies"]
        .into_iter()
        .flat_map(|section| manifest[section].as_table().unwrap().keys());
    let std = ["alloc", "core", "std"].into_iter().map(ToOwned::to_owned);
    names.map(|name| name.replace('-', "_")).chain(std).collect()
}

/// This crate, read once for all tests.
static OURS: LazyLock<Modules> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    Modules::read(&root, crates(), &|file| std::fs::read_to_string(file).ok())
});

#[test]
fn no_wall_is_breached() {
    let found = breaches(&OURS);
    assert!(found.is_empty(), "{found:#?}");
}

/// A wall around a file that was moved would hold nothing.
#[test]
fn every_wall_is_around_something() {
    for wall in &WALLS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(wall.place);
        assert!(path.exists() && OURS.is_module(&module(wall.place)), "{}", wall.place);
    }
}

/// A file that no `mod` line leads to would be behind no wall.
#[test]
fn every_file_is_read() {
    let read = &OURS.files;
    let missed = super::sources().into_iter().map(|(path, _)| path);
    let missed: Vec<_> =
        missed.filter(|path| !super::name(path).starts_with("tests/") && !read.contains(path)).collect();
    assert_eq!(missed, [Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")]);
}

/// The table in the document: a line for each wall, with the same words in its last column.
#[test]
fn the_document_says_the_same() {
    let document = include_str!("../../../docs/architecture.md");
    for wall in &WALLS {
        let begin = format!("| `src/{}` |", wall.place);
        let line = document.lines().find(|line| line.starts_with(&begin));
        let line = line.unwrap_or_else(|| panic!("docs/architecture.md has no line for {}", wall.place));
        let last = line.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        assert_eq!(last, wall.in_words(), "{}", wall.place);
    }
}

/// A small crate: its files below `src`, by name.
fn crate_of(files: &[(&str, &str)]) -> Modules {
    Modules::read(Path::new("lib.rs"), crates(), &|wanted| {
        let found = files.iter().find(|(name, _)| wanted == Path::new(name));
        found.map(|(_, text)| (*text).to_owned())
    })
}

/// What the checker says of this text in one file of a crate that has all the layers.
fn breaches_of(place: &str, text: &str) -> Vec<String> {
    let layers = [
        ("lib.rs", "mod api; mod domain; mod hydrate; mod server; mod ui;"),
        ("api/mod.rs", "pub struct Problem;"),
        ("domain/mod.rs", "mod session; pub struct Id;"),
        ("domain/session.rs", ""),
        ("hydrate.rs", ""),
        (
            "server/mod.rs",
            "mod cli; mod files; mod http; mod liveness; mod ports; mod service; mod storage; mod token;
             pub use http::App; pub use cli::*;",
        ),
        ("server/cli/mod.rs", "pub mod users; pub fn main() {}"),
        ("server/cli/users.rs", ""),
        ("server/files.rs", ""),
        ("server/http/mod.rs", "pub mod auth; pub struct App;"),
        ("server/http/auth.rs", ""),
        ("server/liveness.rs", "pub use super::storage as rows;"),
        ("server/ports/mod.rs", "pub use crate::domain::Id;"),
        ("server/service/mod.rs", "mod accounts; pub struct Services;"),
        ("server/service/accounts.rs", ""),
        ("server/storage/mod.rs", "pub mod sessions;"),
        ("server/storage/sessions.rs", ""),
        ("server/token/mod.rs", ""),
        ("ui/mod.rs", "pub use crate::domain::Id;"),
    ];
    let files =
        layers.map(|(name, layer)| (name, if name == place { format!("{layer}\n{text}") } else { layer.to_owned() }));
    breaches(&crate_of(&files.each_ref().map(|(name, text)| (*name, text.as_str())))).into_iter().collect()
}

/// Texts in a use case, each with what it must not name.
const BREACHES: [(&str, &str); 37] = [
    ("use crate::server::storage::sessions;", "crate::server::storage::sessions"),
    ("use crate::server::{files, storage::{self, sessions}};", "crate::server::storage"),
    ("use crate::{domain::Id,\n  server::{\n    http::{\n      auth,\n    },\n  },\n};", "crate::server::http::auth"),
    ("use super::super::storage::sessions::Row;", "crate::server::storage::sessions::Row"),
    ("use self::super::super::http;", "crate::server::http"),
    ("fn f() { crate::server::http::auth::sign_out(None); }", "crate::server::http::auth::sign_out"),
    ("fn f() { super::super::http::auth::sign_out(None); }", "crate::server::http::auth::sign_out"),
    ("fn f(app: &Vec<crate::server::http::App>) {}", "crate::server::http::App"),
    ("fn f() { <u8 as crate::server::http::Layer>::f(); }", "crate::server::http::Layer::f"),
    ("use crate::server; fn f() { server::http::auth::f(); }", "crate::server::http::auth::f"),
    ("use crate::server as all; use all::storage as rows; fn f() { rows::f(); }", "crate::server::storage::f"),
    ("use crate::*; fn f() { server::storage::f(); }", "crate::server::storage::f"),
    ("use crate::server::storage::*;", "crate::server::storage"),
    ("fn f() { use crate::server::storage::open; }", "crate::server::storage::open"),
    ("mod inner { use super::super::super::storage; }", "crate::server::storage"),
    ("mod inner { pub use crate::server as all; } fn f() { inner::all::http::f(); }", "crate::server::http::f"),
    ("pub(in crate::server::storage) fn f() {}", "crate::server::storage"),
    // By the doors of modules that may use it.
    ("use crate::server::App;", "crate::server::http::App"),
    ("use super::super::*; fn f(app: App) {}", "crate::server::http::App"),
    ("fn f() { crate::server::users::add(); }", "crate::server::cli::users::add"),
    ("use crate::server::liveness::rows::open;", "crate::server::storage::open"),
    ("use crate::ui::Id;", "crate::ui::Id"),
    // In macros and attributes.
    ("fn f() { assert!(crate::server::http::auth::f()); }", "crate::server::http::auth::f"),
    ("fn f() { view! { <p>{crate::server::{http::{auth}}}</p> } }", "crate::server::http::auth"),
    ("macro_rules! m { ($x:expr) => { $crate::server::http::f($x) } }", "crate::server::http::f"),
    ("#[derive(crate::server::storage::Row)] struct A;", "crate::server::storage::Row"),
    ("struct A { #[serde(with = \"crate::server::http::auth\")] b: u8 }", "crate::server::http::auth"),
    // Other crates.
    ("use sqlx::Row;", "sqlx::Row"),
    ("use sqlx;", "sqlx"),
    ("use ::{axum::Router};", "axum::Router"),
    ("use {std::fmt, axum::{self as web}}; fn f() { web::serve(); }", "axum::serve"),
    ("fn f() { ::http::Method::GET; }", "http::Method::GET"),
    ("extern crate sqlx as sql;", "sqlx"),
    ("#[axum::debug_handler] fn f() {}", "axum::debug_handler"),
    ("#[derive(sqlx::FromRow)] struct A;", "sqlx::FromRow"),
    ("fn f() { sqlx::query!(\"SELECT 1\"); }", "sqlx::query"),
    ("fn f() { vec![sqlx::query(\"SELECT 1\")]; }", "sqlx::query"),
];

#[test]
fn every_kind_of_breach_is_seen() {
    for (text, target) in BREACHES {
        let found = breaches_of("server/service/accounts.rs", text);
        assert!(found.iter().any(|breach| breach.ends_with(&format!(" uses {target}"))), "{text}: {found:?}");
    }
}

#[test]
fn every_wall_is_held() {
    for (place, text) in [
        ("domain/session.rs", "use crate::api::Problem;"),
        ("domain/session.rs", "use crate::server::ports::Id;"),
        ("domain/session.rs", "async fn f() { tokio::task::yield_now().await; }"),
        ("api/mod.rs", "use crate::ui;"),
        ("api/mod.rs", "fn f() { crate::server::http::auth::f(); }"),
        ("api/mod.rs", "#[server] fn f(app: crate::server::http::App) {}"),
        ("api/mod.rs", "#[server] fn f() { crate::server::service::Services::f(); }"),
        ("ui/mod.rs", "use crate::server::http::auth;"),
        ("hydrate.rs", "use crate::server::http::auth;"),
        ("server/ports/mod.rs", "use super::token;"),
        ("server/storage/mod.rs", "use super::service::Services;"),
        ("server/storage/mod.rs", "use super::http::App;"),
        ("server/storage/sessions.rs", "use super::super::main;"),
        ("server/token/mod.rs", "use super::service::Services;"),
        ("server/token/mod.rs", "use super::storage::sessions;"),
        ("server/http/auth.rs", "use crate::server::storage::sessions;"),
        ("server/http/auth.rs", "use sqlx::Row;"),
    ] {
        assert!(!breaches_of(place, text).is_empty(), "{place}: {text}");
    }
}

#[test]
fn a_permitted_use_is_none() {
    for (place, text) in [
        ("domain/session.rs", "use super::Id; use crate::domain::session; fn f(http: u8) -> u8 { http }"),
        ("domain/session.rs", "mod http {} use self::http as web; // crate::server::http::App"),
        ("api/mod.rs", "#[server] async fn f() { crate::server::http::auth::f() }"),
        ("ui/mod.rs", "use crate::{api::Problem, domain::Id};"),
        ("server/ports/mod.rs", "/// As [`crate::server::http::App`].\npub struct Port;"),
        ("server/storage/sessions.rs", "use super::*; use crate::server::{files, ports::Id};"),
        ("server/service/accounts.rs", "use super::{Services, super::liveness}; const A: &str = \"sqlx::Row\";"),
        ("server/http/auth.rs", "use super::App; pub(in crate::server) fn f() {}"),
    ] {
        assert_eq!(breaches_of(place, text), Vec::<String>::new(), "{place}: {text}");
    }
}
