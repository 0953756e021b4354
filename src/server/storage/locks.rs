//! Rows that another transaction has locked. Statements for many sessions skip them, so that one locked row does not
//! delay all others.

use super::database::{Write, to_json};
use super::sql::{Sql, sql};
use crate::domain::id::SessionId;
use crate::server::ports::StoreError;
use std::collections::BTreeSet;

/// Those of the sessions `$1` that exist, locked or not.
const EXISTING: Sql = sql!(
    "SELECT s.id FROM sessions s WHERE s.id IN " texts
);

/// The sessions that another transaction has locked: those of `asked` that exist but were not `found`.
pub(super) async fn find_held(
    write: &mut Write,
    asked: &[SessionId],
    found: &BTreeSet<&SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let missing: Vec<&SessionId> = asked.iter().filter(|id| !found.contains(id)).collect();
    if missing.is_empty() || write.locks_everything() {
        return Ok(Vec::new());
    }
    Ok(write.scalars(EXISTING).bind(to_json(&missing)?).fetch_all(write.connection()).await?)
}
