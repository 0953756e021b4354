//! `latchkey session`: lists the sessions of a user, and ends sessions.

use super::input::confirm;
use super::output::{print, print_all, printable, printable_or_dash, rfc3339, sessions};
use super::{CommandError, called, find_user, installed};
use crate::domain::device::DeviceKind;
use crate::domain::id::{SessionId, UserId};
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::server::application::{Runtime, services};
use crate::server::config::Settings;
use crate::server::ports::Selection;
use crate::server::service::Services;
use clap::{ArgGroup, Subcommand};
use serde::Serialize;
use std::cmp::Reverse;
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Lists the living sessions of a user, the one seen last first, a line each, fields between tabs: sid, name of the
    /// device, browser and system, signed in, last seen, address.
    ///
    /// A server that runs writes every 30 seconds who was seen.
    #[command(after_help = "Example: latchkey session list ada")]
    List {
        /// The name or the id of a user.
        user: String,
        /// One JSON object for each session, a line each; times are milliseconds since 1970.
        #[arg(long)]
        json: bool,
    },
    /// Ends a session, all of a user, or all that there are. A server that runs refuses them within a second.
    #[command(
        group = ArgGroup::new("which").required(true).args(["sid", "user", "all"]),
        after_help = "Examples:\n  latchkey session end 0190a2b4-7c3d-7e8f-9a0b-c1d2e3f40516\n  \
                      latchkey session end --user ada\n  latchkey session end --all --yes"
    )]
    End {
        /// The id of a session, as `session list` prints it.
        sid: Option<String>,
        /// All sessions of the user with this name or id.
        #[arg(long)]
        user: Option<String>,
        /// The sessions of all users.
        #[arg(long)]
        all: bool,
        /// Does not ask whether all sessions are meant. Without a terminal, nobody can be asked.
        #[arg(long, conflicts_with_all = ["sid", "user"])]
        yes: bool,
    },
}

/// A session as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedSession<'a> {
    sid: &'a SessionId,
    user_id: &'a UserId,
    name: Option<&'a str>,
    browser: Option<&'a str>,
    os: Option<&'a str>,
    kind: DeviceKind,
    user_agent: &'a str,
    ip: Option<&'a str>,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    /// The nearer of both ends.
    expires_at: Timestamp,
}

impl<'a> From<&'a Session> for ListedSession<'a> {
    fn from(session: &'a Session) -> Self {
        let label = &session.label;
        Self {
            sid: &session.id,
            user_id: &session.user_id,
            name: label.name.as_deref(),
            browser: label.device.browser.as_deref(),
            os: label.device.os.as_deref(),
            kind: label.device.kind,
            user_agent: &label.user_agent,
            ip: label.ip.as_deref(),
            created_at: session.lifetime.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.lifetime.end(),
        }
    }
}

impl ListedSession<'_> {
    fn fields(&self) -> Vec<String> {
        let program = match (self.browser, self.os) {
            (Some(browser), Some(os)) => printable(&format!("{browser} on {os}")),
            (browser, os) => printable_or_dash(browser.or(os)),
        };
        vec![
            printable(self.sid.as_str()),
            printable_or_dash(self.name),
            program,
            rfc3339(Some(self.created_at)),
            rfc3339(Some(self.last_seen_at)),
            printable_or_dash(self.ip),
        ]
    }
}

/// Runs the command.
pub(super) async fn run(command: SessionCommand, settings: Settings) -> Result<(), CommandError> {
    let settings = Arc::new(settings);
    let store = installed(&settings).await?;
    let services = services(store, settings, &Runtime::default()).await?;
    match command {
        SessionCommand::List { user, json } => {
            let user = find_user(&services, &user).await?;
            let mut live = services.store().live_sessions(&user.id, services.now()).await?;
            live.sort_by_key(|session| (Reverse(session.last_seen_at), session.id.clone()));
            let listed: Vec<ListedSession<'_>> = live.iter().map(ListedSession::from).collect();
            print_all(&listed, json, ListedSession::fields)
        }
        SessionCommand::End { sid: Some(sid), .. } => end_one(&services, &sid).await,
        SessionCommand::End { user: Some(user), .. } => {
            let user = find_user(&services, &user).await?;
            let ended = services.end_sessions_of(&user.id, Selection::All).await?.len();
            print(&format!("Ended {} of {}.", sessions(ended), called(&user)))
        }
        // One of the three is there.
        SessionCommand::End { yes, .. } => {
            confirm("End the sessions of all users?", yes)?;
            let ended = services.end_all_sessions().await?;
            print(&format!("Ended {}.", sessions(ended)))
        }
    }
}

async fn end_one(services: &Services, sid: &str) -> Result<(), CommandError> {
    let none = || CommandError::NoSession(printable(sid));
    let sid = SessionId::new(sid);
    if !sid.is_well_formed() {
        return Err(none());
    }
    let session = services.store().session(&sid).await?.ok_or_else(none)?;
    if services.end_sessions_of(&session.user_id, Selection::One(sid.clone())).await?.is_empty() {
        return Err(CommandError::SessionIsOver(printable(sid.as_str())));
    }
    let user = services.store().user(&session.user_id).await?;
    let of = user.map(|user| format!(" of {}", called(&user))).unwrap_or_default();
    print(&format!("Ended session {}{of}.", printable(sid.as_str())))
}
