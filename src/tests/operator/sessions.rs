//! `latchkey session`.

use super::*;
use latchkey::domain::activity::{Event, Kind};
use latchkey::domain::device::Device;
use latchkey::domain::id::{SessionId, UserId};
use reqwest::Response;
use serde_json::json;

/// Reads what an open page is told until its session is over, and returns the last of it.
async fn last_words(mut page: Response) -> String {
    let mut text = String::new();
    let read = async {
        while let Some(more) = page.chunk().await.unwrap() {
            text += std::str::from_utf8(&more).unwrap();
        }
    };
    tokio::time::timeout(TOO_LONG, read).await.expect("the page is told");
    text
}

on_both_databases! {
    async fn sessions_are_listed_and_one_is_ended_while_its_page_is_open(app: TestAppBuilder) {
        let app = started(app).await;
        let (mut here, mut there) = (app.signed_up("ada").await, app.signed_in("ada").await);
        let (mine, theirs) = (here.sid().await, there.sid().await);
        here.post("/auth/sessions/rename", json!({"sid": theirs, "name": "Küche"})).await.expect(204);
        let listed = latchkey(&app, &["session", "list", "Ada"]).expect(0);
        let lines = listed.fields();
        let line = lines.iter().find(|fields| fields[0] == theirs).unwrap();
        assert_eq!((lines.len(), line[1], line[2], line[5]), (2, "Küche", "Firefox on Linux", "127.0.0.1"));
        assert!(line[3].starts_with("20") && line[3].ends_with('Z') && line[4].ends_with('Z'), "{line:?}");
        let page = there.listen().await;
        let ended = latchkey(&app, &["session", "end", &theirs]).expect(0).stdout;
        assert!(ended.contains(&theirs) && ended.contains("of ada ("), "{ended}");
        refuses(&mut there).await;
        let told = last_words(page).await;
        assert!(told.contains("signed-out") && told.contains("operator"), "{told}");
        assert!(here.is_in().await);
        latchkey(&app, &["session", "end", &theirs]).expect_error(1, "is over already");
        let listed = latchkey(&app, &["session", "list", "ada", "--json"]).expect(0).json();
        assert_eq!((listed.len(), &listed[0]["sid"]), (1, &json!(mine)));
        let events = here.get("/api/activity").await.expect(200).json()["events"].clone();
        let told = ["kind", "detail", "sid", "ip", "by"].map(|field| events[0][field].clone());
        assert_eq!(told, [json!("session_ended"), json!("operator"), json!(theirs), json!(null), json!(null)]);
        let page = here.browser.get("/activity").await.expect(200).text;
        assert!(page.contains("the operator of this site did it"), "{page}");
    }

    async fn the_sessions_of_one_user_are_ended_and_then_all(app: TestAppBuilder) {
        let app = started(app).await;
        let (mut one, mut two) = (app.signed_up("ada").await, app.signed_in("ada").await);
        let mut eve = app.signed_up("eve").await;
        for device in [&one, &two, &eve] {
            assert!(device.is_in().await);
        }
        let said = latchkey(&app, &["session", "end", "--user", "ADA"]).expect(0).stdout;
        assert!(said.starts_with("Ended 2 sessions of ada ("), "{said}");
        refuses(&mut one).await;
        refuses(&mut two).await;
        assert!(eve.is_in().await);
        let mut ada = app.signed_in("ada").await;
        assert!(ada.is_in().await);
        latchkey(&app, &["session", "end", "--all"]).expect_error(2, "--yes");
        assert!(ada.is_in().await && eve.is_in().await);
        assert_eq!(latchkey(&app, &["session", "end", "--all", "--yes"]).expect(0).stdout, "Ended 2 sessions.\n");
        refuses(&mut ada).await;
        refuses(&mut eve).await;
        assert_eq!(latchkey(&app, &["session", "end", "--all", "--yes"]).expect(0).stdout, "Ended 0 sessions.\n");
        let eve = app.signed_in("eve").await;
        let events = eve.get("/api/activity").await.expect(200).json()["events"].clone();
        assert_eq!((&events[1]["kind"], &events[1]["detail"]), (&json!("session_ended"), &json!("operator")));
    }

    /// What a server writes by itself is no reason to ask the database again, but is no cover for a command either.
    async fn an_end_is_noticed_among_the_servers_own_writes(app: TestAppBuilder) {
        let app = started(app).await;
        let (mut ada, mut eve) = (app.signed_up("ada").await, app.signed_up("eve").await);
        for _ in 0..10 {
            eve.try_refresh().await.expect(200);
        }
        assert!(ada.is_in().await);
        let sid = ada.sid().await;
        latchkey(&app, &["session", "end", &sid]).expect(0);
        for _ in 0..10 {
            eve.try_refresh().await.expect(200);
        }
        refuses(&mut ada).await;
    }

    async fn what_somebody_called_a_device_does_nothing_to_a_terminal(app: TestAppBuilder) {
        let app = started(app).await;
        let mut ada = app.signed_up("ada").await;
        let sid = ada.sid().await;
        // The API takes marks that only say in which direction letters run.
        let name = "\u{200f}Küche\u{61c}";
        ada.post("/auth/sessions/rename", json!({"sid": sid, "name": name})).await.expect(204);
        let listed = latchkey(&app, &["session", "list", "ada"]).expect(0);
        assert_eq!(listed.fields()[0][1], "\\u{200f}Küche\\u{61c}");
        let name = "Kitchen\u{1b}[2J\u{9b}31m\u{202e}\r\n\t\u{7}";
        let event = Event {
            user_id: UserId::new(user_id(&ada).await),
            kind: Kind::SessionRenamed,
            at: app.now(),
            sid: Some(SessionId::new(&sid)),
            ip: None,
            user_agent: String::new(),
            device: Device::default(),
            detail: None,
            other: None,
            by: None,
            names: None,
        };
        let store = app.services().store();
        assert!(store.rename_session(&event.user_id, &SessionId::new(&sid), name, &event).await.unwrap());
        for arguments in [&["session", "list", "ada"][..], &["session", "list", "ada", "--json"]] {
            let listed = latchkey(&app, arguments).expect(0);
            let odd = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
            assert!(listed.stdout.contains("Kitchen") && !listed.stdout.contains(odd), "{:?}", listed.stdout);
            assert_eq!(listed.stdout.lines().count(), 1);
        }
        let listed = latchkey(&app, &["session", "list", "ada"]).expect(0);
        assert_eq!(listed.fields()[0].len(), 6);
        assert_eq!(latchkey(&app, &["session", "list", "ada", "--json"]).expect(0).json()[0]["name"], name);
    }
}
