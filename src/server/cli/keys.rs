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
    /// Makes the next key, which is published at once and signs an hour later. Signs nobody out.
    ///
    /// Where a next key waits already, nothing is made. A server that runs hears of it within 30 seconds.
    Rotate {
        /// For a key that leaked: does not wait, and believes the old access keys no more.
        ///
        /// Access keys: a new one signs at once, and all others are withdrawn. Access tokens that they signed are
        /// refused; apps renew theirs, nobody is signed out. Other services believe a withdrawn key for as long as
        /// they keep the published ones (a minute, by what we tell them).
        ///
        /// Refresh keys: a new one signs after a minute, once every server has it. The old one still verifies, since
        /// it alone makes no token: each must also be the one whose digest is on its session's row.
        #[arg(long, verbatim_doc_comment)]
        now: bool,
        /// Only the keys of this purpose.
        #[arg(long)]
        purpose: Option<Only>,
    },
}

/// Keys of which purpose.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Only {
    /// Those that sign access tokens.
    Access,
    /// Those of refresh tokens.
    Refresh,
}

/// Runs the command.
pub(super) async fn run(command: KeysCommand, settings: &Settings) -> Result<(), CommandError> {
    let store = super::installed(settings).await?;
    let world = Runtime::default();
    match command {
        KeysCommand::List => list(&store.keys().await?, world.clock.now()),
        KeysCommand::Rotate { now: at_once, purpose } => {
            let purposes = match purpose {
                None => KeyPurpose::ALL.to_vec(),
                Some(Only::Access) => vec![KeyPurpose::Access],
                Some(Only::Refresh) => vec![KeyPurpose::Refresh],
            };
            let (keeper, _) = keys(store, settings, &world).await.map_err(StartError::from)?;
            let haste = if at_once { When::AtOnce } else { When::Scheduled };
            let stored = keeper.rotate(&purposes, haste, world.clock.now()).await.map_err(StartError::from)?;
            list(&stored, world.clock.now())
        }
    }
}

/// One line a key, fields between tabs.
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
