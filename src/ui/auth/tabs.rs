//! What the tabs of one browser tell each other: that somebody signed in or out, and what the one that listens to the
//! server hears. Never a token.

use super::browser;
use std::cell::RefCell;
use web_sys::{BroadcastChannel, MessageEvent};

const CHANNEL: &str = "latchkey";

/// What happened in another tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TabMessage {
    SignedIn,
    SignedOut,
    /// The user ends the session there; it may fail.
    Ending,
    /// It failed.
    NotEnded,
    /// Something about the user's sessions has changed.
    Changed,
    /// The session is said to be over.
    Doubt,
    /// The session was ended elsewhere.
    Revoked,
    /// The session was ended because its sign-in was used twice.
    Reused,
    /// The server does not answer.
    Unreachable,
    /// It answers again.
    Reachable,
    /// Somebody looks at a page that is cut off.
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
        Self::ALL.into_iter().find(|news| news.as_str() == text)
    }
}

thread_local! {
    static OPEN: RefCell<Option<BroadcastChannel>> = const { RefCell::new(None) };
}

/// Listens to the other tabs for the life of the page. Without such channels, tabs find out by their next call.
pub fn open(on_news: impl Fn(TabMessage) + 'static) {
    let Ok(channel) = BroadcastChannel::new(CHANNEL) else { return };
    browser::listen(&channel, "message", move |event: MessageEvent| {
        if let Some(news) = event.data().as_string().as_deref().and_then(TabMessage::from_text) {
            on_news(news);
        }
    });
    OPEN.set(Some(channel));
}

/// Tells the other tabs.
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
        for news in TabMessage::ALL {
            assert_eq!(TabMessage::from_text(news.as_str()), Some(news));
        }
        assert_eq!(TabMessage::from_text("signed-up"), None);
    }
}
