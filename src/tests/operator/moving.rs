//! `latchkey move`.

use super::*;
use latchkey::server::storage;
use serde_json::json;
use sqlx::{AnyConnection, Connection as _};

async fn kinds(device: &SignedIn) -> Vec<Value> {
    let events = device.get("/api/activity").await.expect(200).json()["events"].clone();
    events.as_array().unwrap().iter().map(|event| json!([event["kind"], event["at"], event["sid"]])).collect()
}

async fn sessions(device: &SignedIn) -> Value {
    let mut sessions = device.get("/api/sessions").await.expect(200).json();
    // What follows from the request that asks.
    sessions.as_array_mut().unwrap().iter_mut().for_each(|one| one["lastSeenAt"] = json!(0));
    sessions
}

/// Stops the server, moves, and starts it there.
async fn moved(app: &mut TestApp, to: &str) {
    app.stop().await;
    let said = latchkey(app, &["move", "--to", to]).expect(0).stdout;
    assert!(said.contains("Moved 2 users, 4 sessions") && !said.contains("postgres:postgres@"), "{said}");
    app.change(|settings| to.clone_into(&mut settings.database.url));
    app.restart().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_stays_signed_in_where_the_installation_moves_to_and_back() {
    let mut app = started(TestApp::on(Backend::Sqlite)).await;
    let (mut ada, mut phone, mut eve) =
        (app.signed_up("ada").await, app.signed_in("ada").await, app.signed_up("eve").await);
    let mut ended = app.signed_in("eve").await;
    ended.post("/auth/logout", json!({})).await.expect(204);
    ada.try_refresh().await.expect(200);
    let link = latchkey(&app, &["user", "link", "eve"]).expect(0).stdout;
    let (devices, events) = (sessions(&ada).await, kinds(&ada).await);
    let postgres = Backend::Postgres.url(&app.folder()).await;
    latchkey(&app, &["move", "--to", &postgres]).expect_error(1, "is served by another");

    moved(&mut app, &postgres).await;
    for device in [&mut ada, &mut phone, &mut eve] {
        device.browser.goes_to(&app);
        assert!(device.is_in().await, "its access token is from before");
        device.try_refresh().await.expect(200);
    }
    ended.browser.goes_to(&app);
    ended.try_refresh().await.expect(401);
    assert_eq!((sessions(&ada).await, kinds(&ada).await), (devices, events.clone()));
    app.browser().get(&link.trim()[link.find("/reset/").unwrap()..]).await.expect(200);
    // What happens from now on follows what was moved.
    phone.post("/auth/logout", json!({})).await.expect(204);
    let after = kinds(&ada).await;
    assert_eq!((after.len(), &after[1..]), (events.len() + 1, &events[..]));

    let back = format!("sqlite://{}", app.folder().join("back.db").display());
    moved(&mut app, &back).await;
    for device in [&mut ada, &mut eve] {
        device.browser.goes_to(&app);
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
    }
    phone.browser.goes_to(&app);
    phone.try_refresh().await.expect(401);
    assert_eq!(kinds(&ada).await, after);
    app.signed_in("ada").await;
    assert_eq!(kinds(&ada).await.len(), after.len() + 1);
}

on_both_databases! {
    async fn nothing_is_moved_when_something_fails_and_the_next_try_moves_all(app: TestAppBuilder) {
        let mut app = started(app).await;
        app.signed_up("ada").await;
        app.stop().await;
        let from = app.settings().database.url.clone();
        latchkey(&app, &["move", "--to", &from]).expect(1);
        latchkey(&app, &["move", "--to", "mysql://localhost/x"]).expect_error(1, "sqlite:// or postgres://");
        latchkey(&app, &["move"]).expect(2);
        let folder = tempfile::tempdir().unwrap();
        let to = format!("sqlite://{}/new.db", folder.path().display());
        drop(storage::connect(&to).await.unwrap());
        let mut there = AnyConnection::connect(&to).await.unwrap();
        for (trigger, says) in [
            ("BEFORE INSERT ON activity BEGIN SELECT raise(ABORT, 'no more'); END", "no more"),
            (
                "AFTER INSERT ON keys BEGIN UPDATE keys SET created_at = 1; END",
                "keys did not arrive as it was sent",
            ),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE TRIGGER odd {trigger}"))).execute(&mut there).await.unwrap();
            latchkey(&app, &["move", "--to", &to]).expect_error(1, says);
            let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&mut there).await.unwrap();
            assert_eq!(users, 0);
            sqlx::raw_sql("DROP TRIGGER odd").execute(&mut there).await.unwrap();
        }
        let file = folder.path().join("url");
        std::fs::write(&file, format!("{to}\n")).unwrap();
        latchkey(&app, &["move", "--to-file", file.to_str().unwrap()]).expect(0);
        latchkey(&app, &["move", "--to", &to]).expect_error(1, "is not empty");
        app.change(|settings| settings.database.url = to);
        app.restart().await;
        app.signed_in("ada").await;
    }
}
