//! `latchkey keys`: lists keys, and rotates them.

use super::{CommandError, print};
use crate::domain::key_schedule;
use crate::domain::time::Timestamp;
use crate::server::application::{Runtime, StartError, keys};
use crate::server::config::Settings;
use crate::server::ports::StoredKey;
use crate::server::token::key_manager::{When, scheduled};
use crate::server::token::keys::KeyPurpose;
use clap::{Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Lists all keys: purpose, kid, algorithm, state, created, signs from, expires.
    List,
    /// Creates the next key, which is published at once and signs an hour later. Signs nobody out.
    ///
    /// Creates nothing if there already is a next key. A running server loads the key within 30 seconds.
    Rotate {
        /// For a leaked key: does not wait, and withdraws the old access keys.
        ///
        /// Access keys: a new one signs at once, and all others are withdrawn. Access tokens that they signed are
        /// refused; apps renew theirs, and nobody is signed out. Other services trust a withdrawn key for as long as
        /// they cache the published keys (we allow them a minute).
        ///
        /// Refresh keys: a new one signs after a minute, once every server has it. The old one still verifies, since it
        /// alone is not enough to create a token: the session's row must have the token's digest.
        #[arg(long, verbatim_doc_comment)]
        now: bool,
        /// Only the keys of this purpose.
        #[arg(long)]
        purpose: Option<Only>,
    },
}

/// The purpose of keys.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Only {
    /// Keys that sign access tokens.
    Access,
    /// Keys of refresh tokens.
    Refresh,
}

/// Runs the command.
pub(super) async fn run(command: KeysCommand, settings: &Settings) -> Result<(), CommandError> {
    let store = super::installed(settings).await?;
    let runtime = Runtime::default();
    match command {
        KeysCommand::List => list(&store.keys().await?, runtime.clock.now()),
        KeysCommand::Rotate { now: at_once, purpose } => {
            let purposes = match purpose {
                None => KeyPurpose::ALL.to_vec(),
                Some(Only::Access) => vec![KeyPurpose::Access],
                Some(Only::Refresh) => vec![KeyPurpose::Refresh],
            };
            let (manager, _) = keys(store, settings, &runtime).await.map_err(StartError::from)?;
            let when = if at_once { When::AtOnce } else { When::Scheduled };
            let stored = manager.rotate(&purposes, when, runtime.clock.now()).await.map_err(StartError::from)?;
            list(&stored, runtime.clock.now())
        }
    }
}

/// Prints one line for each key, with tabs between the fields.
fn list(stored: &[StoredKey], now: Timestamp) -> Result<(), CommandError> {
    for purpose in KeyPurpose::ALL {
        let keys = scheduled(stored, purpose);
        let own = stored.iter().filter(|key| key.purpose == purpose.as_str());
        for (key, stored) in keys.iter().zip(own) {
            let state = key_schedule::state(key, &keys, now).as_str();
            let times = [Some(stored.created_at), Some(stored.active_at), stored.expires_at].map(rfc3339).join("\t");
            print(&format!("{}\t{}\t{}\t{state}\t{times}", stored.purpose, key.id, key.algorithm))?;
        }
    }
    Ok(())
}

/// RFC 3339 in UTC, to the second; `-` for never.
fn rfc3339(time: Option<Timestamp>) -> String {
    let time = time.and_then(|time| jiff::Timestamp::from_second(time.as_secs()).ok());
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}
