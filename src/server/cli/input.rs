//! What commands ask for: passwords, and whether it is meant.

use super::CommandError;
use super::output::print;
use crate::domain::credentials::PASSWORD_MAX_BYTES;
use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

/// How often a person may type the password twice until both are the same.
const PASSWORD_TRIES: u32 = 3;
/// The longest line that is read, in bytes: longer than any password.
const LINE_MAX: u64 = PASSWORD_MAX_BYTES as u64 * 2;

/// A person is asked twice, and sees nothing of what is typed; from anything else it is one line.
pub(super) fn ask_password() -> Result<String, CommandError> {
    if !std::io::stdin().is_terminal() {
        return read_line();
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

/// Asks a person whether `question` is meant, unless `yes` says so; nobody else can be asked.
pub(super) fn confirm(question: &str, yes: bool) -> Result<(), CommandError> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::NeedsYes);
    }
    let mut output = std::io::stdout();
    write!(output, "{question} [y/N] ")?;
    output.flush()?;
    let answer = read_line()?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") { Ok(()) } else { Err(CommandError::Declined) }
}

fn read_line() -> Result<String, CommandError> {
    let mut line = String::new();
    std::io::stdin().lock().take(LINE_MAX).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
