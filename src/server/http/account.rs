//! The bodies of the calls under `/api/`.

use super::context::RequestContext;
use crate::api::data::{ActivityPage, Me, SessionInfo};
use crate::api::problem::Problem;

pub async fn me() -> Result<Me, Problem> {
    let context = RequestContext::current()?;
    Ok(context.reader().await?.me())
}

pub async fn sessions() -> Result<Vec<SessionInfo>, Problem> {
    let context = RequestContext::current()?;
    let caller = context.reader().await?;
    Ok(context.services().sessions(&caller).await?)
}

pub async fn activity(cursor: Option<i64>) -> Result<ActivityPage, Problem> {
    let context = RequestContext::current()?;
    let caller = context.reader().await?;
    Ok(context.services().activity(&caller, cursor).await?)
}
