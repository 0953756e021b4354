//! Stores the result of a form of a page without JavaScript for the next page (see
//! [`ui::form_result`](crate::ui::form_result)).

use super::context::RequestContext;
use super::forms::PostedForm;
use super::web_session;
use crate::api::auth::{RenameSession, RevokeSession};
use crate::api::data::DeviceName;
use crate::domain::device::device_name;
use crate::domain::id::SessionId;
use crate::ui::form_result::FormResult;
use crate::ui::links::post;
use crate::ui::links::query::NOT_ME;

/// The result if the call succeeds, read before the call removes it. `None` if there is nothing to report, or nobody to
/// report it to.
pub(super) async fn if_successful(form: &PostedForm, context: &RequestContext) -> Option<FormResult> {
    match form.path() {
        // The next page reports this itself.
        post::REVOKE if form.field(NOT_ME).is_some() => None,
        post::REVOKE => device(context, &form.arguments::<RevokeSession>()?.sid).await.map(FormResult::Ended),
        post::RENAME => {
            let RenameSession { sid, name } = form.arguments()?;
            let (former, name) = (device(context, &sid).await?, device_name(&name)?);
            (former.name.as_ref() != Some(&name)).then_some(FormResult::Renamed(former, name))
        }
        post::LOGOUT_ALL if form.keeps_current() => Some(FormResult::EndedOthers),
        post::PASSWORD => Some(FormResult::PasswordChanged),
        post::TOTP_REMOVE => Some(FormResult::SecondFactorRemoved),
        _ => None,
    }
}

/// The name of the device of one of the user's sessions.
async fn device(context: &RequestContext, sid: &SessionId) -> Option<DeviceName> {
    let caller = context.web_caller().await.ok()?;
    let sessions = context.services().sessions(&caller).await.ok()?;
    let session = sessions.into_iter().find(|session| session.sid == *sid)?;
    Some(DeviceName { name: session.name, browser: session.browser, os: session.os })
}

/// Stores the result for the next page, if somebody is signed in.
pub(super) async fn store(context: &RequestContext, result: &FormResult) {
    let kept = match web_session::sid(&context.web).await {
        Ok(Some(_)) => web_session::keep_form_result(&context.web, result).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "the result of a form could not be stored for the next page");
    }
}
