//! The content of each page, as the server gathers it and the browser reads it.

use super::{Page, swap_quotes};
use crate::api::data::{Account, ActivityEvent, SessionInfo};
use crate::api::problem::{Code, Problem};
use crate::domain::farewell::Farewell;
use crate::domain::history::WrongPasswords;
use crate::domain::id::SessionId;
use crate::domain::one_time_link::Purpose;
use crate::ui::activity::Identity;
use crate::ui::text;
use serde::{Deserialize, Serialize};

/// Content for a signed-in user, with the username.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal<T> {
    /// Of whom.
    pub username: String,
    /// What is told.
    pub content: T,
}

/// A page of the activity list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityContent {
    /// Newest first.
    pub entries: Vec<ActivityEntry>,
    /// The identity of the newest event.
    pub newest: Option<Identity>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<i64>,
    /// The current session.
    pub current: SessionId,
    /// The user's other live sessions.
    pub others: Vec<SessionId>,
}

/// The list of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevicesContent {
    /// The current one first.
    pub sessions: Vec<SessionInfo>,
    /// Their version, if the page need not ask for them again when it begins to listen (`GET /api/live`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The sessions that the user is asked to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// This session.
    One(Box<SessionInfo>),
    /// This number of other sessions.
    Others(u64),
    /// All of them.
    Everywhere,
}

/// An event, or a group of wrong passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEntry {
    /// What happened; of several wrong passwords, the last one.
    pub event: ActivityEvent,
    /// The group of wrong passwords that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<WrongPasswords>,
    /// Whether somebody else may have caused it.
    pub warns: bool,
}

/// A session that the user does not recognise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotMeContent {
    /// The session, as the devices page shows it.
    pub session: SessionInfo,
    /// Whether the password is required to end it.
    pub password_needed: bool,
}

/// What a page asks for that asks for the password again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofContent {
    /// Whether it asks for the second factor too.
    pub second_factor: bool,
}

/// The secret of an authenticator app that is being set up. Only the server has it.
#[derive(Clone, PartialEq, Eq)]
pub struct AppContent {
    /// In base32, in groups of four.
    pub secret: String,
    /// The length of the QR code's side.
    pub size: i32,
    /// The QR code, as the data of an SVG path.
    pub path: String,
}

impl std::fmt::Debug for AppContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A one-time link that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkContent {
    /// What it is for.
    pub purpose: Purpose,
    /// The name of the account that it is for.
    pub username: String,
}

/// A page with the content that the server renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// With the note about the session that this browser had.
    SignIn(Option<Farewell>),
    /// Signing up.
    SignUp,
    /// Asks for the second factor of a sign-in.
    SecondFactor {
        /// Whether there are recovery codes.
        recovery: bool,
    },
    /// Setting up an authenticator app; `None` before the secret is made.
    AuthenticatorApp(Option<AppContent>),
    /// New recovery codes; none where they are offered.
    RecoveryCodes(Vec<String>),
    /// Asks for the password again.
    Reauthenticate(Personal<ProofContent>),
    /// The list of sessions, the current one first.
    Devices(Personal<DevicesContent>),
    /// Asks before sessions are ended.
    SignOut(Asked),
    /// The user's own security events.
    Activity(Personal<ActivityContent>),
    /// The account.
    Account(Personal<Account>),
    /// Asks before a session is ended that somebody else started.
    NotMe(Personal<NotMeContent>),
    /// Whom to ask, in the operator's own words.
    Forgot(Option<String>),
    /// A one-time link that can be used.
    Link(LinkContent),
    /// A one-time link was used.
    LinkUsed(Purpose),
    /// A one-time link cannot be used.
    LinkInvalid(Purpose),
    /// The browser withheld its cookie: the page renews the session and is loaded again.
    Resuming,
    /// What went wrong.
    Failed(Problem),
    /// There is no such page.
    Missing,
}

impl Content {
    /// Which page it is the content of.
    pub const fn page(&self) -> Page {
        match self {
            Self::SignIn(_) => Page::SignIn,
            Self::SignUp => Page::SignUp,
            Self::SecondFactor { .. } => Page::SecondFactor,
            Self::AuthenticatorApp(_) => Page::AuthenticatorApp,
            Self::RecoveryCodes(_) => Page::RecoveryCodes,
            Self::Reauthenticate(_) => Page::Reauthenticate,
            Self::Devices(_) => Page::Devices,
            Self::SignOut(_) => Page::SignOut,
            Self::Activity(_) => Page::Activity,
            Self::Account(_) => Page::Account,
            Self::NotMe(_) => Page::NotMe,
            Self::Forgot(_) => Page::Forgot,
            Self::Link(LinkContent { purpose: Purpose::Reset, .. }) => Page::Reset,
            Self::Link(LinkContent { purpose: Purpose::Invite, .. }) => Page::Invite,
            Self::LinkUsed(Purpose::Reset) => Page::ResetDone,
            Self::LinkUsed(Purpose::Invite) => Page::InviteDone,
            Self::LinkInvalid(_) => Page::LinkInvalid,
            Self::Resuming => Page::Resuming,
            Self::Failed(_) => Page::Failed,
            Self::Missing => Page::Missing,
        }
    }

    /// The heading of the page.
    pub fn heading(&self) -> &'static str {
        match self {
            Self::Failed(problem) if problem.code == Code::ForbiddenOrigin => text().frame().refused,
            _ => self.page().heading(),
        }
    }

    /// Whether it is for somebody who is signed in.
    pub const fn is_personal(&self) -> bool {
        matches!(
            self,
            Self::Reauthenticate(_) | Self::Devices(_) | Self::Activity(_) | Self::Account(_) | Self::NotMe(_)
        )
    }

    /// The content that the browser needs to hydrate the page: JSON, encoded for an attribute.
    pub fn to_attribute(&self) -> Option<String> {
        let json = match self {
            Self::Reauthenticate(personal) => serde_json::to_string(personal),
            Self::Devices(personal) => serde_json::to_string(personal),
            Self::Activity(personal) => serde_json::to_string(personal),
            Self::Account(personal) => serde_json::to_string(personal),
            Self::NotMe(personal) => serde_json::to_string(personal),
            Self::Link(link) => serde_json::to_string(link),
            _ => return None,
        };
        json.ok().map(|json| swap_quotes(&json))
    }
}
