//! Attempts, counted in one transaction each.

use super::columns::from_row;
use super::database::{Database, to_json};
use super::error::impossible;
use super::sql::{Sql, sql};
use crate::domain::limits::Tally;
use crate::domain::time::Timestamp;
use crate::server::ports::{Attempts, DecideTallies, StoreError, Tallies};
use async_trait::async_trait;
use serde::Serialize;

/// Inserts missing rows, so that they can be locked.
const TOUCH: Sql = sql!(
    "INSERT INTO limits (key, until, count, expires_at) \
     SELECT j.value ->> 'key', 0, 0, 0 FROM " rows " WHERE TRUE ORDER BY j.value ->> 'key' ON CONFLICT (key) DO NOTHING"
);
from_row!(TallyRow, tally_columns, "s": key, until, count, expires_at);
const READ: Sql = sql!("SELECT " (tally_columns!()) " FROM limits s WHERE s.key IN " texts);
const LOAD: Sql = sql!("SELECT " (tally_columns!()) " FROM limits s WHERE s.key IN " texts " ORDER BY s.key" lock);
const SET: Sql = sql!(
    "UPDATE limits SET until = CAST(j.value ->> 'until' AS BIGINT), count = CAST(j.value ->> 'count' AS BIGINT), \
     expires_at = CAST(j.value ->> 'expires_at' AS BIGINT) FROM " rows " WHERE limits.key = j.value ->> 'key'"
);

#[derive(Serialize)]
struct TallyRow {
    key: String,
    until: Timestamp,
    count: i64,
    expires_at: Timestamp,
}

impl TallyRow {
    fn new(key: String, Tally { until, count, expires_at }: Tally) -> Self {
        Self { key, until, count: count.into(), expires_at }
    }
}

fn tallies_of(rows: Vec<TallyRow>) -> Result<Tallies, StoreError> {
    let tally = |TallyRow { key, until, count, expires_at }| {
        let count = u32::try_from(count).map_err(|_| impossible("limit", &key, "count"))?;
        Ok((key, Tally { until, count, expires_at }))
    };
    rows.into_iter().map(tally).collect()
}

#[async_trait]
impl Attempts for Database {
    async fn tallies(&self, keys: &[String]) -> Result<Tallies, StoreError> {
        tallies_of(self.read(READ).bind(to_json(keys)?).fetch_all(&self.readers).await?)
    }

    async fn tally(&self, keys: Vec<String>, decide: DecideTallies) -> Result<(), StoreError> {
        let missing: Vec<TallyRow> = keys.iter().map(|key| TallyRow::new(key.clone(), Tally::default())).collect();
        let mut write = self.write().await?;
        write.apply(TOUCH, &missing).await?;
        let rows = write.read(LOAD).bind(to_json(&keys)?).fetch_all(write.connection()).await?;
        let changed = decide(tallies_of(rows)?);
        let changed: Vec<TallyRow> = changed.into_iter().map(|(key, tally)| TallyRow::new(key, tally)).collect();
        write.apply(SET, &changed).await?;
        write.commit().await
    }
}
