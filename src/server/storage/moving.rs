//! Moves an installation from one database to another one, of either kind. All of it is one transaction at the place
//! where it goes: what is interrupted leaves nothing there, and nothing is changed where it comes from.

use super::claim::claim;
use super::database::{Database, to_json};
use super::error::OpenError;
use super::open::IfMissing;
use super::sql::Dialect;
use crate::server::ports::{Health as _, StoreError};
use aws_lc_rs::digest::{SHA256, digest};
use futures_util::TryStreamExt as _;
use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

/// A table, with its columns.
struct Table {
    name: &'static str,
    texts: &'static [&'static str],
    numbers: &'static [&'static str],
}

/// All tables, each after those that its rows refer to.
const TABLES: [Table; 12] = [
    Table {
        name: "users",
        texts: &["id", "username", "password_hash"],
        numbers: &["created_at", "password_changed_at", "disabled_at"],
    },
    Table {
        name: "sessions",
        texts: &[
            "id",
            "user_id",
            "client_id",
            "token_digest",
            "parent_digest",
            "parent_agent",
            "key_id",
            "nonce",
            "revocation_reason",
            "name",
            "browser",
            "os",
            "kind",
            "user_agent",
            "ip",
            "overtaken",
            "authenticated_by",
        ],
        numbers: &[
            "generation",
            "parent_generation",
            "rotated_at",
            "confirmed_at",
            "created_at",
            "authenticated_at",
            "last_seen_at",
            "expires_at",
            "idle_expires_at",
            "idle_ms",
            "remember",
            "revoked_at",
            "second_factor_at",
        ],
    },
    Table {
        name: "activity",
        texts: &[
            "user_id",
            "kind",
            "sid",
            "ip",
            "user_agent",
            "detail",
            "other_ip",
            "other_user_agent",
            "browser",
            "os",
            "name_before",
            "name_after",
            "by_sid",
        ],
        numbers: &["id", "at", "other_at"],
    },
    Table {
        name: "keys",
        texts: &["id", "purpose", "algorithm", "sealed"],
        numbers: &["created_at", "active_at", "expires_at"],
    },
    Table { name: "web_sessions", texts: &["id", "data", "sid"], numbers: &["expires_at"] },
    Table { name: "limits", texts: &["key"], numbers: &["until", "count", "expires_at"] },
    Table { name: "known_browsers", texts: &["digest", "user_id"], numbers: &["created_at", "last_used_at"] },
    Table { name: "totp", texts: &["user_id", "sealed_secret"], numbers: &["last_step", "created_at", "confirmed_at"] },
    Table { name: "recovery_code_sets", texts: &["user_id", "sealed_key"], numbers: &["created_at"] },
    Table { name: "recovery_codes", texts: &["digest", "user_id"], numbers: &["used_at"] },
    Table {
        name: "waiting_sign_ins",
        texts: &["digest", "user_id", "client_id"],
        numbers: &["remember", "password_changed_at", "expires_at", "tries"],
    },
    Table {
        name: "one_time_links",
        texts: &["digest", "purpose", "user_id", "username"],
        numbers: &["created_at", "expires_at"],
    },
];

/// How many rows are written at once.
const BATCH: usize = 500;

/// Why an installation was not moved.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what happened")]
pub enum MoveError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the database to move to is not empty: it has rows in the table {0}. Choose a new one")]
    NotEmpty(&'static str),
    #[error("the table {0} did not arrive as it was sent: nothing was moved")]
    Differs(&'static str),
    #[error("the database to move from failed: {0}")]
    From(sqlx::Error),
    #[error("the database to move to failed: {0}")]
    To(sqlx::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovedContents {
    /// Accounts.
    pub users: usize,
    /// Sessions, those that have ended too.
    pub sessions: usize,
    /// Security events.
    pub events: usize,
}

/// The number of rows of a table, and a digest that does not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Contents {
    rows: usize,
    digest: u128,
}

impl Contents {
    fn add(&mut self, row: &Map<String, Value>) -> Result<(), StoreError> {
        let hash = digest(&SHA256, to_json(row)?.as_bytes());
        let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
        self.rows += 1;
        self.digest = self.digest.wrapping_add(u128::from_be_bytes(first));
        Ok(())
    }
}

/// Copies everything from the database at `from` to the empty one at `to`, whose tables are made. No server may run on
/// either: on SQLite this is checked.
///
/// # Errors
/// [`MoveError`], in words for the operator. Nothing has been moved then.
pub async fn move_to(from: &str, to: &str) -> Result<MovedContents, MoveError> {
    let source = Database::open_as(from, IfMissing::Refused).await?;
    let _source_claim = claim(from).await?;
    let target = Database::open(to).await?;
    let moved = copy(&source, to, &target).await;
    source.close().await;
    target.close().await;
    moved
}

async fn copy(source: &Database, to: &str, target: &Database) -> Result<MovedContents, MoveError> {
    let mut reading = match source.dialect {
        Dialect::Sqlite => source.readers.begin().await,
        Dialect::Postgres => source.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await,
    }
    .map_err(MoveError::From)?;
    stay(&mut reading, source.dialect).await.map_err(MoveError::From)?;
    let mut writing = match target.dialect {
        Dialect::Sqlite => target.writers.begin_with("BEGIN IMMEDIATE").await,
        Dialect::Postgres => target.writers.begin().await,
    }
    .map_err(MoveError::To)?;
    stay(&mut writing, target.dialect).await.map_err(MoveError::To)?;
    for table in &TABLES {
        if table.has_rows(&mut writing).await.map_err(MoveError::To)? {
            return Err(MoveError::NotEmpty(table.name));
        }
    }
    // Later than the look above: the same file at both ends is not empty, which says more.
    let _target_claim = claim(to).await?;
    let mut moved = MovedContents::default();
    for table in &TABLES {
        let sent = table.copy(&mut reading, &mut writing, target.dialect).await?;
        if table.contents(&mut writing).await? != sent {
            return Err(MoveError::Differs(table.name));
        }
        match table.name {
            "users" => moved.users = sent.rows,
            "sessions" => moved.sessions = sent.rows,
            "activity" => moved.events = sent.rows,
            _ => {}
        }
    }
    if target.dialect == Dialect::Postgres {
        // The next event follows those that were moved.
        let next = "SELECT setval(pg_get_serial_sequence('activity', 'id'), coalesce(max(id), 0) + 1, false) \
                    FROM activity";
        sqlx::raw_sql(next).execute(&mut *writing).await.map_err(MoveError::To)?;
    }
    writing.commit().await.map_err(MoveError::To)?;
    Ok(moved)
}

/// Lets a transaction take its time, and on PostgreSQL keeps others from writing meanwhile.
async fn stay(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    if dialect == Dialect::Sqlite {
        return Ok(());
    }
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let settings = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;";
    let sql = format!("{settings} LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

impl Table {
    fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.texts.iter().chain(self.numbers).copied()
    }

    fn select(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("SELECT {} FROM {}", self.columns().collect::<Vec<_>>().join(", "), self.name))
    }

    /// The statement that writes the rows of the JSON array `$1`.
    fn insert(&self, dialect: Dialect) -> String {
        let (rows, ids) = match dialect {
            Dialect::Sqlite => ("json_each($1) AS j", ""),
            // For the column that PostgreSQL numbers by itself.
            Dialect::Postgres => ("jsonb_array_elements(CAST($1 AS jsonb)) AS j(value)", "OVERRIDING SYSTEM VALUE "),
        };
        let texts = self.texts.iter().map(|column| format!("j.value ->> '{column}'"));
        let numbers = self.numbers.iter().map(|column| format!("CAST(j.value ->> '{column}' AS BIGINT)"));
        let values = texts.chain(numbers).collect::<Vec<_>>().join(", ");
        let columns = self.columns().collect::<Vec<_>>().join(", ");
        format!("INSERT INTO {} ({columns}) {ids}SELECT {values} FROM {rows}", self.name)
    }

    async fn has_rows(&self, connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) AS found", self.name);
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.map(|found: i64| found > 0)
    }

    /// A row as JSON, with its columns by name.
    fn read(&self, row: &AnyRow) -> Result<Map<String, Value>, sqlx::Error> {
        let mut read = Map::new();
        for (index, column) in self.columns().enumerate() {
            let value = if index < self.texts.len() {
                row.try_get::<Option<String>, _>(index)?.into()
            } else {
                row.try_get::<Option<i64>, _>(index)?.into()
            };
            read.insert(column.to_owned(), value);
        }
        Ok(read)
    }

    async fn copy(
        &self,
        from: &mut AnyConnection,
        to: &mut AnyConnection,
        dialect: Dialect,
    ) -> Result<Contents, MoveError> {
        let insert = self.insert(dialect);
        let mut sent = Contents::default();
        let mut rows = sqlx::query(self.select()).fetch(from);
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let next = rows.try_next().await.map_err(MoveError::From)?;
            let is_last = next.is_none();
            if let Some(row) = next {
                let row = self.read(&row).map_err(MoveError::From)?;
                sent.add(&row)?;
                batch.push(row);
            }
            if batch.len() == BATCH || (is_last && !batch.is_empty()) {
                let write = sqlx::query(AssertSqlSafe(insert.clone())).bind(to_json(&batch)?);
                write.execute(&mut *to).await.map_err(MoveError::To)?;
                batch.clear();
            }
            if is_last {
                return Ok(sent);
            }
        }
    }

    async fn contents(&self, connection: &mut AnyConnection) -> Result<Contents, MoveError> {
        let mut found = Contents::default();
        let mut rows = sqlx::query(self.select()).fetch(connection);
        while let Some(row) = rows.try_next().await.map_err(MoveError::To)? {
            found.add(&self.read(&row).map_err(MoveError::To)?)?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A table or a column that a migration adds must be moved too.
    #[tokio::test]
    async fn every_column_of_every_table_is_moved() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&format!("sqlite://{}/x.db", folder.path().display())).await.unwrap();
        let columns = "SELECT t.name || '.' || c.name || ' ' || c.type FROM sqlite_schema t \
                       JOIN pragma_table_info(t.name) c WHERE t.type = 'table' \
                       AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'";
        let there: Vec<String> = sqlx::query_scalar(columns).fetch_all(&database.readers).await.unwrap();
        let of = |table: &Table, columns: &[&str], kind: &str| {
            columns.iter().map(|column| format!("{}.{column} {kind}", table.name)).collect::<Vec<_>>()
        };
        let moved = TABLES
            .iter()
            .flat_map(|table| [of(table, table.texts, "TEXT"), of(table, table.numbers, "INTEGER")].concat());
        assert_eq!(moved.collect::<BTreeSet<_>>(), there.into_iter().collect());
    }
}
