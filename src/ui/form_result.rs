//! What a form without JavaScript has done, said once on the page that comes next. It waits in the web session: no address
//! can say it.

use super::{naming, text};
use crate::api::data::DeviceName;
use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormResult {
    Ended(DeviceName),
    EndedOthers,
    /// What the device was called before, and its name now.
    Renamed(DeviceName, String),
    PasswordChanged,
}

impl FormResult {
    /// In the language of the page.
    pub fn words(&self) -> String {
        let words = text().devices();
        match self {
            Self::Ended(device) => (words.ended_one)(&title(device)),
            Self::EndedOthers => words.ended_others.to_owned(),
            Self::Renamed(former, name) => (words.renamed)(&title(former), name),
            Self::PasswordChanged => text().account().changed.to_owned(),
        }
    }
}

fn title(device: &DeviceName) -> String {
    naming::called(device.name.as_deref(), device.browser.as_deref(), device.os.as_deref())
        .unwrap_or_else(|| text().devices().unknown.to_owned())
}
