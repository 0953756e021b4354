//! The content of pages that show more than one thing of the wire contract.

use crate::api::data::SessionInfo;
use serde::{Deserialize, Serialize};

/// The list of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevicesContent {
    /// The current one first.
    pub sessions: Vec<SessionInfo>,
    /// Their version, if the page need not ask for them again when it begins to listen (`GET /api/live`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}
