//! `latchkey keys`: lists keys, and rotates them.

use super::CommandError;
use super::output::{print_all, printable, rfc3339};
use crate::domain::id::KeyId;
use crate::domain::key_schedule;
use crate::domain::time::Timestamp;
use crate::server::application::{Runtime, StartError, keys};
use crate::server::config::Settings;
use crate::server::ports::StoredKey;
use crate::server::token::key_manager::{When, scheduled};
use crate::server::token::keys::KeyPurpose;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Lists all keys: purpose, kid, algorithm, state, created, signs from, expires.
    #[command(after_help = "Example: latchkey keys list")]
    List {
        /// One JSON object for each key, a line each; times are milliseconds since 1970.
        #[arg(long)]
        json: bool,
    },
    /// Makes the next key, which is published at once and signs an hour later. Signs nobody out.
    ///
    /// Where a next key waits already, nothing is made. A server that runs hears of it within 30 seconds.
    #[command(after_help = "Example: latchkey keys rotate --now --purpose access")]
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
        KeysCommand::List { json } => list(&store.keys().await?, runtime.clock.now(), json),
        KeysCommand::Rotate { now: at_once, purpose } => {
            let purposes = match purpose {
                None => KeyPurpose::ALL.to_vec(),
                Some(Only::Access) => vec![KeyPurpose::Access],
                Some(Only::Refresh) => vec![KeyPurpose::Refresh],
            };
            let (keeper, _) = keys(store, settings, &runtime).await.map_err(StartError::from)?;
            let haste = if at_once { When::AtOnce } else { When::Scheduled };
            let stored = keeper.rotate(&purposes, haste, runtime.clock.now()).await.map_err(StartError::from)?;
            list(&stored, runtime.clock.now(), false)
        }
    }
}

/// A key as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedKey<'a> {
    purpose: &'a str,
    kid: &'a KeyId,
    algorithm: &'a str,
    state: &'static str,
    created_at: Timestamp,
    /// From when on it signs.
    active_at: Timestamp,
    expires_at: Option<Timestamp>,
}

/// One line a key, as JSON or with fields between tabs.
fn list(stored: &[StoredKey], now: Timestamp, json: bool) -> Result<(), CommandError> {
    for purpose in KeyPurpose::ALL {
        let keys = scheduled(stored, purpose);
        let own = stored.iter().filter(|key| key.purpose == purpose.as_str());
        let listed = keys.iter().zip(own).map(|(key, stored)| ListedKey {
            purpose: &stored.purpose,
            kid: &stored.id,
            algorithm: &stored.algorithm,
            state: key_schedule::state(key, &keys, now).as_str(),
            created_at: stored.created_at,
            active_at: stored.active_at,
            expires_at: stored.expires_at,
        });
        print_all(&listed.collect::<Vec<_>>(), json, |key| {
            let words = [key.purpose, key.kid.as_str(), key.algorithm, key.state].map(printable);
            let times = [Some(key.created_at), Some(key.active_at), key.expires_at].map(rfc3339);
            words.into_iter().chain(times).collect()
        })?;
    }
    Ok(())
}
