//! What a form without JavaScript does, kept for the page that comes next (see [`ui::form_result`](crate::ui::form_result)).

use super::context::RequestContext;
use super::{forms, web_session};
use crate::api::data::DeviceName;
use crate::domain::device::device_name;
use crate::ui::form_result::FormResult;
use crate::ui::links::post;
use crate::ui::links::query::NOT_ME;
use std::collections::HashMap;

/// What will have been done if the call succeeds, looked up before it is gone. `None`: nothing that has to be said, or
/// nobody to whom it may be.
pub async fn foreseen(path: &str, body: &[u8], context: &RequestContext) -> Option<FormResult> {
    let fields: HashMap<String, String> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    match path {
        // What comes next says so itself.
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

/// What the device of one of the reader's sessions is called.
async fn device(context: &RequestContext, sid: &str) -> Option<DeviceName> {
    let caller = context.web_caller().await.ok()?;
    let sessions = context.services().sessions(&caller).await.ok()?;
    let session = sessions.into_iter().find(|session| session.sid.as_str() == sid)?;
    Some(DeviceName { name: session.name, browser: session.browser, os: session.os })
}

/// Keeps it for the next page of who is signed in.
pub async fn keep(context: &RequestContext, said: &FormResult) {
    let kept = match web_session::sid(&context.web).await {
        Ok(Some(_)) => web_session::keep_form_result(&context.web, said).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::warn!(%error, "what a form has done cannot be said on the next page");
    }
}
