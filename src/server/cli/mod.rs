//! The command line.

mod backup;
mod config;
mod doctor;
mod events;
mod factors;
mod healthcheck;
mod input;
mod keys;
mod links;
mod moving;
mod output;
mod secret;
mod sessions;
mod shell;
mod users;

#[cfg(test)]
mod documented;

use super::application::{self, Application, Runtime, StartError};
use super::config::{Config, ListenAddress, Settings};
use super::listening::{self, PassedSocket};
use super::ports::{Store, StoreError, User};
use super::process;
use super::service::{ServiceError, Services};
use super::site::Archive;
use super::storage;
use super::systemd::{self, State};
use super::telemetry::{self, Log, LogGaps};
use super::tls::Certificates;
use super::token::secret_rotation::SecretRotationError;
use crate::domain::id::UserId;
use crate::domain::one_time_link::LifeError;
use bytes::Bytes;
use clap::{Parser, Subcommand};
use clap_complete::Shell;
use output::{print, printable};
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::Signal;

/// What clap exits with when it is called in a wrong way.
const WRONG_USE: u8 = 2;

/// A self-hosted sign-in service.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// The settings file. Without this option: Leptos.toml in the working folder, or beside the program.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the app and its API until it is asked to stop.
    Serve {
        /// Where to listen, instead of at `server.listen`: 127.0.0.1:3000, [::1]:3000 or unix:FILE. Several are
        /// separated by commas, or given one by one.
        #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
        listen: Vec<ListenAddress>,
    },
    /// Creates the database, its keys and the secret file, or migrates the database to this version, as `serve` does.
    Migrate,
    /// Manages users.
    #[command(subcommand)]
    User(users::UserCommand),
    /// Manages sessions: each is one sign-in on one device.
    #[command(subcommand)]
    Session(sessions::SessionCommand),
    /// Manages the keys that sign tokens.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Replaces the installation's secret, under which the keys are sealed.
    #[command(subcommand)]
    Secret(secret::SecretCommand),
    /// Prints the security events of all users, oldest first: one JSON object a line, times in milliseconds since 1970.
    ///
    /// These are the events that the activity page shows to each user. Those of a deleted user are deleted too.
    #[command(after_help = events::EXAMPLES)]
    Events(events::EventsArguments),
    /// Writes a copy of the SQLite database to a new file, beside a server that runs.
    ///
    /// The secret file is not in it: keep a copy of that apart. PostgreSQL has tools of its own.
    #[command(after_help = "Example: latchkey backup /var/backups/latchkey-2026-05-01.db")]
    Backup {
        /// A file that does not exist yet.
        file: PathBuf,
        /// Says what was written as one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Puts a backup in the place of the SQLite database, which must be missing. No server may run.
    ///
    /// Sessions that were ended since the backup must not live again, so all of them end and everybody signs in anew.
    /// One-time links are deleted.
    #[command(after_help = "Example: latchkey restore /var/backups/latchkey-2026-05-01.db")]
    Restore {
        /// A file that `latchkey backup` made.
        file: PathBuf,
        /// Ends no session. Those that were ended since the backup live again: only for a backup after which nobody
        /// ended a session, signed out, changed a password or was disabled.
        #[arg(long)]
        keep_sessions: bool,
    },
    /// Moves everything to another database: from SQLite to PostgreSQL, or back. Nobody is signed out.
    ///
    /// No server may run meanwhile. The database to move to must be empty; its tables are made. The one that
    /// `database.url` names stays as it is. The secret file goes on to be used.
    #[command(after_help = moving::EXAMPLES)]
    Move(moving::MoveArguments),
    /// Checks, shows and describes the settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Looks at settings, files, database, keys, machine and public URL, and says what is wrong and how to mend it.
    ///
    /// Nothing is changed, and a server may run meanwhile. Only an error makes the command fail, not a warning or a
    /// note.
    #[command(after_help = "Example: latchkey doctor")]
    Doctor {
        /// One JSON object for each finding, a line each: level, code, message, remedy.
        #[arg(long)]
        json: bool,
    },
    /// Asks the server that runs with these settings whether it is ready, as `/readyz` says.
    ///
    /// It asks at a Unix socket of `server.listen`, or at an address without TLS, or else at the public URL.
    #[command(after_help = "Example: latchkey healthcheck")]
    Healthcheck,
    /// Prints a script that makes a shell complete the commands and their options.
    #[command(after_help = "Example: latchkey completions bash > /usr/share/bash-completion/completions/latchkey")]
    Completions { shell: Shell },
    /// Writes manual pages, one for each command.
    #[command(after_help = "Example: latchkey man /usr/local/share/man/man1")]
    Man {
        /// An existing folder.
        folder: PathBuf,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the database has no keys yet: `latchkey serve` and `latchkey migrate` make them")]
    NoKeys,
    #[error("the web app's files that this program carries cannot be read: {0}")]
    Site(std::io::Error),
    #[error("the two passwords are not the same")]
    PasswordsDiffer,
    #[error("there is no user with the name or id {0}")]
    NoUser(String),
    #[error("{0} is the name of one user and the id of another one: write the other of the two")]
    TwoUsers(String),
    #[error("{0} is disabled, and a link would do nothing: `latchkey user enable` first")]
    UserIsDisabled(String),
    #[error("{0} has no second factor")]
    NoFactors(String),
    #[error("the server is not ready: {0}")]
    NotReady(String),
    #[error(transparent)]
    Backup(#[from] storage::BackupError),
    #[error(transparent)]
    Move(#[from] storage::MoveError),
    #[error("the file {} cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, std::io::Error),
    #[error(transparent)]
    SecretRotation(#[from] SecretRotationError),
    #[error("the secret file {} is missing: put back the one that belongs to the backup", .0.display())]
    NoSecret(PathBuf),
    #[error(transparent)]
    LinkLife(#[from] LifeError),
    #[error("there is no session {0}")]
    NoSession(String),
    #[error("the session {0} is over already")]
    SessionIsOver(String),
    #[error("nobody can be asked here whether this is meant: add --yes")]
    NeedsYes,
    #[error("{0} of these are errors")]
    Unhealthy(usize),
    #[error("nothing was done")]
    Declined,
    #[error("manual pages cannot be written to {}: {}", .0.display(), .1)]
    Manual(PathBuf, std::io::Error),
    #[error("input or output failed: {0}")]
    Io(std::io::Error),
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs the command that the arguments name. `site` is the archive of the web app's files, if the program carries one.
pub fn main(site: Option<&'static [u8]>) -> ExitCode {
    let Arguments { config, command } = Arguments::parse_from(arguments());
    // This changes the environment, so no thread may run yet.
    let passed = if matches!(command, Command::Serve { .. }) { listening::passed() } else { Ok(Vec::new()) };
    let log = start_logging(&command);
    let result = log.as_ref().map_or(Ok(()), |log| {
        if let Err(error) = process::keep_memory_private() {
            tracing::warn!(%error, "memory may be written to core dumps");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let passed = passed.map_err(StartError::from)?;
        runtime.block_on(run(config, command, passed, site, log.gaps()))
    });
    let (log, result) = match log {
        Ok(log) => (Some(log), result),
        Err(error) => (None, Err(error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read what was printed has read enough.
        Err(CommandError::Io(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let code =
                if matches!(error, CommandError::NeedsYes) { ExitCode::from(WRONG_USE) } else { ExitCode::FAILURE };
            let mut text = format!("latchkey: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text.push_str(&format!(": {error}"));
                cause = error.source();
            }
            match log {
                // Through the log's thread: standard error may be closed, or stalled.
                Some(log) => log.print(&text),
                None => drop(writeln!(std::io::stderr(), "{text}")),
            }
            code
        }
    }
}

/// The program's arguments. cargo-leptos starts the program without arguments, which means `serve`.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.len() < 2 && std::env::var_os("LEPTOS_OUTPUT_NAME").is_some() {
        arguments.push("serve".into());
    }
    arguments
}

/// A server logs at `info`. A command prints its result, and logs only warnings and errors.
fn start_logging(command: &Command) -> Result<Log, CommandError> {
    let default = if matches!(command, Command::Serve { .. }) { "info" } else { "warn" };
    Ok(telemetry::start(default).map_err(StartError::from)?)
}

async fn run(
    config: Option<PathBuf>,
    command: Command,
    passed: Vec<PassedSocket>,
    site: Option<&'static [u8]>,
    gaps: LogGaps,
) -> Result<(), CommandError> {
    let environment = std::env::vars_os();
    let load = |environment| Settings::load(config.as_deref(), environment).map_err(StartError::from);
    match command {
        Command::Serve { listen } => {
            let hangups = process::outlive_hangups()?;
            let site =
                site.map(|site| Archive::open(Bytes::from_static(site))).transpose().map_err(CommandError::Site)?;
            let mut config = Config::load(config.as_deref(), environment, site).map_err(StartError::from)?;
            if !listen.is_empty() {
                config.settings.server.listen = listen;
            }
            serve(config, passed, hangups, gaps).await
        }
        Command::Migrate => {
            let settings = load(environment)?;
            let store = storage::connect(&settings.database.url).await.map_err(StartError::from)?;
            // Makes the first keys, or opens those that there are: a start would stop at a secret that is not theirs.
            application::keys(store, &settings, &Runtime::default()).await.map_err(StartError::from)?;
            print("The database is at this version.")
        }
        Command::Keys(command) => keys::run(command, &load(environment)?).await,
        Command::Secret(command) => secret::run(&command, &load(environment)?).await,
        Command::User(command) => users::run(command, load(environment)?).await,
        Command::Session(command) => sessions::run(command, load(environment)?).await,
        Command::Events(arguments) => events::run(arguments, load(environment)?).await,
        Command::Doctor { json } => doctor::run(json, config.as_deref(), environment).await,
        Command::Backup { file, json } => backup::back_up(&load(environment)?, &file, json).await,
        Command::Restore { file, keep_sessions } => backup::restore(load(environment)?, &file, keep_sessions).await,
        Command::Move(arguments) => moving::run(arguments, &load(environment)?).await,
        Command::Config(command) => config::run(&command, config.as_deref(), environment),
        Command::Healthcheck => healthcheck::run(&load(environment)?).await,
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { folder } => shell::manual(&folder),
    }
}

/// Serves until the process is asked to stop. First logs the paths and addresses that it uses.
async fn serve(config: Config, passed: Vec<PassedSocket>, hangups: Signal, gaps: LogGaps) -> Result<(), CommandError> {
    let settings = config.file.as_ref().map_or_else(|| "none".to_owned(), |file| file.display().to_string());
    let (database, site) = (storage::name(&config.settings.database.url), config.site.source.to_string());
    let public_url = config.settings.server.public_url.clone();
    let is_passed = !passed.is_empty();
    let mut application = Application::build_on(passed, config, Runtime::default()).await?;
    application.set_log_gaps(gaps);
    let metrics = application.metrics_address().map(tracing::field::display);
    let version = env!("CARGO_PKG_VERSION");
    let listen = application.addresses().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let tls = application.certificates().is_some();
    tracing::info!(version, settings, database, site, public_url, listen, tls, metrics, "serving");
    if is_passed {
        tracing::info!("the sockets were passed by the supervisor, so server.listen does not count");
    }
    let hangups = tokio::spawn(answer_hangups(hangups, application.certificates()));
    systemd::notify(State::Ready);
    let stop = async {
        let stop = process::stop_signal().await;
        systemd::notify(State::Stopping);
        stop
    };
    let served = application.run_until(stop).await;
    hangups.abort();
    Ok(served?)
}

/// Reads the certificate again for each SIGHUP. Nothing else is read again: settings are read at the start, and the log
/// goes to standard error.
async fn answer_hangups(mut hangups: Signal, certificates: Option<Arc<Certificates>>) {
    while hangups.recv().await.is_some() {
        systemd::notify(State::Reloading);
        if let Some(certificates) = certificates.clone() {
            drop(tokio::task::spawn_blocking(move || certificates.reload()).await);
        } else {
            tracing::info!("SIGHUP changes nothing: settings are read at the start, the log goes to standard error");
        }
        systemd::notify(State::Ready);
    }
}

/// The database of an existing installation, with its keys. Commands create neither keys nor a secret.
async fn installed(settings: &Settings) -> Result<Arc<dyn Store>, CommandError> {
    let store = storage::connect_to_existing(&settings.database.url).await.map_err(StartError::from)?;
    if store.keys().await?.is_empty() { Err(CommandError::NoKeys) } else { Ok(store) }
}

/// The user whom somebody called by name or id.
async fn find_user(services: &Services, typed: &str) -> Result<User, CommandError> {
    let named = services.user_named(typed).await?;
    // Somebody may have taken another one's id for a name.
    match (named, services.store().user(&UserId::new(typed)).await?) {
        (Some(one), Some(other)) if one.id != other.id => Err(CommandError::TwoUsers(printable(typed))),
        (Some(user), _) | (None, Some(user)) => Ok(user),
        (None, None) => Err(CommandError::NoUser(printable(typed))),
    }
}

/// What a user is called in what a command says.
fn called(user: &User) -> String {
    format!("{} ({})", printable(user.username.as_str()), printable(user.id.as_str()))
}
