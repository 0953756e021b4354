//! Turns errors into answers: each error of a use case becomes a code, and its cause is logged once. No other module
//! does this.

use crate::api::problem::{Code, FieldError, Problem};
use crate::domain::credentials::{PasswordError, UsernameError};
use crate::server::password::HashError;
use crate::server::ports::StoreError;
use crate::server::service::ServiceError;
use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use std::time::Duration;

/// The media type of problems (RFC 9457 section 3).
const MEDIA_TYPE: &str = "application/problem+json";

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Username(reason) => field("username", username_code(*reason), reason),
            ServiceError::Password(name, reason) => field(name, password_code(*reason), reason),
            ServiceError::DeviceName => field("name", "invalid", &"A name has 1 to 64 characters that can be seen."),
            ServiceError::UnknownClient => field("client", "invalid", &"This client is not registered here."),
            ServiceError::InvalidCredentials => Code::InvalidCredentials.into(),
            ServiceError::InvalidToken => Code::InvalidToken.into(),
            ServiceError::InsufficientScope(needed) => Problem::scope(*needed),
            ServiceError::Revoked(_) => Code::SessionRevoked.into(),
            ServiceError::Reused => Code::RefreshReused.into(),
            ServiceError::Overtaken { wait: None } => Code::RefreshOvertaken.into(),
            ServiceError::Overtaken { wait: Some(wait) } => {
                Problem::new(Code::RefreshOvertaken).with_retry_after(seconds(*wait))
            }
            ServiceError::ReauthenticationRequired => Code::ReauthenticationRequired.into(),
            ServiceError::NotFound => Code::NotFound.into(),
            ServiceError::UsernameTaken => Code::UsernameTaken.into(),
            ServiceError::RegistrationClosed => Code::RegistrationClosed.into(),
            ServiceError::LinkInvalid => Code::LinkInvalid.into(),
            // The handler adds the value that a native client needs.
            ServiceError::SecondFactorRequired(asked) => Problem::second_factor(asked.methods.clone(), None),
            ServiceError::SecondFactorInvalid => Code::SecondFactorInvalid.into(),
            ServiceError::SignInExpired => Code::SignInExpired.into(),
            ServiceError::AlreadySetUp => Code::AlreadySetUp.into(),
            ServiceError::Store(StoreError::Unavailable(cause)) => {
                tracing::error!(%cause, "the database cannot answer");
                Code::Unavailable.into()
            }
            ServiceError::RateLimited { wait } => Problem::new(Code::RateLimited).with_retry_after(seconds(*wait)),
            ServiceError::Hash(HashError::Busy) => Code::Unavailable.into(),
            ServiceError::Store(StoreError::Corrupt(_))
            | ServiceError::Hash(HashError::Unusable)
            | ServiceError::Issue(_)
            | ServiceError::Sealed(_)
            | ServiceError::NoScopeStated
            | ServiceError::Aborted => {
                tracing::error!(%error, "a fault of ours");
                Code::Internal.into()
            }
        }
    }
}

/// Whole seconds, rounded up: a client that waits this long is not too early.
const fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + (wait.subsec_nanos() > 0) as u64
}

fn field(name: &str, code: &str, detail: &dyn std::fmt::Display) -> Problem {
    Problem::fields(vec![FieldError { field: name.into(), code: code.into(), detail: detail.to_string() }])
}

const fn username_code(error: UsernameError) -> &'static str {
    match error {
        UsernameError::TooShort => "too_short",
        UsernameError::TooLong => "too_long",
        UsernameError::Characters => "invalid",
    }
}

const fn password_code(error: PasswordError) -> &'static str {
    match error {
        PasswordError::TooShort { .. } => "too_short",
        PasswordError::TooLong => "too_long",
        PasswordError::Characters => "invalid",
        PasswordError::TooCommon => "too_common",
        PasswordError::ContainsUsername => "contains_username",
        PasswordError::Unchanged => "unchanged",
    }
}

/// The answer that carries a problem.
pub(super) fn answer(problem: &Problem) -> Response<Body> {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // The log reads the code from here.
    response.extensions_mut().insert(problem.code);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(challenge) = challenge(problem) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(SentProblem(problem.clone()));
    response
}

/// The problem that an answer carries.
#[derive(Clone)]
struct SentProblem(Problem);

/// Adds the request's id to the answer of a server error, so that its cause can be found in the log.
pub(super) fn name(response: &mut Response<Body>, request_id: &str) {
    if let Some(SentProblem(mut problem)) = response.extensions_mut().remove::<SentProblem>()
        && problem.code.status() >= 500
    {
        problem.request_id = Some(request_id.to_owned());
        *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
    }
}

/// The `WWW-Authenticate` value (RFC 6750 section 3) for errors that concern a token.
fn challenge(problem: &Problem) -> Option<HeaderValue> {
    match (problem.code, problem.scope) {
        (Code::InvalidToken | Code::SessionRevoked | Code::RefreshReused, _) => {
            Some(HeaderValue::from_static("Bearer error=\"invalid_token\""))
        }
        (Code::InsufficientScope, Some(needed)) => {
            let needed = needed.as_str();
            HeaderValue::try_from(format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"")).ok()
        }
        _ => None,
    }
}

/// Whether an answer carries a problem.
pub(super) fn is_problem(response: &Response<Body>) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE)
}
