//! The second factor: its server functions and pages.

use super::auth::{complete, for_caller, signed_in, to_native};
use super::context::RequestContext;
use super::pages::Guide;
use super::qr_code;
use super::web_session::{self, NextWebSession};
use crate::api::Secret;
use crate::api::data::{NewCodes, Tokens, TotpSetUp};
use crate::api::problem::{Code, FieldError, Problem};
use crate::domain::client::{ClientKind, TokenTransport};
use crate::domain::id::WaitingDigest;
use crate::domain::recovery_code::RecoveryCode;
use crate::domain::second_factor::{FactorAnswer, FactorMethod};
use crate::domain::totp::{TotpCode, in_groups};
use crate::server::service::{BrowserCookies, Caller, ServiceError, TotpSecret};
use crate::server::token::one_time_codes::waiting_digest;
use crate::ui::address::Address;
use crate::ui::links::{self, query};
use crate::ui::page::{AppContent, Content, Page};
use std::sync::Arc;

type Answer<T> = Result<T, Problem>;

/// The answer to a sign-in whose second factor is asked for: the web session of a browser keeps what the sign-in goes on
/// with, and a native client gets it.
pub(super) async fn or_ask<T>(
    context: &RequestContext,
    transport: TokenTransport,
    result: Result<T, ServiceError>,
) -> Answer<T> {
    match result {
        Err(ServiceError::SecondFactorRequired(asked)) => {
            let sign_in = match transport {
                TokenTransport::Body => Some(asked.value),
                TokenTransport::Cookie => {
                    let digest = waiting_digest(asked.value.expose());
                    web_session::keep_waiting(&context.web, &digest).await.map_err(ServiceError::from)?;
                    None
                }
            };
            Err(Problem::second_factor(asked.methods, sign_in))
        }
        result => Ok(result?),
    }
}

pub(crate) async fn second_factor(
    code: Option<Secret>,
    recovery_code: Option<Secret>,
    sign_in: Option<Secret>,
) -> Answer<Tokens> {
    let context = RequestContext::current()?;
    let (kind, digest) = match &sign_in {
        Some(value) => (ClientKind::Native, waiting_digest(value.expose())),
        None => (ClientKind::Web, waiting(&context).await?.ok_or(ServiceError::SignInExpired)?),
    };
    let answer = match (&code, &recovery_code) {
        (Some(code), None) => FactorAnswer::typed(code.expose()),
        (None, Some(code)) => RecoveryCode::typed(code.expose()).map(FactorAnswer::RecoveryCode),
        (None, None) => return Err(missing("code")),
        (Some(_), Some(_)) => return Err(Code::ValidationFailed.into()),
    };
    // What can be no code is no guess either.
    let answer = answer.ok_or(ServiceError::SecondFactorInvalid)?;
    let web = Arc::new(NextWebSession::after(&context.web));
    let cookies = match kind {
        ClientKind::Web => BrowserCookies { web: Some(web.clone()), ..context.browser_cookies() },
        ClientKind::Native => BrowserCookies::default(),
    };
    let (services, source) = (context.services().clone(), context.source.clone());
    let granted = complete(async move {
        let answered = services.sign_in_with_second_factor(&digest, kind, &answer, &source, &cookies).await;
        services.count_sign_in(answered)
    })
    .await?;
    Ok(match kind {
        ClientKind::Web => signed_in(&context, &web, granted),
        ClientKind::Native => to_native(granted),
    })
}

async fn waiting(context: &RequestContext) -> Result<Option<WaitingDigest>, ServiceError> {
    Ok(web_session::waiting(&context.web).await?)
}

fn missing(field: &str) -> Problem {
    Problem::fields(vec![FieldError {
        field: field.to_owned(),
        code: "required".into(),
        detail: "This is needed.".into(),
    }])
}

pub(crate) async fn begin_totp() -> Answer<TotpSetUp> {
    let context = RequestContext::current()?;
    let TotpSecret { secret, address } = for_caller(&context, |services, credentials, source| async move {
        services.begin_totp(&credentials, &source).await
    })
    .await?;
    let qr_svg = qr_code::draw(address.expose()).map(|drawn| qr_code::document(&drawn)).unwrap_or_default();
    Ok(TotpSetUp { secret, otpauth_uri: address, qr_svg: Secret::new(qr_svg) })
}

pub(crate) async fn confirm_totp(code: Secret) -> Answer<()> {
    let context = RequestContext::current()?;
    let code = TotpCode::typed(code.expose());
    for_caller(&context, |services, credentials, source| async move {
        services.confirm_totp(code, &credentials, &source).await
    })
    .await
}

pub(crate) async fn remove_totp() -> Answer<()> {
    let context = RequestContext::current()?;
    for_caller(
        &context,
        |services, credentials, source| async move { services.remove_totp(&credentials, &source).await },
    )
    .await
}

pub(crate) async fn make_recovery_codes() -> Answer<NewCodes> {
    let context = RequestContext::current()?;
    let codes = for_caller(&context, |services, credentials, source| async move {
        services.make_recovery_codes(&credentials, &source).await
    })
    .await?;
    Ok(NewCodes { codes: codes.iter().map(|code| Secret::new(code.to_string())).collect() })
}

/// The page that asks for the second factor of a sign-in. Without one that waits, the sign-in starts again.
pub(super) async fn guide(context: &RequestContext, address: &Address) -> Result<Option<Guide>, ServiceError> {
    if address.page() != Page::SecondFactor {
        return Ok(None);
    }
    let methods = match waiting(context).await? {
        Some(digest) => context.services().methods_of_waiting(&digest).await,
        None => Err(ServiceError::SignInExpired),
    };
    match methods {
        Ok(methods) => {
            Ok(Some(Guide::Stay(Content::SecondFactor { recovery: methods.contains(&FactorMethod::RecoveryCode) })))
        }
        Err(ServiceError::SignInExpired) => {
            let (error, back) = (Code::SignInExpired.to_string(), address.parameter(query::RETURN_TO));
            let parameters = [(query::ERROR, Some(error.as_str())), (query::RETURN_TO, back.as_deref())];
            Ok(Some(Guide::Go(links::with_query(links::LOGIN, &parameters))))
        }
        Err(error) => Err(error),
    }
}

/// The page on which an authenticator app is set up.
pub(super) async fn app_page(context: &RequestContext, caller: &Caller) -> Result<Guide, ServiceError> {
    if context.services().second_factor_info(&caller.user_id).await?.is_some() {
        return Ok(Guide::Go(links::ACCOUNT.to_owned()));
    }
    match context.services().begun_totp(caller).await {
        Ok(begun) => Ok(Guide::Stay(Content::AuthenticatorApp(begun.as_ref().and_then(shown)))),
        Err(ServiceError::ReauthenticationRequired) => {
            let back = [(query::RETURN_TO, Some(links::ACCOUNT))];
            Ok(Guide::Go(links::with_query(links::REAUTHENTICATE, &back)))
        }
        Err(error) => Err(error),
    }
}

fn shown(begun: &TotpSecret) -> Option<AppContent> {
    let drawn = qr_code::draw(begun.address.expose())?;
    Some(AppContent { secret: in_groups(begun.secret.expose()), size: drawn.size, path: drawn.path })
}

/// The page that offers recovery codes.
pub(super) async fn codes_page(context: &RequestContext, caller: &Caller) -> Result<Guide, ServiceError> {
    Ok(match context.services().second_factor_info(&caller.user_id).await? {
        Some(_) => Guide::Stay(Content::RecoveryCodes(Vec::new())),
        None => Guide::Go(links::ACCOUNT.to_owned()),
    })
}
