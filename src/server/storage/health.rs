//! Whether the database answers, and takes writes.

use super::database::Database;
use super::sql::{Dialect, Sql, sql};
use crate::server::ports::{ForeignCommits, Health, StoreError};
use async_trait::async_trait;
use sqlx::Error;
use std::sync::atomic::Ordering;

const WRITABLE: Sql = sql!("SELECT '[]'" writable);
/// Writes one page of the file, and changes nothing: this number is not used for anything, and stays 0.
const PROBE: &str = "PRAGMA user_version = 0";
/// SQLITE_BUSY: somebody else is writing, so it can be done.
const BUSY: &str = "5";

#[async_trait]
impl Health for Database {
    async fn ping(&self) -> Result<(), StoreError> {
        let answer: Option<String> = self.read(WRITABLE).fetch_optional(&self.readers).await?;
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
        self.commits_by_others().await
    }

    fn incarnation(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    fn is_shared(&self) -> bool {
        self.dialect == Dialect::Postgres
    }
}
