//! The pages, rendered completely for the signed-in user. Rendering only reads; it never rotates a token.

use super::context::{RequestContext, response};
use super::cookies::REFRESH;
use super::preferences::CookieCheck;
use super::{
    account, device, document, farewell, headers, one_time_links, preferences, problem, second_factors, site,
    web_session,
};
use crate::api::data::SessionInfo;
use crate::api::problem::{Code, Problem};
use crate::api::return_to;
use crate::domain::session::{Reason, Revocation, Session};
use crate::server::service::{Caller, History, HistoryEntry, ServiceError, ShownSessions};
use crate::ui::address::Address;
use crate::ui::links::query;
use crate::ui::page::{
    ActivityContent, ActivityEntry, Asked, Content, DevicesContent, NotMeContent, Page, Personal, ProofContent,
};
use crate::ui::{self, activity, links};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Redirect};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Response, StatusCode, Uri, header};
use leptos::nonce::use_nonce;
use leptos::prelude::provide_context;

/// The paths of all pages.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    std::iter::once(ROOT).chain(Page::ALL.into_iter().filter_map(Page::path))
}

/// Redirects to the devices page, which redirects to sign in if necessary.
const ROOT: &str = "/";

/// A page, or a redirection to the page where the visitor should be.
pub(super) async fn page(request: Request) -> Response<Body> {
    let Some(context) = request.extensions().get::<RequestContext>().cloned() else {
        return problem::answer(&Code::Internal.into());
    };
    let address = address_of(&request);
    match guide(&context, &address, request.headers()).await {
        Ok(Guide::Stay(content)) => render(request, context, content, StatusCode::OK).await,
        Ok(Guide::Gone(content)) => render(request, context, content, StatusCode::GONE).await,
        Ok(Guide::Go(target)) => Redirect::to(&target).into_response(),
        Ok(Guide::SignInAnew(content)) => {
            let kept = match &content {
                Content::SignIn(Some(note)) => farewell::keep(&context, note),
                _ => None,
            };
            let mut response = render(request, context, content, StatusCode::OK).await;
            for cookie in REFRESH.clear().into_iter().chain(kept) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => failed(request, context, error.into()).await,
    }
}

fn address_of(request: &Request) -> Address {
    Address::new(request.uri().path_and_query().map_or(ROOT, PathAndQuery::as_str))
}

pub(super) enum Guide {
    Stay(Content),
    /// What the address names is over.
    Gone(Content),
    Go(String),
    /// The sign-in page, for a browser whose session has ended: its cookies are cleared, and the note is kept for the
    /// other tabs.
    SignInAnew(Content),
}

async fn guide(context: &RequestContext, address: &Address, headers: &HeaderMap) -> Result<Guide, ServiceError> {
    if let Some(guide) = one_time_links::guide(context, address).await? {
        return Ok(guide);
    }
    if let Some(guide) = second_factors::guide(context, address).await? {
        return Ok(guide);
    }
    let caller = match context.web_caller().await {
        Ok(caller) => Some(caller),
        Err(ServiceError::InvalidToken) => None,
        Err(error) => return Err(error),
    };
    match (address.page(), caller) {
        (Page::SignIn, caller) => {
            let content = Content::SignIn(context.kept.farewell.clone());
            entrance(context, caller, content, address, headers).await
        }
        (Page::SignUp, caller) => entrance(context, caller, Content::SignUp, address, headers).await,
        (page, Some(caller)) => content(context, &caller, page, address).await,
        (_, None) => turned_away(context, address, headers).await,
    }
}

/// A page for the signed-in user, with its content.
async fn content(
    context: &RequestContext,
    caller: &Caller,
    page: Page,
    address: &Address,
) -> Result<Guide, ServiceError> {
    let username = caller.username.clone();
    Ok(Guide::Stay(match page {
        Page::Devices => {
            let ShownSessions { sessions, version } =
                context.services().shown_sessions(caller, &context.source).await?;
            Content::Devices(Personal { username, content: DevicesContent { sessions, version } })
        }
        Page::Activity => {
            let filter = activity::filter_of(address.parameter(query::SHOW).as_deref());
            let before = address.parameter(query::BEFORE).and_then(|before| before.parse().ok());
            let others = context.services().sessions(caller).await?.into_iter().filter(|session| !session.current);
            let History { entries, newest, next } = account::history(context, caller, filter, before).await?;
            let entry = |HistoryEntry { event, wrong, warns }| ActivityEntry { event, wrong, warns };
            let content = ActivityContent {
                entries: entries.into_iter().map(entry).collect(),
                newest: newest.as_ref().map(activity::identity),
                next,
                current: caller.sid.clone(),
                others: others.map(|session| session.sid).collect(),
            };
            Content::Activity(Personal { username, content })
        }
        Page::Account => Content::Account(Personal { username, content: context.services().account(caller).await? }),
        Page::SignOut => {
            let sessions = context.services().sessions(caller).await?;
            match asked(address, sessions) {
                Some(asked) => Content::SignOut(asked),
                // The session has ended already, or never existed.
                None => return Ok(Guide::Go(links::DEVICES.into())),
            }
        }
        Page::NotMe => return not_me(context, caller, username).await,
        Page::AuthenticatorApp => return second_factors::app_page(context, caller).await,
        Page::RecoveryCodes => return second_factors::codes_page(context, caller).await,
        Page::Reauthenticate => {
            let second_factor = context.services().second_factor_info(&caller.user_id).await?.is_some();
            Content::Reauthenticate(Personal { username, content: ProofContent { second_factor } })
        }
        // Only the root has no page of its own.
        _ => return Ok(Guide::Go(links::DEVICES.into())),
    }))
}

/// The sessions that the user is asked about, if they exist. The page does not offer to end the caller's own session
/// alone.
fn asked(address: &Address, sessions: Vec<SessionInfo>) -> Option<Asked> {
    if let Some(sid) = address.parameter(query::DEVICE) {
        let one = sessions.into_iter().find(|session| !session.current && session.sid.as_str() == sid)?;
        return Some(Asked::One(Box::new(one)));
    }
    let others = sessions.iter().filter(|session| !session.current).count() as u64;
    match address.parameter(query::WHICH)?.as_str() {
        links::which::OTHERS if others > 0 => Some(Asked::Others(others)),
        links::which::EVERYWHERE => Some(Asked::Everywhere),
        _ => None,
    }
}

/// The page that asks before a session is ended that the user did not start.
async fn not_me(context: &RequestContext, caller: &Caller, username: String) -> Result<Guide, ServiceError> {
    let Some(sid) = web_session::not_mine(&context.web).await? else { return Ok(Guide::Go(links::ACTIVITY.into())) };
    let session = context.services().sessions(caller).await?.into_iter().find(|session| session.sid == sid);
    let Some(session) = session.filter(|session| !session.current) else {
        // The session ended in the meantime. The next page is the same.
        web_session::forget_not_mine(&context.web).await?;
        return Ok(Guide::Go(links::DISOWN.into()));
    };
    let password_needed = !context.services().has_proved_recently(caller).await?;
    Ok(Guide::Stay(Content::NotMe(Personal { username, content: NotMeContent { session, password_needed } })))
}

/// For requests for a signed-in user's page without a valid web session. If the browser has a live refresh token, or
/// has withheld it, it must first use it. Presenting the token is not enough to see a page; otherwise somebody with a
/// copy could look on unnoticed.
async fn turned_away(context: &RequestContext, address: &Address, headers: &HeaderMap) -> Result<Guide, ServiceError> {
    let page = address.page().path();
    let resume = async || {
        // The web session belongs to nobody, or to a session that has ended. The refresh creates a new one.
        web_session::discard(&context.web).await?;
        Ok(if page.is_some() { Guide::Stay(Content::Resuming) } else { Guide::Go(links::DEVICES.into()) })
    };
    let mut parameters = Vec::new();
    match context.refresh_cookie() {
        None if withheld(headers) => return resume().await,
        None => {}
        Some(presented) => {
            let now = context.services().now();
            match context.services().family(&presented).await? {
                Some(session) if session.is_alive(now) => return resume().await,
                Some(Session { revoked: Some(Revocation { reason: Reason::Reused, .. }), .. }) => {
                    parameters.push((query::ERROR, "refresh_reused"));
                }
                Some(Session { revoked: Some(_), .. }) => parameters.push((query::ERROR, "session_revoked")),
                _ => parameters.push((query::ERROR, "invalid_token")),
            }
        }
    }
    let wanted = page.map(|_| return_to::page(Some(address.as_str())));
    parameters.extend(wanted.as_deref().map(|wanted| (query::RETURN_TO, wanted)));
    let parameters: Vec<_> = parameters.into_iter().map(|(name, value)| (name, Some(value))).collect();
    Ok(Guide::Go(links::with_query(links::LOGIN, &parameters)))
}

/// Whether the browser withheld `SameSite=Strict` cookies, because a link from another site led here.
fn withheld(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

/// A sign-in page. If the user is already signed in, redirects to the next page. Cookies of an ended session are
/// cleared here and nowhere else: a refused refresh never clears a cookie, since it may arrive late and would remove
/// the cookie of a newer sign-in.
async fn entrance(
    context: &RequestContext,
    caller: Option<Caller>,
    content: Content,
    address: &Address,
    headers: &HeaderMap,
) -> Result<Guide, ServiceError> {
    let wanted = address.parameter(query::RETURN_TO);
    let go_on = || Guide::Go(return_to::page(wanted.as_deref()));
    let Some(presented) = context.refresh_cookie() else {
        if caller.is_some() && withheld(headers) {
            return Ok(go_on());
        }
        web_session::unbind(&context.web).await?;
        return Ok(Guide::Stay(content));
    };
    let now = context.services().now();
    let live = context.services().family(&presented).await?.filter(|session| session.is_alive(now));
    let is_same = |session: &Session| caller.as_ref().is_some_and(|caller| caller.sid == session.id);
    if !live.as_ref().is_some_and(is_same) {
        web_session::unbind(&context.web).await?;
    }
    if live.is_some() {
        return Ok(go_on());
    }
    Ok(Guide::SignInAnew(match content {
        Content::SignIn(kept) => Content::SignIn(context.services().farewell(&presented).await?.or(kept)),
        other => other,
    }))
}

/// Any other address: a public file, or the page for missing pages.
pub(crate) async fn missing(State(app): State<super::App>, request: Request) -> Response<Body> {
    if public_file(request.uri().path()).is_some_and(|name| app.site.contains(name)) {
        return headers::kept_for_a_day(site::public(&app.site, request).await);
    }
    let is_for_people = request.method().is_safe() && wants_html(request.headers());
    if let Some(page) = without_slash(request.uri()).filter(|_| is_for_people) {
        return Redirect::to(&page).into_response();
    }
    match request.extensions().get::<RequestContext>().cloned() {
        Some(context) if is_for_people => render(request, context, Content::Missing, StatusCode::NOT_FOUND).await,
        _ => problem::answer(&Code::NotFound.into()),
    }
}

/// The page that is meant by its path with a slash at the end.
fn without_slash(uri: &Uri) -> Option<String> {
    let page = uri.path().strip_suffix('/')?;
    Page::at(page).path()?;
    Some(uri.query().map_or_else(|| page.to_owned(), |query| format!("{page}?{query}")))
}

pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// A page as the answer to a form, for what is shown once and stored nowhere.
pub(super) async fn shown_once(headers: HeaderMap, context: &RequestContext, content: Content) -> Response<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::from_static(content.page().path().unwrap_or(ROOT));
    *request.headers_mut() = headers;
    render(request, context.clone(), content, StatusCode::OK).await
}

/// The answer to a request that was refused before it reached a route. If a form sent it, the answer is a page with a
/// link back to the form.
pub(super) async fn refused(request: Request, context: RequestContext, problem: Problem) -> Response<Body> {
    let page = links::page_of_form(request.uri().path());
    let mut back = Request::new(Body::empty());
    *back.uri_mut() = Uri::from_static(page);
    *back.headers_mut() = request.headers().clone();
    failed(back, context, problem).await
}

/// The answer when a page cannot be rendered. People get it as a page.
async fn failed(request: Request, context: RequestContext, problem: Problem) -> Response<Body> {
    let plain = problem::answer(&problem);
    if !wants_html(request.headers()) {
        return plain;
    }
    let code = problem.code;
    let mut page = render(request, context, Content::Failed(problem), plain.status()).await;
    // The log reads the code from here.
    page.extensions_mut().insert(code);
    if let Some(after) = plain.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    page
}

/// The name of what may be a file of `public/`, which is copied to the site's root: one plain name, nothing hidden, no
/// folder.
fn public_file(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    (plain && !name.is_empty() && !name.starts_with('.')).then_some(name)
}

/// A page as valid HTML (see [`document`]).
async fn whole(response: Response<Body>) -> Response<Body> {
    let (parts, body) = response.into_parts();
    match to_bytes(body, usize::MAX).await.map(|bytes| String::from_utf8(bytes.into())) {
        Ok(Ok(html)) => Response::from_parts(parts, Body::from(document::valid(&html))),
        _ => problem::answer(&Code::Internal.into()),
    }
}

async fn render(request: Request, context: RequestContext, content: Content, status: StatusCode) -> Response<Body> {
    let typed = match content {
        Content::SignIn(_) | Content::SignUp => web_session::kept_username(&context.web).await.ok().flatten(),
        _ => None,
    };
    let form_result = match content {
        Content::Devices(_) | Content::Activity(_) | Content::Account(_) => {
            // The page is shown even if the result cannot be read.
            web_session::take_form_result(&context.web).await.ok().flatten()
        }
        _ => None,
    };
    let check = preferences::cookie_check(&content, request.headers(), &context.cookies);
    let given = (check == CookieCheck::Given).then(|| preferences::given(&context)).flatten();
    let environment = preferences::environment(&context, request.headers(), check);
    let time_zone = preferences::time_zone(&context.cookies);
    let remember = matches!(content, Content::SignIn(_) | Content::SignUp)
        .then(|| ui::RememberHint(preferences::remember_hint(&context, environment.language)));
    let address = address_of(&request);
    let (options, files) = (context.app.leptos.clone(), context.app.files.clone());
    let reload_port = site::reload_port(&options);
    let render = leptos_axum::render_app_async_with_context(
        move || {
            address.clone().provide();
            provide_context(environment);
            if let Some(time_zone) = time_zone.clone() {
                provide_context(time_zone);
            }
            if let Some(remember) = remember.clone() {
                provide_context(remember);
            }
            if let Some(typed) = typed.clone() {
                provide_context(ui::TypedUsername(typed));
            }
            let policy = use_nonce().and_then(|nonce| headers::page_policy(&nonce.to_string(), reload_port));
            if let Some(policy) = policy {
                response().insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        },
        move || ui::shell(options.clone(), files.clone(), content.clone(), form_result.clone()),
    );
    let mut response = whole(render(request).await).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    if let Some(given) = given {
        response.headers_mut().append(header::SET_COOKIE, given);
    }
    // Browsers read this header on pages only.
    response.headers_mut().insert(HeaderName::from_static("accept-ch"), device::ASKED_FOR);
    response
}
