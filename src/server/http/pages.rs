//! Pages, rendered complete for who is signed in. Rendering reads; it never rotates.

use super::context::{Origin, RequestContext, response};
use super::cookies::REFRESH;
use super::{device, headers, preferences, problem, return_to, web_session};
use crate::api::problem::Code;
use crate::domain::session::{Reason, Revocation, Session};
use crate::server::service::{Caller, ServiceError};
use crate::ui;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Redirect};
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use leptos::nonce::use_nonce;
use leptos::prelude::provide_context;
use tower::ServiceExt as _;
use tower_http::services::ServeFile;

/// The pages that there are.
pub const PATHS: [&str; 7] = ["/", "/login", "/signup", "/devices", "/account", "/activity", "/reauthenticate"];

/// A page, or the one where the visitor should be instead.
pub async fn page(request: Request) -> Response<Body> {
    let Some(context) = request.extensions().get::<RequestContext>().cloned() else {
        return problem::answer(&Code::Internal.into());
    };
    match guide(&context, request.uri().path(), request.uri().query(), request.headers()).await {
        Ok(Guide::Stay) => render(request, context, StatusCode::OK).await,
        Ok(Guide::Go(target)) => Redirect::to(&target).into_response(),
        Ok(Guide::SignInAnew) => {
            let mut response = render(request, context, StatusCode::OK).await;
            if let Some(cleared) = REFRESH.clear() {
                response.headers_mut().append(header::SET_COOKIE, cleared);
            }
            response
        }
        Err(error) => problem::answer(&error.into()),
    }
}

enum Guide {
    Stay,
    Go(String),
    /// The sign-in page, for a browser whose cookies are of a session that is over: they are cleared.
    SignInAnew,
}

async fn guide(
    context: &RequestContext,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Guide, ServiceError> {
    let caller = match context.web_caller().await {
        Ok(caller) => Some(caller),
        Err(ServiceError::InvalidToken) => None,
        Err(error) => return Err(error),
    };
    match path {
        "/login" | "/signup" => entrance(context, caller, query, headers).await,
        "/" if caller.is_some() => Ok(Guide::Go("/devices".into())),
        _ if caller.is_some() => Ok(Guide::Stay),
        page => turned_away(context, page, headers).await,
    }
}

/// Who asks for a page of somebody signed in, and is not by the web session. Where a living refresh token is shown, or
/// was withheld, the page is a shell that the app fills in.
async fn turned_away(context: &RequestContext, page: &str, headers: &HeaderMap) -> Result<Guide, ServiceError> {
    let stay = || if page == "/" { Guide::Go("/devices".into()) } else { Guide::Stay };
    let mut query = Vec::new();
    match context.refresh_cookie() {
        None if withheld(headers) => return Ok(stay()),
        None => {}
        Some(shown) => {
            let now = context.services().now();
            match context.services().family(&shown).await? {
                Some(session) if session.is_alive(now) => return Ok(stay()),
                Some(Session { revoked: Some(Revocation { reason: Reason::Reused, .. }), .. }) => {
                    query.push(("error", "refresh_reused"));
                }
                Some(Session { revoked: Some(_), .. }) => query.push(("error", "session_revoked")),
                _ => query.push(("error", "invalid_token")),
            }
        }
    }
    if page != "/" {
        query.push(("returnTo", page));
    }
    let query = serde_urlencoded::to_string(&query).unwrap_or_default();
    Ok(Guide::Go(if query.is_empty() { "/login".into() } else { format!("/login?{query}") }))
}

/// Whether the way here was such that a browser withholds a strict cookie: a link from another site.
fn withheld(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

/// Who is signed in already goes on. What is dead is cleared, here and nowhere else: a refused refresh never touches a
/// cookie, since it may come late and would wipe that of a newer sign-in.
async fn entrance(
    context: &RequestContext,
    caller: Option<Caller>,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Guide, ServiceError> {
    let wanted = query.and_then(|query| {
        let fields: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        fields.into_iter().find(|(name, _)| name == "returnTo").map(|(_, value)| value)
    });
    let go_on = || Guide::Go(return_to::page(wanted.as_deref()).to_owned());
    let Some(shown) = context.refresh_cookie() else {
        if caller.is_some() && withheld(headers) {
            return Ok(go_on());
        }
        web_session::unbind(&context.web).await?;
        return Ok(Guide::Stay);
    };
    let now = context.services().now();
    let living = context.services().family(&shown).await?.filter(|session| session.is_alive(now));
    let is_same = |session: &Session| caller.as_ref().is_some_and(|caller| caller.sid == session.id);
    if !living.as_ref().is_some_and(is_same) {
        web_session::unbind(&context.web).await?;
    }
    Ok(if living.is_some() { go_on() } else { Guide::SignInAnew })
}

/// What is no page of ours: a public file, or a page that says so.
pub async fn missing(State(app): State<super::App>, request: Request) -> Response<Body> {
    if let Some(file) = public_file(&app.leptos.site_root, request.uri().path()) {
        return match ServeFile::new(file).oneshot(request).await {
            Ok(response) => headers::kept_for_a_day(response.map(Body::new)),
            Err(never) => match never {},
        };
    }
    let html = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    match request.extensions().get::<RequestContext>().cloned() {
        Some(context) if request.method().is_safe() && html.is_some_and(|value| value.contains("text/html")) => {
            render(request, context, StatusCode::NOT_FOUND).await
        }
        _ => problem::answer(&Code::NotFound.into()),
    }
}

/// A file of `public/`, which is copied to the site's root: one plain name, nothing hidden, no folder.
fn public_file(root: &str, path: &str) -> Option<std::path::PathBuf> {
    let name = path.strip_prefix('/')?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if name.is_empty() || name.starts_with('.') || !plain {
        return None;
    }
    Some(std::path::Path::new(root).join(name)).filter(|file| file.is_file())
}

async fn render(request: Request, context: RequestContext, status: StatusCode) -> Response<Body> {
    let typed = web_session::kept_username(&context.web).await.ok().flatten();
    let environment = preferences::environment(&context, request.headers());
    let context = RequestContext { origin: Origin::Page, ..context };
    let options = context.app.leptos.clone();
    let render = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide_context(environment);
            if let Some(typed) = typed.clone() {
                provide_context(ui::TypedUsername(typed));
            }
            let policy = use_nonce().and_then(|nonce| headers::page_policy(&nonce.to_string()));
            if let Some(policy) = policy {
                response().insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        },
        move || ui::shell(options.clone()),
    );
    let mut response = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    // Browsers mind it on a page only.
    response.headers_mut().insert(HeaderName::from_static("accept-ch"), device::ASKED_FOR);
    response
}
