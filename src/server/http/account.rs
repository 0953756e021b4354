//! The server functions under `/api/`.

use super::context::RequestContext;
use super::device;
use crate::api::data::{Account, ActivityEvent, ActivityPage, Me, SessionInfo};
use crate::api::problem::{Code, Problem};
use crate::domain::activity::Filter;
use crate::domain::recognition::Hints;
use crate::server::service::{Caller, History, ServiceError};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use tracing::Instrument as _;

/// Runs a reading call. If it panics, the answer is an error.
async fn read<T, F>(call: impl FnOnce(RequestContext) -> F) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    let context = RequestContext::current()?;
    let span = context.span.clone();
    let answered = AssertUnwindSafe(call(context)).catch_unwind().instrument(span).await;
    answered.unwrap_or_else(|_| Err(Code::Internal.into()))
}

pub(crate) async fn me() -> Result<Me, Problem> {
    read(|context| async move { Ok(context.reader().await?.me()) }).await
}

pub(crate) async fn sessions() -> Result<Vec<SessionInfo>, Problem> {
    read(|context| async move {
        let caller = context.reader().await?;
        Ok(context.services().sessions(&caller).await?)
    })
    .await
}

pub(crate) async fn activity(filter: Filter, cursor: Option<i64>) -> Result<ActivityPage, Problem> {
    read(|context| async move {
        let caller = context.reader().await?;
        Ok(events(&context, &caller, filter, cursor).await?)
    })
    .await
}

/// The caller's events, with the devices named.
///
/// # Errors
/// When the store is unavailable.
pub(crate) async fn events(
    context: &RequestContext,
    caller: &Caller,
    filter: Filter,
    cursor: Option<i64>,
) -> Result<ActivityPage, ServiceError> {
    let mut page = context.services().activity(caller, filter, cursor).await?;
    name_devices(&mut page.events);
    Ok(page)
}

/// A page of the caller's history, with the devices named.
///
/// # Errors
/// When the store is unavailable.
pub(crate) async fn history(
    context: &RequestContext,
    caller: &Caller,
    filter: Filter,
    cursor: Option<i64>,
) -> Result<History, ServiceError> {
    let mut history = context.services().history(caller, filter, cursor).await?;
    name_devices(history.entries.iter_mut().map(|entry| &mut entry.event));
    Ok(history)
}

pub(crate) async fn account() -> Result<Account, Problem> {
    read(|context| async move {
        let caller = context.reader().await?;
        Ok(context.services().account(&caller).await?)
    })
    .await
}

/// Names the devices of events from earlier versions, which stored only the User-Agent.
pub(crate) fn name_devices<'a>(events: impl IntoIterator<Item = &'a mut ActivityEvent>) {
    for event in events.into_iter().filter(|event| event.browser.is_none() && event.os.is_none()) {
        let device = device::of(&event.user_agent, &Hints::default());
        (event.browser, event.os) = (device.browser, device.os);
    }
}
