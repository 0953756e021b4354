//! Argon2 was raised: a sign-in renews the hash of its password, and nobody is the worse for it.

use super::support::{Backend, PASSWORD, TestApp, TestAppBuilder, on_both_databases};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _};
use tokio::task::JoinSet;

async fn raise(app: &mut TestApp, memory: u32) {
    app.change(|settings| settings.password.argon2_memory = memory);
    app.restart().await;
}

on_both_databases! {
    async fn a_right_password_is_changed_whoever_renews_its_hash_meanwhile(app: TestAppBuilder) {
        let mut app = app.start().await;
        let mut here = app.signed_up("ada").await;
        let mut password = PASSWORD.to_owned();
        for (run, memory) in [128, 256, 512, 1_024].into_iter().enumerate() {
            raise(&mut app, memory).await;
            here.browser.goes_to(&app);
            here.try_refresh().await.expect(200);
            let mut sign_ins = JoinSet::new();
            for _ in 0..6 {
                let (mut browser, password) = (app.browser(), password.clone());
                sign_ins.spawn(async move { browser.try_sign_in("ada", &password).await });
            }
            let new = format!("an entirely new password, number {run}");
            let change = json!({"currentPassword": password, "newPassword": new});
            here.post("/auth/password", change).await.expect(204);
            sign_ins.join_all().await;
            app.browser().try_sign_in("ada", &new).await.expect(200);
            password = new;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_stands_though_its_hash_cannot_be_renewed() {
    let mut app = TestApp::on(Backend::Sqlite).start().await;
    app.signed_up("ada").await;
    raise(&mut app, 128).await;
    let mut connection = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE OF password_hash ON users BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::raw_sql(refuse).execute(&mut connection).await.unwrap();
    app.browser().try_sign_in("ada", PASSWORD).await.expect(200);
    sqlx::raw_sql("DROP TRIGGER refuse").execute(&mut connection).await.unwrap();
    app.browser().try_sign_in("ada", PASSWORD).await.expect(200);
    app.browser().try_sign_in("ada", "not the right password").await.expect(401);
}
