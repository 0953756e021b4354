//! The answer to form posts of pages without JavaScript: a redirection to one of our pages. Its address carries an
//! error's code, and nothing secret but the token of the one-time link whose page the form is on.

use super::context::RequestContext;
use super::{one_time_links, problem, web_session};
use crate::api::auth::SignOutAll;
use crate::api::problem::{Code, Problem};
use crate::api::{from_form, return_to};
use crate::domain::credentials::USERNAME_LENGTH;
use crate::ui::links::{self, post, query};
use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Whether a plain HTML form sent the request, so that its answer is a page and not JSON.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let has = |name, part: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
    };
    has(header::CONTENT_TYPE, "application/x-www-form-urlencoded") && has(header::ACCEPT, "text/html")
}

/// A posted form: the path of its server function, and its fields.
pub(super) struct PostedForm {
    path: String,
    body: Bytes,
    fields: HashMap<String, String>,
}

impl PostedForm {
    /// Reads the fields of a body. One that cannot be read has none; the server function says what is wrong with it.
    pub(super) fn new(path: &str, body: Bytes) -> Self {
        let fields = serde_urlencoded::from_bytes(&body).unwrap_or_default();
        Self { path: path.to_owned(), body, fields }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// The arguments as the server function reads them.
    pub(super) fn arguments<T: DeserializeOwned>(&self) -> Option<T> {
        from_form(&self.body).ok()
    }

    /// Whether all sessions are ended except the caller's own.
    pub(super) fn keeps_current(&self) -> bool {
        self.arguments().is_some_and(|SignOutAll { keep_current }| keep_current.0)
    }

    /// Turns the answer to the form into a redirection to the next page.
    pub(super) async fn answer(&self, response: Response<Body>, context: &RequestContext) -> Response<Body> {
        let (parts, body) = response.into_parts();
        let target = if parts.status.is_success() {
            self.after_success()
        } else {
            let body = to_bytes(body, super::rpc::BODY_MAX).await.unwrap_or_default();
            let problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem::new(Code::Internal));
            self.keep_username(&problem, context).await;
            self.after_refusal(&problem)
        };
        let Ok(location) = HeaderValue::try_from(target) else {
            return problem::answer(&Code::Internal.into());
        };
        let mut redirect = Response::new(Body::empty());
        *redirect.status_mut() = StatusCode::SEE_OTHER;
        *redirect.headers_mut() = parts.headers;
        for of_the_body in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::WWW_AUTHENTICATE] {
            redirect.headers_mut().remove(of_the_body);
        }
        redirect.headers_mut().insert(header::LOCATION, location);
        if let Some(code) = parts.extensions.get::<Code>() {
            redirect.extensions_mut().insert(*code);
        }
        redirect
    }

    /// Stores the typed username, so that the page with the error can show it. This writes a row. Attempts that reach a
    /// decision are limited; anything else could be repeated to fill the database.
    async fn keep_username(&self, problem: &Problem, context: &RequestContext) {
        let is_decided = match (self.path(), problem.code) {
            (post::LOGIN, Code::InvalidCredentials) | (post::SIGNUP, Code::UsernameTaken) => true,
            (post::SIGNUP, Code::ValidationFailed) => problem.errors.iter().any(|error| error.code != "required"),
            _ => false,
        };
        let longest = *USERNAME_LENGTH.end();
        let fits = |name: &&str| name.chars().take(longest + 1).count() <= longest;
        if let Some(username) = self.field("username").filter(|_| is_decided).filter(fits)
            && let Err(error) = web_session::keep_username(&context.web, username).await
        {
            tracing::warn!(%error, "a form's username could not be kept");
        }
    }

    /// The page that the form wants to lead to.
    fn wanted(&self) -> Option<&str> {
        self.field(query::RETURN_TO)
    }

    /// The page to go to after a success.
    fn after_success(&self) -> String {
        let next = || return_to::page(self.wanted());
        match self.path() {
            post::PREFERENCES => return_to::same_page(self.wanted()),
            post::LOGOUT | post::DELETE_ACCOUNT => links::LOGIN.to_owned(),
            post::LOGOUT_ALL if !self.keeps_current() => links::LOGIN.to_owned(),
            post::REAUTHENTICATE => links::confirmed(&next()),
            post::NOT_MINE => links::NOT_ME.to_owned(),
            post::END_NOT_MINE => links::DISOWNED.to_owned(),
            post::TOTP => links::AUTHENTICATOR_APP.to_owned(),
            post::TOTP_CONFIRM => links::RECOVERY_CODES.to_owned(),
            post::RESET => links::RESET_DONE.to_owned(),
            post::INVITE => links::INVITE_DONE.to_owned(),
            _ => next(),
        }
    }

    /// The page that shows the error.
    fn after_refusal(&self, problem: &Problem) -> String {
        if let Some(page) = one_time_links::page_of_link_form(self.path(), self.field("token")) {
            return with_parameters(&page, &about(problem));
        }
        let wanted = self.wanted().map(|wanted| return_to::page(Some(wanted)));
        let page = match (self.path(), problem.code) {
            // Somebody else ended the session in the meantime. The next page is the same.
            (post::END_NOT_MINE, Code::NotFound) => return links::DISOWN.to_owned(),
            (post::SIGNUP, _) => links::SIGNUP,
            (post::LOGIN, Code::SecondFactorRequired) => return links::second_factor(wanted.as_deref()),
            (post::SECOND_FACTOR, Code::SignInExpired) => links::LOGIN,
            (post::SECOND_FACTOR, _) => links::SECOND_FACTOR,
            (post::TOTP_CONFIRM, Code::SecondFactorInvalid) => links::AUTHENTICATOR_APP,
            (post::LOGIN, _) | (_, Code::InvalidToken | Code::SessionRevoked | Code::RefreshReused) => links::LOGIN,
            (post::END_NOT_MINE, _) => links::NOT_ME,
            (post::REAUTHENTICATE, _) | (_, Code::ReauthenticationRequired) => links::REAUTHENTICATE,
            _ => wanted.as_deref().unwrap_or(links::DEVICES),
        };
        let mut parameters = about(problem);
        // An action on a page leads back to that page.
        let back = (page == links::REAUTHENTICATE).then(|| links::DEVICES.to_owned());
        parameters.extend(wanted.clone().or(back).map(|back| (query::RETURN_TO, back)));
        with_parameters(page, &parameters)
    }
}

type Parameter = (&'static str, String);

/// The problem's code, and the first field that was refused.
fn about(problem: &Problem) -> Vec<Parameter> {
    let mut parameters = vec![(query::ERROR, problem.code.to_string())];
    if let Some(field) = problem.errors.first() {
        parameters.push((query::FIELD, field.field.clone()));
        parameters.push((query::REASON, field.code.clone()));
    }
    parameters
}

fn with_parameters(page: &str, parameters: &[Parameter]) -> String {
    parameters.iter().fold(page.to_owned(), |address, (name, value)| links::with_parameter(&address, name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::FieldError;

    fn form(path: &str, body: &'static str) -> PostedForm {
        PostedForm::new(path, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn a_refusal_leads_to_the_page_that_can_show_it() {
        let refused = |path, body, code: Code| form(path, body).after_refusal(&Problem::new(code));
        assert_eq!(refused("/auth/login", "", Code::InvalidCredentials), "/login?error=invalid_credentials");
        assert_eq!(
            refused("/auth/login", "returnTo=//evil.example", Code::InvalidCredentials),
            "/login?error=invalid_credentials&returnTo=%2Fdevices"
        );
        assert_eq!(
            refused("/auth/sessions/revoke", "", Code::ReauthenticationRequired),
            "/reauthenticate?error=reauthentication_required&returnTo=%2Fdevices"
        );
        assert_eq!(refused("/auth/sessions/rename", "", Code::SessionRevoked), "/login?error=session_revoked");
        assert_eq!(refused("/auth/sessions/not-mine/end", "", Code::NotFound), links::DISOWN);
    }

    #[test]
    fn a_refused_field_is_named_and_its_value_is_not() {
        let short = FieldError { field: "password".into(), code: "too_short".into(), detail: "…".into() };
        assert_eq!(
            form("/auth/signup", "password=x").after_refusal(&Problem::fields(vec![short])),
            "/signup?error=validation_failed&field=password&reason=too_short"
        );
    }

    #[test]
    fn signing_out_everywhere_leads_to_the_sign_in_page() {
        let after = |path, body| form(path, body).after_success();
        for (body, page) in [("keepCurrent=true", "/devices"), ("keepCurrent=1", "/devices"), ("", "/login")] {
            assert_eq!(after("/auth/logout-all", body), page, "{body}");
        }
        assert_eq!(after("/auth/logout-all", "keepCurrent=false"), "/login");
        assert_eq!(after("/auth/login", "returnTo=/account"), "/account");
        assert_eq!(after("/auth/account/delete", "returnTo=/account"), "/login");
    }

    #[test]
    fn who_has_confirmed_is_told_that_nothing_is_done_yet() {
        assert_eq!(form("/auth/reauthenticate", "returnTo=/activity").after_success(), "/activity?confirmed=true");
        assert_eq!(form("/auth/reauthenticate", "").after_success(), "/devices?confirmed=true");
    }
}
