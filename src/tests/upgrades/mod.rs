//! A database of the first migration, with people in it, is brought up to date: everything of theirs goes on.

use super::support::{
    Anonymous, Backend, FIREFOX, PASSWORD, Program, REFRESH, SignedIn, TestApp, TestAppBuilder, on_both_databases,
};
use latchkey::domain::time::Timestamp;
use latchkey::server::storage::{self, OpenError};
use serde_json::Value;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const ROWS: &str = include_str!("rows.sql");
const ANDROID: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36";
const MINUTE: Duration = Duration::from_secs(60);

fn tokens() -> Value {
    serde_json::from_str(include_str!("tokens.json")).unwrap()
}

fn folder_of_migrations(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"),
        Backend::Postgres => concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres"),
    }
}

/// A database that nothing has written to since the first migration.
struct Old {
    backend: Backend,
    folder: TempDir,
    url: String,
    connection: AnyConnection,
}

impl Old {
    async fn new(backend: Backend) -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let url = backend.url(folder.path()).await;
        let (tables, options) = match backend {
            Backend::Sqlite => (include_str!("sqlite.sql"), "?mode=rwc"),
            Backend::Postgres => (include_str!("postgres.sql"), ""),
        };
        let mut connection = AnyConnection::connect(&format!("{url}{options}")).await.unwrap();
        for sql in [tables, ROWS] {
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
        if let Some(file) = storage::file(&url) {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let secret = folder.path().join("secret.key");
        std::fs::write(&secret, tokens()["secret"].as_str().unwrap()).unwrap();
        std::fs::set_permissions(secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self { backend, folder, url, connection }
    }

    /// What the columns of the first migration hold, by table.
    async fn rows(&mut self) -> Vec<(String, Vec<String>)> {
        let function = match self.backend {
            Backend::Sqlite => "json_array",
            Backend::Postgres => "jsonb_build_array",
        };
        let mut all = Vec::new();
        for insert in ROWS.split("INSERT INTO ").skip(1) {
            let (table, columns) = insert.split_once(" (").unwrap();
            let columns = columns.split_once(')').unwrap().0;
            let sql = format!("SELECT CAST({function}({columns}) AS TEXT) AS row FROM {table} ORDER BY 1");
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await.unwrap();
            all.push((table.to_owned(), rows.iter().map(|row| row.get("row")).collect()));
        }
        all
    }

    /// Starts this version on it, at the time of the last event.
    async fn start(self, app: TestAppBuilder) -> TestApp {
        self.connection.close().await.unwrap();
        let now = Timestamp::from_millis(tokens()["at"].as_i64().unwrap());
        app.at(now).on_database(&self.url).start_in(self.folder).await
    }
}

/// A device of then, with its cookies.
fn device(app: &TestApp, name: &str, user_agent: &str) -> SignedIn {
    let tokens = tokens()[name].clone();
    let token = |kind: &str| tokens[kind].as_str().unwrap_or_default().to_owned();
    let mut browser: Anonymous = app.browser();
    browser.user_agent = user_agent.to_owned();
    browser.cookies.insert(REFRESH.into(), token("refresh"));
    if !token("web").is_empty() {
        browser.cookies.insert("__Host-Http-latchkey-session".into(), token("web"));
    }
    SignedIn { browser, access_token: token("access") }
}

/// The servers run on what `backend` names; the story begins with a database of the first migration.
async fn upgraded(app: TestAppBuilder) -> TestApp {
    let backend = app.backend();
    Old::new(backend).await.start(app).await
}

on_both_databases! {
    async fn everybody_is_still_signed_in_and_sees_what_was(app: TestAppBuilder) {
        let mut app = upgraded(app).await;
        let mut laptop = device(&app, "laptop", FIREFOX);
        assert!(laptop.is_in().await, "its access token is good to its end");
        let page = laptop.browser.get("/devices").await.expect(200).text;
        assert!(page.contains("phone") && page.contains("Firefox"), "{page}");
        laptop.try_refresh().await.expect(200);
        let devices = laptop.devices().await;
        let names: Vec<_> = devices.iter().map(|device| (device["name"].as_str(), device["os"].as_str())).collect();
        assert_eq!(names, [(None, Some("Linux")), (Some("Ada's phone"), Some("Android"))]);
        let events = laptop.get("/api/activity").await.expect(200).json()["events"].clone();
        let kinds: Vec<&str> = events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
        let then = ["signed_out", "session_renamed", "signed_in", "sign_in_failed", "signed_in", "signed_in", "signed_up"];
        assert_eq!(kinds, then);
        laptop.get("/api/export").await.expect(200);
        laptop.browser.get("/activity").await.expect(200);
        // Once more, on tables that are up to date.
        app.restart().await;
        laptop.browser.goes_to(&app);
        laptop.try_refresh().await.expect(200);
        assert!(laptop.is_in().await);
    }

    async fn passwords_are_good_and_whoever_was_kept_out_still_is(app: TestAppBuilder) {
        let app = upgraded(app).await;
        app.signed_in("ada").await;
        app.signed_in("bob").await;
        app.browser().try_sign_in("bob", "another violet kettle under snowfall").await.expect(401);
        app.browser().try_sign_in("eve@example.org", PASSWORD).await.expect(401);
        let mut eve = device(&app, "eve", ANDROID);
        eve.try_refresh().await.expect(401);
        let mut bob = device(&app, "bob", FIREFOX);
        bob.try_refresh().await.expect(200);
        assert_eq!(bob.devices().await.len(), 2);
        app.signed_up("mallory").await;
    }

    async fn a_token_that_was_used_before_the_upgrade_is_found_out_after_it(app: TestAppBuilder) {
        let app = upgraded(app).await;
        let mut thief = device(&app, "phone", ANDROID);
        thief.set_refresh_token(tokens()["phone"]["former"].as_str().unwrap());
        let mut phone = device(&app, "phone", ANDROID);
        app.advance(MINUTE);
        assert_eq!(thief.try_refresh().await.expect(401).code(), "refresh_reused");
        phone.try_refresh().await.expect(401);
        device(&app, "laptop", FIREFOX).try_refresh().await.expect(200);
    }

    async fn each_migration_by_itself_leaves_every_row_as_it_was(app: TestAppBuilder) {
        let mut old = Old::new(app.backend()).await;
        let before = old.rows().await;
        assert!(before.iter().all(|(_, rows)| !rows.is_empty()) && before.len() == 5, "{before:?}");
        let migrator = Migrator::new(Path::new(folder_of_migrations(old.backend))).await.unwrap();
        let versions: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
        for version in versions {
            let error = storage::connect_to_existing(&old.url).await.err();
            assert!(version == 1 || matches!(error, Some(OpenError::Older)), "before {version}: {error:?}");
            migrator.run_to(version, &mut old.connection).await.unwrap();
            assert_eq!(old.rows().await, before, "after {version}");
        }
        let store = storage::connect_to_existing(&old.url).await.unwrap();
        assert_eq!(store.keys().await.unwrap().len(), 2);
    }

    /// While servers are replaced one by one, the older ones write to tables that are newer than they are.
    async fn the_newest_tables_take_what_the_first_version_writes(app: TestAppBuilder) {
        let old = Old::new(app.backend()).await;
        let folder = tempfile::tempdir().unwrap();
        let url = app.backend().url(folder.path()).await;
        drop(storage::connect(&url).await.unwrap());
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(ROWS).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let app = Old { url, ..old }.start(app).await;
        let mut laptop = device(&app, "laptop", FIREFOX);
        laptop.try_refresh().await.expect(200);
        assert_eq!(laptop.devices().await.len(), 2);
    }

    async fn an_older_program_leaves_a_newer_database_alone_and_says_why(app: TestAppBuilder) {
        let mut old = Old::new(app.backend()).await;
        drop(storage::connect(&old.url).await.unwrap());
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     SELECT 9999, 'later', TRUE, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
        sqlx::query(newer).execute(&mut old.connection).await.unwrap();
        let before = old.rows().await;
        let says = "the database was written by a newer version of Latchkey: run that version, or restore the backup";
        let (url, secret) = (old.url.clone(), old.folder.path().join("secret.key"));
        let envs = [("LATCHKEY_DATABASE__URL", url.as_str()), ("LATCHKEY_SECRET__FILE", secret.to_str().unwrap())];
        let refusal = Program::refusal(old.folder.path(), |command| {
            command.envs(envs);
        });
        assert!(refusal.contains(says), "{refusal}");
        for arguments in [&["migrate"][..], &["user", "list"], &["keys", "rotate"], &["secret", "rotate"], &["doctor"]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
            let output = command.args(arguments).current_dir(old.folder.path()).envs(envs).output().unwrap();
            let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
            assert!(!output.status.success() && said.contains(says), "{arguments:?}: {said}");
        }
        assert_eq!(old.rows().await, before);
    }
}
