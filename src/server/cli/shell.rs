//! `latchkey completions` and `latchkey man`: what shells and `man` want to know of the commands, made from the same
//! definitions as the commands.

use super::output::print;
use super::{Arguments, CommandError};
use clap::CommandFactory as _;
use clap_complete::Shell;
use std::io::Write as _;
use std::path::Path;

/// Prints the completions for a shell.
pub(super) fn completions(shell: Shell) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "latchkey", &mut script);
    let mut output = std::io::stdout().lock();
    output.write_all(&script)?;
    Ok(output.flush()?)
}

/// Writes a manual page for each command to an existing folder.
pub(super) fn manual(folder: &Path) -> Result<(), CommandError> {
    // `help` would get pages of its own, for each command once more.
    let command = Arguments::command().disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder).map_err(|error| CommandError::Manual(folder.to_owned(), error))?;
    print(&format!("The manual pages are in {}.", folder.display()))
}
