//! What kind of device a session is on. Only a label: nothing is ever decided by it.

use serde::{Deserialize, Serialize};

/// What kind of thing signed in; the devices page picks its icon by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    Desktop,
    Phone,
    Tablet,
    /// A program without a window: `curl`, a script.
    CommandLine,
    #[default]
    Unknown,
}

impl DeviceKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::CommandLine => "command_line",
            Self::Unknown => "unknown",
        }
    }

    /// The inverse of [`DeviceKind::as_str`]; anything else is [`DeviceKind::Unknown`].
    pub fn from_text(text: &str) -> Self {
        [Self::Desktop, Self::Phone, Self::Tablet, Self::CommandLine]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .unwrap_or_default()
    }
}

/// What is known of a device, as the devices page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub browser: Option<String>,
    pub os: Option<String>,
    pub kind: DeviceKind,
}

/// The longest name a user may give, in characters.
pub const NAME_MAX: usize = 64;

/// The user's own name for a device: trimmed, 1 to [`NAME_MAX`] characters, none of them a control character.
///
/// # Errors
/// `None` when it is not such a name.
pub fn device_name(typed: &str) -> Option<String> {
    let name = typed.trim();
    let fits = (1..=NAME_MAX).contains(&name.chars().count());
    (fits && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_as_it_was_written() {
        for kind in [DeviceKind::Desktop, DeviceKind::Phone, DeviceKind::Tablet, DeviceKind::CommandLine] {
            assert_eq!(DeviceKind::from_text(kind.as_str()), kind);
        }
        assert_eq!(DeviceKind::from_text("toaster"), DeviceKind::Unknown);
    }

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(device_name("  Kitchen tablet ").as_deref(), Some("Kitchen tablet"));
        assert_eq!(device_name("é".repeat(64).as_str()).map(|name| name.chars().count()), Some(64));
        for bad in ["", "   ", "a\nb", &"x".repeat(65)] {
            assert_eq!(device_name(bad), None, "{bad:?}");
        }
    }
}
