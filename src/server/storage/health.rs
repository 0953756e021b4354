//! The state of the database: whether it answers and takes writes, and whether other processes have written to it.

use super::database::Database;
use super::migrations;
use super::sql::{Dialect, Sql, sql};
use crate::domain::time::Timestamp;
use crate::server::ports::{Connections, ForeignCommits, Health, Population, StoreError};
use async_trait::async_trait;
use sqlx::{AnyPool, Error};
use std::sync::atomic::Ordering;

const WRITABLE: Sql = sql!("SELECT '[]'" writable);
const POPULATION: Sql = sql!(
    "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.revoked_at IS NULL AND s.idle_expires_at > $1 AND s.expires_at > $1 AND u.disabled_at IS NULL)"
);
/// Writes one page of the file without changing it: the number is unused and stays 0.
const PROBE: &str = "PRAGMA user_version = 0";
/// SQLITE_BUSY: another process is writing, so writing works.
const BUSY: &str = "5";
/// Changes when another connection, in any process, has committed; the connection's own commits do not count
/// (<https://www.sqlite.org/pragma.html#pragma_data_version>). All writes of a server go through its one writing
/// connection, so there the number changes only by commits of other processes. The query takes no lock that writers
/// wait for, and reads no page.
const DATA_VERSION: &str = "PRAGMA data_version";

#[async_trait]
impl Health for Database {
    async fn ping(&self) -> Result<(), StoreError> {
        let answer: Option<(String,)> = self.read(WRITABLE).fetch_optional(&self.readers).await?;
        if answer.is_none() {
            return Err(StoreError::Unavailable("it takes no writes".into()));
        }
        if self.dialect == Dialect::Postgres {
            return Ok(());
        }
        // While a request writes, its own outcome says whether that works: this one does not wait in its way.
        let Some(mut writer) = self.writers.try_acquire() else { return Ok(()) };
        match sqlx::raw_sql(PROBE).execute(&mut *writer).await {
            Err(Error::Database(error)) if error.code().as_deref() == Some(BUSY) => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    async fn foreign_commits(&self) -> Result<Option<ForeignCommits>, StoreError> {
        if self.dialect == Dialect::Postgres {
            return Ok(None);
        }
        // In turn with the writers, but not behind all of those that wait for `Database::write`.
        let mut writer = self.writers.acquire().await?;
        let version: i64 = sqlx::query_scalar(DATA_VERSION).fetch_one(&mut *writer).await?;
        // While we have the only writing connection, no other one is made.
        Ok(Some(ForeignCommits { connection: self.writers_made.load(Ordering::SeqCst), version }))
    }

    fn incarnation(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    async fn population(&self, now: Timestamp) -> Result<Population, StoreError> {
        let counted = self.read(POPULATION).bind(now.as_millis()).fetch_one(&self.readers).await;
        let (users, sessions): (i64, i64) = counted?;
        let number = |number: i64| number.try_into().unwrap_or_default();
        Ok(Population { users: number(users), sessions: number(sessions) })
    }

    fn connections(&self) -> Connections {
        let of = |pool: &AnyPool| (usize::try_from(pool.size()).unwrap_or(usize::MAX), pool.num_idle());
        let ((all, idle), (reading, reading_idle)) = (of(&self.writers), of(&self.readers));
        match self.dialect {
            Dialect::Sqlite => Connections { all: all + reading, idle: idle + reading_idle },
            // Both are the same.
            Dialect::Postgres => Connections { all, idle },
        }
    }

    fn schema_version(&self) -> i64 {
        migrations::newest()
    }

    fn is_shared(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    async fn close(&self) {
        // The writer comes last: a connection that may only read could not move the log into the file.
        self.readers.close().await;
        self.writers.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::server::ports::WebSessions as _;

    const NOW: Timestamp = Timestamp::from_millis(1);

    async fn two() -> (tempfile::TempDir, Database, Database) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/x.db", folder.path().display());
        (folder, Database::open(&url).await.unwrap(), Database::open(&url).await.unwrap())
    }

    async fn write(database: &Database, id: &str) {
        assert!(database.add_web_session(id, "", NOW, None).await.unwrap());
    }

    #[tokio::test]
    async fn others_commits_count_and_our_own_do_not() {
        let (_folder, ours, theirs) = two().await;
        let before = ours.foreign_commits().await.unwrap();
        write(&ours, "a").await;
        drop(ours.write().await.unwrap());
        assert!(ours.web_session("a", Timestamp::default()).await.unwrap().is_some());
        assert_eq!(ours.foreign_commits().await.unwrap(), before);
        drop(theirs.write().await.unwrap());
        assert_eq!(ours.foreign_commits().await.unwrap(), before, "nothing was committed");
        write(&theirs, "b").await;
        let after = ours.foreign_commits().await.unwrap();
        assert_ne!(after, before);
        assert_eq!(ours.foreign_commits().await.unwrap(), after);
    }

    #[tokio::test]
    async fn a_commit_is_seen_that_our_own_next_write_has_passed_over() {
        let (_folder, ours, theirs) = two().await;
        let before = ours.foreign_commits().await.unwrap();
        write(&theirs, "a").await;
        write(&ours, "b").await;
        assert_ne!(ours.foreign_commits().await.unwrap(), before);
    }

    /// Each connection counts for itself: a new one may be where the last one was.
    #[tokio::test]
    async fn another_writing_connection_counts_as_a_commit() {
        let (_folder, ours, _) = two().await;
        let before = ours.foreign_commits().await.unwrap();
        drop(ours.writers.acquire().await.unwrap().detach());
        assert_ne!(ours.foreign_commits().await.unwrap(), before);
    }
}
