//! The commands.

mod keys;

use super::application::{Application, StartError, World, services};
use super::config::{Config, Settings};
use super::ports::StoreError;
use super::service::ServiceError;
use super::storage;
use super::telemetry;
use clap::{Parser, Subcommand};
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// A self-hosted sign-in service.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// The file of settings; Leptos.toml in the working folder, or beside the program, if it is not given.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the app and its API until it is told to stop.
    Serve {
        /// Where to listen, in place of `server.listen`.
        #[arg(long)]
        listen: Option<SocketAddr>,
    },
    /// Brings the database to this version, which `serve` does by itself.
    Migrate,
    /// Users.
    #[command(subcommand)]
    User(User),
    /// Keys that sign tokens.
    #[command(subcommand)]
    Keys(keys::Keys),
}

#[derive(Debug, Subcommand)]
enum User {
    /// Adds a user; the password is asked for, or read from standard input.
    Add { username: String },
    /// Lists all users.
    List,
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
    #[error("input or output failed: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.map_err(CommandError::Io).and_then(|runtime| runtime.block_on(run(arguments)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = format!("latchkey: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text.push_str(&format!("\n  because {error}"));
                cause = error.source();
            }
            let _ = writeln!(std::io::stderr(), "{text}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { config, command }: Arguments) -> Result<(), CommandError> {
    let environment = std::env::vars();
    match command {
        Command::Serve { listen } => {
            let mut config = Config::load(config.as_deref(), environment).map_err(StartError::from)?;
            config.settings.server.listen = listen.unwrap_or(config.settings.server.listen);
            let application = Application::build(config, World::default()).await?;
            let public_url = application.services().settings().server.public_url.clone();
            tracing::info!(listen = %application.address()?, public_url, "serving");
            Ok(application.run_until(stop_signal()).await?)
        }
        Command::Migrate => {
            let settings = Settings::load(config.as_deref(), environment).map_err(StartError::from)?;
            storage::connect(&settings.database.url).await.map_err(StartError::from)?;
            say("The database is at this version.")
        }
        Command::Keys(command) => {
            let settings = Settings::load(config.as_deref(), environment).map_err(StartError::from)?;
            keys::run(command, &settings).await
        }
        Command::User(user) => {
            let settings = Arc::new(Settings::load(config.as_deref(), environment).map_err(StartError::from)?);
            let store = storage::connect(&settings.database.url).await.map_err(StartError::from)?;
            let services = services(store, settings, &World::default()).await?;
            match user {
                User::Add { username } => {
                    let user = services.add_user(&username, &ask_password()?, None).await?;
                    say(&format!("Added {} ({}).", user.username.as_str(), user.id))
                }
                User::List => {
                    for user in services.store().users().await.map_err(ServiceError::from)? {
                        let state = if user.disabled_at.is_some() { "disabled" } else { "enabled" };
                        say(&format!("{}\t{}\t{state}", user.id, user.username.as_str()))?;
                    }
                    Ok(())
                }
            }
        }
    }
}

fn say(line: &str) -> Result<(), CommandError> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Reads one line; a person is asked for it, and sees nothing of what is typed.
fn ask_password() -> Result<String, CommandError> {
    if std::io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password("Password: ")?);
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Ends when the process is asked to stop.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
    }
}
