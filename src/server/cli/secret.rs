//! `latchkey secret`: replaces the installation's secret.

use super::CommandError;
use super::output::print;
use crate::server::application::Runtime;
use crate::server::config::Settings;
use crate::server::storage;
use crate::server::token::secret_rotation::{self, SecretRotation, Steps};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum SecretCommand {
    /// Makes a new secret, and seals the keys in the database under it. Signs nobody out; a server may run meanwhile.
    ///
    /// The secret file has the former secret in a second line until --finish removes it. A command that was interrupted
    /// is carried on by the next one.
    ///
    /// On PostgreSQL, where each server may have a copy of the file, it takes two calls: the first changes the file, which
    /// is then copied to every server; the second seals the keys.
    #[command(after_help = "Example: latchkey secret rotate")]
    Rotate {
        /// Removes the former secret from the file, once no key needs it. Backups from before the rotation need it still.
        #[arg(long)]
        finish: bool,
    },
}

/// Runs the command.
pub(super) async fn run(command: &SecretCommand, settings: &Settings) -> Result<(), CommandError> {
    let store = super::installed(settings).await?;
    let file = settings.secret.file.as_path();
    let name = file.display();
    match command {
        SecretCommand::Rotate { finish: true } => {
            if secret_rotation::finish(&*store, file).await? {
                print(&format!("{name} has the new secret only. Backups from before the rotation need the former one."))
            } else {
                print(&format!("{name} has one secret: there is nothing to finish."))
            }
        }
        SecretCommand::Rotate { finish: false } => {
            // An SQLite file has one server.
            let is_local = storage::file(&settings.database.url).is_some();
            let steps = if is_local { Steps::Both } else { Steps::OneByOne };
            match secret_rotation::rotate(&*store, Runtime::default().entropy, file, steps).await? {
                SecretRotation::Prepared => {
                    print(&format!("{name} has a new secret, and the former one in its second line."))?;
                    print("Copy the file to every server; each reads it within 30 seconds, without a restart.")?;
                    print("Then run `latchkey secret rotate` again: it seals the keys under the new secret.")
                }
                SecretRotation::Resealed(count) => {
                    let keys = if count == 1 { "1 key is".to_owned() } else { format!("{count} keys are") };
                    print(&format!("{keys} sealed under the new secret in {name}. Keep a copy of the file, apart."))?;
                    print("The former secret is in its second line: `latchkey secret rotate --finish` removes it.")
                }
            }
        }
    }
}
