//! Opens PostgreSQL: protection of the connection, and settings of each connection.

use super::database::Database;
use super::error::OpenError;
use super::migrations;
use super::open::{ACQUIRE, IfMissing};
use super::sql::Dialect;
use crate::domain::time::Timestamp;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AnyConnection, AnyPool, Connection as _, PgConnection};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::timeout;

const CONNECTIONS: u32 = 10;

/// How long the start waits for the first answer.
const CONNECTING: Duration = Duration::from_secs(10);

/// The settings of each connection.
///
/// - Whoever waits longer is told to come again: for a lock as long as for SQLite's, since a row that somebody holds
///   must not hold up all who share its commit; for a statement longer than any of ours takes.
/// - A server of ours that dies in the middle of a transaction holds rows no longer than this, whether its connection
///   stays (it was paused) or nobody tells PostgreSQL that it is gone (its power or its cable). A socket in the file
///   system needs none of that, and ignores it.
/// - A commit is durable before it is answered, whatever the cluster's default is.
const SETTINGS: &str = "SET lock_timeout = '2s'; SET statement_timeout = '10s'; \
                        SET idle_in_transaction_session_timeout = '10s'; SET tcp_keepalives_idle = 10; \
                        SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '20s'; \
                        SELECT set_config('synchronous_commit', 'on', false) \
                        WHERE current_setting('synchronous_commit') = 'off'";

/// The reasons in the server's state why it cannot be used; empty if there are none.
const STATE: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN 'a standby' \
                     WHEN current_setting('transaction_read_only') = 'on' THEN 'read only' ELSE '' END";

/// The names of server settings by which answered changes may be lost.
const LOSSES: &str = "SELECT CASE WHEN current_setting('fsync') = 'off' THEN 'fsync' \
                      WHEN current_setting('synchronous_commit') = 'off' THEN 'synchronous_commit' ELSE '' END";

/// The server's time in milliseconds since 1970.
const CLOCK: &str = "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)";

/// See [`super::connect`].
///
/// # Errors
/// [`OpenError`], in words for the operator.
pub(super) async fn open(url: &str, missing: IfMissing) -> Result<Database, OpenError> {
    let place = PgConnectOptions::from_str(url).map_err(OpenError::Url)?;
    check_protection(&place)?;
    try_connecting(&place).await?;
    let options = AnyConnectOptions::from_str(url).map_err(OpenError::Url)?;
    let pool = |connections| AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
    let refused = |error| OpenError::postgres(name_of(&place), error);
    // Bringing tables up to date may take long, and waits for another server that does it.
    let migrating = pool(1).connect_with(options.clone()).await.map_err(refused)?;
    look(&migrating, &place).await?;
    match missing {
        IfMissing::Made => migrations::run(&migrating, Dialect::Postgres).await?,
        IfMissing::Refused => migrations::check(&migrating, Dialect::Postgres).await?,
    }
    migrating.close().await;
    let connected: Arc<AtomicU64> = Arc::default();
    let count = connected.clone();
    let limited = pool(CONNECTIONS).after_connect(move |connection, _| {
        let count = count.clone();
        Box::pin(async move {
            sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
            refuse_read_only(connection).await?;
            count.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    });
    let pool: AnyPool = limited.connect_with(options).await.map_err(refused)?;
    let mut database = Database::new(pool.clone(), pool, Dialect::Postgres);
    database.connected = connected;
    Ok(database)
}

/// Checks the server first: it must accept writes, and should not lose any.
async fn look(pool: &AnyPool, options: &PgConnectOptions) -> Result<(), OpenError> {
    let (place, host) = (name_of(options), options.get_host());
    let ask = async |sql: &'static str| {
        let told = sqlx::query_scalar::<_, String>(sql).fetch_one(pool).await;
        told.map_err(|error| OpenError::postgres(name_of(options), error))
    };
    match ask(STATE).await?.as_str() {
        "" => {}
        "a standby" => return Err(OpenError::ReadOnly { place, state: "a standby" }),
        _ => return Err(OpenError::ReadOnly { place, state: "read only" }),
    }
    match ask(LOSSES).await?.as_str() {
        "" => {}
        "synchronous_commit" => {
            tracing::warn!(host, "PostgreSQL has synchronous_commit off; Latchkey turns it on for its own connections");
        }
        setting => tracing::warn!(host, setting, "PostgreSQL may lose what was answered when its machine stops"),
    }
    Ok(())
}

/// A standby never answers from old data: where a name leads to one (after a failover, by a balancer), the connection
/// counts as failed, and the next one may lead elsewhere.
async fn refuse_read_only(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let state: String = sqlx::query_scalar(STATE).fetch_one(connection).await?;
    if state.is_empty() {
        return Ok(());
    }
    let text = format!("PostgreSQL there takes no writes: it is {state}");
    Err(sqlx::Error::Io(std::io::Error::new(ErrorKind::ReadOnlyFilesystem, text)))
}

/// Connects once. A pool would retry until its time-out, and then not tell the reason.
async fn try_connecting(options: &PgConnectOptions) -> Result<(), OpenError> {
    let connecting = async { PgConnection::connect_with(options).await?.close().await };
    match timeout(CONNECTING, connecting).await {
        Ok(connected) => connected.map_err(|error| OpenError::postgres(name_of(options), error)),
        Err(_) => {
            let reason = format!("it did not answer within {} s", CONNECTING.as_secs());
            Err(OpenError::Unreachable { place: name_of(options), reason })
        }
    }
}

/// See [`super::clock`].
pub(super) async fn clock(url: &str) -> Result<Timestamp, OpenError> {
    let place = PgConnectOptions::from_str(url).map_err(OpenError::Url)?;
    check_protection(&place)?;
    let refused = |error| OpenError::postgres(name_of(&place), error);
    let mut connection = PgConnection::connect_with(&place).await.map_err(refused)?;
    let millis: i64 = sqlx::query_scalar(CLOCK).fetch_one(&mut connection).await.map_err(refused)?;
    connection.close().await.map_err(refused)?;
    Ok(Timestamp::from_millis(millis))
}

/// The name of the database at `url` in the log: its place, without the password.
pub(super) fn name(url: &str) -> Option<String> {
    PgConnectOptions::from_str(url).ok().as_ref().map(name_of)
}

fn name_of(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None if options.get_host().starts_with('/') => options.get_host().to_owned(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let (user, database) = (options.get_username(), options.get_database());
    // Without a name it is the one of the user.
    format!("PostgreSQL at {host} (database {}, user {user})", database.unwrap_or(user))
}

/// Over a network, PostgreSQL must prove its identity by TLS. Only an explicit `sslmode=disable` turns that off, for a
/// network that the operator trusts.
fn check_protection(options: &PgConnectOptions) -> Result<(), OpenError> {
    let host = options.get_host();
    let is_here = options.get_socket().is_some() || host.starts_with('/') || is_loopback(host);
    match options.get_ssl_mode() {
        _ if is_here => Ok(()),
        PgSslMode::VerifyCa | PgSslMode::VerifyFull => Ok(()),
        PgSslMode::Disable => {
            tracing::warn!(host, "the connection to PostgreSQL is not encrypted, as database.url says");
            Ok(())
        }
        PgSslMode::Allow | PgSslMode::Prefer | PgSslMode::Require => {
            Err(OpenError::Unprotected { host: host.to_owned() })
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verified_server_is_spoken_to_over_a_network_unless_the_operator_says_otherwise() {
        for (url, passes) in [
            ("postgres://u:secret@db.example.org/x", false),
            ("postgres://u:secret@db.example.org/x?sslmode=prefer", false),
            ("postgres://u:secret@db.example.org/x?sslmode=allow", false),
            ("postgres://u:secret@db.example.org/x?sslmode=require", false),
            ("postgres://u:secret@10.0.0.5/x", false),
            ("postgres://u:secret@localhost/x?host=10.0.0.5", false),
            ("postgres://u:secret@localhost.example.org/x", false),
            ("postgres://u:secret@db.example.org/x?sslmode=verify-full", true),
            ("postgres://u:secret@db.example.org/x?sslmode=verify-ca", true),
            ("postgres://u:secret@db.example.org/x?sslmode=disable", true),
            ("postgres://u@localhost/x", true),
            ("postgres://u@127.0.0.1:5433/x", true),
            ("postgres://u@[::1]/x", true),
            ("postgres://u@%2Frun%2Fpostgresql/x", true),
            ("postgres://u@localhost/x?host=/run/postgresql", true),
        ] {
            let checked = check_protection(&PgConnectOptions::from_str(url).unwrap());
            assert_eq!(checked.is_ok(), passes, "{url}");
            let told = checked.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(passes || told.contains("sslmode=verify-full") && !told.contains("secret"), "{told}");
        }
    }
}
