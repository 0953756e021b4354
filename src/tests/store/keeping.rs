//! What else is kept: the users' events, web sessions.

use super::*;
use latchkey::server::ports::EventSelection;
use sqlx::{AnyConnection, Connection as _};

stories! {
    async fn events_are_read_newest_first_page_by_page(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        for number in 0..5 {
            store.record(&Event { at: NOW + number * MINUTE, ..event("ada", Kind::SignInFailed) }).await.unwrap();
            store.record(&event("bob", Kind::SignedUp)).await.unwrap();
        }
        let ada = user_id("ada");
        let first = store.activity(&ada, page(None, 2)).await.unwrap();
        let rest = store.activity(&ada, page(Some(first[1].cursor), 9)).await.unwrap();
        let times: Vec<Timestamp> = first.iter().chain(&rest).map(|event| event.at).collect();
        assert_eq!(times, [4, 3, 2, 1, 0].map(|number| NOW + number * MINUTE));
        assert!(first.iter().chain(&rest).all(|event| event.kind == Kind::SignInFailed));
        assert_eq!(store.activity(&ada, page(Some(rest[2].cursor), 9)).await.unwrap(), vec![]);
    }

    async fn a_filter_shows_its_kinds_and_pages_among_them(world: World) {
        let store = world.open_with_ada().await;
        let kinds = [Kind::SignedIn, Kind::Reused, Kind::SessionRenamed, Kind::SignInFailed, Kind::SignedOut];
        for kind in kinds {
            store.record(&event("ada", kind)).await.unwrap();
        }
        let ada = user_id("ada");
        let shown = async |filter: Filter, before, limit| {
            let events = store.activity(&ada, EventPage { kinds: filter.kinds(), before, limit }).await.unwrap();
            let last = events.last().map(|event| event.cursor);
            (events.into_iter().map(|event| event.kind).collect::<Vec<_>>(), last)
        };
        assert_eq!(shown(Filter::All, None, 9).await.0.len(), 5);
        assert_eq!(shown(Filter::SignIns, None, 9).await.0, [Kind::SignInFailed, Kind::SignedIn]);
        let (first, cursor) = shown(Filter::Warnings, None, 1).await;
        assert_eq!(first, [Kind::SignInFailed]);
        assert_eq!(shown(Filter::Warnings, cursor, 1).await.0, [Kind::Reused]);
    }

    async fn an_event_of_a_kind_that_only_a_newer_server_beside_this_one_knows_is_left_out(world: World) {
        let store = world.open_with_ada().await;
        for kind in [Kind::SignedUp, Kind::SignedIn] {
            store.record(&event("ada", kind)).await.unwrap();
        }
        let mut newer = AnyConnection::connect(&world.url).await.unwrap();
        let changed = sqlx::query("UPDATE activity SET kind = 'signed_in_by_thought' WHERE kind = 'signed_in'");
        assert_eq!(changed.execute(&mut newer).await.unwrap().rows_affected(), 1);
        assert_eq!(told(&*store, "ada").await, [(Kind::SignedUp, None, None)]);
        let selection = EventSelection { after: 0, since: Timestamp::default(), user: None, kinds: vec![], limit: 9 };
        let of_all = store.events(&selection).await.unwrap();
        assert_eq!(of_all.iter().map(|event| event.event.kind).collect::<Vec<_>>(), [Kind::SignedUp]);
    }

    async fn an_event_round_trips(world: World) {
        let store = world.open_with_ada().await;
        let sent = Event {
            sid: Some(sid("one")),
            user_agent: "\"; DROP TABLE users; -- 🐘".into(),
            device: Device { browser: Some("Firefox".into()), os: Some("Windows 11".into()), ..Device::default() },
            detail: Some("predecessor"),
            by: Some(sid("two")),
            names: Some(Names { before: Some("Desk".into()), after: "Küche 🪟".into() }),
            ..event("ada", Kind::Reused)
        };
        store.record(&sent).await.unwrap();
        let kept = activity(&*store, "ada").await.remove(0);
        assert_eq!((kept.kind, kept.at, kept.sid, kept.ip), (sent.kind, sent.at, sent.sid, sent.ip));
        assert_eq!((kept.browser, kept.os), (sent.device.browser, sent.device.os));
        assert_eq!((kept.by, kept.names), (sent.by, sent.names));
        assert_eq!((kept.user_agent, kept.detail.as_deref()), (sent.user_agent, sent.detail));
    }

    async fn a_web_session_is_added_once_saved_read_and_deleted(world: World) {
        let store = world.open().await;
        let read = async |at| store.web_session("id", at).await.unwrap();
        assert_eq!(read(NOW).await, None);
        assert!(store.add_web_session("id", "{\"a\":1}", NOW + MINUTE, None).await.unwrap());
        assert!(!store.add_web_session("id", "other", NOW + DAY, None).await.unwrap());
        assert_eq!(read(NOW).await.as_deref(), Some("{\"a\":1}"));
        assert_eq!(read(NOW + MINUTE).await, None, "expired");
        store.save_web_session("id", "", NOW + HOUR).await.unwrap();
        assert_eq!(read(NOW + MINUTE).await.as_deref(), Some(""));
        store.save_web_session("new", "saved", NOW + HOUR).await.unwrap();
        assert_eq!(store.web_session("new", NOW).await.unwrap().as_deref(), Some("saved"));
        store.delete_web_session("id").await.unwrap();
        store.delete_web_session("id").await.unwrap();
        assert_eq!(read(NOW).await, None);
    }

    async fn a_session_has_one_web_session_and_visitors_have_their_own(world: World) {
        let store = world.open().await;
        let later = NOW + MINUTE;
        let add = async |id: &str, of: Option<&str>| {
            assert!(store.add_web_session(id, id, later, of.map(sid).as_ref()).await.unwrap());
        };
        for (id, of) in [("a", None), ("b", None), ("one", Some("s")), ("other", Some("t")), ("two", Some("s"))] {
            add(id, of).await;
        }
        let mut there = Vec::new();
        for id in ["a", "b", "one", "other", "two"] {
            there.extend(store.web_session(id, NOW).await.unwrap());
        }
        assert_eq!(there, ["a", "b", "other", "two"]);
    }

    async fn a_database_is_opened_again_with_all_that_was_in_it(world: World) {
        let store = world.open_with_ada().await;
        start(&*store, &session("one", "ada")).await;
        drop(store);
        let (first, second) = tokio::join!(world.open(), world.open());
        for store in [first, second] {
            store.ping().await.unwrap();
            assert_eq!(load(&*store, "one").await, session("one", "ada"));
            assert_eq!(store.users(None, 9).await.unwrap(), vec![user("ada")]);
        }
    }
}

#[tokio::test]
async fn only_postgres_is_shared() {
    for (backend, shared) in [(Backend::Sqlite, false), (Backend::Postgres, true)] {
        assert_eq!(World::new(backend).await.open().await.is_shared(), shared);
    }
}
