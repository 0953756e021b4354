//! Keys: added, expired and read, one change at a time over all servers.

use super::*;
use latchkey::server::ports::{KeyChanges, StoredKey};

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

async fn add(store: &dyn Store, keys: &[StoredKey]) -> Vec<StoredKey> {
    let add = keys.to_vec();
    store.change_keys(Box::new(move |_| KeyChanges { add, ..KeyChanges::default() })).await.unwrap()
}

stories! {
    async fn keys_are_read_as_they_were_added_by_when_they_become_active(world: World) {
        let store = world.open().await;
        assert_eq!(store.keys().await.unwrap(), vec![]);
        let late = StoredKey { active_at: NOW + 2 * DAY, algorithm: "ES256".into(), ..key("a", "access") };
        let expires = StoredKey { expires_at: Some(NOW + 3 * DAY), ..key("b", "refresh") };
        let all = add(&*store, &[late.clone(), expires.clone()]).await;
        assert_eq!(all, [expires, late]);
        assert_eq!(world.open().await.keys().await.unwrap(), all);
    }

    async fn a_key_expires_when_it_is_told_and_no_other_does(world: World) {
        let store = world.open().await;
        let all = add(&*store, &[key("a", "access"), key("b", "access"), key("c", "refresh")]).await;
        let change = KeyChanges {
            add: vec![key("d", "access")],
            expire: vec![(KeyId::new("a"), NOW + DAY), (KeyId::new("c"), NOW), (KeyId::new("unknown"), NOW)],
            ..KeyChanges::default()
        };
        let after = store.change_keys(Box::new(move |_| change)).await.unwrap();
        let ends: Vec<_> = after.iter().map(|key| (key.id.as_str(), key.expires_at)).collect();
        assert_eq!(ends, [("a", Some(NOW + DAY)), ("b", None), ("c", Some(NOW)), ("d", None)]);
        assert_eq!(after[1], all[1]);
        let again = KeyChanges { expire: vec![(KeyId::new("a"), NOW)], ..KeyChanges::default() };
        store.change_keys(Box::new(move |_| again)).await.unwrap();
        assert_eq!(store.keys().await.unwrap()[0].expires_at, Some(NOW));
    }

    async fn keys_are_sealed_anew_and_stay_as_they_are_otherwise(world: World) {
        let store = world.open().await;
        let before = add(&*store, &[key("a", "access"), key("b", "refresh")]).await;
        let reseal = vec![(KeyId::new("b"), vec![7; 300]), (KeyId::new("unknown"), vec![8])];
        let change = KeyChanges { reseal, ..KeyChanges::default() };
        let after = store.change_keys(Box::new(move |_| change)).await.unwrap();
        assert_eq!(after, [before[0].clone(), StoredKey { sealed: vec![7; 300], ..before[1].clone() }]);
        assert_eq!(world.open().await.keys().await.unwrap(), after);
    }

    async fn a_change_that_fails_leaves_nothing(world: World) {
        let store = world.open().await;
        let before = add(&*store, &[key("a", "access")]).await;
        let change = KeyChanges { add: vec![key("b", "access"), key("a", "access")], ..KeyChanges::default() };
        store.change_keys(Box::new(move |_| change)).await.unwrap_err();
        assert_eq!(store.keys().await.unwrap(), before);
    }

    async fn of_many_servers_that_want_the_same_key_one_makes_it(world: World) {
        let stores = [world.open().await, world.open().await];
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (store, mine) = (stores[number % 2].clone(), key(&format!("key-{number}"), "access"));
            tasks.spawn(async move {
                let judge = move |keys: &[StoredKey]| {
                    let add = if keys.is_empty() { vec![mine] } else { vec![] };
                    KeyChanges { add, ..KeyChanges::default() }
                };
                store.change_keys(Box::new(judge)).await.unwrap()
            });
        }
        let told = tasks.join_all().await;
        let kept = stores[0].keys().await.unwrap();
        assert_eq!(kept.len(), 1);
        assert!(told.iter().all(|keys| *keys == kept), "and each is told which");
    }
}
