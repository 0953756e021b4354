//! TLS to PostgreSQL: who the server is counts.

use super::*;
use latchkey::server::storage::OpenError;
use sqlx::{AnyConnection, Connection as _};

/// The URL of a new database, under another name of the same server and with `query`.
async fn url(host: &str, query: &str) -> String {
    let world = World::new(Backend::Postgres).await;
    format!("{}?{query}", world.url.replacen("127.0.0.1", host, 1))
}

fn authority() -> String {
    std::env::var("LATCHKEY_TEST_POSTGRES_CA").expect("the authority of scripts/with-postgres")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_proves_its_name_is_spoken_to_encrypted() {
    let url = url("localhost", &format!("sslmode=verify-full&sslrootcert={}", authority())).await;
    let store = storage::connect(&url).await.unwrap();
    assert!(store.add_user(&user("ada"), None).await.unwrap());
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a ON a.pid = s.pid \
               WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND NOT s.ssl";
    let in_clear: i64 = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!(in_clear, 0);
    let sql = "SELECT s.version FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()";
    let version: String = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!(version, "TLSv1.3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_name_or_an_unknown_authority_is_refused() {
    let by_authority = format!("sslrootcert={}", authority());
    for (host, query) in [
        ("127.0.0.1", format!("sslmode=verify-full&{by_authority}")),
        ("localhost", "sslmode=verify-full".to_owned()),
        ("localhost", "sslmode=verify-ca".to_owned()),
    ] {
        let error = storage::connect(&url(host, &query).await).await.err();
        let by_certificate = matches!(&error, Some(OpenError::Unreachable { reason, .. }) if reason.contains("invalid peer certificate"));
        assert!(by_certificate, "{host} {query}: {error:?}");
    }
    // Of the same authority, whatever its name.
    storage::connect(&url("127.0.0.1", &format!("sslmode=verify-ca&{by_authority}")).await).await.unwrap();
}
