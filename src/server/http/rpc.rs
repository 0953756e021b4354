//! The handler of all server functions.

use super::context::RequestContext;
use super::forms::{self, PostedForm};
use super::{form_result, pages, problem};
use crate::api::data::NewCodes;
use crate::api::problem::{Code, Problem};
use crate::ui::links::post;
use crate::ui::page::Content;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::LengthLimitError;
use leptos::prelude::provide_context;
use std::time::Duration;
use tokio::time::timeout;

/// The maximum size of a body, in bytes.
pub(super) const BODY_MAX: usize = 16 * 1024;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the server function of the request's path.
pub(super) async fn call(request: Request) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let Some(context) = parts.extensions.get::<RequestContext>().cloned() else {
        return problem::answer(&Code::Internal.into());
    };
    let is_form = forms::is_form(&parts.headers);
    let received = (is_form && parts.uri.path() == post::RECOVERY_CODES).then(|| parts.headers.clone());
    // A HEAD request is handled like GET (RFC 9110 section 9.3.2). The router leaves the body out.
    if parts.method == Method::HEAD {
        parts.method = Method::GET;
    }
    // With either of these, Leptos would send a form post back to the page in its `Referer`.
    parts.headers.remove(header::ACCEPT);
    parts.headers.remove(header::REFERER);
    let body = match timeout(BODY_TIMEOUT, to_bytes(body, BODY_MAX)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            let is_too_long = error.into_inner().is::<LengthLimitError>();
            // Any other error: malformed chunks (RFC 9112 section 7.1), or a lost connection, where nobody reads the
            // answer.
            let code = if is_too_long { Code::PayloadTooLarge } else { Code::BadRequest };
            return refuse(code, is_form, &parts, &context).await;
        }
        Err(_) => return refuse(Code::RequestTimeout, is_form, &parts, &context).await,
    };
    let form = is_form.then(|| PostedForm::new(parts.uri.path(), body.clone()));
    let request = Request::from_parts(parts, Body::from(body));
    let result = match &form {
        Some(form) => form_result::if_successful(form, &context).await,
        None => None,
    };
    let provided = context.clone();
    let response =
        leptos_axum::handle_server_fns_with_context(move || provide_context(provided.clone()), request).await;
    let response = finish(response.into_response()).await;
    let Some(form) = form else { return response };
    if let Some(headers) = received.filter(|_| response.status().is_success()) {
        let body = to_bytes(response.into_body(), BODY_MAX).await.unwrap_or_default();
        let NewCodes { codes } = serde_json::from_slice(&body).unwrap_or_default();
        let codes = codes.iter().map(|code| code.expose().to_owned()).collect();
        return pages::shown_once(headers, &context, Content::RecoveryCodes(codes)).await;
    }
    if let Some(result) = result.filter(|_| response.status().is_success()) {
        form_result::store(&context, &result).await;
    }
    form.answer(response, &context).await
}

/// Refuses a request whose body was not read to its end, and closes the connection with the rest of the body.
async fn refuse(code: Code, is_form: bool, parts: &Parts, context: &RequestContext) -> Response<Body> {
    let mut response = problem::answer(&code.into());
    if is_form {
        response = PostedForm::new(parts.uri.path(), Bytes::new()).answer(response, context).await;
    }
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Sets the status of an answer: the one of its problem, or 204 for an empty result.
async fn finish(response: Response<Body>) -> Response<Body> {
    if problem::is_problem(&response) {
        let body = to_bytes(response.into_body(), BODY_MAX).await.unwrap_or_default();
        let problem: Problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem::new(Code::Internal));
        return problem::answer(&problem);
    }
    let (mut parts, body) = response.into_parts();
    if parts.status == StatusCode::OK && axum::body::HttpBody::size_hint(&body).exact() == Some(0) {
        parts.status = StatusCode::NO_CONTENT;
        parts.headers.remove(header::CONTENT_TYPE);
    }
    Response::from_parts(parts, body)
}
