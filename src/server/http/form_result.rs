//! Stores the result of a form of a page without JavaScript for the next page (see
//! [`ui::form_result`](crate::ui::form_result)).

use super::context::RequestContext;
use super::{forms, web_session};
use crate::api::data::DeviceName;
use crate::domain::device::device_name;
use crate::ui::form_result::FormResult;
use crate::ui::links::post;
use crate::ui::links::query::NOT_ME;
use std::collections::HashMap;

/// The result if the call succeeds, read before the call removes it. `None` if there is nothing to report, or nobody to
/// report it to.
pub(super) async fn foreseen(path: &str, body: &[u8], context: &RequestContext) -> Option<FormResult> {
    let fields: HashMap<String, String> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    match path {
        // The next page reports this itself.
        post::REVOKE if fields.contains_key(NOT_ME) => None,
        post::REVOKE => device(context, fields.get("sid")?).await.map(FormResult::Ended),
        post::RENAME => {
            let (former, name) = (device(context, fields.get("sid")?).await?, device_name(fields.get("name")?)?);
            (former.name.as_ref() != Some(&name)).then_some(FormResult::Renamed(former, name))
        }
        post::LOGOUT_ALL if forms::keeps_current(&fields) => Some(FormResult::EndedOthers),
        post::PASSWORD => Some(FormResult::PasswordChanged),
        _ => None,
    }
}

/// The name of the device of one of the user's sessions.
async fn device(context: &RequestContext, sid: &str) -> Option<DeviceName> {
    let caller = context.web_caller().await.ok()?;
    let sessions = context.services().sessions(&caller).await.ok()?;
    let session = sessions.into_iter().find(|session| session.sid.as_str() == sid)?;
    Some(DeviceName { name: session.name, browser: session.browser, os: session.os })
}

/// Stores the result for the next page, if somebody is signed in.
pub(super) async fn keep(context: &RequestContext, result: &FormResult) {
    let kept = match web_session::sid(&context.web).await {
        Ok(Some(_)) => web_session::keep_form_result(&context.web, result).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "the result of a form could not be stored for the next page");
    }
}
