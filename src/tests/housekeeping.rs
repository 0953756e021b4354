//! What is done from time to time, and what stands though something beside it fails.

use super::support::{Backend, PASSWORD, TestApp, TestAppBuilder, on_both_databases};
use latchkey::domain::id::UserId;
use latchkey::domain::key_schedule::LEAD;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use std::time::Duration;

/// Takes a table away, so that whatever needs it fails; or puts it back.
async fn rename_table(app: &TestApp, from: &str, to: &str) {
    let mut connection = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    let rename = format!("ALTER TABLE {from} RENAME TO {to}");
    sqlx::query(AssertSqlSafe(rename)).execute(&mut connection).await.unwrap();
}

async fn number_of_keys(app: &TestApp) -> usize {
    app.services().store().keys().await.unwrap().len()
}

on_both_databases! {
    async fn keys_are_made_though_nothing_can_be_deleted_nor_written(app: TestAppBuilder) {
        let app = app.with(|settings| settings.tokens.key_rotation = Duration::from_secs(86_400)).start().await;
        let here = app.signed_up("ada").await;
        assert!(here.is_in().await, "it was seen, which is to be written");
        app.services().housekeeping().await.unwrap();
        let before = number_of_keys(&app).await;
        app.advance(Duration::from_secs(86_400) - LEAD + Duration::from_secs(1));
        for table in ["limits", "sessions"] {
            rename_table(&app, table, &format!("{table}_away")).await;
        }
        app.services().housekeeping().await.unwrap_err();
        assert!(number_of_keys(&app).await > before);
        for table in ["limits", "sessions"] {
            rename_table(&app, &format!("{table}_away"), table).await;
        }
        app.services().housekeeping().await.unwrap();
    }

    async fn what_is_over_is_deleted_though_nobody_who_was_seen_can_be_written(app: TestAppBuilder) {
        let app = app.start().await;
        let store = app.services().store();
        assert!(store.add_web_session("over", "", app.now(), None).await.unwrap());
        app.services().flush().await.unwrap();
        rename_table(&app, "keys", "keys_away").await;
        app.services().housekeeping().await.unwrap_err();
        rename_table(&app, "keys_away", "keys").await;
        assert!(store.add_web_session("over", "", app.now(), None).await.unwrap(), "its row is gone");
    }

    async fn one_thing_that_cannot_be_deleted_keeps_no_other(app: TestAppBuilder) {
        let app = app.start().await;
        let store = app.services().store();
        assert!(store.add_web_session("over", "", app.now(), None).await.unwrap());
        rename_table(&app, "activity", "activity_away").await;
        app.services().purge().await.unwrap_err();
        rename_table(&app, "activity_away", "activity").await;
        assert!(store.add_web_session("over", "", app.now(), None).await.unwrap(), "its row is gone");
    }

    async fn without_web_sessions_nothing_of_a_sign_in_stays_and_a_refresh_stands(app: TestAppBuilder) {
        let app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let user = UserId::new(here.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap());
        let alive = async || app.services().store().live_sessions(&user, app.now()).await.unwrap().len();
        rename_table(&app, "web_sessions", "web_sessions_away").await;

        for _ in 0..2 {
            let reply = app.browser().try_sign_in("ada", PASSWORD).await;
            assert!(reply.status.is_server_error() && reply.set_cookies().is_empty(), "{reply:?}");
        }
        assert_eq!(alive().await, 1, "whoever tries again leaves no sessions behind");
        // A browser that has lost its web session would get another one with a refresh.
        here.browser.cookies.retain(|name, _| !name.ends_with("-session"));
        let reply = here.try_refresh().await.expect(200);
        let names = reply.set_cookies().join(" ");
        assert!(names.contains("latchkey-refresh=") && !names.contains("latchkey-session="), "{names}");
        assert!(here.is_in().await);

        rename_table(&app, "web_sessions_away", "web_sessions").await;
        let waiting = here.browser.get("/devices").await.expect(200);
        assert!(waiting.text.contains("action=\"/auth/refresh\""), "the page asks for a refresh first");
        here.try_refresh().await.expect(200);
        let page = here.browser.get("/devices").await.expect(200);
        assert!(!page.text.contains("action=\"/auth/refresh\""), "now there is a web session");
        assert_eq!(alive().await, 1);
    }
}
