//! The server functions under `/auth/`: they take credentials, and return cookies and tokens.

use super::context::{RequestContext, response};
use super::cookies::{DEVICE, DEVICE_LIFE, REFRESH};
use super::web_session::NextWebSession;
use super::{farewell, second_factors, web_session};
use crate::api::Secret;
use crate::api::data::{TokenType, Tokens};
use crate::api::problem::{Code, Problem};
use crate::domain::client::{Client, TokenTransport};
use crate::domain::farewell::{Farewell, Why};
use crate::domain::id::SessionId;
use crate::server::service::{BrowserCookies, Credentials, Granted, ServiceError, Services, SignIn, SignUp, Source};
use http::{HeaderName, HeaderValue, StatusCode, header};
use leptos_axum::ResponseOptions;
use std::sync::Arc;
use tracing::Instrument as _;

type Answer<T> = Result<T, Problem>;

/// Runs a use case to its end even if the client goes away: a committed change must also be remembered in memory.
pub(super) async fn complete<T: Send + 'static>(
    use_case: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
) -> Result<T, ServiceError> {
    tokio::spawn(use_case.in_current_span()).await.unwrap_or(Err(ServiceError::Aborted))
}

/// Runs a use case for the caller whose credentials the request carries, to its end.
pub(super) async fn for_caller<T: Send + 'static, F>(
    context: &RequestContext,
    use_case: impl FnOnce(Arc<Services>, Credentials, Source) -> F,
) -> Answer<T>
where
    F: Future<Output = Result<T, ServiceError>> + Send + 'static,
{
    let credentials = context.credentials(None)?;
    Ok(complete(use_case(context.services().clone(), credentials, context.source.clone())).await?)
}

/// Refuses to sign in a browser that does not keep cookies: it could not use the session.
fn must_keep_cookies(context: &RequestContext, check_cookies: bool) -> Answer<()> {
    if check_cookies && !context.cookies.are_kept() { Err(Code::CookiesRequired.into()) } else { Ok(()) }
}

pub(crate) async fn sign_up(username: String, password: Secret, remember: bool, check_cookies: bool) -> Answer<Tokens> {
    let context = RequestContext::current()?;
    must_keep_cookies(&context, check_cookies)?;
    let web = Arc::new(NextWebSession::after(&context.web));
    let cookies = BrowserCookies { web: Some(web.clone()), ..context.browser_cookies() };
    let (services, source) = (context.services().clone(), context.source.clone());
    let granted = complete(async move {
        let sign_up = SignUp { username: &username, password: &password, remember };
        services.count_sign_up(services.sign_up(sign_up, &source, &cookies).await)
    })
    .await?;
    response().set_status(StatusCode::CREATED);
    Ok(signed_in(&context, &web, granted))
}

pub(crate) async fn sign_in(
    username: String,
    password: Secret,
    remember: bool,
    client: Option<String>,
    check_cookies: bool,
) -> Answer<Tokens> {
    let context = RequestContext::current()?;
    must_keep_cookies(&context, check_cookies)?;
    let registered = &context.services().settings().clients;
    let client = Client::find(registered, client.as_deref()).ok_or(ServiceError::UnknownClient)?;
    let transport = client.kind.token_transport();
    let web = Arc::new(NextWebSession::after(&context.web));
    let cookies = match transport {
        TokenTransport::Cookie => BrowserCookies { web: Some(web.clone()), ..context.browser_cookies() },
        TokenTransport::Body => BrowserCookies::default(),
    };
    let (services, source) = (context.services().clone(), context.source.clone());
    let granted = complete(async move {
        let sign_in = SignIn { username: &username, password: &password, remember, client: &client };
        services.count_sign_in(services.sign_in(sign_in, &source, &cookies).await)
    })
    .await;
    let granted = second_factors::or_ask(&context, transport, granted).await?;
    Ok(match transport {
        TokenTransport::Cookie => signed_in(&context, &web, granted),
        TokenTransport::Body => to_native(granted),
    })
}

pub(crate) async fn refresh(body: Option<Secret>, shared: bool) -> Answer<Tokens> {
    let context = RequestContext::current()?;
    let presented = context.refresh_token(body.as_ref()).ok_or(ServiceError::InvalidToken)?;
    let (services, source) = (context.services().clone(), context.source.clone());
    let transport = presented.transport;
    let granted = complete(async move { services.refresh(&presented, shared, &source).await }).await?;
    Ok(match transport {
        TokenTransport::Body => to_native(granted),
        TokenTransport::Cookie if context.has_web => to_browser(granted),
        // Creates the web session again if the browser has lost it.
        TokenTransport::Cookie => enter(&context, granted).await,
    })
}

/// Tokens for a native client: all in the body, none in a cookie.
pub(super) fn to_native(granted: Granted) -> Tokens {
    Tokens {
        refresh_token: Some(granted.refresh.expose().to_owned()),
        refresh_expires_in: Some(granted.refresh_expires_in.as_secs()),
        ..tokens(granted)
    }
}

fn tokens(granted: Granted) -> Tokens {
    Tokens {
        access_token: granted.access.token,
        token_type: TokenType::Bearer,
        expires_in: granted.access.expires_in,
        refresh_token: None,
        refresh_expires_in: None,
    }
}

/// Starts a signed-in web session in a browser whose session goes on.
async fn enter(context: &RequestContext, granted: Granted) -> Tokens {
    // The next page works without it: it asks for a refresh, which creates a web session.
    if let Err(error) = web_session::bind(&context.web, &granted.session).await {
        tracing::warn!(%error, "a web session could not be created");
    }
    append(&response(), header::SET_COOKIE, farewell::forget(context));
    to_browser(granted)
}

/// What a browser gets after a sign-in, whose transaction has stored its web session.
pub(super) fn signed_in(context: &RequestContext, web: &NextWebSession, granted: Granted) -> Tokens {
    let cookie = web.cookie(&granted.session, context.services().now());
    append(&response(), header::SET_COOKIE, cookie);
    append(&response(), header::SET_COOKIE, farewell::forget(context));
    if let Some(device) = granted.device.as_ref().map(Secret::expose) {
        // A browser that forgets the session when it is closed forgets this cookie too.
        let life = granted.session.lifetime.remember.then_some(DEVICE_LIFE);
        append(&response(), header::SET_COOKIE, DEVICE.set(device, life));
    }
    to_browser(granted)
}

/// Tokens for a browser. The refresh token is a cookie that lasts as long as the token.
fn to_browser(granted: Granted) -> Tokens {
    let life = granted.session.lifetime.remember.then_some(granted.refresh_expires_in);
    append(&response(), header::SET_COOKIE, REFRESH.set(granted.refresh.expose(), life));
    tokens(granted)
}

fn append(options: &ResponseOptions, name: HeaderName, value: Option<HeaderValue>) {
    if let Some(value) = value {
        options.append_header(name, value);
    }
}

/// Makes the browser forget its session. It keeps only the note that the sign-in page shows next.
async fn forget(context: &RequestContext, farewell: Farewell) {
    if let Err(error) = web_session::unbind(&context.web).await {
        tracing::warn!(%error, "a web session could not be deleted; it is useless without its session");
    }
    let options = response();
    append(&options, header::SET_COOKIE, REFRESH.clear());
    if !context.has_web {
        append(&options, header::SET_COOKIE, super::cookies::WEB_SESSION.clear());
    }
    append(&options, header::SET_COOKIE, farewell::keep(context, &farewell));
    options.insert_header(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"storage\""));
}

pub(crate) async fn sign_out(body: Option<Secret>) -> Answer<()> {
    let context = RequestContext::current()?;
    let credentials = context.credentials(body.as_ref())?;
    let (services, source) = (context.services().clone(), context.source.clone());
    let ended = match context.refresh_cookie().filter(|_| body.is_none()) {
        // Only the note on the sign-in page depends on this.
        Some(presented) => services.farewell(&presented).await.ok().flatten(),
        None => None,
    };
    complete(async move { services.sign_out(&credentials, &source).await }).await?;
    if body.is_none() {
        // If the session had already ended, the note gives that reason.
        forget(&context, ended.unwrap_or_else(|| Farewell::new(Why::SignedOut, None))).await;
    }
    Ok(())
}

pub(crate) async fn sign_out_all(keep_current: bool) -> Answer<()> {
    let context = RequestContext::current()?;
    for_caller(&context, |services, credentials, source| async move {
        services.sign_out_all(keep_current, &credentials, &source).await
    })
    .await?;
    if !keep_current {
        forget(&context, Farewell::new(Why::SignedOutEverywhere, None)).await;
    }
    Ok(())
}

pub(crate) async fn revoke_session(sid: SessionId) -> Answer<()> {
    let context = RequestContext::current()?;
    let own = for_caller(&context, |services, credentials, source| async move {
        services.revoke_session(&sid, &credentials, &source).await
    })
    .await?;
    if own {
        forget(&context, Farewell::new(Why::SignedOut, None)).await;
    }
    Ok(())
}

pub(crate) async fn not_mine(sid: SessionId) -> Answer<()> {
    let context = RequestContext::current()?;
    let caller = context.web_caller().await?;
    if sid == caller.sid || !sid.is_well_formed() {
        return Err(ServiceError::NotFound.into());
    }
    Ok(web_session::keep_not_mine(&context.web, &sid).await.map_err(ServiceError::from)?)
}

pub(crate) async fn end_not_mine(password: Option<Secret>) -> Answer<()> {
    let context = RequestContext::current()?;
    context.web_caller().await?;
    let kept = web_session::not_mine(&context.web).await.map_err(ServiceError::from)?;
    let sid = kept.ok_or(ServiceError::NotFound)?;
    for_caller(&context, |services, credentials, source| async move {
        if let Some(password) = password {
            services.reauthenticate(&password, None, &credentials, &source).await?;
        }
        services.revoke_session(&sid, &credentials, &source).await
    })
    .await?;
    if let Err(error) = web_session::forget_not_mine(&context.web).await {
        tracing::warn!(%error, "an ended session could not be removed from a web session");
    }
    Ok(())
}

pub(crate) async fn rename_session(sid: SessionId, name: String) -> Answer<()> {
    let context = RequestContext::current()?;
    for_caller(&context, |services, credentials, source| async move {
        services.rename_session(&sid, &name, &credentials, &source).await
    })
    .await
}

pub(crate) async fn reauthenticate(password: Secret, code: Option<Secret>) -> Answer<()> {
    let context = RequestContext::current()?;
    for_caller(&context, |services, credentials, source| async move {
        services.reauthenticate(&password, code.as_ref(), &credentials, &source).await
    })
    .await
}

pub(crate) async fn change_password(current: Secret, new: Secret) -> Answer<()> {
    let context = RequestContext::current()?;
    let cookies = context.browser_cookies();
    for_caller(&context, |services, credentials, source| async move {
        services.change_password(&current, &new, &credentials, &cookies, &source).await
    })
    .await
}

pub(crate) async fn delete_account(password: Secret) -> Answer<()> {
    let context = RequestContext::current()?;
    for_caller(&context, |services, credentials, source| async move {
        services.delete_account(&password, &credentials, &source).await
    })
    .await?;
    forget(&context, Farewell::new(Why::Deleted, None)).await;
    Ok(())
}
