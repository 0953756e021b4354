//! Types of the domain as columns, and [`from_row!`], by which a row becomes a type.

use crate::domain::credentials::Username;
use crate::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::time::Timestamp;
use sqlx::any::{Any, AnyTypeInfo, AnyValueRef};
use sqlx::error::BoxDynError;
use sqlx::{Decode, Type};

/// A type that is stored as another one.
macro_rules! column {
    ($($type:ty: $stored:ty = $from:path,)+) => {$(
        impl Type<Any> for $type {
            fn type_info() -> AnyTypeInfo {
                <$stored as Type<Any>>::type_info()
            }

            fn compatible(found: &AnyTypeInfo) -> bool {
                <$stored as Type<Any>>::compatible(found)
            }
        }

        impl<'r> Decode<'r, Any> for $type {
            fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
                <$stored as Decode<'r, Any>>::decode(value).map($from)
            }
        }
    )+};
}

column! {
    AgentDigest: String = AgentDigest::new,
    AuthenticatedBy: String = AuthenticatedBy::stored,
    ClientId: String = ClientId::new,
    KeyId: String = KeyId::new,
    SessionId: String = SessionId::new,
    Timestamp: i64 = Timestamp::from_millis,
    TokenDigest: String = TokenDigest::new,
    UserId: String = UserId::new,
    Username: String = Username::stored,
}

/// Reads a type from a row whose columns are those of `$columns!()`, which this defines, in the same order. They are
/// read by position, since looking up a name for each field of each row costs a list a twentieth of its time.
///
/// ```text
/// from_row!(User, user_columns, "u": id, username, name_of_another = "o.name");
/// const ONE: Sql = sql!("SELECT " (user_columns!()) " FROM users u …");
/// ```
macro_rules! from_row {
    ($type:ident, $columns:ident, $table:literal: $first:ident $(, $field:ident $(= $expression:literal)?)* $(,)?) => {
        impl<'r> sqlx::FromRow<'r, sqlx::any::AnyRow> for $type {
            fn from_row(row: &'r sqlx::any::AnyRow) -> sqlx::Result<Self> {
                use sqlx::Row as _;
                let mut position = 0_usize..;
                let mut next = || position.next().unwrap_or_default();
                Ok(Self {
                    $first: row.try_get(next())?,
                    $($field: row.try_get(next())?,)*
                })
            }
        }

        macro_rules! $columns {
            () => {
                concat!(
                    $table, ".", stringify!($first)
                    $(, ", ", $crate::server::storage::columns::from_row!(@column $table $field $($expression)?))*
                )
            };
        }
    };
    (@column $table:literal $field:ident) => { concat!($table, ".", stringify!($field)) };
    (@column $table:literal $field:ident $expression:literal) => { concat!($expression, " AS ", stringify!($field)) };
}
pub(super) use from_row;
