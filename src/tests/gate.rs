//! What stands before every route: the same-origin gate, headers, methods (SECURITY CS1, HD1, HD3, HP1).

use super::support::{Anonymous, PASSWORD, Reply, TestApp};
use latchkey::server::http::routes;
use reqwest::{Client, Method};
use serde_json::json;

/// What no route is for: what is not there, and files.
const NO_ROUTES: [&str; 2] = ["/nothing", "/pkg/nothing.js"];

/// Every server function, as the router learns of them.
fn calls() -> Vec<(&'static str, Method)> {
    server_fn::axum::server_fn_paths().collect()
}

#[test]
fn the_walk_misses_no_route() {
    let routes = routes();
    for (path, method) in [
        ("/", Method::GET),
        ("/login", Method::GET),
        ("/activity", Method::GET),
        ("/healthz", Method::GET),
        ("/api/live", Method::GET),
        ("/api/account", Method::GET),
        ("/api/export", Method::GET),
        ("/.well-known/change-password", Method::GET),
        ("/auth/login", Method::POST),
        ("/auth/account/delete", Method::POST),
    ] {
        assert!(routes.contains(&(path, method)), "{path}");
    }
    assert!(routes.len() >= 28, "{routes:?}");
}

/// CS1: whatever somebody sends from elsewhere, it comes no further than the gate.
#[tokio::test]
async fn nothing_unsafe_from_elsewhere_gets_to_any_route() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let methods = ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"].map(|name| name.parse::<Method>().unwrap());
    for path in routes().into_iter().map(|(path, _)| path).chain(NO_ROUTES) {
        for method in &methods {
            let mut request = device.browser.request(method.clone(), path).json(&json!({})).build().unwrap();
            request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
            request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
            let reply = Reply::of(Client::new().execute(request).await.unwrap()).await;
            assert_eq!(reply.expect(403).code(), "forbidden_origin", "{method} {path}");
        }
    }
    assert!(device.is_in().await);
}

#[tokio::test]
async fn every_call_that_changes_something_comes_from_this_origin_or_without_cookies() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let cookie = format!("__Host-Http-latchkey-refresh={}", device.refresh_token());
    let own = app.public_url();
    let sites = [Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none"), None];
    let origins = [Some(own), Some("https://evil.example"), Some("null"), None];
    let unsafe_calls: Vec<_> = calls().into_iter().filter(|(_, method)| method == Method::POST).collect();
    assert!(unsafe_calls.len() >= 9, "{unsafe_calls:?}");
    for (path, _) in unsafe_calls {
        for site in sites {
            for origin in origins {
                let mut request = Client::new().post(app.url(path)).header("Cookie", &cookie);
                request = request.header("Content-Type", "text/plain").body("x");
                for (name, value) in [("Sec-Fetch-Site", site), ("Origin", origin)] {
                    if let Some(value) = value {
                        request = request.header(name, value);
                    }
                }
                let passes = match (site, origin) {
                    (Some(site), _) => site == "same-origin",
                    (None, origin) => origin == Some(own),
                };
                let reply = Reply::of(request.send().await.unwrap()).await;
                // Past the gate this body is refused for what it is.
                let expected = if passes { "unsupported_media_type" } else { "forbidden_origin" };
                assert_eq!(reply.code(), expected, "{path} {site:?} {origin:?}");
            }
        }
    }
    assert!(device.is_in().await);
}

#[tokio::test]
async fn every_route_refuses_other_methods_and_carries_the_headers() {
    let app = TestApp::start().await;
    let mut routes = routes();
    routes.extend(NO_ROUTES.map(|path| (path, Method::GET)));
    let mut browser = app.browser();
    for (path, own) in routes {
        for method in
            [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE]
        {
            let reply = browser.send(browser.request(method.clone(), path)).await;
            let missing = path.contains("nothing");
            if method != own && !missing {
                assert_eq!(reply.status, 405, "{method} {path}");
            }
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ] {
                assert_eq!(reply.header(name), Some(value), "{method} {path}");
            }
            // With no-referrer a page's own forms would come from the origin `null`.
            let is_page = reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
            let referrer = if is_page { "same-origin" } else { "no-referrer" };
            assert_eq!(reply.header("referrer-policy"), Some(referrer), "{method} {path}");
            assert!(reply.header("permissions-policy").is_some());
            assert!(reply.header("access-control-allow-origin").is_none());
            assert!(reply.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
            let kept = if path.ends_with("jwks.json") && own == method { "public, max-age=60" } else { "no-store" };
            assert_eq!(reply.header("cache-control"), Some(kept), "{method} {path}");
            assert_eq!(reply.header("x-request-id").is_some(), kept == "no-store", "{method} {path}");
        }
    }
}

/// A browser without Fetch Metadata tells the origin of a form, unless somebody takes that from it too.
#[tokio::test]
async fn a_form_works_without_fetch_metadata_and_a_refused_one_is_told_in_words() {
    let app = TestApp::start().await;
    app.signed_up("ada").await;
    let submit = async |path: &str, origin: &str, accept: &str| {
        let form = [("username", "ada"), ("password", PASSWORD), ("language", "de")];
        let request = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = request.post(app.url(path)).header("Accept", accept).header("Accept-Language", "de");
        Reply::of(request.header("Origin", origin).form(&form).send().await.unwrap()).await
    };
    let html = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
    assert_eq!(submit("/auth/login", app.public_url(), html).await.expect(303).header("location"), Some("/devices"));
    for (path, back) in [
        ("/auth/login", "/login"),
        ("/auth/signup", "/signup"),
        ("/auth/logout", "/devices"),
        ("/auth/sessions/revoke", "/devices"),
        ("/auth/password", "/account"),
        ("/auth/reauthenticate", "/reauthenticate"),
        ("/auth/password/reset", "/forgot"),
        ("/auth/invite", "/signup"),
        ("/preferences", "/devices"),
    ] {
        let page = submit(path, "null", html).await.expect(403);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(page.text.contains("<html lang=\"de\"") && page.text.contains("nicht angenommen"), "{}", page.text);
        assert!(page.text.contains(&format!("href=\"{back}\"")), "{path}: {}", page.text);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.set_cookies().is_empty() && !page.text.contains(PASSWORD));
        assert_eq!(submit(path, "null", "application/json").await.expect(403).code(), "forbidden_origin");
    }
}

#[tokio::test]
async fn reading_calls_need_a_token_and_state_changing_ones_a_credential() {
    let app = TestApp::start().await;
    let mut nobody = Anonymous::new(&app);
    for (path, method) in calls().into_iter().chain([("/api/live", Method::GET)]) {
        let links = ["/auth/password/reset", "/auth/invite"];
        if ["/auth/login", "/auth/signup", "/auth/logout", "/preferences"].contains(&path) || links.contains(&path) {
            continue;
        }
        let body = json!({
            "sid": "x", "name": "x", "password": "x", "currentPassword": "x", "newPassword": "x", "code": "123456"
        });
        let mut request = nobody.request(method.clone(), path);
        if method == Method::POST {
            request = request.json(&body);
        }
        // The sign-in that waits for its second factor is the credential there.
        let expected = if path == "/auth/second-factor" { "sign_in_expired" } else { "invalid_token" };
        assert_eq!(nobody.send(request).await.expect(401).code(), expected, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_says_so_in_the_form_that_was_asked_for() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let request = browser.request(Method::GET, "/api/nothing");
    assert_eq!(browser.send(request).await.expect(404).code(), "not_found");
    let page = browser.get("/nothing").await.expect(404);
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page:?}");
    for path in ["/..%2f..%2fsecret.key", "/pkg/..%2f..%2fsecret.key", "/.secret", "/secret.key%00"] {
        let reply = browser.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
    }
}

#[tokio::test]
async fn health_is_told_and_a_foreign_host_decides_nothing() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/healthz").await.expect(200).text, "ok\n");
    assert_eq!(browser.get("/readyz").await.expect(200).text, "ready\n");
    let request =
        browser.request(Method::GET, "/.well-known/oauth-authorization-server").header("Host", "evil.example");
    let metadata = browser.send(request).await.expect(200).json();
    assert_eq!(metadata["issuer"], app.public_url());
    assert_eq!(metadata["jwks_uri"], format!("{}/.well-known/jwks.json", app.public_url()));
}
