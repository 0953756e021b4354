//! Judgements of presented refresh tokens: all or nothing, once, and never against a revocation.

use super::*;
use latchkey::domain::session::{Reason, Revocation};
use latchkey::server::ports::{EndSessions, Selection};
use std::sync::Mutex;

fn ended(id: &str, reason: Reason) -> SessionChange {
    SessionChange::Ended { id: sid(id), user_id: user_id("ada"), reason, at: NOW + HOUR }
}

stories! {
    async fn a_judgement_sees_what_exists_and_writes_what_it_says(world: World) {
        let store = world.open_with_ada().await;
        for id in ["kept", "rotated", "reused"] {
            start(&*store, &session(id, "ada")).await;
        }
        let changed = rotation(&session("rotated", "ada"), MINUTE);
        let verdict = Changes {
            changes: vec![SessionChange::Rotated(changed.clone()), ended("reused", Reason::Reused)],
            events: vec![
                Event { sid: Some(sid("reused")), detail: Some("older"), ..event("ada", Kind::Reused) },
                Event { sid: Some(sid("rotated")), ..event("ada", Kind::Forked) },
            ],
        };
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = shown.clone();
        let ids = ["reused", "none", "kept", "rotated"].map(sid).to_vec();
        let judge = Box::new(move |sessions: Vec<Session>| {
            seen.lock().unwrap().extend(sessions);
            verdict
        });
        store.decide(ids, judge).await.unwrap();

        let mut shown = shown.lock().unwrap().clone();
        shown.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(shown, ["kept", "reused", "rotated"].map(|id| session(id, "ada")));
        assert_eq!(load(&*store, "kept").await, session("kept", "ada"));
        let expected = Session { label: Label { name: None, ..changed.label.clone() }, ..*changed };
        assert_eq!(load(&*store, "rotated").await, expected);
        let mut over = session("reused", "ada");
        over.revoked = Some(Revocation { at: NOW + HOUR, reason: Reason::Reused });
        assert_eq!(load(&*store, "reused").await, over);
        let told = told(&*store, "ada").await;
        assert_eq!(told[..2], [
            (Kind::Forked, Some(sid("rotated")), None),
            (Kind::Reused, Some(sid("reused")), Some("older".into())),
        ]);
    }

    async fn a_rotation_forgets_that_its_predecessor_was_confirmed(world: World) {
        let store = world.open_with_ada().await;
        let mut confirmed = session("one", "ada");
        confirmed.rotation.confirmed_at = Some(NOW);
        start(&*store, &confirmed).await;
        apply(&*store, vec![SessionChange::Rotated(rotation(&confirmed, HOUR))]).await;
        assert_eq!(load(&*store, "one").await.rotation.confirmed_at, None);
    }

    async fn a_revocation_wins_over_a_later_rotation(world: World) {
        let store = world.open_with_ada().await;
        let one = session("one", "ada");
        start(&*store, &one).await;
        let end = EndSessions { user_id: user_id("ada"), which: Selection::All, reason: Reason::SignedOut, at: NOW + MINUTE };
        store.end_sessions(&end, &event("ada", Kind::SignedOut)).await.unwrap();
        let over = load(&*store, "one").await;
        apply(&*store, vec![SessionChange::Rotated(rotation(&one, HOUR)), ended("one", Reason::Reused)]).await;
        assert_eq!(load(&*store, "one").await, over, "neither rotated nor ended anew");
    }

    async fn within_one_judgement_the_order_counts(world: World) {
        let store = world.open_with_ada().await;
        for id in ["twice", "over"] {
            start(&*store, &session(id, "ada")).await;
        }
        let first = rotation(&session("twice", "ada"), MINUTE);
        let mut between = session("twice", "ada");
        between.rotation.generation = 1;
        between.rotation.digest = first.rotation.digest.clone();
        let second = rotation(&between, HOUR);
        apply(&*store, vec![
            SessionChange::Rotated(first),
            ended("over", Reason::Reused),
            SessionChange::Rotated(second.clone()),
            ended("over", Reason::SignedOut),
            SessionChange::Rotated(rotation(&session("over", "ada"), HOUR)),
        ])
        .await;
        let twice = load(&*store, "twice").await;
        assert_eq!((twice.rotation.generation, twice.rotation.parent), (2, second.rotation.parent));
        let over = load(&*store, "over").await;
        assert_eq!((over.rotation.generation, over.revoked.unwrap().reason), (0, Reason::Reused));
    }

    async fn a_judgement_that_panics_or_is_dropped_leaves_nothing(world: World) {
        let store = world.open_with_ada().await;
        start(&*store, &session("one", "ada")).await;
        let other = store.clone();
        let panicking = tokio::spawn(async move {
            other.decide(vec![sid("one")], Box::new(|_| panic!("as planned"))).await
        });
        assert!(panicking.await.unwrap_err().is_panic());
        // Dropped at each point where it waits, until it comes to its end.
        for waits in 0.. {
            let change = SessionChange::Rotated(rotation(&session("one", "ada"), HOUR));
            let verdict = Changes { changes: vec![change], events: vec![event("ada", Kind::Forked)] };
            let mut judging = Box::pin(store.decide(vec![sid("one")], Box::new(move |_| verdict)));
            let mut polls = 0;
            let done = std::future::poll_fn(|context| {
                polls += 1;
                match judging.as_mut().poll(context) {
                    std::task::Poll::Ready(result) => std::task::Poll::Ready(Some(result)),
                    std::task::Poll::Pending if polls > waits => std::task::Poll::Ready(None),
                    std::task::Poll::Pending => std::task::Poll::Pending,
                }
            })
            .await;
            drop(judging);
            // All or nothing; and whichever it was, the next one works.
            let rotated = load(&*store, "one").await.rotation.generation;
            let told = told(&*store, "ada").await.len();
            if let Some(result) = done {
                result.unwrap();
                assert_eq!(load(&*store, "one").await.rotation.generation, 1);
                break;
            }
            assert!(rotated <= 1 && told >= 1, "after {waits}: generation {rotated}, {told} events");
            assert!(waits < 1_000);
        }
        apply(&*store, vec![ended("one", Reason::SignedOut)]).await;
        assert_eq!(reason(&*store, "one").await, Some("signed_out"));
    }

    async fn many_at_once_are_one_statement_each_way(world: World) {
        let store = world.open_with_ada().await;
        let sessions: Vec<Session> = (0..300).map(|number| session(&format!("s{number:03}"), "ada")).collect();
        let signed_in = event("ada", Kind::SignedIn);
        for session in &sessions {
            let start = StartSession { session, password_changed_at: NOW, replaces: None, max: 1_000, event: &signed_in };
            store.start_session(start).await.unwrap();
        }
        let changes = sessions.iter().map(|session| SessionChange::Rotated(rotation(session, HOUR))).collect();
        apply(&*store, changes).await;
        let live = store.live_sessions(&user_id("ada"), NOW).await.unwrap();
        assert_eq!(live.len(), 300);
        for session in live {
            assert_eq!(session.rotation.digest.as_str(), format!("digest-1-of-{}", session.id));
        }
    }
}
