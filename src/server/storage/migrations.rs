//! The migrations. A released migration is never changed; a new one is added below and in both folders.

use super::error::OpenError;
use super::sql::{Dialect, Sql};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlSafeStr};
use std::cmp::Ordering;

type MigrationFiles = &'static [(i64, &'static str, &'static str)];

macro_rules! files {
    ($folder:literal: $($number:literal $name:literal),+) => {
        &[$(($number, $name, include_str!(concat!("../../../migrations/", $folder, "/", $name, ".sql")))),+]
    };
}

macro_rules! migrations {
    ($($listed:tt)+) => {
        const SQLITE: MigrationFiles = files!("sqlite": $($listed)+);
        const POSTGRES: MigrationFiles = files!("postgres": $($listed)+);
    };
}

migrations!(
    1 "0001_start", 2 "0002_races", 3 "0003_limits", 4 "0004_web_sessions", 5 "0005_event_devices", 6 "0006_event_names",
    7 "0007_known_browsers", 8 "0008_one_time_links",
    9 "0009_second_factors"
);

/// Applies the missing migrations. It may be called repeatedly, and by several processes at once.
pub(super) async fn run(pool: &AnyPool, dialect: Dialect) -> Result<(), OpenError> {
    if dialect == Dialect::Postgres && applied(pool, dialect).await?.is_none() {
        tracing::warn!("the database is empty: its tables are made");
    }
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

/// Checks that exactly these migrations are applied.
pub(super) async fn check(pool: &AnyPool, dialect: Dialect) -> Result<(), OpenError> {
    let applied = applied(pool, dialect).await?.filter(|newest| *newest > 0).ok_or(OpenError::Empty)?;
    match applied.cmp(&newest()) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(OpenError::Newer),
        Ordering::Less => Err(OpenError::Older),
    }
}

/// Whether an SQLite file has tables, and none of them are ours.
pub(super) async fn is_of_something_else(pool: &AnyPool) -> Result<bool, OpenError> {
    if applied(pool, Dialect::Sqlite).await?.is_some() {
        return Ok(false);
    }
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(pool).await.map_err(OpenError::Connect)?;
    Ok(tables > 0)
}

/// The number of the newest migration.
pub(super) fn newest() -> i64 {
    SQLITE.iter().map(|(number, ..)| *number).max().unwrap_or_default()
}

/// The newest applied migration; `None` in a database without tables.
async fn applied(pool: &AnyPool, dialect: Dialect) -> Result<Option<i64>, OpenError> {
    let tables = Sql {
        sqlite: "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'",
        postgres: "SELECT count(to_regclass('_sqlx_migrations'))",
    };
    let tables: i64 = sqlx::query_scalar(tables.text(dialect)).fetch_one(pool).await.map_err(OpenError::Connect)?;
    if tables == 0 {
        return Ok(None);
    }
    let newest = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
    sqlx::query_scalar(newest).fetch_one(pool).await.map(Some).map_err(OpenError::Connect)
}

fn migrator(files: MigrationFiles) -> Migrator {
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
