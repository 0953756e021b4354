//! The context of a request, which handlers and server functions read.

use super::client::SourceOnDemand;
use super::cookies::{Cookies, DEVICE, REFRESH};
use super::farewell::Kept;
use super::router::App;
use crate::api::Secret;
use crate::api::problem::{Code, Problem};
use crate::domain::client::TokenTransport;
use crate::domain::preferences::Preferences;
use crate::domain::scope::Scope;
use crate::server::service::{BrowserCookies, Caller, Credentials, PresentedToken, ServiceError, Services};
use http::{HeaderMap, HeaderValue, header};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use std::ops::Deref;
use std::sync::Arc;
use tower_sessions::Session as WebSession;

/// The request that a call belongs to. A clone costs one counter: handlers, server functions and Leptos take some.
#[derive(Clone)]
pub(crate) struct RequestContext(Arc<RequestFacts>);

impl Deref for RequestContext {
    type Target = RequestFacts;

    fn deref(&self) -> &RequestFacts {
        &self.0
    }
}

/// What [`RequestContext`] consists of.
pub(crate) struct RequestFacts {
    pub app: App,
    pub source: SourceOnDemand,
    /// The scope that the route states ([`scopes`](super::scopes)).
    pub scope: Option<Scope>,
    pub bearer: Option<Secret>,
    /// Our cookies in the request.
    pub cookies: Cookies,
    pub web: WebSession,
    /// The theme and language of the pages.
    pub preferences: Preferences,
    /// The note of the sign-in page about the session that this browser had.
    pub kept: Kept,
    /// Whether the request has a web session's cookie.
    pub has_web: bool,
    /// The log span of the request.
    pub span: tracing::Span,
}

impl RequestContext {
    pub(super) fn new(facts: RequestFacts) -> Self {
        Self(Arc::new(facts))
    }

    /// The context of the current call.
    ///
    /// # Errors
    /// `internal` when the call runs outside of a request.
    pub(crate) fn current() -> Result<Self, Problem> {
        use_context::<Self>().ok_or(Problem::new(Code::Internal))
    }

    pub(crate) fn services(&self) -> &Arc<Services> {
        &self.app.services
    }

    /// The refresh token in the browser's cookie. If there are two cookies of the name, the result is a token that is
    /// never valid.
    pub(crate) fn refresh_cookie(&self) -> Option<PresentedToken> {
        let refresh = self.cookies.get(REFRESH);
        let token = refresh.is_there().then(|| refresh.value().unwrap_or_default().to_owned());
        token.map(|token| PresentedToken { token: Secret::new(token), transport: TokenTransport::Cookie })
    }

    /// The cookies that a sign-in in a browser takes into account.
    pub(crate) fn browser_cookies(&self) -> BrowserCookies {
        BrowserCookies {
            refresh: self.refresh_cookie(),
            device: self.cookies.get(DEVICE).value().map(|value| Secret::new(value.to_owned())),
            web: None,
        }
    }

    /// The refresh token of the request. A native client sends it in the body.
    pub(crate) fn refresh_token(&self, body: Option<&Secret>) -> Option<PresentedToken> {
        let body = body.map(|token| PresentedToken { token: token.clone(), transport: TokenTransport::Body });
        body.or_else(|| self.refresh_cookie())
    }

    /// The scope that this route needs.
    ///
    /// # Errors
    /// `NoScopeStated`: nobody may call a route that does not state one.
    pub(crate) fn needs(&self) -> Result<Scope, ServiceError> {
        self.scope.ok_or(ServiceError::NoScopeStated)
    }

    /// The caller's credentials.
    ///
    /// # Errors
    /// `NoScopeStated`.
    pub(crate) fn credentials(&self, body: Option<&Secret>) -> Result<Credentials, ServiceError> {
        let (bearer, refresh) = (self.bearer.clone(), self.refresh_token(body));
        Ok(Credentials { needs: self.needs()?, bearer, refresh })
    }

    /// The caller of a reading call, by its access token.
    ///
    /// # Errors
    /// `InvalidToken` when nobody is signed in; `InsufficientScope`, `NoScopeStated`.
    pub(crate) async fn reader(&self) -> Result<Caller, ServiceError> {
        let token = self.bearer.as_ref().ok_or(ServiceError::InvalidToken)?.expose();
        self.services().by_access_token(token, self.needs()?).await
    }

    /// The caller, by the web session.
    ///
    /// # Errors
    /// `InvalidToken` when the web session has no session, or the session has ended.
    pub(crate) async fn web_caller(&self) -> Result<Caller, ServiceError> {
        match super::web_session::sid(&self.web).await? {
            Some(sid) => self.services().by_web_session(&sid).await,
            None => Err(ServiceError::InvalidToken),
        }
    }
}

/// The status and headers of the current call's answer.
pub(super) fn response() -> ResponseOptions {
    expect_context::<ResponseOptions>()
}

/// The bearer token (RFC 6750 section 2.1). A malformed header, or one beside another, counts as a token that is never
/// valid, so that the call does not silently use another credential. Other schemes are ignored: a proxy with passwords
/// of its own sends `Basic`.
pub fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let is_ours = |value: &HeaderValue| {
        let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"bearer")
    };
    if !headers.get_all(header::AUTHORIZATION).iter().any(is_ours) {
        return None;
    }
    let only = sent.next().filter(|_| sent.next().is_none());
    let token =
        only.and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' ')).map(|(_, token)| token);
    let token = token.filter(|token| !token.contains(' '));
    Some(Secret::new(token.unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AUTHORIZATION, line.parse().unwrap());
        }
        bearer(&headers).map(|token| token.expose().to_owned())
    }

    #[test]
    fn one_bearer_token_is_read_and_whatever_is_odd_is_never_valid() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bearer abc"]).as_deref(), Some("abc"));
        for odd in [
            &["Bearer"][..],
            &["Bearer "],
            &["Bearer a b"],
            &["Bearer a", "Bearer a"],
            &["Basic abc", "Bearer a"],
            &["Bearer a", "Basic abc"],
            &["Bearer \u{e9}"],
        ] {
            assert_eq!(read(odd).as_deref(), Some(""), "{odd:?}");
        }
    }

    #[test]
    fn another_scheme_is_no_token_of_ours() {
        for other in [&["Basic abc"][..], &["Digest a=b"], &["Basic abc", "Basic abc"], &["bearers abc"], &[""]] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
