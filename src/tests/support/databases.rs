//! A separate database for each test.

use sqlx::{Connection as _, Executor as _, PgConnection};
use std::path::Path;

/// The database that a test runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// The URL of a new, empty database.
    pub(crate) async fn url(self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("latchkey.db").display()),
            Self::Postgres => postgres().await,
        }
    }
}

/// The URL of the PostgreSQL server for the tests.
pub(crate) fn postgres_server() -> String {
    std::env::var("LATCHKEY_TEST_POSTGRES")
        .expect("no PostgreSQL to test on: run `make test`, or `scripts/with-postgres cargo test …`")
}

/// A new database on that server. It is deleted with the server.
async fn postgres() -> String {
    let server = postgres_server();
    let name = format!("latchkey_{}", uuid::Uuid::from_bytes(super::app::random()).simple());
    let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL answers");
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database is made");
    connection.close().await.expect("the connection closes");
    let (base, _) = server.rsplit_once('/').expect("the URL names a database");
    format!("{base}/{name}")
}
