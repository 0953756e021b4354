//! Public documents: keys, metadata, health.

use super::problem;
use super::router::App;
use crate::api::problem::{Code, Problem};
use crate::domain::key_schedule::PUBLISHED_MAX_AGE;
use crate::domain::scope::Scope;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// The keys that verify access tokens (RFC 7517). Verifiers may cache them for [`PUBLISHED_MAX_AGE`]: a new key is
/// published long before it signs, so every verifier has it in time.
pub(super) async fn jwks(State(app): State<App>) -> Response<axum::body::Body> {
    let tokens = app.services.access_tokens();
    let cache_control = HeaderValue::try_from(format!("public, max-age={}", PUBLISHED_MAX_AGE.as_secs()));
    let cache_control = cache_control.unwrap_or(HeaderValue::from_static("no-store"));
    let mut response = Json(tokens.ring().jwks(app.services.now())).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    headers.insert(header::CACHE_CONTROL, cache_control);
    response
}

/// Authorization server metadata (RFC 8414 section 2), limited to the members that apply here.
pub(super) async fn metadata(State(app): State<App>) -> Json<Value> {
    let issuer = &app.services.settings().server.public_url;
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": [],
        "grant_types_supported": ["refresh_token"],
        "token_endpoint": format!("{issuer}/auth/refresh"),
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": Scope::ALL,
    }))
}

/// The page on which users change their password (W3C, A Well-Known URL for Changing Passwords).
pub(super) async fn change_password() -> Redirect {
    Redirect::to("/account")
}

/// Whether the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether a load balancer should send requests to this server.
pub(super) async fn readyz(State(app): State<App>) -> Response<axum::body::Body> {
    match app.readiness.check().await {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(cause) => {
            tracing::warn!(cause, "not ready");
            problem::answer(&Problem::new(Code::Unavailable))
        }
    }
}
