//! How many durable commits an answer waits for.

use super::support::{Backend, PASSWORD, TestApp};
use serde_json::json;

const WRONG: &str = "not the password at all";

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The commits in the write-ahead log (SQLite file format, section 4.1): frames that carry the size of the database.
fn commits(app: &TestApp) -> usize {
    let log = std::fs::read(app.folder().join("latchkey.db-wal")).expect("a write-ahead log");
    let (head, frames) = log.split_at(32);
    let page = usize::try_from(number(head, 8)).expect("a page size");
    let is_current = |frame: &&[u8]| frame[8..16] == head[16..24];
    frames.chunks_exact(24 + page).take_while(is_current).filter(|frame| number(frame, 4) != 0).count()
}

#[tokio::test]
async fn a_sign_in_is_one_commit_with_its_web_session_and_its_browser() {
    let app = TestApp::on(Backend::Sqlite).with(|settings| settings.limits = Default::default()).start().await;
    app.services().housekeeping().await.unwrap();
    let before = commits(&app);
    app.signed_up("ada").await;
    assert_eq!(commits(&app) - before, 3, "the account, its count against the address, the session");

    let before = commits(&app);
    let mut device = app.signed_in("ada").await;
    assert_eq!(commits(&app) - before, 1);
    // All of it is there: the page needs the web session, and the next sign-in finds the browser.
    assert!(device.browser.get("/devices").await.expect(200).text.contains("This device"));
    let before = commits(&app);
    device.browser.try_sign_in("ada", PASSWORD).await.expect(200);
    assert_eq!(commits(&app) - before, 1, "which also ends the session that the browser had");
    assert_eq!(device.browser.get("/devices").await.expect(200).text.matches("This device").count(), 1);

    app.browser().try_sign_in("ada", WRONG).await.expect(401);
    app.services().flush().await.unwrap();
    let before = commits(&app);
    app.signed_in("ada").await;
    assert_eq!(commits(&app) - before, 2, "and the failures before it are forgotten");

    let native = json!({"username": "ada", "password": PASSWORD, "client": "cli"});
    let before = commits(&app);
    app.browser().post("/auth/login", native).await;
    assert!(commits(&app) - before <= 1);
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_written_leaves_nothing_of_it() {
    let app = TestApp::start().await;
    let device = app.signed_up("ada").await;
    let user = device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap().to_owned();
    let counts = async || {
        let store = app.store().await;
        let user = latchkey::domain::id::UserId::new(user.clone());
        let browsers = store.known_browsers(&user).await.unwrap().len();
        (store.live_sessions(&user, app.now()).await.unwrap().len(), browsers)
    };
    let before = counts().await;
    let url = &app.settings().database.url;
    let mut other = <sqlx::AnyConnection as sqlx::Connection>::connect(url).await.unwrap();
    // The last statement of the transaction fails.
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON web_sessions BEGIN SELECT RAISE(ABORT, 'broken'); END";
    sqlx::raw_sql(broken).execute(&mut other).await.unwrap();
    let refused = app.browser().try_sign_in("ada", PASSWORD).await;
    assert!(refused.status.is_server_error(), "{refused:?}");
    assert!(refused.set_cookies().is_empty(), "{refused:?}");
    assert_eq!(counts().await, before);
    sqlx::raw_sql("DROP TRIGGER broken").execute(&mut other).await.unwrap();
    app.signed_in("ada").await;
    assert_eq!(counts().await, (before.0 + 1, before.1 + 1));
}
