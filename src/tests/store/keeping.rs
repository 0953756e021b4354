//! What else is kept: the users' events, keys, web sessions.

use super::*;
use latchkey::server::ports::StoredKey;

fn key(id: &str, purpose: &str) -> StoredKey {
    StoredKey {
        id: KeyId::new(id),
        purpose: purpose.into(),
        algorithm: "EdDSA".into(),
        sealed: (0..=255).collect(),
        created_at: NOW,
        active_at: NOW + DAY,
        expires_at: None,
    }
}

async fn key_ids(store: &dyn Store) -> Vec<String> {
    let mut ids: Vec<String> = store.keys().await.unwrap().iter().map(|key| key.id.to_string()).collect();
    ids.sort();
    ids
}

stories! {
    async fn events_are_read_newest_first_page_by_page(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        for number in 0..5 {
            store.record(&Event { at: NOW + number * MINUTE, ..event("ada", Kind::SignInFailed) }).await.unwrap();
            store.record(&event("bob", Kind::SignedUp)).await.unwrap();
        }
        let ada = user_id("ada");
        let first = store.activity(&ada, None, 2).await.unwrap();
        let rest = store.activity(&ada, Some(first[1].cursor), 9).await.unwrap();
        let times: Vec<Timestamp> = first.iter().chain(&rest).map(|event| event.at).collect();
        assert_eq!(times, [4, 3, 2, 1, 0].map(|number| NOW + number * MINUTE));
        assert!(first.iter().chain(&rest).all(|event| event.kind == Kind::SignInFailed));
        assert_eq!(store.activity(&ada, Some(rest[2].cursor), 9).await.unwrap(), vec![]);
    }

    async fn an_event_round_trips(world: World) {
        let store = world.open_with_ada().await;
        let sent = Event {
            sid: Some(sid("one")),
            user_agent: "\"; DROP TABLE users; -- 🐘".into(),
            detail: Some("predecessor"),
            ..event("ada", Kind::Reused)
        };
        store.record(&sent).await.unwrap();
        let kept = activity(&*store, "ada").await.remove(0);
        assert_eq!((kept.kind, kept.at, kept.sid, kept.ip), (sent.kind, sent.at, sent.sid, sent.ip));
        assert_eq!((kept.user_agent, kept.detail.as_deref()), (sent.user_agent, sent.detail));
    }

    async fn keys_are_added_only_where_there_are_none(world: World) {
        let store = world.open().await;
        assert_eq!(store.keys().await.unwrap(), vec![]);
        let first = [key("access-1", "access"), key("access-2", "access"), key("refresh-1", "refresh")];
        store.add_first_keys(&first).await.unwrap();
        let other_algorithm = StoredKey { algorithm: "ES256".into(), ..key("access-es", "access") };
        store.add_first_keys(&[key("access-3", "access"), key("other-1", "other"), other_algorithm]).await.unwrap();
        assert_eq!(key_ids(&*store).await, ["access-1", "access-2", "access-es", "other-1", "refresh-1"]);
        assert!(store.keys().await.unwrap().contains(&first[0]));
    }

    async fn a_key_that_no_longer_signs_does_not_count(world: World) {
        let store = world.open().await;
        let old = StoredKey { expires_at: Some(NOW + DAY), ..key("old", "access") };
        store.add_first_keys(std::slice::from_ref(&old)).await.unwrap();
        store.add_first_keys(&[key("new", "access")]).await.unwrap();
        assert_eq!(key_ids(&*store).await, ["new", "old"]);
        assert!(store.keys().await.unwrap().contains(&old));
    }

    async fn two_servers_that_start_at_once_have_the_same_keys(world: World) {
        let (one, two) = tokio::join!(world.open(), world.open());
        let (mine, yours) = ([key("mine", "access")], [key("yours", "access")]);
        let (first, second) = tokio::join!(one.add_first_keys(&mine), two.add_first_keys(&yours));
        first.unwrap();
        second.unwrap();
        let keys = one.keys().await.unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(two.keys().await.unwrap(), keys);
    }

    async fn a_web_session_is_added_once_saved_read_and_deleted(world: World) {
        let store = world.open().await;
        let read = async |at| store.web_session("id", at).await.unwrap();
        assert_eq!(read(NOW).await, None);
        assert!(store.add_web_session("id", "{\"a\":1}", NOW + MINUTE).await.unwrap());
        assert!(!store.add_web_session("id", "other", NOW + DAY).await.unwrap());
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

    async fn a_database_is_opened_again_with_all_that_was_in_it(world: World) {
        let store = world.open_with_ada().await;
        start(&*store, &session("one", "ada")).await;
        drop(store);
        let (first, second) = tokio::join!(world.open(), world.open());
        for store in [first, second] {
            store.ping().await.unwrap();
            assert_eq!(load(&*store, "one").await, session("one", "ada"));
            assert_eq!(store.users().await.unwrap(), vec![user("ada")]);
        }
    }
}

#[tokio::test]
async fn only_postgres_is_shared() {
    for (backend, shared) in [(Backend::Sqlite, false), (Backend::Postgres, true)] {
        assert_eq!(World::new(backend).await.open().await.is_shared(), shared);
    }
}
