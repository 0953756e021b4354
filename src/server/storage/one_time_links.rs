//! Links that work once.

use super::activity::insert_events;
use super::columns::from_row;
use super::database::{Database, Write};
use super::error::impossible;
use super::sql::{Sql, sql};
use super::users::{LOCK_USER, insert_user};
use crate::domain::activity::Event;
use crate::domain::credentials::Username;
use crate::domain::id::{LinkDigest, UserId};
use crate::domain::one_time_link::{OneTimeLink, Purpose, Recipient};
use crate::domain::time::Timestamp;
use crate::server::ports::{KeptLink, MadeFor, NewLink, OneTimeLinks, StoreError, User};
use async_trait::async_trait;

const ADD_FOR_USER: Sql = sql!(
    "INSERT INTO one_time_links (digest, purpose, user_id, created_at, expires_at) \
     SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), u.id, CAST($4 AS BIGINT), CAST($5 AS BIGINT) \
     FROM users u WHERE u.id = $3 AND u.disabled_at IS NULL \
     ON CONFLICT (user_id, purpose) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at, \
     expires_at = excluded.expires_at"
);
const ADD_FOR_NAME: Sql = sql!(
    "INSERT INTO one_time_links (digest, purpose, username, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (username, purpose) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at, \
     expires_at = excluded.expires_at"
);
from_row!(
    LinkRow, link_columns, "l": purpose, user_id, username = "coalesce(l.username, u.username)",
    disabled_at = "u.disabled_at", password_changed_at = "u.password_changed_at", expires_at = "l.expires_at",
);
const READ: Sql = sql!(
    "SELECT " (link_columns!()) " FROM one_time_links l LEFT JOIN users u ON u.id = l.user_id WHERE l.digest = $1"
);
const OF_USER: Sql = sql!(
    "SELECT l.purpose, l.created_at, l.expires_at FROM one_time_links l WHERE l.user_id = $1 \
     ORDER BY l.created_at DESC, l.purpose"
);
const USE: Sql = sql!(
    "DELETE FROM one_time_links WHERE digest = $1 AND purpose = $2 AND coalesce(user_id, '') = $3 AND expires_at > $4"
);
const END_OF_USER: Sql = sql!("DELETE FROM one_time_links WHERE user_id = $1");

struct LinkRow {
    purpose: String,
    user_id: Option<UserId>,
    username: Username,
    disabled_at: Option<Timestamp>,
    password_changed_at: Option<Timestamp>,
    expires_at: Timestamp,
}

impl TryFrom<LinkRow> for OneTimeLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        let LinkRow { purpose, user_id, username, disabled_at, password_changed_at, expires_at } = row;
        let owner = user_id.as_ref().map_or("", UserId::as_str);
        let purpose = Purpose::from_text(&purpose).ok_or_else(|| impossible("one_time_links", owner, "purpose"))?;
        let recipient = match (user_id, password_changed_at) {
            (Some(id), Some(password_changed_at)) => {
                Recipient::User { id, name: username, disabled_at, password_changed_at }
            }
            (Some(id), None) => return Err(impossible("one_time_links", id.as_str(), "user_id")),
            (None, _) => Recipient::Nobody(username),
        };
        Ok(Self { purpose, recipient, expires_at })
    }
}

/// Uses a link up, in a transaction that does what it is for. `false`: it is gone, or has expired.
pub(super) async fn use_link(
    write: &mut Write,
    digest: &LinkDigest,
    purpose: Purpose,
    user_id: Option<&UserId>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let query = write.query(USE).bind(digest.as_str()).bind(purpose.as_str()).bind(user_id.map_or("", UserId::as_str));
    let query = query.bind(at.as_millis());
    Ok(query.execute(write.connection()).await?.rows_affected() > 0)
}

/// Ends all links of a user.
pub(super) async fn end_links_of(write: &mut Write, user_id: &UserId) -> Result<(), StoreError> {
    write.query(END_OF_USER).bind(user_id.as_str()).execute(write.connection()).await?;
    Ok(())
}

#[async_trait]
impl OneTimeLinks for Database {
    async fn add_link(&self, link: NewLink<'_>) -> Result<bool, StoreError> {
        let NewLink { digest, made_for, created_at, expires_at } = link;
        let (sql, purpose, recipient, event) = match made_for {
            MadeFor::Reset(user, event) => (ADD_FOR_USER, Purpose::Reset, user.as_str(), Some(event)),
            MadeFor::Invite(name) => (ADD_FOR_NAME, Purpose::Invite, name.as_str(), None),
        };
        let mut write = self.write().await?;
        if let MadeFor::Reset(user, _) = made_for {
            // First, as in every transaction that changes a user: no two wait for each other.
            write.lock(LOCK_USER, &[user.as_str()]).await?;
        }
        let query = write.query(sql).bind(digest.as_str()).bind(purpose.as_str()).bind(recipient);
        let query = query.bind(created_at.as_millis()).bind(expires_at.as_millis());
        if query.execute(write.connection()).await?.rows_affected() == 0 {
            return Ok(false);
        }
        insert_events(&mut write, event).await?;
        write.commit().await?;
        Ok(true)
    }

    async fn link(&self, digest: &LinkDigest) -> Result<Option<OneTimeLink>, StoreError> {
        let row = self.read::<LinkRow>(READ).bind(digest.as_str()).fetch_optional(&self.readers).await?;
        row.map(OneTimeLink::try_from).transpose()
    }

    async fn links_of(&self, user_id: &UserId) -> Result<Vec<KeptLink>, StoreError> {
        let rows = self.read(OF_USER).bind(user_id.as_str()).fetch_all(&self.readers).await?;
        let kept = |(purpose, created_at, expires_at): (String, Timestamp, Timestamp)| {
            let purpose = Purpose::from_text(&purpose);
            let purpose = purpose.ok_or_else(|| impossible("one_time_links", user_id.as_str(), "purpose"))?;
            Ok(KeptLink { purpose, created_at, expires_at })
        };
        rows.into_iter().map(kept).collect()
    }

    async fn accept_invitation(&self, digest: &LinkDigest, user: &User, event: &Event) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let is_used = use_link(&mut write, digest, Purpose::Invite, None, event.at).await?;
        if !is_used || !insert_user(&mut write, user).await? {
            return Ok(false);
        }
        insert_events(&mut write, [event]).await?;
        write.commit().await?;
        Ok(true)
    }
}
