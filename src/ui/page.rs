//! The list of pages: the path, heading, code and content of each.

mod content;

pub use content::{
    ActivityContent, ActivityEntry, AppContent, Asked, Content, DevicesContent, LinkContent, NotMeContent, Personal,
    ProofContent,
};

use super::environment::PageEnvironment;
use super::{browser, links, text};
use crate::api::json;
use crate::domain::registration::Registration;
use serde::de::DeserializeOwned;

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Signing in.
    SignIn,
    /// Signing up.
    SignUp,
    /// Asks for the second factor of a sign-in.
    SecondFactor,
    /// Setting up an authenticator app.
    AuthenticatorApp,
    /// Shows new recovery codes, or offers them.
    RecoveryCodes,
    /// Asks for the password again.
    Reauthenticate,
    /// The list of sessions.
    Devices,
    /// Asks before sessions are ended.
    SignOut,
    /// The user's own security events.
    Activity,
    /// The account.
    Account,
    /// Asks before a session is ended that somebody else started.
    NotMe,
    /// Tells people who forgot their password whom to ask.
    Forgot,
    /// After a link to choose a new password was used.
    ResetDone,
    /// After an invitation was used.
    InviteDone,
    /// The page of a link to choose a new password.
    Reset,
    /// The page of an invitation.
    Invite,
    /// Replaces the page of a link that cannot be used.
    LinkInvalid,
    /// Replaces a page for signed-in users when the server cannot identify the visitor, but the browser may hold a
    /// refresh token.
    Resuming,
    /// Replaces a page that cannot be rendered at the moment.
    Failed,
    /// The page for unknown addresses.
    Missing,
}

impl Page {
    /// Every page. One whose path ends with a token comes after those whose paths only look like that.
    pub const ALL: [Self; 20] = [
        Self::SignIn,
        Self::SignUp,
        Self::SecondFactor,
        Self::AuthenticatorApp,
        Self::RecoveryCodes,
        Self::Reauthenticate,
        Self::Devices,
        Self::SignOut,
        Self::Activity,
        Self::Account,
        Self::NotMe,
        Self::Forgot,
        Self::ResetDone,
        Self::InviteDone,
        Self::Reset,
        Self::Invite,
        Self::LinkInvalid,
        Self::Resuming,
        Self::Failed,
        Self::Missing,
    ];

    /// The page at an address. Its query and fragment are ignored.
    pub fn at(path: &str) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|page| page.path().is_some_and(|own| links::is_at(own, path)))
            .unwrap_or(Self::Missing)
    }

    /// Its path, if it has one of its own. `{token}` at its end stands for any token.
    pub const fn path(self) -> Option<&'static str> {
        match self {
            Self::SignIn => Some(links::LOGIN),
            Self::SignUp => Some(links::SIGNUP),
            Self::SecondFactor => Some(links::SECOND_FACTOR),
            Self::AuthenticatorApp => Some(links::AUTHENTICATOR_APP),
            Self::RecoveryCodes => Some(links::RECOVERY_CODES),
            Self::Reauthenticate => Some(links::REAUTHENTICATE),
            Self::Devices => Some(links::DEVICES),
            Self::SignOut => Some(links::SIGN_OUT),
            Self::Activity => Some(links::ACTIVITY),
            Self::Account => Some(links::ACCOUNT),
            Self::NotMe => Some(links::NOT_ME),
            Self::Forgot => Some(links::FORGOT),
            Self::ResetDone => Some(links::RESET_DONE),
            Self::InviteDone => Some(links::INVITE_DONE),
            Self::Reset => Some(links::RESET),
            Self::Invite => Some(links::INVITE),
            Self::LinkInvalid | Self::Resuming | Self::Failed | Self::Missing => None,
        }
    }

    /// The name of the page in the document's attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
            Self::SecondFactor => "second-factor",
            Self::AuthenticatorApp => "authenticator-app",
            Self::RecoveryCodes => "recovery-codes",
            Self::Reauthenticate => "reauthenticate",
            Self::Devices => "devices",
            Self::SignOut => "sign-out",
            Self::Activity => "activity",
            Self::Account => "account",
            Self::NotMe => "not-me",
            Self::Forgot => "forgot",
            Self::ResetDone => "reset-done",
            Self::InviteDone => "invite-done",
            Self::Reset => "reset",
            Self::Invite => "invite",
            Self::LinkInvalid => "link-invalid",
            Self::Resuming => "resuming",
            Self::Failed => "failed",
            Self::Missing => "missing",
        }
    }

    /// The part of the app's code that the page needs beyond the common code (see `hydrate`).
    pub const fn part(self) -> Option<&'static str> {
        match self {
            Self::Devices => Some("devices"),
            Self::Activity | Self::Account | Self::NotMe | Self::Reset | Self::Invite => Some("account"),
            Self::SignIn
            | Self::SignUp
            | Self::SecondFactor
            | Self::AuthenticatorApp
            | Self::RecoveryCodes
            | Self::Reauthenticate
            | Self::SignOut
            | Self::Forgot
            | Self::ResetDone
            | Self::InviteDone
            | Self::LinkInvalid
            | Self::Resuming
            | Self::Failed
            | Self::Missing => None,
        }
    }

    /// By the text of its attribute.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.as_str() == text)
    }

    /// The heading, and the first part of the title.
    pub fn heading(self) -> &'static str {
        let text = text();
        match self {
            Self::SignIn => text.enter().sign_in,
            Self::SignUp => match PageEnvironment::current().registration {
                Registration::Open => text.enter().sign_up,
                Registration::Invite => text.enter().invited_title,
                Registration::Closed => text.enter().closed_title,
            },
            Self::SecondFactor => text.factor_pages().enter_title,
            Self::AuthenticatorApp => text.factors().set_up,
            Self::RecoveryCodes => text.factor_pages().codes_title,
            Self::Reauthenticate => text.confirm().title,
            Self::Devices => text.devices().title,
            Self::SignOut => text.devices().sign_out,
            Self::Activity => text.activity().title,
            Self::Account => text.account().title,
            Self::NotMe => text.not_me().title,
            Self::Forgot => text.enter().forgot,
            Self::ResetDone => text.links().reset_done_title,
            Self::InviteDone => text.links().invite_done_title,
            Self::Reset => text.links().reset_title,
            Self::Invite => text.enter().sign_up,
            Self::LinkInvalid => text.links().invalid_title,
            Self::Resuming => text.frame().resuming,
            Self::Failed => text.frame().failed,
            Self::Missing => text.missing().title,
        }
    }
}

/// The attributes that carry the page (on the root) and its content (on the body).
pub mod attribute {
    /// Of the root: which page it is.
    pub const PAGE: &str = "data-page";
    /// Of the body: its content, as JSON.
    pub const CONTENT: &str = "data-content";
}

/// The page that the browser shows.
pub fn here() -> Option<Page> {
    Page::from_text(&browser::root_attribute(attribute::PAGE)?)
}

/// The content of the current page: the inverse of [`Content::to_attribute`]. It can be taken once, and is removed from
/// the document.
pub fn take<T: DeserializeOwned>() -> Option<T> {
    let attribute = browser::take_body_attribute(attribute::CONTENT)?;
    json::read(&swap_quotes(&attribute))
}

/// Exchanges double and single quotes. In an attribute, which is enclosed in double quotes, each double quote would
/// take six bytes, and JSON has many.
fn swap_quotes(text: &str) -> String {
    let swapped = |sign| match sign {
        '"' => '\'',
        '\'' => '"',
        other => other,
    };
    text.chars().map(swapped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_holds_json_with_few_quotes_and_gives_it_back() {
        let content = ProofContent { second_factor: true };
        let personal = Personal { username: r#"O'Brien "the " first"#.to_owned(), content };
        let attribute = Content::Reauthenticate(personal.clone()).to_attribute().unwrap();
        assert!(attribute.starts_with("{'username':'O\"Brien"), "{attribute}");
        assert_eq!(serde_json::from_str::<Personal<ProofContent>>(&swap_quotes(&attribute)).unwrap(), personal);
    }

    #[test]
    fn every_page_is_where_it_says_and_reads_back() {
        for page in Page::ALL {
            assert_eq!(Page::from_text(page.as_str()), Some(page));
            if let Some(path) = page.path() {
                assert_eq!(Page::at(path), page);
                assert_eq!(Page::at(&format!("{path}?a=/login#b")), page);
            }
        }
        for elsewhere in
            ["", "/", "/reset", "/reset/", "/reset/a/b", "/reset/{token}/", "/devices/", "/devices/../login", "devices"]
        {
            assert_eq!(Page::at(elsewhere), Page::Missing, "{elsewhere}");
        }
    }
}
