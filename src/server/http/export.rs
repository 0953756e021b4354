//! `GET /api/export`: everything that is stored about the caller, as one JSON object. It is sent page by page as it is
//! read, so a large export needs no more memory than a small one. If reading fails, the answer is cut off, and the
//! client can tell that it is incomplete.

use super::account::name_devices;
use super::context::RequestContext;
use super::problem;
use crate::api::data::Account;
use crate::api::problem::Code;
use crate::domain::id::SessionId;
use crate::domain::time::Timestamp;
use crate::server::service::{Caller, ServiceError, Services};
use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::{HeaderValue, Response, header};
use serde::Serialize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::{Instrument as _, Span};

/// The whole answer.
pub(super) async fn export(request: Request) -> Response<Body> {
    let Some(context) = request.extensions().get::<RequestContext>() else {
        return problem::answer(&Code::Internal.into());
    };
    match begin(context).await {
        Ok((caller, account)) => answer(context, caller, account),
        Err(error) => problem::answer(&error.into()),
    }
}

async fn begin(context: &RequestContext) -> Result<(Caller, Account), ServiceError> {
    let caller = context.reader().await?;
    let account = context.services().begin_export(&caller).await?;
    Ok((caller, account))
}

fn answer(context: &RequestContext, caller: Caller, account: Account) -> Response<Body> {
    let export = Export { services: context.services().clone(), caller, next: Some(Part::Account(Box::new(account))) };
    let pages = stream::try_unfold((export, context.span.clone()), |(mut export, span): (Export, Span)| async {
        let page = AssertUnwindSafe(export.page()).catch_unwind().instrument(span.clone()).await;
        match page.unwrap_or(Err(ServiceError::Aborted)) {
            Ok(page) => Ok(page.map(|page| (Bytes::from(page), (export, span)))),
            Err(error) => {
                span.in_scope(|| tracing::warn!(%error, "an export broke off"));
                Err(error)
            }
        }
    });
    let mut response = Response::new(Body::from_stream(pages));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An export in progress.
struct Export {
    services: Arc<Services>,
    caller: Caller,
    /// The next part; `None` at the end.
    next: Option<Part>,
}

/// A part of the object, starting at a given page.
enum Part {
    Account(Box<Account>),
    Sessions(Option<(Timestamp, SessionId)>),
    Activity(Option<i64>),
}

impl Export {
    /// The next page; `None` after the last one.
    async fn page(&mut self) -> Result<Option<String>, ServiceError> {
        let page = match self.next.take() {
            None => return Ok(None),
            Some(Part::Account(account)) => {
                self.next = Some(Part::Sessions(None));
                let browsers = self.services.exported_browsers(&self.caller).await?;
                let links = self.services.exported_links(&self.caller).await?;
                let (account, browsers, links) = (json(&account)?, json(&browsers)?, json(&links)?);
                format!("{{\"account\":{account},\"knownBrowsers\":{browsers},\"oneTimeLinks\":{links},\"sessions\":[")
            }
            Some(Part::Sessions(after)) => {
                let is_first = after.is_none();
                let (sessions, last) = self.services.exported_sessions(&self.caller, after).await?;
                let is_last = last.is_none();
                self.next = Some(if is_last { Part::Activity(None) } else { Part::Sessions(last) });
                items(&sessions, is_first)? + if is_last { "],\"activity\":[" } else { "" }
            }
            Some(Part::Activity(before)) => {
                let mut page = self.services.exported_events(&self.caller, before).await?;
                name_devices(&mut page.events);
                let is_last = page.next.is_none();
                self.next = page.next.map(|next| Part::Activity(Some(next)));
                items(&page.events, before.is_none())? + if is_last { "]}" } else { "" }
            }
        };
        Ok(Some(page))
    }
}

/// Items of an array, separated by commas. Unless `is_first`, a comma precedes them.
fn items<T: Serialize>(items: &[T], is_first: bool) -> Result<String, ServiceError> {
    let items: Vec<String> = items.iter().map(json).collect::<Result<_, _>>()?;
    let comma = if is_first || items.is_empty() { "" } else { "," };
    Ok(comma.to_owned() + &items.join(","))
}

fn json<T: Serialize>(value: &T) -> Result<String, ServiceError> {
    serde_json::to_string(value).map_err(|_| ServiceError::Aborted)
}
