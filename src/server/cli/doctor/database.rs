//! The database, the secret and the keys that are sealed under it.

use super::{Finding, Level};
use crate::domain::access_token::LEEWAY;
use crate::domain::time::Timestamp;
use crate::server::ports::{Clock, StoredKey};
use crate::server::storage::{self, OpenError};
use crate::server::token::key_manager::{Policies, scheduled};
use crate::server::token::keys::{KeyError, KeyPurpose, needed_secret};
use crate::server::token::ring::KeyRing;
use crate::server::token::secret::{InstallationSecret, SealedUnder, SecretError};
use std::path::Path;
use std::time::Duration;

/// What was found in the database and in the secret file.
pub(super) struct Survey {
    keys: Result<Vec<StoredKey>, Unread>,
    secret: Result<Option<InstallationSecret>, SecretError>,
    /// How far the clock of PostgreSQL is from ours.
    clock_skew: Duration,
}

/// Why the keys could not be read.
enum Unread {
    Closed(OpenError),
    Failed(String),
}

impl Survey {
    /// Opens the database at `url` and the secret file, if they are there.
    pub(super) async fn make(url: &str, secret: &Path, clock: &dyn Clock) -> Self {
        let secret = InstallationSecret::load(secret);
        let keys = match storage::look_into(url).await {
            Ok(store) => store.keys().await.map_err(|error| Unread::Failed(error.to_string())),
            Err(error) => Err(Unread::Closed(error)),
        };
        let before = clock.now();
        let theirs = if keys.is_ok() { storage::clock(url).await.ok().flatten() } else { None };
        let clock_skew = theirs.map_or(Duration::ZERO, |theirs| skew(theirs, before, clock.now()));
        Self { keys, secret, clock_skew }
    }

    /// The names (`kid`) of the keys that this installation publishes.
    pub(super) fn published_kids(&self, now: Timestamp) -> Vec<String> {
        let (Ok(keys), Ok(Some(secret))) = (&self.keys, &self.secret) else { return Vec::new() };
        let published = KeyRing::open(keys, secret).map(|ring| ring.jwks(now).keys).unwrap_or_default();
        published.into_iter().filter_map(|key| key.common.key_id).collect()
    }
}

/// How far a clock is from ours that said `theirs` when ours was between `before` and `after`.
pub(super) fn skew(theirs: Timestamp, before: Timestamp, after: Timestamp) -> Duration {
    // One of them is zero.
    before.since(theirs).max(theirs.since(after))
}

/// Judges what was found. `serving` is the process that serves the SQLite file.
pub(super) fn judge(survey: &Survey, serving: Option<&str>, policies: &Policies, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(process) = serving {
        let message = format!("Process {process} serves the database.");
        findings.push(Finding::note(
            "database_served",
            message,
            "Stop it before you start another server on this file.",
        ));
    }
    match &survey.keys {
        Ok(keys) => {
            findings.extend(sealed(keys, &survey.secret));
            findings.extend(due(keys, policies, now, serving.is_some()));
        }
        Err(Unread::Closed(error)) => findings.extend(closed(error, &survey.secret)),
        Err(Unread::Failed(reason)) => {
            let message = format!("The keys cannot be read from the database: {reason}.");
            findings.push(Finding::error("database_unusable", message, "Look at the database's own log."));
        }
    }
    findings.extend(damaged(&survey.secret));
    findings.extend(clock(survey.clock_skew));
    findings
}

/// The database could not be opened.
fn closed(error: &OpenError, secret: &Result<Option<InstallationSecret>, SecretError>) -> Option<Finding> {
    let has_secret = !matches!(secret, Ok(None));
    let message = format!("The database cannot be used: {error}.");
    let found = |code, remedy: &str| Some(Finding::error(code, &message, remedy));
    match error {
        // `files` tells.
        OpenError::Readable { .. } | OpenError::Exposed { .. } => None,
        OpenError::Missing(_) | OpenError::Empty if !has_secret => {
            let remedy = "The first `latchkey serve` or `latchkey migrate` makes database, secret and keys.";
            Some(Finding::note("not_installed", format!("There is no installation yet: {error}."), remedy))
        }
        OpenError::Missing(_) | OpenError::Empty => found(
            "database_missing",
            "There is a secret, so there was a database: put it back, or correct database.url. A server would begin anew.",
        ),
        OpenError::Newer => found("schema_newer", "Run the version of Latchkey that wrote it, or a newer one."),
        OpenError::Older => {
            let remedy =
                "`latchkey migrate` brings it up to date, and so does the next `latchkey serve`; back it up before.";
            Some(Finding::warning("schema_older", message, remedy))
        }
        OpenError::Unreachable { .. } => {
            found("database_unreachable", "Start PostgreSQL, or correct host and port in database.url.")
        }
        OpenError::Refused { .. } => found(
            "database_refused",
            "Correct user, password or database in database.url, or allow them in PostgreSQL.",
        ),
        OpenError::ReadOnly { .. } => found("database_read_only", "Name the server that takes writes in database.url."),
        OpenError::Unprotected { .. } => found("database_unprotected", "Add sslmode to database.url, as said."),
        OpenError::Scheme | OpenError::NoFile | OpenError::Url(_) | OpenError::Options(_) => {
            found("database_url", "Correct database.url; docs/settings.md has its forms.")
        }
        OpenError::Owner { .. } | OpenError::Lock { .. } | OpenError::File { .. } => {
            found("database_unusable", "Run this, and the server, as the user whose files these are.")
        }
        _ => found("database_unusable", "If it is damaged, restore it from a backup."),
    }
}

/// Whether the secret opens the keys.
fn sealed(keys: &[StoredKey], secret: &Result<Option<InstallationSecret>, SecretError>) -> Option<Finding> {
    let Ok(secret) = secret else { return None };
    if keys.is_empty() {
        let remedy = "The first `latchkey serve` or `latchkey migrate` makes them.";
        return Some(Finding::note("keys_missing", "The database has no keys yet.", remedy));
    }
    let Some(secret) = secret else {
        let message = "The secret file is missing, and the database holds keys sealed under it.";
        let remedy = "Put it back at secret.file, or restore both from one backup; without it nobody stays signed in.";
        return Some(Finding::error("secret_missing", message, remedy));
    };
    match KeyRing::open(keys, secret) {
        Ok(_) => former(keys, secret),
        Err(error @ KeyError::Secret(_)) => {
            let remedy = "Restore database and secret from one backup, or correct secret.file. If the secret was replaced, \
                          copy the file from a server that has the new one.";
            Some(Finding::error("secret_foreign", format!("The keys cannot be opened: {error}."), remedy))
        }
        Err(error) => {
            let remedy = "Restore the database from a backup.";
            Some(Finding::error("keys_unusable", format!("The keys cannot be used: {error}."), remedy))
        }
    }
}

/// A rotation of the secret that waits for its next step.
fn former(keys: &[StoredKey], secret: &InstallationSecret) -> Option<Finding> {
    if !secret.has_former() {
        return None;
    }
    Some(match needed_secret(keys, secret).ok()? {
        SealedUnder::Former => Finding::warning(
            "secret_rotation_begun",
            "The secret file has a new secret, and keys are still sealed under the former one.",
            "Once every server has the file, run `latchkey secret rotate`: it seals them under the new one.",
        ),
        SealedUnder::Current => Finding::note(
            "secret_former",
            "The secret file still has the former secret, and no key needs it.",
            "Once every server has the file, run `latchkey secret rotate --finish`: it removes the former one.",
        ),
    })
}

fn damaged(secret: &Result<Option<InstallationSecret>, SecretError>) -> Option<Finding> {
    match secret {
        // `files` tells.
        Ok(_) | Err(SecretError::Open(..) | SecretError::Owner(..) | SecretError::Folder(..)) => None,
        Err(error) => {
            let remedy = "Put the secret file back from a backup.";
            Some(Finding::error("secret_unusable", format!("The secret cannot be used: {error}."), remedy))
        }
    }
}

/// A rotation that a server would have carried out.
fn due(keys: &[StoredKey], policies: &Policies, now: Timestamp, is_served: bool) -> Vec<Finding> {
    let purposes = [(KeyPurpose::Access, &policies.access), (KeyPurpose::Refresh, &policies.refresh)];
    let is_due = |(purpose, policy): &(KeyPurpose, &crate::domain::key_schedule::Policy)| {
        !keys.is_empty() && policy.due(&scheduled(keys, *purpose), now).make.is_some()
    };
    let found = |(purpose, _): (KeyPurpose, _)| {
        let level = if is_served { Level::Warning } else { Level::Note };
        let message = format!("A rotation of the {} keys is due.", purpose.as_str());
        let remedy = "A running server carries it out within 30 seconds; its log says if it cannot.";
        Finding::new(level, "keys_due", message, remedy)
    };
    purposes.into_iter().filter(is_due).map(found).collect()
}

/// Servers on one database tell each other times.
fn clock(skew: Duration) -> Option<Finding> {
    (skew > LEEWAY).then(|| {
        let message = format!("The clock of PostgreSQL is {} s from this machine's.", skew.as_secs());
        Finding::warning("clock_database", message, "Synchronise both by NTP.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::application::{self, Runtime, key_policies};
    use crate::server::config::Settings;
    use crate::server::token::secret_rotation::{self, Steps};
    use std::path::PathBuf;

    /// An installation with keys and a secret, made now.
    async fn installed() -> (tempfile::TempDir, Settings, Runtime) {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), Runtime::default());
        let mut settings = Settings::default();
        settings.database.url = format!("sqlite://{}", folder.path().join("latchkey.db").display());
        settings.secret.file = folder.path().join("secret.key");
        let store = storage::connect(&settings.database.url).await.unwrap();
        application::keys(store, &settings, &runtime).await.unwrap();
        (folder, settings, runtime)
    }

    async fn codes(settings: &Settings, days: u64, serving: Option<&str>) -> Vec<(Level, &'static str)> {
        let runtime = Runtime::default();
        let survey = Survey::make(&settings.database.url, &settings.secret.file, &*runtime.clock).await;
        let now = runtime.clock.now() + Duration::from_secs(days * 86_400);
        let findings = judge(&survey, serving, &key_policies(&settings.tokens), now);
        findings.into_iter().map(|finding| (finding.level, finding.code)).collect()
    }

    #[tokio::test]
    async fn an_installation_without_fault_has_none_and_its_keys_are_known() {
        let (_folder, settings, runtime) = installed().await;
        assert_eq!(codes(&settings, 0, None).await, []);
        let survey = Survey::make(&settings.database.url, &settings.secret.file, &*runtime.clock).await;
        assert_eq!(survey.published_kids(runtime.clock.now()).len(), 1);
        assert_eq!(codes(&settings, 0, Some("17")).await, [(Level::Note, "database_served")]);
    }

    #[tokio::test]
    async fn a_rotation_that_nobody_carried_out_is_found() {
        let (_folder, settings, _) = installed().await;
        assert_eq!(codes(&settings, 31, None).await, [(Level::Note, "keys_due"); 2]);
        let due = codes(&settings, 31, Some("17")).await;
        assert_eq!(due, [(Level::Note, "database_served"), (Level::Warning, "keys_due"), (Level::Warning, "keys_due")]);
    }

    #[tokio::test]
    async fn a_secret_that_is_missing_damaged_or_of_others_is_found() {
        let (folder, mut settings, runtime) = installed().await;
        let secret = settings.secret.file.clone();
        settings.secret.file = folder.path().join("gone.key");
        assert_eq!(codes(&settings, 0, None).await, [(Level::Error, "secret_missing")]);
        drop(InstallationSecret::create(&settings.secret.file, &*runtime.entropy).unwrap());
        assert_eq!(codes(&settings, 0, None).await, [(Level::Error, "secret_foreign")]);
        settings.secret.file = secret.clone();
        std::fs::write(&secret, "something else").unwrap();
        assert_eq!(codes(&settings, 0, None).await, [(Level::Error, "secret_unusable")]);
    }

    #[tokio::test]
    async fn keys_that_are_not_there_or_cannot_be_used_are_found() {
        let (_folder, settings, runtime) = installed().await;
        let survey =
            |keys| Survey { keys, secret: InstallationSecret::load(&settings.secret.file), clock_skew: Duration::ZERO };
        let keys = storage::connect(&settings.database.url).await.unwrap().keys().await.unwrap();
        let damaged = keys.into_iter().map(|key| StoredKey { algorithm: "none".into(), ..key }).collect();
        for (keys, found) in [
            (Ok(vec![]), (Level::Note, "keys_missing")),
            (Ok(damaged), (Level::Error, "keys_unusable")),
            (Err(Unread::Failed("disk I/O error".into())), (Level::Error, "database_unusable")),
        ] {
            let all = judge(&survey(keys), None, &key_policies(&settings.tokens), runtime.clock.now());
            let first = &all[0];
            assert_eq!((first.level, first.code), found, "{all:?}");
        }
    }

    #[tokio::test]
    async fn a_rotation_of_the_secret_that_waits_is_found() {
        let (_folder, settings, runtime) = installed().await;
        let store = storage::connect_to_existing(&settings.database.url).await.unwrap();
        let file = &settings.secret.file;
        for (steps, found) in [
            (Steps::OneByOne, (Level::Warning, "secret_rotation_begun")),
            (Steps::Both, (Level::Note, "secret_former")),
        ] {
            secret_rotation::rotate(&*store, runtime.entropy.clone(), file, steps).await.unwrap();
            assert_eq!(codes(&settings, 0, None).await, [found]);
        }
        secret_rotation::finish(&*store, file).await.unwrap();
        assert_eq!(codes(&settings, 0, None).await, []);
    }

    #[tokio::test]
    async fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.database.url = format!("sqlite://{}/data/latchkey.db", folder.path().display());
        settings.secret.file = folder.path().join("data/secret.key");
        assert_eq!(codes(&settings, 0, None).await, [(Level::Note, "not_installed")]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_database_that_is_gone_is_an_error_where_there_is_a_secret() {
        let (_folder, mut settings, _) = installed().await;
        settings.database.url.push_str("-elsewhere");
        assert_eq!(codes(&settings, 0, None).await, [(Level::Error, "database_missing")]);
    }

    #[test]
    fn each_reason_that_keeps_the_database_closed_has_a_code() {
        let none = || Ok(None);
        let place = || "PostgreSQL at db:5432".to_owned();
        for (error, code) in [
            (OpenError::Newer, Some("schema_newer")),
            (OpenError::Older, Some("schema_older")),
            (OpenError::Empty, Some("not_installed")),
            (OpenError::Unreachable { place: place(), reason: "refused".into() }, Some("database_unreachable")),
            (OpenError::Refused { place: place(), reason: "password".into() }, Some("database_refused")),
            (OpenError::ReadOnly { place: place(), state: "a standby" }, Some("database_read_only")),
            (OpenError::Unprotected { host: "db".into() }, Some("database_unprotected")),
            (OpenError::Options("mode=rwc".into()), Some("database_url")),
            (OpenError::Sqlite { path: "x".into(), reason: "it is damaged".into() }, Some("database_unusable")),
            (OpenError::Readable { path: "x".into(), mode: 0o644 }, None),
        ] {
            assert_eq!(closed(&error, &none()).map(|finding| finding.code), code, "{error}");
        }
        let missing = OpenError::Missing("x".into());
        let secret = Err(SecretError::Damaged(PathBuf::from("y")));
        assert_eq!(closed(&missing, &secret).unwrap().code, "database_missing");
    }

    #[test]
    fn clocks_that_differ_by_more_than_tokens_bear_are_found() {
        let at = Timestamp::from_secs;
        assert_eq!(skew(at(100), at(99), at(101)), Duration::ZERO);
        assert_eq!(skew(at(90), at(99), at(101)), Duration::from_secs(9));
        assert_eq!(skew(at(110), at(99), at(101)), Duration::from_secs(9));
        assert_eq!(clock(LEEWAY), None);
        assert_eq!(clock(LEEWAY + Duration::from_secs(1)).unwrap().code, "clock_database");
    }
}
