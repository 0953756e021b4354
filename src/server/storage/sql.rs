//! One text per statement, and the few words in which the two databases differ.

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement in both dialects, made by [`sql!`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Sql {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl Sql {
    pub(super) const fn text(self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }
}

/// A statement: SQL that both databases understand, and between it these words:
///
/// | word | stands for |
/// |---|---|
/// | `rows` | a table `j(value)` with the objects of the JSON array `$1` |
/// | `texts` | a list of the strings of the JSON array `$1` |
/// | `short` | `md5` on PostgreSQL, nothing on SQLite |
/// | `lock` | keeps the rows of `s` locked until the commit; on SQLite the whole database is |
/// | `skip` | the same, but passes over rows that somebody else has locked |
/// | `writable` | no row, if the database takes no writes |
/// | `(user_columns!())` | the columns of a type that [`from_row!`](super::columns::from_row) reads |
macro_rules! sql {
    (@sqlite rows) => { "json_each($1) AS j" };
    (@postgres rows) => { "jsonb_array_elements(CAST($1 AS jsonb)) AS j(value)" };
    (@sqlite texts) => { "(SELECT j.value FROM json_each($1) AS j)" };
    (@postgres texts) => { "(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))" };
    (@sqlite short) => { "" };
    (@postgres short) => { "md5" };
    (@sqlite lock) => { "" };
    (@postgres lock) => { " FOR UPDATE OF s" };
    (@sqlite skip) => { "" };
    (@postgres skip) => { " FOR UPDATE OF s SKIP LOCKED" };
    (@sqlite writable) => { "" };
    (@postgres writable) => { " WHERE current_setting('transaction_read_only') = 'off'" };
    (@$dialect:tt ($($columns:tt)+)) => { $($columns)+ };
    (@$dialect:tt $text:literal) => { $text };
    ($($part:tt)+) => {
        $crate::server::storage::sql::Sql {
            sqlite: concat!($(sql!(@sqlite $part)),+),
            postgres: concat!($(sql!(@postgres $part)),+),
        }
    };
}
pub(super) use sql;
