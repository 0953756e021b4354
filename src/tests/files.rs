//! HD3: what is served of the web app, from a folder or from the program, and what never is.

use super::support::{Backend, Reply, TestApp};
use flate2::Compression;
use flate2::write::GzEncoder;
use latchkey::server::site::Archive;
use reqwest::Method;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SCRIPT: &str = "export const hydrate = 1;";

/// A site with one file of each kind, in the forms that a release has.
fn site(app: &TestApp) -> PathBuf {
    let site = app.folder().join("site");
    std::fs::create_dir_all(site.join("pkg/evil.example")).unwrap();
    for (name, text) in [
        ("pkg/latchkey.AbC1.js", SCRIPT),
        ("pkg/latchkey.AbC1.js.br", "as brotli"),
        ("pkg/latchkey.AbC1.js.gz", "as gzip"),
        ("pkg/latchkey.AbC1.wasm", "\0asm"),
        ("pkg/latchkey.AbC1.css", "body{}"),
        ("favicon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        (".hidden", "hidden"),
        ("../outside", "outside"),
    ] {
        std::fs::write(site.join(name), text).unwrap();
    }
    site
}

async fn get(app: &TestApp, method: Method, path: &str, headers: &[(&'static str, &str)]) -> Reply {
    let mut browser = app.browser();
    for (name, value) in headers {
        browser.headers.insert(name, (*value).to_owned());
    }
    let reply = browser.send(browser.request(method, path)).await;
    let may_load = match (path.ends_with(".js"), reply.status.as_u16()) {
        // It may run as a worker, which has the policy of its file.
        (true, 200..=206 | 304) => "default-src 'none'; connect-src 'self'; script-src 'wasm-unsafe-eval'",
        _ => "default-src 'none'",
    };
    let policy = format!("{may_load}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("content-security-policy", policy.as_str()),
    ] {
        assert_eq!(reply.header(name), Some(value), "{path} {reply:?}");
    }
    assert!(reply.header("permissions-policy").is_some());
    let is_kept = reply.header("cache-control").is_some_and(|value| value.starts_with("public"));
    assert_eq!(reply.header("x-request-id").is_none(), is_kept, "{path} {reply:?}");
    assert!(reply.set_cookies().is_empty() && reply.header("access-control-allow-origin").is_none());
    reply
}

/// What the project ships beside the app.
fn public_files() -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("public");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

#[tokio::test]
async fn pages_name_their_icons_and_their_manifest_and_these_are_of_their_types() {
    let app = TestApp::start().await;
    let site = site(&app);
    for (name, content) in public_files() {
        std::fs::write(site.join(&name), content).unwrap();
        let media_type = match name.rsplit('.').next() {
            Some("svg") => "image/svg+xml; charset=utf-8",
            Some("png") => "image/png",
            Some("ico") => "image/x-icon",
            Some("webmanifest") => "application/manifest+json",
            _ => panic!("{name}: of no type that is known"),
        };
        let reply = get(&app, Method::GET, &format!("/{name}"), &[]).await.expect(200);
        assert_eq!(reply.header("content-type"), Some(media_type), "{name}");
        assert_eq!(reply.header("cache-control"), Some("public, max-age=86400"), "{name}");
    }
    let page = app.browser().get("/login").await.expect(200);
    assert!(page.header("content-security-policy").unwrap().contains("manifest-src 'self'"));
    let head = page.text.split("</head>").next().unwrap();
    assert!(head.contains("<meta name=\"description\""), "{head}");
    assert_eq!(head.matches("<meta name=\"theme-color\"").count(), 2, "light and dark: {head}");
    for (rel, path) in
        [("icon", "/favicon.svg"), ("apple-touch-icon", "/apple-touch-icon.png"), ("manifest", "/manifest.webmanifest")]
    {
        assert!(head.contains(&format!("<link rel=\"{rel}\" href=\"{path}\"")), "{rel}: {head}");
        get(&app, Method::GET, path, &[]).await.expect(200);
    }
    get(&app, Method::GET, "/favicon.ico", &[]).await.expect(200);
    let manifest = get(&app, Method::GET, "/manifest.webmanifest", &[]).await.json();
    for icon in manifest["icons"].as_array().unwrap() {
        get(&app, Method::GET, icon["src"].as_str().unwrap(), &[]).await.expect(200);
    }
}

#[tokio::test]
async fn a_file_with_a_hash_in_its_name_is_kept_for_ever_and_of_its_type() {
    let app = TestApp::start().await;
    site(&app);
    for (name, media_type) in
        [("js", "text/javascript; charset=utf-8"), ("wasm", "application/wasm"), ("css", "text/css; charset=utf-8")]
    {
        let reply = get(&app, Method::GET, &format!("/pkg/latchkey.AbC1.{name}"), &[]).await.expect(200);
        assert_eq!(reply.header("content-type"), Some(media_type));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(reply.header("content-encoding"), None);
        assert_eq!(reply.header("vary"), Some("accept-encoding"), "it might have come compressed");
    }
    let icon = get(&app, Method::GET, "/favicon.svg", &[]).await.expect(200);
    assert_eq!(icon.header("content-type"), Some("image/svg+xml; charset=utf-8"));
    let kept = icon.header("cache-control");
    assert_eq!(kept, Some("public, max-age=86400"), "its name says nothing of what it holds");
    for missing in ["/pkg/latchkey.AbC2.js", "/pkg/", "/pkg", "/pkg/evil.example", "/favicon.ico"] {
        let reply = get(&app, Method::GET, missing, &[]).await.expect(404);
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{missing}");
    }
}

#[tokio::test]
async fn a_file_comes_in_the_form_that_the_browser_reads() {
    let app = TestApp::start().await;
    site(&app);
    for (accepted, encoding, text) in [
        ("br, gzip", Some("br"), "as brotli"),
        ("gzip, deflate, br, zstd", Some("br"), "as brotli"),
        ("gzip", Some("gzip"), "as gzip"),
        ("br;q=0, gzip;q=0.5", Some("gzip"), "as gzip"),
        ("identity", None, SCRIPT),
        ("zstd", None, SCRIPT),
    ] {
        let reply = get(&app, Method::GET, "/pkg/latchkey.AbC1.js", &[("accept-encoding", accepted)]).await.expect(200);
        assert_eq!((reply.header("content-encoding"), &*reply.text), (encoding, text), "{accepted}");
        assert_eq!(reply.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(reply.header("vary"), Some("accept-encoding"), "{accepted}");
    }
    // Nobody compressed this one.
    let reply = get(&app, Method::GET, "/pkg/latchkey.AbC1.css", &[("accept-encoding", "br")]).await.expect(200);
    assert_eq!((reply.header("content-encoding"), &*reply.text), (None, "body{}"));
}

#[tokio::test]
async fn heads_conditions_and_ranges_are_answered_as_they_should() {
    let app = TestApp::start().await;
    site(&app);
    let path = "/pkg/latchkey.AbC1.js";
    let kept = Some("public, max-age=31536000, immutable");
    let whole = get(&app, Method::GET, path, &[]).await.expect(200);
    let head = get(&app, Method::HEAD, path, &[]).await.expect(200);
    assert_eq!((head.text.as_str(), head.header("content-length")), ("", Some("25")));
    assert_eq!(head.header("cache-control"), kept);

    let modified = whole.header("last-modified").unwrap();
    let same = get(&app, Method::GET, path, &[("if-modified-since", modified)]).await.expect(304);
    assert_eq!((same.text.as_str(), same.header("cache-control")), ("", kept));

    let part = get(&app, Method::GET, path, &[("range", "bytes=0-5")]).await.expect(206);
    assert_eq!((part.text.as_str(), part.header("content-range")), ("export", Some("bytes 0-5/25")));
    let beyond = get(&app, Method::GET, path, &[("range", "bytes=99-")]).await.expect(416);
    assert_eq!(beyond.header("cache-control"), Some("no-store"));

    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let reply = get(&app, method.clone(), path, &[]).await.expect(405);
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{method}");
    }
    assert_eq!(std::fs::read_to_string(app.folder().join("site").join(path.trim_start_matches('/'))).unwrap(), SCRIPT);
}

/// Sends a path exactly as it is, which no client library does.
async fn send_as_is(app: &TestApp, path: &str) -> String {
    let address = app.url("");
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn no_path_leads_out_of_the_site_nor_to_another_one() {
    let app = TestApp::start().await;
    let site = site(&app);
    let absolute = site.join("../outside").canonicalize().unwrap();
    let absolute = absolute.to_str().unwrap();
    let outside = [
        "/../outside",
        "/pkg/../../outside",
        "/pkg/../.hidden",
        "/.hidden",
        "/%2ehidden",
        "/%2e%2e/outside",
        "/pkg/%2e%2e/%2e%2e/outside",
        "/pkg/..%2f..%2foutside",
        "/..%2foutside",
        "/pkg/..\\..\\outside",
        "/pkg/..%5c..%5coutside",
        "/pkg/%252e%252e/%252e%252e/outside",
        "/pkg/....//....//outside",
        "/pkg/..%00/outside",
        "/pkg/latchkey.AbC1.js%00.css",
        "/pkg/..;/..;/outside",
        "/latchkey.db",
        "/pkg/../../latchkey.db",
        "/pkg/../../secret.key",
    ];
    let absolute = [format!("/pkg/{absolute}"), format!("//{absolute}"), absolute.to_owned()];
    for path in outside.into_iter().chain(absolute.iter().map(String::as_str)) {
        let answer = send_as_is(&app, path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.ends_with("outside") && !answer.ends_with("hidden"), "{path}: {answer}");
    }
    // A browser takes a path of two slashes for a host.
    for path in
        ["/pkg//evil.example", "/pkg//evil.example/..", "//evil.example", "//evil.example/%2e%2e", "/\\evil.example"]
    {
        let answer = send_as_is(&app, path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.to_ascii_lowercase().contains("\r\nlocation:"), "{path}: {answer}");
    }
}

/// The same small site in both places, in the forms that `scripts/seal-site` makes: of built files the program carries
/// only what is compressed.
async fn in_a_folder_and_in_the_program() -> [TestApp; 2] {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(SCRIPT.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let folder = TestApp::start().await;
    let site = folder.folder().join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    let built = Duration::from_secs(1_790_000_000);
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content, is_packed) in [
        ("favicon.svg", &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..], true),
        ("hash.txt", b"js: AbC1\n", true),
        ("pkg/latchkey.AbC1.js", SCRIPT.as_bytes(), false),
        ("pkg/latchkey.AbC1.js.br", b"as brotli", true),
        ("pkg/latchkey.AbC1.js.gz", &gzip, true),
        ("pkg/latchkey.AbC1.wasm", SCRIPT.as_bytes(), false),
        ("pkg/latchkey.AbC1.wasm.gz", &gzip, true),
        ("pkg/latchkey.AbC1.css", b"body{}", true),
    ] {
        std::fs::write(site.join(name), content).unwrap();
        let file = std::fs::File::options().write(true).open(site.join(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + built).unwrap();
        if is_packed {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mtime(built.as_secs());
            tar.append_data(&mut header, name, content).unwrap();
        }
    }
    let archive = Archive::open(tar.into_inner().unwrap().into()).unwrap();
    [folder, TestApp::on(Backend::Sqlite).carrying(archive).start().await]
}

#[tokio::test]
async fn the_program_serves_what_it_carries_as_it_serves_a_folder() {
    let [folder, program] = in_a_folder_and_in_the_program().await;
    let date = Some("Mon, 21 Sep 2026 14:13:20 GMT");
    let tag = get(&program, Method::GET, "/pkg/latchkey.AbC1.js", &[]).await.header("etag").unwrap().to_owned();
    let mut compared = 0;
    for path in [
        "/favicon.svg",
        "/hash.txt",
        "/pkg/latchkey.AbC1.js",
        "/pkg/latchkey.AbC1.js.br",
        "/pkg/latchkey.AbC1.js/",
        "/pkg/latchkey.AbC1.wasm",
        "/pkg/latchkey.AbC1.css",
        "/pkg/latchkey.AbC2.js",
        "/pkg/../favicon.svg",
        "/pkg/",
        "/pkg",
        "/favicon.ico",
        "/site",
    ] {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            for asked in [
                &[][..],
                &[("accept-encoding", "br, gzip")],
                &[("accept-encoding", "gzip")],
                &[("accept-encoding", "br;q=0.5, gzip;q=0.7")],
                &[("accept-encoding", "br;q=0, gzip;q=0")],
                &[("accept-encoding", "identity")],
                &[("accept-encoding", "zstd")],
                &[("range", "bytes=0-5")],
                &[("range", "bytes=-5"), ("accept-encoding", "gzip")],
                &[("range", "bytes=999-")],
                &[("if-modified-since", "Mon, 21 Sep 2026 14:13:20 GMT")],
                &[("if-modified-since", "Mon, 21 Sep 2026 14:13:19 GMT")],
                &[("if-none-match", tag.as_str())],
            ] {
                let on_disk = get(&folder, method.clone(), path, asked).await;
                let carried = get(&program, method.clone(), path, asked).await;
                assert_eq!(on_disk.status, carried.status, "{method} {path} {asked:?}");
                assert_eq!(on_disk.text, carried.text, "{method} {path} {asked:?}");
                for name in [
                    "content-type",
                    "content-encoding",
                    "content-length",
                    "content-range",
                    "accept-ranges",
                    "cache-control",
                    "vary",
                    "etag",
                    "last-modified",
                    "allow",
                    "location",
                ] {
                    assert_eq!(on_disk.header(name), carried.header(name), "{name} of {method} {path} {asked:?}");
                }
                if carried.status == 200 {
                    assert_eq!(carried.header("last-modified"), date, "{path}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[tokio::test]
async fn the_program_alone_serves_each_form_of_a_file() {
    let [_, program] = in_a_folder_and_in_the_program().await;
    let path = "/pkg/latchkey.AbC1.js";
    for (accepted, encoding, length) in [("br, gzip", Some("br"), 9), ("identity", None, SCRIPT.len())] {
        let reply = get(&program, Method::GET, path, &[("accept-encoding", accepted)]).await.expect(200);
        assert_eq!((reply.header("content-encoding"), reply.text.len()), (encoding, length), "{accepted}");
        assert_eq!(reply.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=31536000, immutable"));
    }
    let reply = get(&program, Method::GET, "/pkg/latchkey.AbC1.wasm", &[]).await.expect(200);
    assert_eq!((reply.header("content-type"), reply.text.as_str()), (Some("application/wasm"), SCRIPT));
    let icon = get(&program, Method::GET, "/favicon.svg", &[]).await.expect(200);
    assert_eq!(icon.header("cache-control"), Some("public, max-age=86400"));
    let missing = get(&program, Method::GET, "/pkg/latchkey.AbC2.js", &[]).await.expect(404);
    assert_eq!(missing.header("cache-control"), Some("no-store"));
    assert!(!program.folder().join("site").exists());
}
