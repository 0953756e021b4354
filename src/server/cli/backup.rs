//! `latchkey backup` and `latchkey restore`.

use super::CommandError;
use super::output::{self, json_line, print, sessions};
use crate::server::application::{Runtime, services};
use crate::server::config::Settings;
use crate::server::storage::{self, BackupContents, Restoring};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// A backup as JSON.
#[derive(Serialize)]
struct WrittenBackup<'a> {
    file: &'a Path,
    bytes: u64,
    users: i64,
    sessions: i64,
    secret: &'a Path,
}

/// Runs `latchkey backup`.
pub(super) async fn back_up(settings: &Settings, file: &Path, json: bool) -> Result<(), CommandError> {
    let BackupContents { bytes, users, sessions } = storage::back_up(&settings.database.url, file).await?;
    let secret = settings.secret.file.as_path();
    if json {
        return print(&json_line(&WrittenBackup { file, bytes, users, sessions, secret })?);
    }
    print(&format!("{} has {bytes} bytes: {}.", file.display(), told(users, sessions)))?;
    print(&format!("It is of no use without the secret file {}: keep a copy of that, apart.", secret.display()))
}

/// Runs `latchkey restore`.
pub(super) async fn restore(settings: Settings, file: &Path, keep_sessions: bool) -> Result<(), CommandError> {
    // A new secret would open no key of the backup.
    if !settings.secret.file.exists() {
        return Err(CommandError::NoSecret(settings.secret.file));
    }
    let place = storage::name(&settings.database.url);
    let restoring = storage::begin_restore(&settings.database.url, file).await?;
    let ended = match make_safe(&restoring, settings, keep_sessions).await {
        Ok(ended) => ended,
        Err(error) => {
            restoring.abandon().await;
            return Err(error);
        }
    };
    let BackupContents { users, sessions: kept, .. } = restoring.contents();
    restoring.finish().await?;
    print(&format!("Restored {place}: {}.", told(users, kept)))?;
    match ended {
        Some(ended) => print(&format!("Ended {}: everybody signs in anew.", sessions(ended))),
        None => print("No session was ended: those that were ended since the backup live again."),
    }
}

/// Opens the keys, which shows that the secret is the right one, and ends what must not live again.
async fn make_safe(
    restoring: &Restoring,
    settings: Settings,
    keep_sessions: bool,
) -> Result<Option<usize>, CommandError> {
    restoring.delete_links().await?;
    let services = services(Arc::new(restoring.database()), Arc::new(settings), &Runtime::default()).await?;
    if keep_sessions {
        return Ok(None);
    }
    Ok(Some(services.end_all_sessions().await?))
}

fn told(users: i64, living: i64) -> String {
    let count = |count| usize::try_from(count).unwrap_or_default();
    format!("{}, {}", output::users(count(users)), sessions(count(living)))
}
