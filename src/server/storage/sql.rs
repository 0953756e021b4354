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
/// | `object` | the function that makes a JSON object |
/// | `lock` | keeps the rows of `s` locked until the commit; on SQLite the whole database is |
/// | `skip` | the same, but passes over rows that somebody else has locked |
/// | `writable` | no row, if the database takes no writes |
/// | `list` | all values of `t.o` as one JSON array, in the order of `t` |
/// | `session` | a session `s` of a user `u`, as [`super::rows::SessionRow`] reads it |
/// | `user` | a user `u`, as [`super::rows::UserRow`] reads it |
macro_rules! sql {
    (@sqlite rows) => { "json_each($1) AS j" };
    (@postgres rows) => { "jsonb_array_elements(CAST($1 AS jsonb)) AS j(value)" };
    (@sqlite texts) => { "(SELECT j.value FROM json_each($1) AS j)" };
    (@postgres texts) => { "(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))" };
    (@sqlite short) => { "" };
    (@postgres short) => { "md5" };
    (@sqlite object) => { "json_object" };
    (@postgres object) => { "json_build_object" };
    (@sqlite lock) => { "" };
    (@postgres lock) => { " FOR UPDATE OF s" };
    (@sqlite skip) => { "" };
    (@postgres skip) => { " FOR UPDATE OF s SKIP LOCKED" };
    (@sqlite writable) => { "" };
    (@postgres writable) => { " WHERE current_setting('transaction_read_only') = 'off'" };
    (@$dialect:tt list) => { "coalesce('[' || string_agg(CAST(t.o AS TEXT), ',') || ']', '[]')" };
    (@$dialect:tt session) => {
        concat!(
            sql!(@$dialect object),
            "('id', s.id, 'user_id', s.user_id, 'client_id', s.client_id, 'generation', s.generation, \
              'parent_generation', s.parent_generation, 'rotated_at', s.rotated_at, 'confirmed_at', s.confirmed_at, \
              'token_digest', s.token_digest, 'parent_digest', s.parent_digest, 'parent_agent', s.parent_agent, 'overtaken', s.overtaken, \
              'key_id', s.key_id, 'nonce', s.nonce, 'created_at', s.created_at, \
              'authenticated_at', s.authenticated_at, 'last_seen_at', s.last_seen_at, 'expires_at', s.expires_at, \
              'idle_expires_at', s.idle_expires_at, 'idle_ms', s.idle_ms, 'remember', s.remember, \
              'revoked_at', s.revoked_at, 'revocation_reason', s.revocation_reason, 'name', s.name, \
              'browser', s.browser, 'os', s.os, 'kind', s.kind, 'user_agent', s.user_agent, 'ip', s.ip, \
              'user_disabled_at', u.disabled_at)"
        )
    };
    (@$dialect:tt user) => {
        concat!(
            sql!(@$dialect object),
            "('id', u.id, 'username', u.username, 'password_hash', u.password_hash, 'created_at', u.created_at, \
              'password_changed_at', u.password_changed_at, 'disabled_at', u.disabled_at)"
        )
    };
    (@$dialect:tt $text:literal) => { $text };
    ($($part:tt)+) => {
        $crate::server::storage::sql::Sql {
            sqlite: concat!($(sql!(@sqlite $part)),+),
            postgres: concat!($(sql!(@postgres $part)),+),
        }
    };
}
pub(super) use sql;
