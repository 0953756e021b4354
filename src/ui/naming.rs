//! The names of devices in texts.

use super::text;
use crate::api::data::SessionInfo;
use crate::domain::second_factor::{AuthenticatedBy, FactorMethod};

/// The user's own name for it, otherwise its browser and system.
pub fn title(session: &SessionInfo) -> String {
    called(session.name.as_deref(), session.browser.as_deref(), session.os.as_deref())
        .unwrap_or_else(|| text().devices().unknown.to_owned())
}

/// The same, for use within a sentence.
pub fn mention(session: &SessionInfo) -> String {
    isolated(title(session))
}

/// A user's text for use within a sentence: right-to-left text keeps its own order and does not change that of the
/// rest. Uses Unicode characters (UAX 9 section 2.4.2), since a sentence may be shown where there are no elements.
pub fn isolated(text: String) -> String {
    if text.chars().any(is_right_to_left) { format!("\u{2068}{text}\u{2069}") } else { text }
}

/// Hebrew, Arabic and neighbouring scripts.
fn is_right_to_left(sign: char) -> bool {
    matches!(sign, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// The name from its parts; `None` if nothing is known.
pub fn called(name: Option<&str>, browser: Option<&str>, os: Option<&str>) -> Option<String> {
    name.map(str::to_owned).or_else(|| kind(browser, os))
}

/// The browser and system of a device that has a name of its own.
pub fn subtitle(session: &SessionInfo) -> Option<String> {
    let name = session.name.as_ref()?;
    known(session).filter(|known| known != name)
}

fn known(session: &SessionInfo) -> Option<String> {
    kind(session.browser.as_deref(), session.os.as_deref())
}

/// The browser and system of a device.
pub fn kind(browser: Option<&str>, os: Option<&str>) -> Option<String> {
    match (browser, os) {
        (Some(browser), Some(system)) => Some((text().devices().browser_on_system)(browser, system)),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// How the user of a session signed in, if it was not by the password alone.
pub fn signed_in_with(by: &AuthenticatedBy) -> Option<&'static str> {
    let words = text().factors();
    let app = by.includes(FactorMethod::Totp).then_some(words.with_app);
    app.or_else(|| by.includes(FactorMethod::RecoveryCode).then_some(words.with_recovery_code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::device::DeviceKind;
    use crate::domain::id::SessionId;
    use crate::domain::time::Timestamp;

    fn session(name: Option<&str>, browser: Option<&str>, os: Option<&str>) -> SessionInfo {
        SessionInfo {
            sid: SessionId::new("s"),
            current: false,
            name: name.map(str::to_owned),
            browser: browser.map(str::to_owned),
            os: os.map(str::to_owned),
            kind: DeviceKind::Desktop,
            ip: None,
            created_at: Timestamp::default(),
            last_seen_at: Timestamp::default(),
            expires_at: Timestamp::default(),
            absolute_expires_at: Timestamp::default(),
            authenticated_by: AuthenticatedBy::password(),
        }
    }

    #[test]
    fn the_users_own_name_comes_first() {
        let named = session(Some("Desk"), Some("Firefox"), Some("Linux"));
        assert_eq!(title(&named), "Desk");
        assert_eq!(subtitle(&named).as_deref(), Some("Firefox on Linux"));
        assert_eq!(subtitle(&session(Some("Firefox on Linux"), Some("Firefox"), Some("Linux"))), None);
    }

    #[test]
    fn a_name_from_right_to_left_leaves_the_sentence_around_it_alone() {
        assert_eq!(mention(&session(Some("مكتب"), None, None)), "\u{2068}مكتب\u{2069}");
        assert_eq!(title(&session(Some("مكتب"), None, None)), "مكتب", "alone it is as it was given");
        for plain in ["Desk", "Küche 🪟", "台所"] {
            assert_eq!(mention(&session(Some(plain), None, None)), plain);
        }
    }

    #[test]
    fn without_a_name_it_is_what_is_known() {
        assert_eq!(title(&session(None, Some("Firefox"), Some("Linux"))), "Firefox on Linux");
        assert_eq!(title(&session(None, Some("curl"), None)), "curl");
        assert_eq!(title(&session(None, None, Some("Android"))), "Android");
        assert_eq!(title(&session(None, None, None)), "Unknown device");
        assert_eq!(subtitle(&session(None, Some("Firefox"), Some("Linux"))), None);
    }
}
