//! Sessions: what is kept of them, and every way but a judgement in which they change.

use super::*;
use latchkey::domain::session::{Reason, Revocation};
use latchkey::server::ports::{EndSessions, LastSeen, Selection, StoreError};
use sqlx::{AnyConnection, Connection as _};

fn ending(name: &str, which: Selection) -> EndSessions {
    EndSessions { user_id: user_id(name), which, reason: Reason::EndedByUser, at: NOW + MINUTE }
}

/// A session that was last used `after` the start.
fn used(id: &str, after: Duration) -> Session {
    Session { last_seen_at: NOW + after, ..session(id, "ada") }
}

stories! {
    async fn a_session_round_trips_exactly(world: World) {
        let store = world.open_with_ada().await;
        let full = session("full", "ada");
        start(&*store, &full).await;
        assert_eq!(load(&*store, "full").await, full);

        let mut bare = session("bare", "ada");
        bare.label = Label::default();
        bare.lifetime.remember = false;
        start(&*store, &bare).await;
        assert_eq!(load(&*store, "bare").await, bare);

        let mut rich = session("rich", "ada");
        rich.label.name = Some("Küche \"2\" \\ 🐘".into());
        rich.rotation.generation = 7;
        rich.rotation.parent = Some(Parent { generation: 5, digest: TokenDigest::new("parent"), agent: AgentDigest::new("agent") });
        rich.rotation.confirmed_at = Some(NOW + MINUTE);
        rich.client_id = ClientId::new("tool");
        rich.lifetime.idle = Duration::from_millis(1_234_567);
        start(&*store, &rich).await;
        assert_eq!(load(&*store, "rich").await, rich);

        let live = store.live_sessions(&user_id("ada"), NOW).await.unwrap();
        assert_eq!(sorted(live.into_iter().map(|session| session.id).collect()), ["bare", "full", "rich"]);
        assert_eq!(store.session(&sid("none")).await.unwrap(), None);
    }

    async fn all_that_are_kept_come_in_pages_newest_first(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        start(&*store, &session("bobs", "bob")).await;
        for (id, after) in [("a", HOUR), ("b", MINUTE), ("c", MINUTE), ("d", Duration::ZERO)] {
            let lifetime = Lifetime::start(NOW + after, DAY, DAY, true);
            start(&*store, &Session { lifetime, ..session(id, "ada") }).await;
        }
        store.end_sessions(&ending("ada", Selection::One(sid("c"))), &event("ada", Kind::SignedOut)).await.unwrap();
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let page = store.sessions_of(&user_id("ada"), after.take(), 2).await.unwrap();
            after = page.last().map(|last| (last.lifetime.created_at, last.id.clone()));
            pages.push(page.into_iter().map(|session| session.id.to_string()).collect::<Vec<_>>().concat());
            if after.is_none() {
                break;
            }
        }
        assert_eq!(pages, ["ac", "bd", ""]);
    }

    async fn only_what_is_alive_is_listed(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        start(&*store, &session("bobs", "bob")).await;
        let mut short = session("short", "ada");
        short.lifetime = Lifetime::start(NOW, HOUR, DAY, false);
        let mut shorter = session("shorter", "ada");
        shorter.lifetime = Lifetime::start(NOW, HOUR, MINUTE, false);
        for session in [&short, &shorter, &session("long", "ada")] {
            start(&*store, session).await;
        }
        let live = async |at| {
            let sessions = store.live_sessions(&user_id("ada"), at).await.unwrap();
            sorted(sessions.into_iter().map(|session| session.id).collect())
        };
        assert_eq!(live(NOW).await, ["long", "short", "shorter"]);
        assert_eq!(live(NOW + MINUTE).await, ["long", "short"]);
        assert_eq!(live(NOW + HOUR).await, ["long"]);
        assert_eq!(store.end_sessions(&ending("ada", Selection::All), &event("ada", Kind::SignedOut)).await.unwrap().len(), 2);
        assert_eq!(live(NOW).await, [""; 0]);
    }

    async fn a_new_session_replaces_the_one_of_the_same_browser_whoevers_it_is(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        start(&*store, &session("bobs", "bob")).await;
        start(&*store, &session("stays", "bob")).await;
        let new = session("new", "ada");
        let signed_in = Event { sid: Some(new.id.clone()), ..event("ada", Kind::SignedIn) };
        let (old, nobody) = (sid("bobs"), sid("nobody"));
        let begin = StartSession { session: &new, password_changed_at: NOW, replaces: Some(&old), max: 50, event: &signed_in };
        assert_eq!(store.start_session(begin).await.unwrap(), Some(vec![sid("bobs")]));
        assert_eq!(load(&*store, "bobs").await.revoked, Some(Revocation { at: NOW, reason: Reason::Replaced }));
        assert_eq!(reason(&*store, "stays").await, None);
        assert_eq!(told(&*store, "bob").await[0], (Kind::SessionEnded, Some(sid("bobs")), Some("replaced".into())));
        assert_eq!(told(&*store, "ada").await, [(Kind::SignedIn, Some(sid("new")), None)]);

        let newer = session("newer", "ada");
        let begin = StartSession { session: &newer, password_changed_at: NOW, replaces: Some(&nobody), max: 50, event: &signed_in };
        assert_eq!(store.start_session(begin).await.unwrap(), Some(vec![]));
        let newest = session("newest", "ada");
        let begin = StartSession { session: &newest, password_changed_at: NOW, replaces: Some(&old), max: 50, event: &signed_in };
        assert_eq!(store.start_session(begin).await.unwrap(), Some(vec![]), "it had ended already");
        assert_eq!(told(&*store, "bob").await.len(), 3);
    }

    async fn the_longest_unused_sessions_give_way(world: World) {
        let store = world.open_with_ada().await;
        let mut dead = used("dead", Duration::ZERO);
        dead.lifetime = Lifetime::start(NOW, MINUTE, MINUTE, false);
        for session in [dead, used("older", MINUTE), used("newer", HOUR), used("oldest", Duration::ZERO)] {
            start(&*store, &session).await;
        }
        let new = Session { lifetime: Lifetime::start(NOW + HOUR, DAY, DAY, true), ..session("new", "ada") };
        let signed_in = Event { sid: Some(new.id.clone()), ..event("ada", Kind::SignedIn) };
        let begin = StartSession { session: &new, password_changed_at: NOW, replaces: None, max: 2, event: &signed_in };
        assert_eq!(sorted(store.start_session(begin).await.unwrap().unwrap()), ["older", "oldest"]);
        assert_eq!(reason(&*store, "oldest").await, Some("too_many"));
        assert_eq!(reason(&*store, "newer").await, None);
        assert_eq!(reason(&*store, "new").await, None, "the new one never gives way, though it was never used");
        assert_eq!(reason(&*store, "dead").await, None, "what has expired does not count");
        let told = told(&*store, "ada").await;
        let too_many = told.iter().filter(|(kind, _, detail)| {
            *kind == Kind::SessionEnded && detail.as_deref() == Some("too_many")
        });
        assert_eq!(too_many.count(), 2);
    }

    async fn ending_touches_the_users_own_and_nothing_twice(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        start(&*store, &session("bobs", "bob")).await;
        for id in ["a", "b", "c", "d"] {
            start(&*store, &session(id, "ada")).await;
        }
        let ended = event("ada", Kind::SessionEnded);
        let end = async |which| sorted(store.end_sessions(&ending("ada", which), &ended).await.unwrap());
        assert_eq!(end(Selection::One(sid("bobs"))).await, [""; 0]);
        assert_eq!(end(Selection::One(sid("none"))).await, [""; 0]);
        assert_eq!(end(Selection::One(sid("a"))).await, ["a"]);
        assert_eq!(end(Selection::One(sid("a"))).await, [""; 0]);
        assert_eq!(end(Selection::AllBut(sid("c"))).await, ["b", "d"]);
        assert_eq!(reason(&*store, "c").await, None);
        assert_eq!(end(Selection::All).await, ["c"]);
        assert_eq!(end(Selection::All).await, [""; 0]);
        assert_eq!(reason(&*store, "bobs").await, None);
        let revoked = load(&*store, "a").await.revoked;
        assert_eq!(revoked, Some(Revocation { at: NOW + MINUTE, reason: Reason::EndedByUser }));
        let told = activity(&*store, "ada").await;
        let ends: Vec<&Recorded> = told.iter().filter(|event| event.kind == Kind::SessionEnded).collect();
        assert_eq!(ends.len(), 4);
        assert_eq!(ends[3].sid, Some(sid("a")));
        assert_eq!((ends[3].at, ends[3].ip.as_deref(), ends[3].user_agent.as_str()), (NOW, Some("192.0.2.7"), "curl/8"));
    }

    async fn a_live_session_of_ones_own_is_renamed(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        start(&*store, &session("one", "ada")).await;
        let (ada, bob, renamed) = (user_id("ada"), user_id("bob"), event("ada", Kind::SessionRenamed));
        assert!(store.rename_session(&ada, &sid("one"), "Küche", &renamed).await.unwrap());
        assert_eq!(load(&*store, "one").await.label.name.as_deref(), Some("Küche"));
        assert!(!store.rename_session(&bob, &sid("one"), "Mine", &renamed).await.unwrap());
        assert!(!store.rename_session(&ada, &sid("none"), "None", &renamed).await.unwrap());
        let late = Event { at: NOW + 31 * DAY, ..renamed.clone() };
        assert!(!store.rename_session(&ada, &sid("one"), "Late", &late).await.unwrap());
        store.end_sessions(&ending("ada", Selection::All), &renamed).await.unwrap();
        assert!(!store.rename_session(&ada, &sid("one"), "Over", &renamed).await.unwrap());
        assert_eq!(load(&*store, "one").await.label.name.as_deref(), Some("Küche"));
    }

    async fn a_live_session_is_reauthenticated(world: World) {
        let store = world.open_with_ada().await;
        start(&*store, &session("one", "ada")).await;
        assert!(store.reauthenticated(&sid("one"), NOW + HOUR).await.unwrap());
        assert_eq!(load(&*store, "one").await.authenticated_at, NOW + HOUR);
        assert!(!store.reauthenticated(&sid("one"), NOW + 31 * DAY).await.unwrap());
        assert!(!store.reauthenticated(&sid("none"), NOW).await.unwrap());
        store.end_sessions(&ending("ada", Selection::All), &event("ada", Kind::SignedOut)).await.unwrap();
        assert!(!store.reauthenticated(&sid("one"), NOW + DAY).await.unwrap());
        assert_eq!(load(&*store, "one").await.authenticated_at, NOW + HOUR);
    }

    async fn seen_moves_forward_only_and_confirms_only_the_current_generation(world: World) {
        let store = world.open_with_ada().await;
        for id in ["one", "two"] {
            start(&*store, &session(id, "ada")).await;
        }
        apply(&*store, vec![SessionChange::Rotated(rotation(&session("one", "ada"), HOUR))]).await;
        let seen = |id: &str, after, generation| LastSeen { id: sid(id), at: NOW + after, generation };
        let state = async |id| {
            let session = load(&*store, id).await;
            (session.last_seen_at, session.rotation.confirmed_at)
        };
        store.write_last_seen(&[]).await.unwrap();
        store.write_last_seen(&[seen("one", MINUTE, Some(0)), seen("none", HOUR, None)]).await.unwrap();
        assert_eq!(state("one").await, (NOW + HOUR, None), "neither back, nor by the predecessor");
        store.write_last_seen(&[seen("one", 2 * HOUR, None), seen("two", HOUR, Some(1))]).await.unwrap();
        assert_eq!(state("one").await, (NOW + 2 * HOUR, None));
        assert_eq!(state("two").await, (NOW + HOUR, None), "a generation to come confirms nothing");
        // Several of one session at once, in any order.
        let many = [
            seen("one", 4 * HOUR, Some(0)),
            seen("one", 3 * HOUR, Some(1)),
            seen("one", 5 * HOUR, Some(1)),
            seen("one", HOUR, None),
        ];
        store.write_last_seen(&many).await.unwrap();
        assert_eq!(state("one").await, (NOW + 5 * HOUR, Some(NOW + 3 * HOUR)));
        store.write_last_seen(&[seen("one", 6 * HOUR, Some(1))]).await.unwrap();
        assert_eq!(state("one").await, (NOW + 6 * HOUR, Some(NOW + 3 * HOUR)), "the first time stays");
    }

    async fn a_row_that_cannot_be_is_refused_without_telling_what_it_holds(world: World) {
        let store = world.open_with_ada().await;
        start(&*store, &session("odd", "ada")).await;
        let mut connection = AnyConnection::connect(&world.url).await.unwrap();
        for (spoil, column) in [
            ("UPDATE sessions SET generation = -1", "generation"),
            ("UPDATE sessions SET generation = 3, parent_generation = 3, parent_digest = 'secret', parent_agent = 'x'",
                "parent_generation"),
            ("UPDATE sessions SET parent_generation = 1, revoked_at = 1, revocation_reason = 'secret'",
                "revocation_reason"),
        ] {
            sqlx::query(spoil).execute(&mut connection).await.unwrap();
            let error = store.session(&sid("odd")).await.unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)));
            let text = error.to_string();
            assert!(text.contains("odd") && text.contains(column), "{text}");
            assert!(!text.contains("secret"), "{text}");
            let judge = |sessions: Vec<Session>| {
                assert!(sessions.is_empty(), "there is nothing to judge");
                Changes::default()
            };
            let broken = store.decide(vec![sid("odd")], Box::new(judge)).await.unwrap().broken;
            assert!(matches!(&broken[..], [(id, StoreError::Corrupt(what))] if *id == sid("odd") && text.contains(what)));
        }
    }

    async fn of_the_sessions_that_are_asked_for_only_ones_own_are_told(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("eve"), None).await.unwrap());
        for (id, of) in [("one", "ada"), ("two", "ada"), ("eves", "eve")] {
            start(&*store, &session(id, of)).await;
        }
        let asked = ["one", "eves", "unknown"].map(sid);
        let told = store.these_sessions(&user_id("ada"), &asked).await.unwrap();
        assert_eq!(told.into_iter().map(|session| session.id).collect::<Vec<_>>(), [sid("one")]);
        assert!(store.these_sessions(&user_id("ada"), &[]).await.unwrap().is_empty());
    }

    async fn an_outline_changes_with_what_is_there_and_with_nothing_else(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("eve"), None).await.unwrap());
        let users = [user_id("ada"), user_id("eve"), user_id("nobody")];
        let session_fingerprints = async || store.session_fingerprints(&users).await.unwrap();
        assert!(session_fingerprints().await.is_empty());
        let (one, two) = (session("one", "ada"), session("two", "ada"));
        start(&*store, &one).await;
        start(&*store, &session("eves", "eve")).await;
        let first = session_fingerprints().await;
        assert_eq!(first.len(), 2);
        apply(&*store, vec![SessionChange::Rotated(rotation(&one, HOUR))]).await;
        store.write_last_seen(&[LastSeen { id: sid("one"), at: NOW + DAY, generation: Some(1) }]).await.unwrap();
        store.reauthenticated(&sid("one"), NOW + HOUR).await.unwrap();
        assert_eq!(session_fingerprints().await, first);

        start(&*store, &two).await;
        let mut ada = vec![first[&users[0]].clone(), session_fingerprints().await[&users[0]].clone()];
        assert!(store.rename_session(&users[0], &sid("one"), "Desk", &event("ada", Kind::SessionRenamed)).await.unwrap());
        ada.push(session_fingerprints().await[&users[0]].clone());
        let end = EndSessions { user_id: users[0].clone(), which: Selection::One(sid("two")), reason: Reason::SignedOut, at: NOW };
        store.end_sessions(&end, &event("ada", Kind::SignedOut)).await.unwrap();
        ada.push(session_fingerprints().await[&users[0]].clone());
        for (n, outline) in ada.iter().enumerate() {
            assert!(!ada[..n].contains(outline), "{ada:?}");
        }
        assert_eq!(session_fingerprints().await[&users[1]], first[&users[1]]);
        store.delete_user(&users[0]).await.unwrap().unwrap();
        assert_eq!(session_fingerprints().await.len(), 1);
    }
}
