//! Second factors, and the sign-ins that wait for one.

use super::activity::insert_events;
use super::columns::from_row;
use super::database::{Database, Write};
use super::error::impossible;
use super::sql::{Sql, sql};
use super::users::LOCK_USER;
use crate::domain::activity::Event;
use crate::domain::id::{ClientId, RecoveryCodeDigest, SessionId, UserId, WaitingDigest};
use crate::domain::second_factor::{TRIES_MAX, WaitingSignIn};
use crate::domain::time::Timestamp;
use crate::domain::totp::Step;
use crate::server::ports::{
    NewRecoveryCodes, NewTotp, SecondFactors, StoreError, StoredFactors, StoredRecoveryCodes, StoredTotp, UsedFactor,
};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

from_row!(TotpRow, totp_columns, "t": sealed_secret, last_step, created_at, confirmed_at);
const TOTP: Sql = sql!("SELECT " (totp_columns!()) " FROM totp t WHERE t.user_id = $1");
from_row!(
    RecoveryRow, recovery_columns, "r": sealed_key, created_at,
    left = "(SELECT count(*) FROM recovery_codes c WHERE c.user_id = r.user_id AND c.used_at IS NULL)",
);
const RECOVERY: Sql = sql!("SELECT " (recovery_columns!()) " FROM recovery_code_sets r WHERE r.user_id = $1");
const BEGIN_TOTP: Sql = sql!(
    "INSERT INTO totp (user_id, sealed_secret, last_step, created_at) \
     SELECT u.id, CAST($2 AS TEXT), 0, CAST($3 AS BIGINT) FROM users u WHERE u.id = $1 \
     ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, created_at = excluded.created_at \
     WHERE totp.confirmed_at IS NULL"
);
const CONFIRM_TOTP: Sql = sql!(
    "UPDATE totp SET confirmed_at = $4, last_step = $3 \
     WHERE user_id = $1 AND sealed_secret = $2 AND confirmed_at IS NULL"
);
const USE_TOTP: Sql =
    sql!("UPDATE totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL");
const USE_RECOVERY_CODE: Sql =
    sql!("UPDATE recovery_codes SET used_at = $3 WHERE digest = $1 AND user_id = $2 AND used_at IS NULL");
const HAS_TOTP: Sql = sql!("SELECT t.user_id FROM totp t WHERE t.user_id = $1 AND t.confirmed_at IS NOT NULL");
const REMOVE_TOTP: Sql = sql!("DELETE FROM totp WHERE user_id = $1");
const REMOVE_RECOVERY: Sql = sql!("DELETE FROM recovery_code_sets WHERE user_id = $1");
const ADD_RECOVERY_SET: Sql =
    sql!("INSERT INTO recovery_code_sets (user_id, sealed_key, created_at) VALUES ($1, $2, $3)");
const ADD_RECOVERY_CODES: Sql =
    sql!("INSERT INTO recovery_codes (digest, user_id) SELECT j.value ->> 'digest', j.value ->> 'user_id' FROM " rows);
const PROVED: Sql =
    sql!("UPDATE sessions SET second_factor_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL");
const PROVED_BOTH: Sql = sql!(
    "UPDATE sessions SET authenticated_at = $3, second_factor_at = $3 WHERE id = $1 AND user_id = $2 \
     AND revoked_at IS NULL AND idle_expires_at > $3 AND expires_at > $3"
);
from_row!(WaitingRow, waiting_columns, "w": user_id, client_id, remember, password_changed_at, expires_at, tries);
const WAITING: Sql = sql!("SELECT " (waiting_columns!()) " FROM waiting_sign_ins w WHERE w.digest = $1");
const ADD_WAITING: Sql = sql!(
    "INSERT INTO waiting_sign_ins (digest, user_id, client_id, remember, password_changed_at, expires_at, tries) \
     SELECT CAST($1 AS TEXT), u.id, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), \
     CAST($7 AS BIGINT) FROM users u WHERE u.id = $2"
);
const COUNT_ANSWER: Sql =
    sql!("UPDATE waiting_sign_ins SET tries = tries + 1 WHERE digest = $1 AND expires_at > $2 AND tries < $3");
const END_WAITING: Sql = sql!("DELETE FROM waiting_sign_ins WHERE digest = $1 AND user_id = $2");
const END_WAITING_OF_USER: Sql = sql!("DELETE FROM waiting_sign_ins WHERE user_id = $1");

struct TotpRow {
    sealed_secret: String,
    last_step: i64,
    created_at: Timestamp,
    confirmed_at: Option<Timestamp>,
}

struct RecoveryRow {
    sealed_key: String,
    created_at: Timestamp,
    left: i64,
}

#[derive(Serialize)]
struct RecoveryCodeRow<'a> {
    digest: &'a RecoveryCodeDigest,
    user_id: &'a UserId,
}

struct WaitingRow {
    user_id: UserId,
    client_id: ClientId,
    remember: i64,
    password_changed_at: Timestamp,
    expires_at: Timestamp,
    tries: i64,
}

impl From<WaitingRow> for WaitingSignIn {
    fn from(row: WaitingRow) -> Self {
        let WaitingRow { user_id, client_id, remember, password_changed_at, expires_at, tries } = row;
        // A number that cannot be one counts as too many.
        let tries = u32::try_from(tries).unwrap_or(u32::MAX);
        Self { user_id, client_id, remember: remember == 1, password_changed_at, expires_at, tries }
    }
}

fn unsealable(table: &str, user_id: &UserId, text: &str) -> Result<Vec<u8>, StoreError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| impossible(table, user_id.as_str(), "sealed"))
}

/// Uses a factor up, in a transaction that does what it proves. `false`: it was used up before.
async fn use_factor(write: &mut Write, user_id: &UserId, used: UsedFactor<'_>) -> Result<bool, StoreError> {
    match used {
        UsedFactor::Totp(step) => use_totp(write, user_id, step).await,
        UsedFactor::RecoveryCode(digest, step, event) => {
            let query = write.query(USE_RECOVERY_CODE).bind(digest.as_str()).bind(user_id.as_str());
            let used = query.bind(event.at.as_millis()).execute(write.connection()).await?;
            if used.rows_affected() == 0 {
                return Ok(false);
            }
            // There may be no newer step to use up.
            use_totp(write, user_id, step).await?;
            insert_events(write, [event]).await?;
            Ok(true)
        }
    }
}

async fn use_totp(write: &mut Write, user_id: &UserId, step: Step) -> Result<bool, StoreError> {
    let query = write.query(USE_TOTP).bind(user_id.as_str()).bind(step.number());
    Ok(query.execute(write.connection()).await?.rows_affected() > 0)
}

#[async_trait]
impl SecondFactors for Database {
    async fn second_factors(&self, user_id: &UserId) -> Result<StoredFactors, StoreError> {
        let totp = self.read::<TotpRow>(TOTP).bind(user_id.as_str()).fetch_optional(&self.readers).await?;
        // Without an app there is no second factor at all.
        let Some(row) = totp else { return Ok(StoredFactors::default()) };
        let totp = StoredTotp {
            sealed_secret: unsealable("totp", user_id, &row.sealed_secret)?,
            last_step: Step::new(row.last_step),
            created_at: row.created_at,
            confirmed_at: row.confirmed_at,
        };
        let codes = self.read::<RecoveryRow>(RECOVERY).bind(user_id.as_str()).fetch_optional(&self.readers).await?;
        let recovery_codes = match codes {
            Some(row) => Some(StoredRecoveryCodes {
                sealed_key: unsealable("recovery_code_sets", user_id, &row.sealed_key)?,
                created_at: row.created_at,
                left: u32::try_from(row.left).unwrap_or_default(),
            }),
            None => None,
        };
        Ok(StoredFactors { totp: Some(totp), recovery_codes })
    }

    async fn begin_totp(&self, user_id: &UserId, sealed_secret: &[u8], at: Timestamp) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK_USER, &[user_id.as_str()]).await?;
        let query = write.query(BEGIN_TOTP).bind(user_id.as_str()).bind(URL_SAFE_NO_PAD.encode(sealed_secret));
        let begun = query.bind(at.as_millis()).execute(write.connection()).await?.rows_affected() > 0;
        write.commit().await?;
        Ok(begun)
    }

    async fn confirm_totp(&self, new: NewTotp<'_>) -> Result<bool, StoreError> {
        let NewTotp { user_id, sealed_secret, step, sid, event } = new;
        let mut write = self.write().await?;
        // No session starts meanwhile: the next one needs the factor.
        write.lock(LOCK_USER, &[user_id.as_str()]).await?;
        let confirm = write.query(CONFIRM_TOTP).bind(user_id.as_str()).bind(URL_SAFE_NO_PAD.encode(sealed_secret));
        let confirm = confirm.bind(step.number()).bind(event.at.as_millis());
        if confirm.execute(write.connection()).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let proved = write.query(PROVED).bind(sid.as_str()).bind(user_id.as_str()).bind(event.at.as_millis());
        proved.execute(write.connection()).await?;
        insert_events(&mut write, [event]).await?;
        write.commit().await?;
        Ok(true)
    }

    async fn remove_second_factors(&self, user_id: &UserId, event: &Event) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK_USER, &[user_id.as_str()]).await?;
        let has_totp = write.query(HAS_TOTP).bind(user_id.as_str()).fetch_optional(write.connection()).await?;
        if has_totp.is_none() {
            return Ok(false);
        }
        for remove in [REMOVE_TOTP, REMOVE_RECOVERY, END_WAITING_OF_USER] {
            write.query(remove).bind(user_id.as_str()).execute(write.connection()).await?;
        }
        insert_events(&mut write, [event]).await?;
        write.commit().await?;
        Ok(true)
    }

    async fn replace_recovery_codes(&self, new: NewRecoveryCodes<'_>) -> Result<bool, StoreError> {
        let NewRecoveryCodes { user_id, sealed_key, digests, event } = new;
        let mut write = self.write().await?;
        write.lock(LOCK_USER, &[user_id.as_str()]).await?;
        let has_totp = write.query(HAS_TOTP).bind(user_id.as_str()).fetch_optional(write.connection()).await?;
        if has_totp.is_none() {
            return Ok(false);
        }
        write.query(REMOVE_RECOVERY).bind(user_id.as_str()).execute(write.connection()).await?;
        let set = write.query(ADD_RECOVERY_SET).bind(user_id.as_str()).bind(URL_SAFE_NO_PAD.encode(sealed_key));
        set.bind(event.at.as_millis()).execute(write.connection()).await?;
        let codes: Vec<_> = digests.iter().map(|digest| RecoveryCodeRow { digest, user_id }).collect();
        write.apply(ADD_RECOVERY_CODES, &codes).await?;
        insert_events(&mut write, [event]).await?;
        write.commit().await?;
        Ok(true)
    }

    async fn prove_again(
        &self,
        user_id: &UserId,
        used: UsedFactor<'_>,
        sid: &SessionId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK_USER, &[user_id.as_str()]).await?;
        if !use_factor(&mut write, user_id, used).await? {
            return Ok(false);
        }
        let proved = write.query(PROVED_BOTH).bind(sid.as_str()).bind(user_id.as_str()).bind(at.as_millis());
        if proved.execute(write.connection()).await?.rows_affected() == 0 {
            return Ok(false);
        }
        write.commit().await?;
        Ok(true)
    }

    async fn add_waiting_sign_in(&self, digest: &WaitingDigest, waiting: &WaitingSignIn) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let query = write.query(ADD_WAITING).bind(digest.as_str()).bind(waiting.user_id.as_str());
        let query = query.bind(waiting.client_id.as_str()).bind(i64::from(waiting.remember));
        let query = query.bind(waiting.password_changed_at.as_millis()).bind(waiting.expires_at.as_millis());
        query.bind(i64::from(waiting.tries)).execute(write.connection()).await?;
        write.commit().await
    }

    async fn waiting_sign_in(&self, digest: &WaitingDigest) -> Result<Option<WaitingSignIn>, StoreError> {
        let row = self.read::<WaitingRow>(WAITING).bind(digest.as_str()).fetch_optional(&self.readers).await?;
        Ok(row.map(WaitingSignIn::from))
    }

    async fn count_answer(&self, digest: &WaitingDigest, now: Timestamp) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let query = write.query(COUNT_ANSWER).bind(digest.as_str()).bind(now.as_millis()).bind(i64::from(TRIES_MAX));
        let counted = query.execute(write.connection()).await?.rows_affected() > 0;
        write.commit().await?;
        Ok(counted)
    }

    async fn finish_waiting(
        &self,
        digest: &WaitingDigest,
        user_id: &UserId,
        used: UsedFactor<'_>,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        write.lock(LOCK_USER, &[user_id.as_str()]).await?;
        let end = write.query(END_WAITING).bind(digest.as_str()).bind(user_id.as_str());
        if end.execute(write.connection()).await?.rows_affected() == 0 {
            return Ok(false);
        }
        if !use_factor(&mut write, user_id, used).await? {
            return Ok(false);
        }
        write.commit().await?;
        Ok(true)
    }
}
