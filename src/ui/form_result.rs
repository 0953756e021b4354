//! The result of a form without JavaScript, shown once on the next page. It is stored in the web session, so nobody can
//! forge it with an address.

use super::{naming, text};
use crate::api::data::DeviceName;
use serde::{Deserialize, Serialize};

/// What a form has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormResult {
    /// A session was ended.
    Ended(DeviceName),
    /// All others were ended.
    EndedOthers,
    /// The device's name before, and its name now.
    Renamed(DeviceName, String),
    /// The password was changed.
    PasswordChanged,
    /// The authenticator app and the recovery codes were removed.
    SecondFactorRemoved,
}

impl FormResult {
    /// The result as a sentence in the language of the page.
    pub fn words(&self) -> String {
        let words = text().devices();
        match self {
            Self::Ended(device) => (words.ended_one)(&title(device)),
            Self::EndedOthers => words.ended_others.to_owned(),
            Self::Renamed(former, name) => (words.renamed)(&title(former), name),
            Self::PasswordChanged => text().account().changed.to_owned(),
            Self::SecondFactorRemoved => text().factors().removed.to_owned(),
        }
    }
}

fn title(device: &DeviceName) -> String {
    naming::called(device.name.as_deref(), device.browser.as_deref(), device.os.as_deref())
        .unwrap_or_else(|| text().devices().unknown.to_owned())
}
