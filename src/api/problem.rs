//! Errors in the form of RFC 9457 (`application/problem+json`), with a stable `code`.

use super::Secret;
use crate::domain::scope::Scope;
use crate::domain::second_factor::FactorMethod;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{ContentType, Decodes, Encodes, Format, FormatType};

/// The stable error codes. Clients decide by these, never by the texts.
///
/// ```
/// use latchkey::api::problem::Code;
///
/// assert_eq!(Code::UsernameTaken.to_string(), "username_taken");
/// assert_eq!(Code::UsernameTaken.status(), 409);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request breaks the rules of HTTP.
    BadRequest,
    /// Fields of the request break a rule; [`Problem::errors`] names them.
    ValidationFailed,
    /// The username or the password is wrong; which one is not told.
    InvalidCredentials,
    /// The token is missing, malformed, expired or not ours (RFC 6750 section 3.1).
    InvalidToken,
    /// The token is ours, but its session was ended.
    SessionRevoked,
    /// The refresh token had been used already, so its session was ended (RFC 9700 section 4.14.2).
    RefreshReused,
    /// Another request of the same browser has exchanged the refresh token. The browser's cookie has the new one.
    RefreshOvertaken,
    /// The access token is good, but does not allow this (RFC 6750 section 3.1); [`Problem::scope`] says what would.
    InsufficientScope,
    /// The session is good, but the password was confirmed too long ago for this.
    ReauthenticationRequired,
    /// The request came from a page of another origin.
    ForbiddenOrigin,
    /// The page needs cookies, and the browser did not send back the one that it was given.
    CookiesRequired,
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// The path exists, for another method (RFC 9110 section 15.5.6).
    MethodNotAllowed,
    /// Another account has this name, or one that reads the same.
    UsernameTaken,
    /// Nobody may sign up here.
    RegistrationClosed,
    /// The one-time link is not known, was used already, or has expired; which one is not told.
    LinkInvalid,
    /// The password is right, and a second factor is needed; [`Problem::methods`] says which are accepted.
    SecondFactorRequired,
    /// The second factor is wrong, or was used already.
    SecondFactorInvalid,
    /// The sign-in waited too long for its second factor, or had too many wrong ones. It starts again with the password.
    SignInExpired,
    /// An authenticator app is set up already.
    AlreadySetUp,
    /// The request's body took too long to arrive.
    RequestTimeout,
    /// The body is larger than any call needs.
    PayloadTooLarge,
    /// The body is neither JSON nor a form.
    UnsupportedMediaType,
    /// Too many attempts; [`Problem::retry_after`] says how long to wait.
    RateLimited,
    /// A passing fault: nothing was changed, and the same request may succeed later.
    Unavailable,
    /// An error of the server. The log has the cause under the request's id.
    Internal,
}

impl Code {
    /// The HTTP status of an answer with this code.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::ValidationFailed => 422,
            Self::CookiesRequired => 400,
            Self::InvalidCredentials
            | Self::InvalidToken
            | Self::SessionRevoked
            | Self::RefreshReused
            | Self::SecondFactorRequired
            | Self::SecondFactorInvalid
            | Self::SignInExpired => 401,
            Self::InsufficientScope
            | Self::ReauthenticationRequired
            | Self::ForbiddenOrigin
            | Self::RegistrationClosed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::UsernameTaken | Self::RefreshOvertaken | Self::AlreadySetUp => 409,
            Self::RequestTimeout => 408,
            Self::LinkInvalid => 410,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited => 429,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    /// A short sentence for people who read the raw answer.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request is not valid HTTP.",
            Self::ValidationFailed => "Some of what was sent is not valid.",
            Self::InvalidCredentials => "The username or the password is wrong.",
            Self::InvalidToken => "The token is missing, not valid, or has expired.",
            Self::SessionRevoked => "This session was ended.",
            Self::RefreshReused => "This session was ended because its refresh token was used twice.",
            Self::RefreshOvertaken => "Another request was faster. Repeat this one with the current refresh token.",
            Self::InsufficientScope => "The token does not allow this.",
            Self::ReauthenticationRequired => "Confirm your password to go on.",
            Self::ForbiddenOrigin => "This request did not come from this site.",
            Self::CookiesRequired => "The browser sends no cookies, which this page needs.",
            Self::NotFound => "There is nothing here.",
            Self::MethodNotAllowed => "This method is not allowed here.",
            Self::UsernameTaken => "This username is taken.",
            Self::RegistrationClosed => "New accounts are made by the operator of this site.",
            Self::LinkInvalid => "This link is no longer valid. Ask for a new one.",
            Self::SecondFactorRequired => "The password is right. Now a second factor is needed.",
            Self::SecondFactorInvalid => "The code is wrong, or was used already.",
            Self::SignInExpired => "This sign-in took too long, or had too many wrong codes. Start again.",
            Self::AlreadySetUp => "An authenticator app is set up already. Remove it first.",
            Self::RequestTimeout => "The request took too long to arrive.",
            Self::PayloadTooLarge => "The request is too large.",
            Self::UnsupportedMediaType => "Send application/json or application/x-www-form-urlencoded.",
            Self::RateLimited => "Too many attempts. Wait a moment and try again.",
            Self::Unavailable => "The service cannot answer right now. Try again in a moment.",
            Self::Internal => "Something went wrong on our side.",
        }
    }
}

/// The code as it is sent.
impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.serialize(f)
    }
}

/// A refused field.
///
/// ```
/// use latchkey::api::problem::{FieldError, Problem};
///
/// let field = |field: &str, code: &str, detail: &str| FieldError {
///     field: field.into(),
///     code: code.into(),
///     detail: detail.into(),
/// };
/// let problem = Problem::fields(vec![field("username", "too_short", "A username has at least 2 characters.")]);
/// assert_eq!(problem.status, 422);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// A stable code: `too_short`, `too_long`, `too_common`, `contains_username`, `unchanged`, `invalid`, `required`.
    pub code: String,
    /// A sentence for the user.
    pub detail: String,
}

/// An error answer (RFC 9457). `code` and `errors` are extension members.
///
/// ```
/// use latchkey::api::problem::{Code, Problem};
///
/// let problem = Problem::new(Code::RateLimited).with_retry_after(30);
/// let json = serde_json::to_value(&problem)?;
/// assert_eq!(json["status"], 429);
/// assert_eq!(json["code"], "rate_limited");
/// assert_eq!(json["retryAfter"], 30);
/// assert_eq!(json.get("detail"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[error("{title}")]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    /// A short sentence about the code, in English.
    pub title: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// What clients decide by.
    pub code: Code,
    /// A sentence about this occurrence, where there is more to say than the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The fields that were refused; only with [`Code::ValidationFailed`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// How many seconds to wait. Also sent as `Retry-After` (RFC 9110 section 10.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// For `insufficient_scope`: the scope that is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// For `forbidden_origin`: the public address of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// For `second_factor_required`: what is accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<FactorMethod>,
    /// For `second_factor_required` to a native client: the value with which the sign-in goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<Secret>,
    /// The id of this request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// The problem with this code, and nothing else to say.
    pub fn new(code: Code) -> Self {
        Self {
            kind: "about:blank".into(),
            title: code.title().into(),
            status: code.status(),
            code,
            detail: None,
            errors: Vec::new(),
            retry_after: matches!(code, Code::Unavailable).then_some(1),
            scope: None,
            public_url: None,
            methods: Vec::new(),
            sign_in: None,
            request_id: None,
        }
    }

    /// `validation_failed` with these fields.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(Code::ValidationFailed) }
    }

    /// `insufficient_scope`, with the scope that is needed.
    pub fn scope(needed: Scope) -> Self {
        Self { scope: Some(needed), ..Self::new(Code::InsufficientScope) }
    }

    /// `second_factor_required`, with what is accepted, and the value that a native client sends with it.
    pub fn second_factor(methods: Vec<FactorMethod>, sign_in: Option<Secret>) -> Self {
        Self { methods, sign_in, ..Self::new(Code::SecondFactorRequired) }
    }

    /// Adds a sentence about this occurrence.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds where the service is reached, for somebody who came by another address.
    pub fn with_public_url(mut self, url: &str) -> Self {
        self.public_url = Some(url.to_owned());
        self
    }

    /// Adds how many seconds to wait.
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// The media type of RFC 9457.
pub struct ProblemJson;

impl ContentType for ProblemJson {
    const CONTENT_TYPE: &'static str = "application/problem+json";
}

impl FormatType for ProblemJson {
    const FORMAT_TYPE: Format = Format::Text;
}

impl Encodes<Problem> for ProblemJson {
    type Error = serde_json::Error;

    fn encode(problem: &Problem) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(problem).map(Bytes::from)
    }
}

impl Decodes<Problem> for ProblemJson {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<Problem, Self::Error> {
        serde_json::from_slice(&bytes)
    }
}

impl FromServerFnError for Problem {
    type Encoder = ProblemJson;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(detail) | ServerFnErrorErr::MissingArg(detail) => {
                Problem::new(Code::ValidationFailed).with_detail(detail)
            }
            // The network failed, or something between browser and server answered in another form.
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) | ServerFnErrorErr::Deserialization(_) => {
                Problem::new(Code::Unavailable)
            }
            _ => Problem::new(Code::Internal),
        }
    }
}
