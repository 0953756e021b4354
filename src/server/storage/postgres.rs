//! Opening PostgreSQL: how the way to it is protected, and what holds on each connection.

use super::database::Database;
use super::error::OpenError;
use super::migrations;
use super::open::ACQUIRE;
use super::sql::Dialect;
use sqlx::AnyPool;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::net::IpAddr;
use std::str::FromStr;

const CONNECTIONS: u32 = 10;

/// Whoever waits longer is told to come again: for a lock as long as for SQLite's, since a row that somebody holds must
/// not hold up all who share its commit; for a statement longer than any of ours takes.
const PATIENCE: &str = "SET lock_timeout = '2s'; SET statement_timeout = '10s'";

/// See [`super::connect`].
///
/// # Errors
/// [`OpenError`], in words for the operator.
pub(super) async fn open(url: &str) -> Result<Database, OpenError> {
    check_protection(&PgConnectOptions::from_str(url).map_err(OpenError::Url)?)?;
    let options = AnyConnectOptions::from_str(url).map_err(OpenError::Url)?;
    let pool = |connections| AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
    let refused = |error| match error {
        sqlx::Error::Configuration(_) => OpenError::Url(error),
        other => OpenError::Connect(other),
    };
    // Bringing tables up to date may take long, and waits for another server that does it.
    let migrating = pool(1).connect_with(options.clone()).await.map_err(refused)?;
    migrations::run(&migrating, Dialect::Postgres).await?;
    migrating.close().await;
    let limited = pool(CONNECTIONS).after_connect(|connection, _| {
        Box::pin(async move { sqlx::raw_sql(PATIENCE).execute(connection).await.map(drop) })
    });
    let pool: AnyPool = limited.connect_with(options).await.map_err(refused)?;
    Ok(Database { readers: pool.clone(), writers: pool, dialect: Dialect::Postgres })
}

/// Over a network, PostgreSQL proves who it is. Nobody gets less by leaving something out: only `sslmode=disable`,
/// written by the operator, says that the network itself is trusted.
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
