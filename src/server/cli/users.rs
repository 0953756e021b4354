//! `latchkey user`: adds and lists users.

use super::{CommandError, installed, print};
use crate::domain::credentials::Username;
use crate::server::application::{Runtime, services};
use crate::server::config::Settings;
use crate::server::service::ServiceError;
use clap::Subcommand;
use std::io::IsTerminal as _;
use std::sync::Arc;

/// How often a person may try to type the same password twice.
const PASSWORD_TRIES: u32 = 3;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Adds a user. Asks for the password, or reads it from standard input.
    Add { username: String },
    /// Lists all users.
    List,
}

/// Runs the command.
pub(super) async fn run(command: UserCommand, settings: Settings) -> Result<(), CommandError> {
    let settings = Arc::new(settings);
    let store = installed(&settings).await?;
    // Even for commands that only read: a missing or foreign secret is reported at once.
    let services = services(store.clone(), settings, &Runtime::default()).await?;
    match command {
        UserCommand::Add { username } => {
            // Checked before somebody chooses a password for a name that is not available.
            let name = Username::new(&username).map_err(ServiceError::Username)?;
            if store.user_by_name(&name).await?.is_some() {
                return Err(ServiceError::UsernameTaken.into());
            }
            let user = services.add_user(&username, &ask_password()?, None).await?;
            print(&format!("Added {} ({}).", user.username.as_str(), user.id))
        }
        UserCommand::List => {
            for user in store.users().await? {
                let state = if user.disabled_at.is_some() { "disabled" } else { "enabled" };
                print(&format!("{}\t{}\t{state}", user.id, user.username.as_str()))?;
            }
            Ok(())
        }
    }
}

/// Asks a person twice, without showing what is typed. From anything but a terminal, reads one line.
fn ask_password() -> Result<String, CommandError> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    for _ in 0..PASSWORD_TRIES {
        let password = rpassword::prompt_password("Password: ")?;
        if rpassword::prompt_password("The same again: ")? == password {
            return Ok(password);
        }
        print("These two were not the same.")?;
    }
    Err(CommandError::PasswordsDiffer)
}
