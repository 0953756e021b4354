//! Deleting what is over.

use super::*;
use latchkey::domain::session::{Reason, Revocation};
use latchkey::server::ports::{EndSessions, KeyChanges, Selection, StoredKey};

/// What the operator keeps after an end.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

stories! {
    async fn a_purge_takes_what_ended_long_ago_and_leaves_the_rest(world: World) {
        let store = world.open_with_ada().await;
        let mut idle = session("idle", "ada");
        idle.lifetime = Lifetime::start(NOW, HOUR, DAY, false);
        let mut absolute = session("absolute", "ada");
        absolute.lifetime = Lifetime::start(NOW, DAY, HOUR, false);
        let mut long = session("alive", "ada");
        long.lifetime = Lifetime::start(NOW, 90 * DAY, 90 * DAY, true);
        let mut later = session("later", "ada");
        later.lifetime = long.lifetime.clone();
        let mut revoked = session("revoked", "ada");
        revoked.lifetime = long.lifetime.clone();
        for session in [&idle, &absolute, &long, &later, &revoked] {
            start(&*store, session).await;
        }
        for (id, at) in [("revoked", NOW + HOUR), ("later", NOW + DAY)] {
            let end = EndSessions { user_id: user_id("ada"), which: Selection::One(sid(id)), reason: Reason::SignedOut, at };
            assert_eq!(store.end_sessions(&end, &event("ada", Kind::SignedOut)).await.unwrap().len(), 1);
        }
        let there = async || {
            let mut there = Vec::new();
            for id in ["absolute", "alive", "idle", "later", "revoked"] {
                if store.session(&sid(id)).await.unwrap().is_some() {
                    there.push(id);
                }
            }
            there
        };
        let purge = async |now: Timestamp| store.purge(now - KEPT, now).await.unwrap();
        purge(NOW + HOUR + KEPT).await;
        assert_eq!(there().await, ["absolute", "alive", "idle", "later", "revoked"], "to the millisecond");
        purge(NOW + HOUR + KEPT + Duration::from_millis(1)).await;
        assert_eq!(there().await, ["alive", "later"]);
        purge(NOW + DAY + KEPT + MINUTE).await;
        assert_eq!(there().await, ["alive"]);
        purge(NOW + 60 * DAY).await;
        assert_eq!(load(&*store, "alive").await, long);
    }

    async fn addresses_go_with_their_session_and_events_stay(world: World) {
        let store = world.open_with_ada().await;
        for id in ["gone", "alive"] {
            let mut session = session(id, "ada");
            if id == "alive" {
                session.lifetime = Lifetime::start(NOW, 90 * DAY, 90 * DAY, true);
            }
            start(&*store, &session).await;
        }
        store.record(&event("ada", Kind::SignInFailed)).await.unwrap();
        let end = EndSessions { user_id: user_id("ada"), which: Selection::One(sid("gone")), reason: Reason::SignedOut, at: NOW };
        store.end_sessions(&end, &event("ada", Kind::SignedOut)).await.unwrap();
        let now = NOW + KEPT + MINUTE;
        store.purge(now - KEPT, now).await.unwrap();
        let kept = activity(&*store, "ada").await;
        let addresses: Vec<(Kind, Option<&str>, bool)> =
            kept.iter().map(|e| (e.kind, e.sid.as_ref().map(SessionId::as_str), e.ip.is_some())).collect();
        assert_eq!(addresses, [
            (Kind::SignedOut, Some("gone"), false),
            (Kind::SignInFailed, None, false),
            (Kind::SignedIn, Some("alive"), true),
            (Kind::SignedIn, Some("gone"), false),
        ]);
    }

    async fn events_go_after_400_days(world: World) {
        let store = world.open_with_ada().await;
        for (days, kind) in [(0, Kind::SignedUp), (1, Kind::SignedIn), (2, Kind::SignedOut)] {
            store.record(&Event { at: NOW + days * DAY, ..event("ada", kind) }).await.unwrap();
        }
        let kinds = async || activity(&*store, "ada").await.iter().map(|event| event.kind).collect::<Vec<_>>();
        store.purge(NOW, NOW + 400 * DAY).await.unwrap();
        assert_eq!(kinds().await, [Kind::SignedOut, Kind::SignedIn, Kind::SignedUp]);
        store.purge(NOW, NOW + 401 * DAY).await.unwrap();
        assert_eq!(kinds().await, [Kind::SignedOut, Kind::SignedIn]);
        store.purge(NOW, NOW + 500 * DAY).await.unwrap();
        assert_eq!(kinds().await, []);
    }

    async fn of_each_user_the_newest_ten_thousand_events_stay_and_warnings_first(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("eve"), None).await.unwrap());
        let add = async |name: &str, kind: Kind, events: usize| {
            let events = vec![event(name, kind); events];
            store.decide(vec![], Box::new(|_| Changes { changes: vec![], events })).await.unwrap();
        };
        let count = async |name: &str| store.activity(&user_id(name), page(None, 20_000)).await.unwrap();
        add("eve", Kind::SignedIn, 700).await;
        add("ada", Kind::PasswordChanged, 1).await;
        add("ada", Kind::SignInFailed, 1_200).await;
        add("ada", Kind::Reused, 2).await;
        add("ada", Kind::SignedIn, 10_000).await;
        add("eve", Kind::SignedIn, 100).await;
        store.purge(NOW - KEPT, NOW).await.unwrap();
        let kept = count("ada").await;
        let of = |kept: &[Recorded], kind| kept.iter().filter(|event| event.kind == kind).count();
        let (changed, failed, reused) =
            (of(&kept, Kind::PasswordChanged), of(&kept, Kind::SignInFailed), of(&kept, Kind::Reused));
        assert_eq!((kept.len(), changed, failed, reused), (10_000, 1, 500, 2), "a flood of others pushes none of these out");
        assert_eq!(count("eve").await.len(), 800);
        add("ada", Kind::SignedOut, 1).await;
        store.purge(NOW - KEPT, NOW).await.unwrap();
        let kept = count("ada").await;
        assert_eq!((kept.len(), kept[0].kind), (10_000, Kind::SignedOut));
        assert_eq!(of(&kept, Kind::PasswordChanged), 1);
        // Whatever comes, the newest of a kind stay.
        add("ada", Kind::PasswordChanged, 600).await;
        add("ada", Kind::SignInFailed, 11_000).await;
        store.purge(NOW - KEPT, NOW).await.unwrap();
        let kept = count("ada").await;
        assert_eq!((kept.len(), of(&kept, Kind::PasswordChanged), of(&kept, Kind::Reused)), (10_000, 500, 2));
    }

    async fn of_each_user_the_newest_five_hundred_ended_sessions_stay(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("eve"), None).await.unwrap());
        start(&*store, &session("eves", "eve")).await;
        start(&*store, &session("alive", "ada")).await;
        for n in 0..520 {
            let id = format!("s{n:03}");
            let at = NOW + Duration::from_millis(n);
            let revoked = Some(Revocation { at, reason: Reason::SignedOut });
            start(&*store, &Session { revoked, ..session(&id, "ada") }).await;
        }
        for n in ["s019", "s020"] {
            assert!(store.add_web_session(&format!("web-{n}"), "", NOW + DAY, Some(&sid(n))).await.unwrap());
        }
        store.purge(NOW - KEPT, NOW + MINUTE).await.unwrap();
        let kept = store.sessions_of(&user_id("ada"), None, 1_000).await.unwrap();
        assert_eq!(kept.len(), 501, "and the one that is alive");
        assert_eq!(store.session(&sid("s019")).await.unwrap(), None);
        assert_eq!(reason(&*store, "s020").await, Some("signed_out"));
        assert_eq!(store.web_session("web-s019", NOW).await.unwrap(), None);
        assert_eq!(store.web_session("web-s020", NOW).await.unwrap().as_deref(), Some(""));
        assert_eq!(load(&*store, "eves").await.revoked, None);

        // What happened is told still, and from where, for as long as of any event without a session.
        let events = store.activity(&user_id("ada"), page(None, 2_000)).await.unwrap();
        let left = events.iter().filter(|event| event.sid.is_none());
        assert_eq!(left.clone().count(), 20);
        assert!(left.clone().all(|event| event.ip.is_some()));
        store.purge(NOW + MINUTE, NOW + MINUTE).await.unwrap();
        let events = store.activity(&user_id("ada"), page(None, 2_000)).await.unwrap();
        assert!(events.iter().filter(|event| event.sid.is_none()).all(|event| event.ip.is_none()));
    }

    async fn expired_web_sessions_and_keys_go_at_once(world: World) {
        let store = world.open().await;
        assert!(store.add_web_session("old", "", NOW, None).await.unwrap());
        assert!(store.add_web_session("new", "", NOW + MINUTE, None).await.unwrap());
        let key = |id: &str, expires_at| StoredKey {
            id: KeyId::new(id),
            purpose: id.into(),
            algorithm: "EdDSA".into(),
            sealed: vec![0],
            created_at: NOW,
            active_at: NOW,
            expires_at,
        };
        let keys = [key("old", Some(NOW)), key("last", Some(NOW + MINUTE)), key("signs", None)];
        let add = move |_: &[StoredKey]| KeyChanges { add: keys.into(), ..KeyChanges::default() };
        store.change_keys(Box::new(add)).await.unwrap();
        store.purge(NOW - KEPT, NOW).await.unwrap();
        let mut ids: Vec<String> = store.keys().await.unwrap().iter().map(|key| key.id.to_string()).collect();
        ids.sort();
        assert_eq!(ids, ["last", "signs"]);
        assert_eq!(store.web_session("new", NOW).await.unwrap().as_deref(), Some(""));
        assert!(store.add_web_session("old", "", NOW, None).await.unwrap(), "its row is gone");
    }

    async fn a_key_stays_while_a_session_lives_whose_token_is_made_with_it(world: World) {
        let store = world.open_with_ada().await;
        start(&*store, &session("one", "ada")).await;
        let made_with = load(&*store, "one").await.rotation.key_id;
        let key = StoredKey {
            id: made_with,
            purpose: "refresh".into(),
            algorithm: "HS512".into(),
            sealed: vec![0],
            created_at: NOW,
            active_at: NOW,
            expires_at: Some(NOW),
        };
        let add = move |_: &[StoredKey]| KeyChanges { add: vec![key], ..KeyChanges::default() };
        store.change_keys(Box::new(add)).await.unwrap();
        store.purge(NOW - KEPT, NOW).await.unwrap();
        assert_eq!(store.keys().await.unwrap().len(), 1);
        let end = EndSessions { user_id: user_id("ada"), which: Selection::All, reason: Reason::SignedOut, at: NOW };
        store.end_sessions(&end, &event("ada", Kind::SignedOut)).await.unwrap();
        store.purge(NOW - KEPT, NOW).await.unwrap();
        assert_eq!(store.keys().await.unwrap(), vec![]);
    }

    async fn more_than_one_batch_goes_at_once(world: World) {
        let store = world.open_with_ada().await;
        let signed_in = event("ada", Kind::SignedIn);
        for number in 0..501 {
            let session = session(&format!("s{number}"), "ada");
            let start = StartSession { session: &session, password_changed_at: NOW, replaces: None, max: 1_000, event: &signed_in };
            store.start_session(start).await.unwrap();
        }
        let now = NOW + 61 * DAY;
        store.purge(now - KEPT, now).await.unwrap();
        assert_eq!(store.live_sessions(&user_id("ada"), NOW).await.unwrap(), vec![]);
        assert_eq!(store.session(&sid("s500")).await.unwrap(), None);
    }
}
