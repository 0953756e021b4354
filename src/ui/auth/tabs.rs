//! Messages between the tabs of one browser: sign-ins, sign-outs, and what the listening tab learns from the server.
//! Never a token.

use super::browser;
use std::cell::RefCell;
use web_sys::{BroadcastChannel, MessageEvent};

const CHANNEL: &str = "latchkey";

/// An event in another tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TabMessage {
    /// Somebody signed in.
    SignedIn,
    /// The user signed out.
    SignedOut,
    /// The user has asked that tab to end the session. This may fail.
    Ending,
    /// Ending the session failed.
    NotEnded,
    /// The user's sessions have changed.
    Changed,
    /// The session may have ended.
    Doubt,
    /// The session was ended elsewhere.
    Revoked,
    /// The session was ended because its refresh token was used twice.
    Reused,
    /// The server does not answer.
    Unreachable,
    /// The server answers again.
    Reachable,
    /// Somebody looks at a page that cannot reach the server.
    Looked,
}

impl TabMessage {
    const ALL: [Self; 11] = [
        Self::SignedIn,
        Self::SignedOut,
        Self::Ending,
        Self::NotEnded,
        Self::Changed,
        Self::Doubt,
        Self::Revoked,
        Self::Reused,
        Self::Unreachable,
        Self::Reachable,
        Self::Looked,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignedOut => "signed-out",
            Self::Ending => "ending",
            Self::NotEnded => "not-ended",
            Self::Changed => "changed",
            Self::Doubt => "doubt",
            Self::Revoked => "revoked",
            Self::Reused => "reused",
            Self::Unreachable => "unreachable",
            Self::Reachable => "reachable",
            Self::Looked => "looked",
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|message| message.as_str() == text)
    }
}

thread_local! {
    static OPEN: RefCell<Option<BroadcastChannel>> = const { RefCell::new(None) };
}

/// Listens to the other tabs for the life of the page. In browsers without broadcast channels, tabs notice changes with
/// their next call.
pub fn open(on_news: impl Fn(TabMessage) + 'static) {
    let Ok(channel) = BroadcastChannel::new(CHANNEL) else { return };
    browser::listen(&channel, "message", move |event: MessageEvent| {
        if let Some(message) = event.data().as_string().as_deref().and_then(TabMessage::from_text) {
            on_news(message);
        }
    });
    OPEN.set(Some(channel));
}

/// Sends a message to the other tabs.
pub fn post(message: TabMessage) {
    OPEN.with_borrow(|channel| {
        if let Some(channel) = channel {
            let _ = channel.post_message(&message.as_str().into());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_reads_back_and_nothing_else_does() {
        for message in TabMessage::ALL {
            assert_eq!(TabMessage::from_text(message.as_str()), Some(message));
        }
        assert_eq!(TabMessage::from_text("signed-up"), None);
    }
}
