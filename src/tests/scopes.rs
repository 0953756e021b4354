//! What an access token allows: every route that takes one needs a scope of it (RFC 6750 section 3.1).

use super::support::{PASSWORD, Reply, SignedIn, TestApp, part, signed};
use latchkey::server::http::routes;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Routes to which no access token matters: pages are for the web session, documents for anybody; the others take
/// another credential, or none.
const OPEN: [&str; 30] = [
    "/",
    "/login",
    "/signup",
    "/second-factor",
    "/reauthenticate",
    "/devices",
    "/devices/sign-out",
    "/activity",
    "/account",
    "/account/authenticator",
    "/account/recovery-codes",
    "/not-me",
    "/forgot",
    "/reset/{token}",
    "/reset/done",
    "/invite/{token}",
    "/invite/done",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/change-password",
    "/healthz",
    "/readyz",
    "/auth/signup",
    "/auth/login",
    "/auth/second-factor",
    "/auth/refresh",
    "/auth/sessions/not-mine",
    "/auth/password/reset",
    "/auth/invite",
    "/preferences",
];

/// The device, with a token of its session that has another scope.
fn with_scope(app: &TestApp, device: &SignedIn, scope: &str) -> SignedIn {
    let (header, mut claims) = (part(&device.access_token, 0), part(&device.access_token, 1));
    claims["scope"] = json!(scope);
    SignedIn { access_token: signed(app, &header, &claims), ..device.clone() }
}

async fn call(device: &SignedIn, method: &Method, path: &str, body: &Value) -> Reply {
    let mut request = device.browser.request(method.clone(), path).bearer_auth(&device.access_token);
    if *method == Method::POST {
        request = request.json(body);
    }
    Reply::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_token_of_another_scope_is_refused_by_every_route_that_takes_one() {
    let app = TestApp::start().await;
    let (device, other) = (app.signed_up("ada").await, app.signed_in("ada").await);
    let body = json!({
        "sid": other.sid().await, "name": "Desk", "password": PASSWORD, "currentPassword": PASSWORD,
        "newPassword": "an entirely new password", "code": "123456",
    });
    // So that ending somebody else's session fails for no other reason.
    call(&device, &Method::POST, "/auth/sessions/not-mine", &body).await.expect(204);
    let weak = with_scope(&app, &device, "admin accounts");
    let mut refused = 0;
    for (path, method) in routes().into_iter().filter(|(path, _)| !OPEN.contains(path)) {
        let reply = call(&weak, &method, path, &body).await.expect(403);
        assert_eq!(reply.code(), "insufficient_scope", "{path}");
        assert_eq!(reply.json()["scope"], "account", "{path}");
        let challenge = "Bearer error=\"insufficient_scope\", scope=\"account\"";
        assert_eq!(reply.header("www-authenticate"), Some(challenge), "{path}");
        assert!(reply.set_cookies().is_empty(), "{path}: {reply:?}");
        refused += 1;
    }
    assert!(refused >= 18, "{refused}");
    assert!(device.is_in().await && other.is_in().await, "nothing was done");
    assert_eq!(app.signed_in("ada").await.devices().await.len(), 3, "under the same password");
}

#[tokio::test]
async fn one_scope_of_several_is_enough_and_the_others_are_not_told_back() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    for scope in ["account admin", "openid account"] {
        let me = with_scope(&app, &device, scope).get("/api/me").await.expect(200).json();
        assert_eq!(me["scope"], "account", "{scope}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused_as_such_whatever_its_scope() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let weak = with_scope(&app, &device, "admin");
    assert_eq!(weak.get("/api/me").await.expect(403).code(), "insufficient_scope");
    let mut signed_out = device.clone();
    signed_out.post("/auth/logout", json!({})).await.expect(204);
    assert_eq!(weak.get("/api/me").await.expect(401).code(), "invalid_token", "its session has ended");
    let next = app.signed_in("ada").await;
    let weak = with_scope(&app, &next, "admin");
    app.advance(Duration::from_secs(11 * 60));
    assert_eq!(weak.get("/api/me").await.expect(401).code(), "invalid_token", "it has expired");
}

/// The metadata names what can be asked for (RFC 8414 section 2).
#[tokio::test]
async fn the_metadata_lists_the_scopes() {
    let app = TestApp::start().await;
    let metadata = app.browser().get("/.well-known/oauth-authorization-server").await.expect(200).json();
    assert_eq!(metadata["scopes_supported"], json!(["account"]));
}
