//! Attempts, counted in one transaction each.

use super::database::{Database, from_json, to_json};
use super::sql::{Sql, sql};
use crate::domain::limits::Tally;
use crate::domain::time::Timestamp;
use crate::server::ports::{Attempts, DecideTallies, StoreError, Tallies};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Inserts missing rows, so that they can be locked.
const TOUCH: Sql = sql!(
    "INSERT INTO limits (key, until, count, expires_at) \
     SELECT j.value ->> 'key', 0, 0, 0 FROM " rows " WHERE TRUE ORDER BY j.value ->> 'key' ON CONFLICT (key) DO NOTHING"
);
const READ: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('key', s.key, 'until', s.until, 'count', s.count, \
     'expires_at', s.expires_at) AS o FROM limits s WHERE s.key IN " texts ") t"
);
const LOAD: Sql = sql!(
    "SELECT " list " FROM (SELECT " object "('key', s.key, 'until', s.until, 'count', s.count, \
     'expires_at', s.expires_at) AS o FROM limits s WHERE s.key IN " texts " ORDER BY s.key" lock ") t"
);
const SET: Sql = sql!(
    "UPDATE limits SET until = CAST(j.value ->> 'until' AS BIGINT), count = CAST(j.value ->> 'count' AS BIGINT), \
     expires_at = CAST(j.value ->> 'expires_at' AS BIGINT) FROM " rows " WHERE limits.key = j.value ->> 'key'"
);

#[derive(Serialize, Deserialize)]
struct TallyRow {
    key: String,
    until: Timestamp,
    count: u32,
    expires_at: Timestamp,
}

fn tallies_of(text: &str) -> Result<Tallies, StoreError> {
    let tally = |TallyRow { key, until, count, expires_at }| (key, Tally { until, count, expires_at });
    Ok(from_json::<TallyRow>(text)?.into_iter().map(tally).collect())
}

#[async_trait]
impl Attempts for Database {
    async fn tallies(&self, keys: &[String]) -> Result<Tallies, StoreError> {
        tallies_of(&self.read(READ).bind(to_json(keys)?).fetch_one(&self.readers).await?)
    }

    async fn tally(&self, keys: Vec<String>, decide: DecideTallies) -> Result<(), StoreError> {
        let row =
            |(key, Tally { until, count, expires_at }): (String, Tally)| TallyRow { key, until, count, expires_at };
        let missing: Vec<TallyRow> = keys.iter().map(|key| row((key.clone(), Tally::default()))).collect();
        let mut write = self.write().await?;
        write.apply(TOUCH, &missing).await?;
        let text = write.scalar(LOAD).bind(to_json(&keys)?).fetch_one(write.connection()).await?;
        let changed: Vec<TallyRow> = decide(tallies_of(&text)?).into_iter().map(row).collect();
        write.apply(SET, &changed).await?;
        write.commit().await
    }
}
