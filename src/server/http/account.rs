//! The bodies of the calls under `/api/`.

use super::context::RequestContext;
use super::device;
use crate::api::data::{Account, ActivityEvent, ActivityPage, Export, Me, SessionInfo};
use crate::api::problem::Problem;
use crate::domain::activity::Filter;
use crate::domain::recognition::Hints;

pub async fn me() -> Result<Me, Problem> {
    let context = RequestContext::current()?;
    Ok(context.reader().await?.me())
}

pub async fn sessions() -> Result<Vec<SessionInfo>, Problem> {
    let context = RequestContext::current()?;
    let caller = context.reader().await?;
    Ok(context.services().sessions(&caller).await?)
}

pub async fn activity(filter: Filter, cursor: Option<i64>) -> Result<ActivityPage, Problem> {
    let context = RequestContext::current()?;
    let caller = context.reader().await?;
    let mut page = context.services().activity(&caller, filter, cursor).await?;
    name_devices(&mut page.events);
    Ok(page)
}

pub async fn account() -> Result<Account, Problem> {
    let context = RequestContext::current()?;
    let caller = context.reader().await?;
    Ok(context.services().account(&caller).await?)
}

pub async fn export() -> Result<Export, Problem> {
    let context = RequestContext::current()?;
    let caller = context.reader().await?;
    let mut export = context.services().export(&caller).await?;
    name_devices(&mut export.activity);
    Ok(export)
}

/// Says what the programs' own names mean.
fn name_devices(events: &mut [ActivityEvent]) {
    for event in events {
        let device = device::of(&event.user_agent, &Hints::default());
        (event.browser, event.os) = (device.browser, device.os);
    }
}
