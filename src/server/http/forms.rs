//! The answer to form posts of pages without JavaScript: a redirection to one of our pages. Its address carries an
//! error's code, and nothing secret but the token of the one-time link whose page the form is on.

use super::context::RequestContext;
use super::{one_time_links, problem, web_session};
use crate::api::problem::{Code, Problem};
use crate::api::return_to;
use crate::domain::credentials::USERNAME_LENGTH;
use crate::ui::links;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::collections::HashMap;

/// Whether a plain HTML form sent the request, so that its answer is a page and not JSON.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let has = |name, part: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
    };
    has(header::CONTENT_TYPE, "application/x-www-form-urlencoded") && has(header::ACCEPT, "text/html")
}

/// Turns the answer to a form post into a redirection to the next page.
pub(super) async fn answer(
    path: &str,
    body: &[u8],
    response: Response<Body>,
    context: &RequestContext,
) -> Response<Body> {
    let fields: HashMap<String, String> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let wanted = fields.get("returnTo").map(String::as_str);
    let (parts, body) = response.into_parts();
    let mut headers = parts.headers;
    let target = if parts.status.is_success() {
        after(path, &fields, wanted)
    } else {
        let body = to_bytes(body, super::rpc::BODY_MAX).await.unwrap_or_default();
        let problem = serde_json::from_slice(&body).unwrap_or_else(|_| Problem::new(Code::Internal));
        let is_over = problem.code == Code::NotFound && path == links::post::END_NOT_MINE;
        if let Some(username) = fields.get("username").filter(|name| is_worth_keeping(path, &problem, name))
            && let Err(error) = web_session::keep_username(&context.web, username).await
        {
            tracing::warn!(%error, "a form's username could not be kept");
        }
        match one_time_links::page_of_form(path, fields.get("token").map(String::as_str)) {
            Some(page) => with_problem(&page, &problem),
            // Somebody else ended the session in the meantime. The next page is the same.
            None if is_over => links::DISOWN.to_owned(),
            None => refused(path, &problem, wanted),
        }
    };
    let Ok(location) = HeaderValue::try_from(target) else {
        return problem::answer(&Code::Internal.into());
    };
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::WWW_AUTHENTICATE);
    headers.insert(header::LOCATION, location);
    let mut redirect = Response::new(Body::empty());
    *redirect.status_mut() = StatusCode::SEE_OTHER;
    *redirect.headers_mut() = headers;
    if let Some(code) = parts.extensions.get::<Code>() {
        redirect.extensions_mut().insert(*code);
    }
    redirect
}

/// Whether the typed username is kept, so that the page with the error can show it. Keeping it writes a row. Attempts
/// that reach a decision are limited; anything else could be repeated to fill the database.
fn is_worth_keeping(path: &str, problem: &Problem, username: &str) -> bool {
    let judged = match (path, problem.code) {
        ("/auth/login", Code::InvalidCredentials) | ("/auth/signup", Code::UsernameTaken) => true,
        ("/auth/signup", Code::ValidationFailed) => problem.errors.iter().any(|error| error.code != "required"),
        _ => false,
    };
    judged && username.chars().take(USERNAME_LENGTH.end() + 1).count() <= *USERNAME_LENGTH.end()
}

/// The page to go to after a success.
fn after(path: &str, fields: &HashMap<String, String>, wanted: Option<&str>) -> String {
    let page = match path {
        "/preferences" => return return_to::same_page(wanted),
        "/auth/logout" => links::LOGIN,
        links::post::DELETE_ACCOUNT => links::LOGIN,
        links::post::REAUTHENTICATE => return links::confirmed(&return_to::page(wanted)),
        "/auth/logout-all" if !keeps_current(fields) => "/login",
        links::post::NOT_MINE => links::NOT_ME,
        links::post::END_NOT_MINE => links::DISOWNED,
        links::post::RESET => links::RESET_DONE,
        links::post::INVITE => links::INVITE_DONE,
        _ => return return_to::page(wanted),
    };
    page.to_owned()
}

/// Whether all sessions are ended except the caller's own.
pub(super) fn keeps_current(fields: &HashMap<String, String>) -> bool {
    fields.get("keepCurrent").is_some_and(|keep| keep == "true" || keep == "on")
}

/// The page that shows the error.
fn refused(path: &str, problem: &Problem, wanted: Option<&str>) -> String {
    let wanted = wanted.map(|wanted| return_to::page(Some(wanted)));
    let page = match (path, problem.code) {
        ("/auth/signup", _) => "/signup",
        ("/auth/login", _) => "/login",
        (_, Code::InvalidToken | Code::SessionRevoked | Code::RefreshReused) => "/login",
        (links::post::END_NOT_MINE, _) => links::NOT_ME,
        (_, Code::ReauthenticationRequired) => "/reauthenticate",
        ("/auth/reauthenticate", _) => "/reauthenticate",
        _ => wanted.as_deref().unwrap_or(links::DEVICES),
    };
    // An action on a page leads back to that page.
    let to_devices = || (page == "/reauthenticate").then(|| links::DEVICES.to_owned());
    let back = wanted.clone().or_else(to_devices);
    let address = with_problem(page, problem);
    back.iter().fold(address, |address, back| links::with_parameter(&address, "returnTo", back))
}

/// `page` with the problem's code, and the first field that was refused.
fn with_problem(page: &str, problem: &Problem) -> String {
    let mut query = vec![("error", problem.code.to_string())];
    if let Some(field) = problem.errors.first() {
        query.push(("field", field.field.clone()));
        query.push(("reason", field.code.clone()));
    }
    query.iter().fold(page.to_owned(), |address, (name, value)| links::with_parameter(&address, name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::FieldError;

    #[test]
    fn a_refusal_leads_to_the_page_that_can_show_it() {
        let wrong = Problem::new(Code::InvalidCredentials);
        assert_eq!(refused("/auth/login", &wrong, None), "/login?error=invalid_credentials");
        assert_eq!(
            refused("/auth/login", &wrong, Some("//evil.example")),
            "/login?error=invalid_credentials&returnTo=%2Fdevices"
        );
        let stale = Problem::new(Code::ReauthenticationRequired);
        assert_eq!(
            refused("/auth/sessions/revoke", &stale, None),
            "/reauthenticate?error=reauthentication_required&returnTo=%2Fdevices"
        );
        let over = Problem::new(Code::SessionRevoked);
        assert_eq!(refused("/auth/sessions/rename", &over, None), "/login?error=session_revoked");
    }

    #[test]
    fn a_refused_field_is_named_and_its_value_is_not() {
        let short = FieldError { field: "password".into(), code: "too_short".into(), detail: "…".into() };
        assert_eq!(
            refused("/auth/signup", &Problem::fields(vec![short]), None),
            "/signup?error=validation_failed&field=password&reason=too_short"
        );
    }

    #[test]
    fn signing_out_everywhere_leads_to_the_sign_in_page() {
        let fields = |keep: &str| HashMap::from([("keepCurrent".to_owned(), keep.to_owned())]);
        assert_eq!(after("/auth/logout-all", &fields("true"), None), "/devices");
        assert_eq!(after("/auth/logout-all", &fields("false"), None), "/login");
        assert_eq!(after("/auth/login", &HashMap::new(), Some("/account")), "/account");
        assert_eq!(after("/auth/account/delete", &HashMap::new(), Some("/account")), "/login");
    }

    #[test]
    fn who_has_confirmed_is_told_that_nothing_is_done_yet() {
        let none = HashMap::new();
        assert_eq!(after("/auth/reauthenticate", &none, Some("/activity")), "/activity?confirmed=true");
        assert_eq!(after("/auth/reauthenticate", &none, None), "/devices?confirmed=true");
    }
}
