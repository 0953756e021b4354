//! `latchkey user`: adds, shows, changes, disables and deletes users.

use super::input::{ask_password, confirm};
use super::links::{LinkArguments, link};
use super::output::{json_line, print, print_all, printable, rfc3339, sessions};
use super::{CommandError, called, factors, find_user, installed};
use crate::domain::credentials::Username;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::server::application::{Runtime, services};
use crate::server::config::Settings;
use crate::server::ports::User;
use crate::server::service::{ServiceError, Services};
use clap::Subcommand;
use serde::Serialize;
use std::sync::Arc;

/// How many users are read at once.
const PAGE: u32 = 500;
/// How many of a user's sessions are read to find out when one was last seen; beside those that live.
const SESSIONS: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Adds a user; the password is asked for, or read from standard input.
    #[command(after_help = "Example: latchkey user add ada")]
    Add { username: String },
    /// Lists all users by name, a line each, fields between tabs: id, name, state.
    #[command(after_help = "Example: latchkey user list --json")]
    List {
        /// One JSON object for each user, a line each; times are milliseconds since 1970.
        #[arg(long)]
        json: bool,
    },
    /// Shows a user: id, name, when made, when the password was changed, state, living sessions, when last seen.
    ///
    /// A server that runs writes every 30 seconds who was seen.
    #[command(after_help = "Example: latchkey user show ada")]
    Show {
        /// The name or the id of a user.
        user: String,
        /// As one JSON object; times are milliseconds since 1970.
        #[arg(long)]
        json: bool,
    },
    /// Keeps a user out, and ends all their sessions. Nothing of theirs is deleted.
    #[command(after_help = "Example: latchkey user disable ada")]
    Disable {
        /// The name or the id of a user.
        user: String,
    },
    /// Lets a user who was disabled sign in again, with the same password.
    #[command(after_help = "Example: latchkey user enable ada")]
    Enable {
        /// The name or the id of a user.
        user: String,
    },
    /// Deletes a user with everything that is theirs, for good. The name is free then.
    #[command(after_help = "Example: latchkey user delete ada --yes")]
    Delete {
        /// The name or the id of a user.
        user: String,
        /// Does not ask whether it is meant. Without a terminal, nobody can be asked.
        #[arg(long)]
        yes: bool,
    },
    /// Gives a user another name. The user stays signed in; the old name is free then.
    #[command(after_help = "Example: latchkey user rename ada ada.lovelace")]
    Rename {
        /// The name or the id of a user.
        user: String,
        /// The new name.
        new: String,
    },
    /// Prints a link that works once: its holder chooses a password.
    ///
    /// With a link of the purpose `reset` a user chooses a new password; all their sessions end. With an `invite`
    /// somebody creates an account with this name, which is not reserved until then. A new link ends the former one of
    /// the same purpose and name. Whoever sees the link can use it.
    #[command(after_help = "Examples: latchkey user link ada
          latchkey user link eve --purpose invite --expires 3d")]
    Link(LinkArguments),
    /// Shows the second factors of a user: the authenticator app, and how many recovery codes are left.
    #[command(after_help = "Example: latchkey user factors ada")]
    Factors {
        /// The name or the id of a user.
        user: String,
        /// As one JSON object; times are milliseconds since 1970.
        #[arg(long)]
        json: bool,
    },
    /// Removes the authenticator app and the recovery codes of a user, who then signs in with the password alone.
    ///
    /// Their sessions stay. Their activity page says that the operator did it.
    #[command(after_help = "Example: latchkey user remove-factors ada --yes")]
    RemoveFactors {
        /// The name or the id of a user.
        user: String,
        /// Does not ask whether it is meant. Without a terminal, nobody can be asked.
        #[arg(long)]
        yes: bool,
    },
    /// Gives a user a new password, and ends all their sessions.
    ///
    /// The password is asked for twice, or read from standard input. It keeps the rules for new passwords. No browser
    /// stays known to the account.
    #[command(after_help = "Example: latchkey user set-password ada")]
    SetPassword {
        /// The name or the id of a user.
        user: String,
    },
}

/// A user as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedUser<'a> {
    id: &'a UserId,
    username: &'a str,
    created_at: Timestamp,
    password_changed_at: Timestamp,
    disabled_at: Option<Timestamp>,
}

impl<'a> From<&'a User> for ListedUser<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: &user.id,
            username: user.username.as_str(),
            created_at: user.created_at,
            password_changed_at: user.password_changed_at,
            disabled_at: user.disabled_at,
        }
    }
}

/// A user and their sessions as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownUser<'a> {
    #[serde(flatten)]
    user: ListedUser<'a>,
    /// How many are alive.
    sessions: usize,
    last_seen_at: Option<Timestamp>,
}

/// Runs the command.
pub(super) async fn run(command: UserCommand, settings: Settings) -> Result<(), CommandError> {
    let settings = Arc::new(settings);
    let store = installed(&settings).await?;
    // Also for what only reads: a secret that is missing or foreign is told at once.
    let services = services(store, settings, &Runtime::default()).await?;
    match command {
        UserCommand::Add { username } => add(&services, &username).await,
        UserCommand::List { json } => list(&services, json).await,
        UserCommand::Show { user, json } => show(&services, &find_user(&services, &user).await?, json).await,
        UserCommand::Disable { user } => {
            let user = find_user(&services, &user).await?;
            let ended = services.disable_user(&user.id).await?.len();
            print(&format!("Disabled {}; {} ended.", called(&user), sessions(ended)))
        }
        UserCommand::Enable { user } => {
            let user = find_user(&services, &user).await?;
            services.enable_user(&user.id).await?;
            print(&format!("Enabled {}.", called(&user)))
        }
        UserCommand::Delete { user, yes } => {
            let user = find_user(&services, &user).await?;
            confirm(&format!("Delete {} with everything that is theirs?", called(&user)), yes)?;
            let ended = services.delete_user(&user.id).await?.len();
            print(&format!("Deleted {}; {} ended.", called(&user), sessions(ended)))
        }
        UserCommand::Rename { user, new } => {
            let user = find_user(&services, &user).await?;
            let name = services.rename_user(&user.id, &new).await?;
            print(&format!("Renamed {} to {}.", called(&user), printable(name.as_str())))
        }
        UserCommand::Link(arguments) => link(&services, arguments).await,
        UserCommand::Factors { user, json } => {
            factors::show(&services, &find_user(&services, &user).await?, json).await
        }
        UserCommand::RemoveFactors { user, yes } => {
            factors::remove(&services, &find_user(&services, &user).await?, yes).await
        }
        UserCommand::SetPassword { user } => {
            let user = find_user(&services, &user).await?;
            let ended = services.set_password(&user.id, &ask_password()?).await?.len();
            print(&format!("Set a new password for {}; {} ended.", called(&user), sessions(ended)))
        }
    }
}

async fn add(services: &Services, username: &str) -> Result<(), CommandError> {
    // Before somebody thinks of a password for a name that cannot be had.
    let name = Username::new(username).map_err(ServiceError::Username)?;
    if services.store().user_by_name(&name).await?.is_some() {
        return Err(ServiceError::UsernameTaken.into());
    }
    let user = services.add_user(username, &ask_password()?, None).await?;
    print(&format!("Added {}.", called(&user)))
}

async fn list(services: &Services, json: bool) -> Result<(), CommandError> {
    let mut after: Option<Username> = None;
    loop {
        let page = services.store().users(after.as_ref(), PAGE).await?;
        let listed: Vec<ListedUser<'_>> = page.iter().map(ListedUser::from).collect();
        print_all(&listed, json, |user| {
            let state = if user.disabled_at.is_some() { "disabled" } else { "enabled" };
            vec![printable(user.id.as_str()), printable(user.username), state.to_owned()]
        })?;
        match page.last() {
            Some(last) => after = Some(last.username.clone()),
            None => return Ok(()),
        }
    }
}

async fn show(services: &Services, user: &User, json: bool) -> Result<(), CommandError> {
    let live = services.store().live_sessions(&user.id, services.now()).await?;
    let newest = services.store().sessions_of(&user.id, None, SESSIONS).await?;
    let last_seen_at = live.iter().chain(&newest).map(|session| session.last_seen_at).max();
    let shown = ShownUser { user: user.into(), sessions: live.len(), last_seen_at };
    if json {
        return print(&json_line(&shown)?);
    }
    let state = user.disabled_at.map(|at| format!("disabled since {}", rfc3339(Some(at))));
    for (field, value) in [
        ("id", printable(user.id.as_str())),
        ("name", printable(user.username.as_str())),
        ("created", rfc3339(Some(user.created_at))),
        ("password changed", rfc3339(Some(user.password_changed_at))),
        ("state", state.unwrap_or_else(|| "enabled".to_owned())),
        ("live sessions", shown.sessions.to_string()),
        ("last seen", rfc3339(last_seen_at)),
    ] {
        print(&format!("{field:<17} {value}"))?;
    }
    Ok(())
}
