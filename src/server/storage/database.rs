//! The connections and transactions.

use super::counted::{Readers, WritingConnection};
use super::open::ACQUIRE;
use super::sql::{Dialect, Sql};
use crate::server::metrics::{DatabaseMetrics, WriteTimer};
use crate::server::ports::StoreError;
use serde::Serialize;
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{AnyPool, FromRow, Transaction};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// An open database. On SQLite one connection writes and a few read; on PostgreSQL both are the same.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) writers: AnyPool,
    pub(super) readers: Readers,
    pub(super) dialect: Dialect,
    /// On SQLite: the single permit for writes other than refreshes, so that a refresh waits behind one of them at
    /// most.
    others: Arc<Semaphore>,
    /// The number of connections made to a PostgreSQL database. Each new one may lead to a standby that has taken over.
    /// Stays 0 on SQLite.
    pub(super) connected: Arc<AtomicU64>,
    /// On SQLite: how many writing connections were made. There is one at a time.
    pub(super) writers_made: Arc<AtomicU64>,
    metrics: DatabaseMetrics,
}

impl Database {
    pub(super) fn new(writers: AnyPool, readers: AnyPool, dialect: Dialect) -> Self {
        let others = Arc::new(Semaphore::new(1));
        let metrics = DatabaseMetrics::default();
        let readers = Readers::new(readers, metrics.clone());
        Self { writers, readers, dialect, others, connected: Arc::default(), writers_made: Arc::default(), metrics }
    }

    /// The same, counting to `metrics`.
    pub(super) fn measured(self, metrics: DatabaseMetrics) -> Self {
        Self { readers: self.readers.measured(metrics.clone()), metrics, ..self }
    }

    /// A reading statement, which is a read transaction of its own.
    pub(super) fn read<T: for<'r> FromRow<'r, AnyRow>>(&self, sql: Sql) -> QueryAs<'static, Any, T, AnyArguments> {
        sqlx::query_as(sql.text(self.dialect))
    }

    /// Begins a write transaction, in turn with other writes.
    pub(super) async fn write(&self) -> Result<Write, StoreError> {
        let turn = match self.dialect {
            Dialect::Sqlite => Some(self.turn().await?),
            Dialect::Postgres => None,
        };
        Ok(Write { _turn: turn, ..self.write_first().await? })
    }

    /// Begins a write transaction ahead of those that wait for [`Self::write`]. For the task that exchanges refresh
    /// tokens.
    pub(super) async fn write_first(&self) -> Result<Write, StoreError> {
        let begun = match self.dialect {
            Dialect::Sqlite => self.writers.begin_with("BEGIN IMMEDIATE").await,
            Dialect::Postgres => self.writers.begin().await,
        };
        let transaction = begun.inspect_err(|_| self.metrics.write_failed())?;
        Ok(Write { transaction, dialect: self.dialect, timer: self.metrics.begin_write(), _turn: None })
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let turn = tokio::time::timeout(ACQUIRE, self.others.clone().acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| StoreError::Unavailable("too many wait to write".into()))
    }
}

/// A write transaction. If it is dropped without [`Write::commit`], nothing is written.
pub(super) struct Write {
    transaction: Transaction<'static, Any>,
    dialect: Dialect,
    timer: WriteTimer,
    /// Released after the end of the transaction.
    _turn: Option<OwnedSemaphorePermit>,
}

impl Write {
    pub(super) fn query(&self, sql: Sql) -> Query<'static, Any, AnyArguments> {
        sqlx::query(sql.text(self.dialect))
    }

    pub(super) fn read<T: for<'r> FromRow<'r, AnyRow>>(&self, sql: Sql) -> QueryAs<'static, Any, T, AnyArguments> {
        sqlx::query_as(sql.text(self.dialect))
    }

    /// A statement that returns one column.
    pub(super) fn scalars<T>(&self, sql: Sql) -> QueryScalar<'static, Any, T, AnyArguments>
    where
        (T,): for<'r> FromRow<'r, AnyRow>,
    {
        sqlx::query_scalar(sql.text(self.dialect))
    }

    pub(super) fn connection(&mut self) -> WritingConnection<'_> {
        WritingConnection::new(&mut self.transaction, self.timer.metrics())
    }

    /// Whether no other transaction can have a row locked while this one runs.
    pub(super) fn locks_everything(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    /// Runs `sql` with `rows` as its only argument. Returns the number of changed rows.
    pub(super) async fn apply<T: Serialize>(&mut self, sql: Sql, rows: &[T]) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let done = self.query(sql).bind(to_json(rows)?).execute(self.connection()).await?;
        Ok(done.rows_affected())
    }

    /// On PostgreSQL, locks the rows that `sql` selects. On SQLite a write transaction is the only writer anyway.
    pub(super) async fn lock(&mut self, sql: &'static str, arguments: &[&str]) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            let query = arguments.iter().fold(sqlx::query(sql), |query, argument| query.bind((*argument).to_owned()));
            query.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// Commits durably. A request may be answered only after this.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.transaction.commit().await {
            Ok(()) => {
                self.timer.committed();
                Ok(())
            }
            Err(error) => {
                self.timer.metrics().write_failed();
                Err(error.into())
            }
        }
    }
}

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("rows that cannot be written as JSON".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::server::ports::WebSessions as _;

    const NOW: Timestamp = Timestamp::from_millis(1);

    async fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&format!("sqlite://{}/x.db", folder.path().display())).await.unwrap();
        (folder, database)
    }

    #[tokio::test]
    async fn a_full_disk_is_unavailable_changes_nothing_and_works_again() {
        let (_folder, database) = database().await;
        let limit = async |sql: &'static str| sqlx::query(sql).execute(&database.writers).await.map(drop).unwrap();
        let large = "x".repeat(1_000_000);
        for _ in 0..3 {
            limit("PRAGMA max_page_count = 1").await; // As many as there are.
            let full = database.add_web_session("id", &large, NOW, None).await;
            assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
        }
        assert_eq!(database.web_session("id", Timestamp::default()).await.unwrap(), None);
        limit("PRAGMA max_page_count = 1000000").await;
        assert!(database.add_web_session("id", &large, NOW, None).await.unwrap());
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_rolled_back_by_itself_is_no_success_and_the_next_one_works() {
        let (_folder, database) = database().await;
        for committed in [true, false] {
            let mut write = database.write().await.unwrap();
            let insert = "INSERT INTO web_sessions (id, data, expires_at) VALUES ('id', '', 1)";
            sqlx::query(insert).execute(write.connection()).await.unwrap();
            sqlx::raw_sql("ROLLBACK").execute(write.connection()).await.unwrap();
            if committed {
                assert!(write.commit().await.is_err());
            } else {
                drop(write);
            }
            assert_eq!(database.web_session("id", Timestamp::default()).await.unwrap(), None);
        }
        assert!(database.add_web_session("id", "", NOW, None).await.unwrap());
    }
}
