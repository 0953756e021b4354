//! SQLite's files: where they are, who may read them, and what is refused.

use super::*;
use latchkey::server::storage::OpenError;
use sqlx::{AnyConnection, Connection as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a folder/with ümlaut, 100 % & ?#").join("latchkey.db");
    let store = storage::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    assert!(store.add_user(&user("ada"), None).await.unwrap());
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log and the log's index, and nothing else");
}

#[tokio::test]
async fn files_that_others_may_read_are_refused_as_they_are() {
    let world = World::new(Backend::Sqlite).await;
    drop(world.open_with_ada().await);
    let database = world.folder.path().join("latchkey.db");
    let log = world.folder.path().join("latchkey.db-wal");
    for (path, open) in [(&database, 0o644), (&database, 0o660), (&log, 0o604)] {
        std::fs::File::options().append(true).create(true).open(path).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(open)).unwrap();
        let error = storage::connect(&world.url).await.err().unwrap().to_string();
        assert!(error.contains(&format!("(mode {open:o}): run chmod 600")), "{error}");
        assert_eq!(mode(path), open, "it is for the operator to say");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(storage::connect(&world.url).await.unwrap().user(&user_id("ada")).await.unwrap().is_some());
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_in_the_operators_words() {
    let folder = tempfile::tempdir().unwrap();
    for (url, words) in [
        ("mysql://localhost/latchkey", "sqlite:// or postgres://"),
        ("data/latchkey.db", "sqlite:// or postgres://"),
        ("sqlite://", "names no file"),
        ("sqlite://data/", "names no file"),
        ("sqlite://:memory:", "names no file"),
        ("sqlite://x.db?mode=rwc", "leave them out"),
        ("sqlite:///var/lib/x.db?cache=shared&mode=ro", "?cache=shared&mode=ro"),
        ("postgres://user:secret@127.0.0.1:1/none", "127.0.0.1:1 (database none, user user) cannot be reached"),
        ("postgres://user:secret@host:notaport/none", "PostgreSQL"),
    ] {
        let error = storage::connect(url).await.err().expect(url).to_string();
        assert!(error.contains(words), "{url}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let text = folder.path().join("not a database");
    std::fs::write(&text, "This is a letter to a friend. ".repeat(100)).unwrap();
    std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o600)).unwrap();
    let error = storage::connect(&format!("sqlite://{}", text.display())).await.err().unwrap().to_string();
    assert_eq!(error, format!("the database file {} cannot be used: it is no SQLite database", text.display()));
    let under_a_file = storage::connect(&format!("sqlite://{}/latchkey.db", text.display())).await.err().unwrap();
    assert!(matches!(under_a_file, OpenError::Folder { .. }), "{under_a_file:?}");
}

#[tokio::test]
async fn a_folder_in_which_everybody_may_write_is_refused() {
    let world = World::new(Backend::Sqlite).await;
    drop(world.open_with_ada().await);
    for (mode, passes) in [(0o777, false), (0o1777, false), (0o755, true)] {
        std::fs::set_permissions(world.folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let error = storage::connect(&world.url).await.err().map(|error| error.to_string());
        assert_eq!(error.is_none(), passes, "{mode:o}: {error:?}");
        assert!(error.is_none_or(|error| error.contains("by everybody") && error.contains("chmod o-w")));
    }
}

stories! {
    async fn only_who_may_make_a_database_makes_one(world: World) {
        let error = storage::connect_to_existing(&world.url).await.err().unwrap();
        assert!(matches!(error, OpenError::Missing(_) | OpenError::Empty), "{error}");
        assert!(!world.folder.path().join("latchkey.db").exists());
        drop(world.open_with_ada().await);
        let store = storage::connect_to_existing(&world.url).await.unwrap();
        assert!(store.user(&user_id("ada")).await.unwrap().is_some());
        // As an older version left it.
        let mut connection = AnyConnection::connect(&world.url).await.unwrap();
        sqlx::query("DELETE FROM _sqlx_migrations WHERE version > 1").execute(&mut connection).await.unwrap();
        let error = storage::connect_to_existing(&world.url).await.err().unwrap();
        assert!(matches!(error, OpenError::Older), "{error}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    use sqlx::Connection as _;
    let world = World::new(Backend::Sqlite).await;
    drop(world.open_with_ada().await);
    let mut connection = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    let error = storage::connect(&world.url).await.err().unwrap();
    assert!(matches!(error, OpenError::Newer), "{error:?}");
    assert!(world.folder.path().join("latchkey.db").exists());
}

#[tokio::test]
async fn a_file_with_tables_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    std::fs::File::options().append(true).create(true).open(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", path.display());
    let mut other = AnyConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE notes (text TEXT)").execute(&mut other).await.unwrap();
    let error = storage::connect(&url).await.err().unwrap().to_string();
    assert!(error.contains("no database of Latchkey's"), "{error}");
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut other).await.unwrap();
    assert_eq!(tables, 1);
}

/// A lock or a journal that root leaves would keep the service out.
#[tokio::test]
async fn a_file_of_another_user_is_refused_and_nothing_is_left_beside_it() {
    let world = World::new(Backend::Sqlite).await;
    world.open_with_ada().await.close().await;
    let path = world.folder.path().join("latchkey.db");
    // Only root can give files away; others are refused by the mode of such a file.
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_err() {
        return;
    }
    for error in [
        storage::claim(&world.url).await.err().unwrap(),
        storage::connect(&world.url).await.err().unwrap(),
        storage::connect_to_existing(&world.url).await.err().unwrap(),
    ] {
        assert!(error.to_string().contains("belongs to another user (uid 65534)"), "{error}");
    }
    assert_eq!(std::fs::read_dir(world.folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_claim_makes_no_database() {
    let world = World::new(Backend::Sqlite).await;
    let claim = storage::claim(&world.url).await.unwrap();
    assert!(!world.folder.path().join("latchkey.db").exists());
    assert!(storage::serving_process(&world.url).is_none(), "nothing is served yet");
    drop(claim);
}
