//! Writers that meet: two servers on one database, each with its own connections.

use super::*;
use latchkey::domain::session::Reason;
use latchkey::server::ports::{EndSessions, LastSeen, Selection, StoreError};
use tokio::task::JoinSet;

/// Rotates all that are not revoked, those too that another transaction holds meanwhile.
async fn rotate(store: Arc<dyn Store>, mut ids: Vec<SessionId>) -> Result<(), StoreError> {
    let judge = |sessions: Vec<Session>| {
        let alive = sessions.iter().filter(|session| session.revoked.is_none());
        let changes = alive.map(|session| SessionChange::Rotated(rotation(session, HOUR))).collect();
        Changes { changes, events: vec![event("ada", Kind::Forked)] }
    };
    while !ids.is_empty() {
        ids = store.decide(ids, Box::new(judge)).await?.held;
        tokio::task::yield_now().await;
    }
    Ok(())
}

stories! {
    async fn each_judgement_builds_on_the_one_before(world: World) {
        let (one, two) = (world.open_with_ada().await, world.open().await);
        start(&*one, &session("one", "ada")).await;
        let mut tasks = JoinSet::new();
        for number in 0..40 {
            tasks.spawn(rotate(if number % 2 == 0 { one.clone() } else { two.clone() }, vec![sid("one")]));
        }
        for result in tasks.join_all().await {
            result.unwrap();
        }
        assert_eq!(load(&*one, "one").await.rotation.generation, 40);
    }

    async fn writers_in_every_order_never_block_each_other(world: World) {
        let (one, two) = (world.open_with_ada().await, world.open().await);
        let ids: Vec<SessionId> = (0..8).map(|number| sid(&format!("s{number}"))).collect();
        for id in &ids {
            start(&*one, &session(id.as_str(), "ada")).await;
        }
        let mut tasks: JoinSet<Result<(), StoreError>> = JoinSet::new();
        for number in 0..10 {
            let (a, b) = if number % 2 == 0 { (one.clone(), two.clone()) } else { (two.clone(), one.clone()) };
            let mut forth = ids.clone();
            forth.rotate_left(number % 8);
            let back: Vec<SessionId> = forth.iter().rev().cloned().collect();
            tasks.spawn(rotate(a.clone(), forth.clone()));
            tasks.spawn(rotate(b.clone(), back));
            let seen: Vec<LastSeen> =
                forth.into_iter().map(|id| LastSeen { id, at: NOW + DAY, generation: Some(3) }).collect();
            tasks.spawn(async move { a.write_last_seen(&seen).await.map(drop) });
            tasks.spawn(async move {
                let new = session(&format!("n{number}"), "ada");
                let signed_in = event("ada", Kind::SignedIn);
                let replaces = sid(&format!("s{number}"));
                let begin = StartSession { session: &new, password_changed_at: NOW, replaces: Some(&replaces), max: 6, event: &signed_in };
                b.start_session(begin).await.map(drop)
            });
        }
        for result in tasks.join_all().await {
            result.unwrap();
        }
        assert!(one.live_sessions(&user_id("ada"), NOW).await.unwrap().len() <= 6);
    }

    async fn once_an_end_was_answered_nothing_rotates(world: World) {
        let (one, two) = (world.open_with_ada().await, world.open().await);
        for round in 0..20 {
            let id = format!("s{round}");
            start(&*one, &session(&id, "ada")).await;
            let rotating = tokio::spawn(rotate(two.clone(), vec![sid(&id)]));
            let end = EndSessions {
                user_id: user_id("ada"),
                which: if round % 2 == 0 { Selection::All } else { Selection::One(sid(&id)) },
                reason: Reason::SignedOut,
                at: NOW,
            };
            let ended = one.end_sessions(&end, &event("ada", Kind::SignedOut)).await.unwrap();
            assert_eq!(ended, [sid(&id)]);
            let at_the_end = load(&*one, &id).await;
            assert!(at_the_end.revoked.is_some());
            rotating.await.unwrap().unwrap();
            rotate(two.clone(), vec![sid(&id)]).await.unwrap();
            assert_eq!(load(&*two, &id).await, at_the_end);
        }
    }

    async fn a_user_who_is_disabled_or_deleted_keeps_no_session_that_starts_meanwhile(world: World) {
        let (one, two) = (world.open().await, world.open().await);
        for round in 0..20 {
            let name = format!("user{round}");
            assert!(one.add_user(&user(&name), None).await.unwrap());
            start(&*one, &session(&format!("a{round}"), &name)).await;
            let (store, starting) = (two.clone(), session(&format!("b{round}"), &name));
            let beginning = tokio::spawn(async move {
                let signed_in = Event { user_id: starting.user_id.clone(), ..event("x", Kind::SignedIn) };
                let begin = StartSession { session: &starting, password_changed_at: NOW, replaces: None, max: 50, event: &signed_in };
                store.start_session(begin).await
            });
            let judging = tokio::spawn(rotate(two.clone(), vec![sid(&format!("a{round}"))]));
            let id = user_id(&name);
            if round % 2 == 0 {
                one.set_disabled(&id, Some(NOW), NOW).await.unwrap().unwrap();
            } else {
                one.delete_user(&id).await.unwrap().unwrap();
            }
            beginning.await.unwrap().unwrap();
            judging.await.unwrap().unwrap();
            assert_eq!(two.live_sessions(&id, NOW).await.unwrap(), vec![]);
        }
    }

    async fn a_name_wanted_by_many_is_given_to_one(world: World) {
        let (one, two) = (world.open().await, world.open().await);
        let mut tasks = JoinSet::new();
        for number in 0..10 {
            let store = if number % 2 == 0 { one.clone() } else { two.clone() };
            let user = User { id: UserId::new(format!("u{number}")), ..user("ada") };
            tasks.spawn(async move { store.add_user(&user, None).await.unwrap() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|added| *added).count(), 1);
        assert_eq!(one.users(None, 9).await.unwrap().len(), 1);
    }
}
