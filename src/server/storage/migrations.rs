//! The tables, as they came to be. A migration that was released is never changed; a new one is added below and in both
//! folders.

use super::error::OpenError;
use super::sql::Dialect;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlSafeStr};

type Files = &'static [(i64, &'static str, &'static str)];

macro_rules! files {
    ($folder:literal: $($number:literal $name:literal),+) => {
        &[$(($number, $name, include_str!(concat!("../../../migrations/", $folder, "/", $name, ".sql")))),+]
    };
}

macro_rules! migrations {
    ($($listed:tt)+) => {
        const SQLITE: Files = files!("sqlite": $($listed)+);
        const POSTGRES: Files = files!("postgres": $($listed)+);
    };
}

migrations!(1 "0001_start", 2 "0002_races", 3 "0003_limits", 4 "0004_web_sessions", 5 "0005_event_devices");

/// Applies what was not applied yet. It may be called again, and by several processes at once.
pub(super) async fn run(pool: &AnyPool, dialect: Dialect) -> Result<(), OpenError> {
    match dialect {
        Dialect::Sqlite => {
            // One transaction around all of them: sqlx has no lock for SQLite that keeps two processes apart.
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(OpenError::Connect)?;
            migrator(SQLITE).run_direct(None, &mut *transaction, false).await?;
            transaction.commit().await.map_err(OpenError::Connect)
        }
        Dialect::Postgres => Ok(migrator(POSTGRES).run(pool).await?),
    }
}

fn migrator(files: Files) -> Migrator {
    let migration = |&(number, name, text): &(i64, &'static str, &'static str)| {
        Migration::new(number, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed_for_both_databases() {
        for (folder, files) in [("sqlite", SQLITE), ("postgres", POSTGRES)] {
            let path = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let mut found: Vec<String> = std::fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            found.sort();
            let listed: Vec<String> = files.iter().map(|(_, name, _)| format!("{name}.sql")).collect();
            assert_eq!(found, listed, "{folder}");
        }
    }
}
