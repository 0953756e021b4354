//! `latchkey events`.

use super::*;
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use std::process::{Child, ChildStdout};
use std::sync::mpsc::{Receiver, channel};

/// A command that goes on. It is ended with this value.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn begin(app: &TestApp, arguments: &[&str]) -> Self {
        use std::io::BufRead as _;
        let mut child = command(app).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let output: ChildStdout = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = std::io::BufReader::new(output).lines().map_while(Result::ok);
            lines.map_while(|line| sender.send(line).ok()).for_each(drop);
        });
        Self { child, lines }
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(TOO_LONG).expect("another event");
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn kinds(events: &[Value]) -> Vec<(&str, &str)> {
    events.iter().map(|event| (event["username"].as_str().unwrap(), event["kind"].as_str().unwrap())).collect()
}

on_both_databases! {
    async fn the_events_of_all_users_are_listed_oldest_first(app: TestAppBuilder) {
        let app = started(app).await;
        let mut ada = app.signed_up("ada").await;
        let eve = app.signed_up("eve").await;
        let id = user_id(&ada).await;
        app.browser().try_sign_in("eve", "a wrong password, too long").await.expect(401);
        ada.post("/auth/logout", json!({})).await.expect(204);
        app.services().recorded().await;
        let all = latchkey(&app, &["events"]).expect(0).json();
        let expected = [
            ("ada", "signed_up"),
            ("ada", "signed_in"),
            ("eve", "signed_up"),
            ("eve", "signed_in"),
            ("eve", "sign_in_failed"),
            ("ada", "signed_out"),
        ];
        assert_eq!(kinds(&all), expected);
        assert!(all.windows(2).all(|pair| pair[0]["cursor"].as_i64() < pair[1]["cursor"].as_i64()), "{all:?}");
        assert_eq!((&all[0]["userId"], &all[0]["ip"], &all[0]["browser"]), (&json!(id), &json!("127.0.0.1"), &json!("Firefox")));
        let page = eve.get("/api/activity").await.expect(200).json();
        assert_eq!(page["events"][0]["at"], all[4]["at"], "the same events as on the activity page");

        let of = |arguments: &[&str]| latchkey(&app, &[&["events"], arguments].concat()).expect(0).json();
        assert_eq!(kinds(&of(&["--user", "ADA"])), [expected[0], expected[1], expected[5]]);
        assert_eq!(kinds(&of(&["--user", &id, "--kind", "signed_out"])), [("ada", "signed_out")]);
        let two = of(&["--kind", "signed_out", "--kind", "sign_in_failed"]);
        assert_eq!(kinds(&two), [("eve", "sign_in_failed"), ("ada", "signed_out")]);
        assert_eq!(of(&["--since", "1h"]), all);
        assert_eq!(of(&["--since", "2000-01-01T00:00:00Z"]), all);
        assert_eq!(of(&["--since", "2999-01-01T00:00:00+02:00"]), [json!(null); 0]);
        latchkey(&app, &["events", "--user", "nobody"]).expect_error(1, "no user with the name or id nobody");
        latchkey(&app, &["events", "--kind", "sign"]).expect_error(2, "sign_in_failed");
        latchkey(&app, &["events", "--since", "yesterday"]).expect_error(2, "how long ago (24h)");
    }

    async fn new_events_are_followed_and_each_is_told_once(app: TestAppBuilder) {
        let app = started(app).await;
        let eve = app.signed_up("eve").await;
        let all = Following::begin(&app, &["events", "--follow", "--since", "1h"]);
        assert_eq!(kinds(&[all.next(), all.next()]), [("eve", "signed_up"), ("eve", "signed_in")]);
        let wrong = Following::begin(&app, &["events", "--follow", "--since", "1h", "--kind", "sign_in_failed"]);
        app.browser().try_sign_in("eve", "a wrong password, too long").await.expect(401);
        drop(eve);
        app.signed_up("ada").await;
        assert_eq!(kinds(&[all.next(), all.next()]), [("eve", "sign_in_failed"), ("ada", "signed_up")]);
        assert_eq!(kinds(&[wrong.next()]), [("eve", "sign_in_failed")]);
    }
}

/// PostgreSQL gives the cursor before the commit: what is committed late has an earlier one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_committed_after_a_later_one_is_told_too() {
    let app = started(TestApp::on(Backend::Postgres)).await;
    let id = user_id(&app.signed_up("ada").await).await;
    let follower = Following::begin(&app, &["events", "--follow", "--since", "1h"]);
    assert_eq!(kinds(&[follower.next(), follower.next()]), [("ada", "signed_up"), ("ada", "signed_in")]);
    let mut slow = AnyConnection::connect(&app.settings().database.url).await.unwrap();
    slow.execute("BEGIN").await.unwrap();
    let insert = format!(
        "INSERT INTO activity (user_id, kind, at, user_agent) VALUES ('{id}', 'forked', {}, '')",
        SystemClock.now().as_millis()
    );
    slow.execute(AssertSqlSafe(insert)).await.unwrap();
    app.signed_in("ada").await;
    let later = follower.next();
    assert_eq!(later["kind"], "signed_in");
    slow.execute("COMMIT").await.unwrap();
    let late = follower.next();
    assert_eq!(late["kind"], "forked");
    assert!(late["cursor"].as_i64() < later["cursor"].as_i64());
}
