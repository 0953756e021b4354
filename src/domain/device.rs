//! What kind of device a session is on. This is only a label: no rule depends on it.

use super::legible::is_legible;
use serde::{Deserialize, Serialize};

/// The kind of device. The devices page chooses the icon by it.
///
/// ```
/// use latchkey::domain::device::DeviceKind;
///
/// assert_eq!(DeviceKind::from_text(DeviceKind::Phone.as_str()), DeviceKind::Phone);
/// assert_eq!(DeviceKind::from_text("toaster"), DeviceKind::Unknown);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// A computer with a screen of its own.
    Desktop,
    /// A phone.
    Phone,
    /// A tablet.
    Tablet,
    /// A program without a window: `curl`, a script.
    CommandLine,
    /// Nothing that is recognised.
    #[default]
    Unknown,
}

impl DeviceKind {
    /// As it is stored and sent.
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
///
/// ```
/// use latchkey::domain::device::Device;
///
/// let device = |os: &str| Device { os: Some(os.into()), ..Device::default() };
/// let known = device("Windows 11");
/// // A request without hints says less of the same system.
/// assert_eq!(known.seen_again(&device("Windows")), known);
/// assert_eq!(known.seen_again(&device("Linux")), device("Linux"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser or program, without its version.
    pub browser: Option<String>,
    /// The operating system, with its version if that is known.
    pub os: Option<String>,
    /// By what the devices page picks an icon.
    pub kind: DeviceKind,
}

impl Device {
    /// The device after another request from it, described by `now`. A less precise system (`Windows` after `Windows
    /// 11`) does not replace a more precise one: a browser sends all client hints only to sites that asked for them,
    /// and forgets which sites did.
    #[must_use]
    pub fn seen_again(&self, now: &Self) -> Self {
        let less = |before: &str, now: &str| before.strip_prefix(now).is_some_and(|rest| rest.starts_with(' '));
        let os = match (&self.os, &now.os) {
            (Some(before), Some(said)) if self.kind == now.kind && less(before, said) => self.os.clone(),
            _ => now.os.clone(),
        };
        Self { os, ..now.clone() }
    }
}

/// Whether a character affects the text around it: it ends a line, or changes the direction of what follows (UAX #9).
pub fn is_unruly(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The longest name a user may give, in characters.
pub const NAME_MAX: usize = 64;

/// The user's own name for a device: trimmed, 1 to [`NAME_MAX`] characters, legible, without [unruly](is_unruly)
/// characters.
///
/// ```
/// use latchkey::domain::device::device_name;
///
/// assert_eq!(device_name(" Ada's phone ").as_deref(), Some("Ada's phone"));
/// assert_eq!(device_name("turned\u{202e}around"), None);
/// ```
///
/// # Errors
/// `None` when the text is not such a name.
pub fn device_name(typed: &str) -> Option<String> {
    let name = typed.trim();
    let fits = (1..=NAME_MAX).contains(&name.chars().count());
    (fits && !name.chars().any(is_unruly) && is_legible(name)).then(|| name.to_owned())
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
    fn what_is_known_is_kept_until_something_else_is_said() {
        let device = |os: Option<&str>| Device { os: os.map(str::to_owned), ..Device::default() };
        for (before, now, known) in [
            (None, Some("Windows"), Some("Windows")),
            (Some("Windows"), Some("Windows 11"), Some("Windows 11")),
            (Some("Windows 11"), Some("Windows"), Some("Windows 11")),
            (Some("Android 15 (Pixel 9)"), Some("Android"), Some("Android 15 (Pixel 9)")),
            (Some("Android 15 (Pixel 9)"), Some("Android 15"), Some("Android 15 (Pixel 9)")),
            (Some("Android 14 (Pixel 9)"), Some("Android 15 (Pixel 9)"), Some("Android 15 (Pixel 9)")),
            (Some("Windows 8"), Some("Windows 8.1"), Some("Windows 8.1")),
            (Some("Windows 8.1"), Some("Windows 8"), Some("Windows 8")),
            (Some("macOS 15"), Some("Linux"), Some("Linux")),
            (Some("Linux"), None, None),
        ] {
            assert_eq!(device(before).seen_again(&device(now)), device(known), "{before:?}, then {now:?}");
        }
        let phone = Device { kind: DeviceKind::Phone, ..device(Some("Android 15")) };
        let tablet = Device { kind: DeviceKind::Tablet, ..device(Some("Android")) };
        assert_eq!(phone.seen_again(&tablet), tablet, "another device");
    }

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(device_name("  Kitchen tablet ").as_deref(), Some("Kitchen tablet"));
        assert_eq!(device_name("é".repeat(64).as_str()).map(|name| name.chars().count()), Some(64));
        for bad in ["", "   ", "a\nb", "a\u{202e}b", "a\u{2028}b", "a\0b", &"x".repeat(65)] {
            assert_eq!(device_name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_name_that_nobody_can_see_is_none() {
        for blank in ["\u{200b}", "\u{2060}", "\u{2800}", "\u{3164}", "\u{ad}", &"\u{301}".repeat(64)] {
            assert_eq!(device_name(blank), None, "{blank:?}");
        }
    }
}
