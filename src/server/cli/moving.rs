//! `latchkey move`.

use super::CommandError;
use super::output::{self, print};
use crate::server::config::Settings;
use crate::server::storage::{self, MovedContents};
use clap::Args;
use std::path::PathBuf;

/// What `--help` shows.
pub(super) const EXAMPLES: &str = "Examples:\n  latchkey move --to-file /etc/latchkey/database-url\n  \
                                   latchkey move --to sqlite:///var/lib/latchkey/latchkey.db";

/// Where to move to.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct MoveArguments {
    /// The URL of the database, as in `database.url`. Other users of this machine may see a password in it.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// A file that holds the URL, as `database.url_file`.
    #[arg(long, value_name = "FILE")]
    to_file: Option<PathBuf>,
}

/// Runs the command.
pub(super) async fn run(arguments: MoveArguments, settings: &Settings) -> Result<(), CommandError> {
    let to = match (arguments.to, arguments.to_file) {
        (Some(to), _) => to,
        (None, Some(file)) => std::fs::read_to_string(&file)
            .map_err(|error| CommandError::Unreadable(file, error))?
            .trim_end_matches(['\r', '\n'])
            .to_owned(),
        (None, None) => String::new(),
    };
    let from = &settings.database.url;
    let MovedContents { users, sessions: moved, events } = storage::move_to(from, &to).await?;
    let (users, moved) = (output::users(users), output::sessions(moved));
    print(&format!("Moved {users}, {moved} (ended ones too) and {events} security events to {}.", storage::name(&to)))?;
    print("Set database.url, or database.url_file, to it before the next start. Nothing was changed in the old one:")?;
    print("no server may use it any more, since it knows nothing of what happens from now on.")
}
