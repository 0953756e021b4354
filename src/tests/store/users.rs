//! Users: names, passwords, disabling, deleting.

use super::*;
use latchkey::domain::session::Reason;
use latchkey::server::ports::{Ended, PasswordChange};

stories! {
    async fn a_user_round_trips_by_id_and_by_name(world: World) {
        let store = world.open_with_ada().await;
        let ada = user("ada");
        assert_eq!(store.user(&ada.id).await.unwrap().as_ref(), Some(&ada));
        assert_eq!(store.user_by_name(&Username::new("ADA").unwrap()).await.unwrap(), Some(ada));
        assert_eq!(store.user(&user_id("bob")).await.unwrap(), None);
        assert_eq!(store.user_by_name(&Username::new("bob").unwrap()).await.unwrap(), None);
    }

    async fn a_name_is_given_once(world: World) {
        let store = world.open_with_ada().await;
        let second = User { id: UserId::new("another"), ..user("ada") };
        let signed_up = Event { user_id: second.id.clone(), ..event("ada", Kind::SignedUp) };
        assert!(!store.add_user(&second, Some(&signed_up)).await.unwrap());
        assert_eq!(store.users(None, 9).await.unwrap(), vec![user("ada")]);
        assert_eq!(store.activity(&second.id, page(None, 9)).await.unwrap(), vec![]);
    }

    async fn users_are_listed_by_name_and_sign_up_is_told(world: World) {
        let store = world.open().await;
        for name in ["bob", "zoë", "ada", "Ünal"] {
            assert!(store.add_user(&user(name), Some(&event(name, Kind::SignedUp))).await.unwrap());
        }
        let names: Vec<String> =
            store.users(None, 9).await.unwrap().iter().map(|user| user.username.as_str().to_owned()).collect();
        assert_eq!(names, ["ada", "bob", "zoë", "ünal"]);
        assert_eq!(told(&*store, "bob").await, [(Kind::SignedUp, None, None)]);
    }

    async fn a_hash_is_renewed_only_if_it_is_still_the_old_one(world: World) {
        let store = world.open_with_ada().await;
        let hash = async || store.user(&user_id("ada")).await.unwrap().unwrap().password_hash;
        store.rehash(&user_id("ada"), "some other", "stronger").await.unwrap();
        assert_eq!(hash().await, "hash-of-ada");
        store.rehash(&user_id("ada"), "hash-of-ada", "stronger").await.unwrap();
        assert_eq!(hash().await, "stronger");
    }

    async fn a_new_password_ends_all_other_sessions_and_counts_once(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        for id in ["here", "there", "elsewhere"] {
            start(&*store, &session(id, "ada")).await;
        }
        start(&*store, &session("bobs", "bob")).await;
        let (ada, here, changed) = (user_id("ada"), sid("here"), event("ada", Kind::PasswordChanged));
        let change = PasswordChange {
            user_id: &ada,
            password_changed_at: NOW,
            new_hash: "new",
            link: None,
            keep: Some(&here),
            browser: None,
            at: NOW + HOUR,
            event: &changed,
        };
        let ended = store.change_password(change.clone()).await.unwrap().unwrap();
        assert_eq!(sorted(ended), ["elsewhere", "there"]);
        assert_eq!(reason(&*store, "there").await, Some("password_changed"));
        assert_eq!(reason(&*store, "bobs").await, None);
        let kept = load(&*store, "here").await;
        assert_eq!((kept.revoked, kept.authenticated_at), (None, NOW + HOUR));
        let user = store.user(&ada).await.unwrap().unwrap();
        assert_eq!((user.password_hash.as_str(), user.password_changed_at), ("new", NOW + HOUR));

        let before = told(&*store, "ada").await;
        assert_eq!(before.iter().filter(|(kind, ..)| *kind == Kind::PasswordChanged).count(), 1);
        assert_eq!(before.iter().filter(|(kind, ..)| *kind == Kind::SessionEnded).count(), 2);
        // Somebody else's change of the same old password comes too late.
        let late = PasswordChange { new_hash: "late", keep: None, ..change.clone() };
        assert_eq!(store.change_password(late).await.unwrap(), None);
        assert_eq!(store.user(&ada).await.unwrap().unwrap().password_hash, "new");
        assert_eq!(reason(&*store, "here").await, None);
        assert_eq!(told(&*store, "ada").await, before);

        // A sign-in whose password was right when it was looked at.
        let (signed_in, new) = (event("ada", Kind::SignedIn), session("new", "ada"));
        let begin = |password_changed_at| StartSession {
            session: &new,
            password_changed_at,
            replaces: None,
            max: 50,
            event: &signed_in,
        };
        assert_eq!(store.start_session(begin(NOW)).await.unwrap(), None);
        assert_eq!(store.session(&new.id).await.unwrap(), None);
        assert_eq!(store.start_session(begin(NOW + HOUR)).await.unwrap(), Some(vec![]));
        // Changed again within the same millisecond, or by a clock that stepped back, it is another one all the same.
        let later = |millis| NOW + HOUR + Duration::from_millis(millis);
        for (password_changed_at, new_hash, at) in [(later(0), "newer", NOW + HOUR), (later(1), "newest", NOW)] {
            let change = PasswordChange { password_changed_at, new_hash, at, ..change.clone() };
            store.change_password(change).await.unwrap().unwrap();
        }
        let changed_at = store.user(&ada).await.unwrap().unwrap().password_changed_at;
        assert_eq!(changed_at, later(2));
    }

    async fn a_hash_that_was_renewed_meanwhile_is_still_of_the_same_password(world: World) {
        let store = world.open_with_ada().await;
        let (ada, changed) = (user_id("ada"), event("ada", Kind::PasswordChanged));
        store.rehash(&ada, "hash-of-ada", "stronger").await.unwrap();
        let change =
            PasswordChange { user_id: &ada, password_changed_at: NOW, new_hash: "new", link: None, keep: None, browser: None, at: NOW, event: &changed };
        assert_eq!(store.change_password(change).await.unwrap(), Some(vec![]));
        // A renewal that comes after the change belongs to the password before.
        store.rehash(&ada, "stronger", "stronger still").await.unwrap();
        assert_eq!(store.user(&ada).await.unwrap().unwrap().password_hash, "new");
    }

    async fn a_disabled_user_has_no_session_and_gets_none(world: World) {
        let store = world.open_with_ada().await;
        start(&*store, &session("one", "ada")).await;
        let ended = store.set_disabled(&user_id("ada"), Some(NOW + HOUR), NOW + HOUR).await.unwrap().unwrap();
        assert_eq!(sorted(ended), ["one"]);
        assert_eq!(reason(&*store, "one").await, Some("operator"));
        assert_eq!(load(&*store, "one").await.user_disabled_at, Some(NOW + HOUR));
        assert_eq!(store.live_sessions(&user_id("ada"), NOW).await.unwrap(), vec![]);
        let signed_in = event("ada", Kind::SignedIn);
        let two = session("two", "ada");
        let refused = StartSession { session: &two, password_changed_at: NOW, replaces: None, max: 50, event: &signed_in };
        assert_eq!(store.start_session(refused.clone()).await.unwrap(), None);
        assert_eq!(store.session(&two.id).await.unwrap(), None);

        // Disabled again, the first time stays; enabled, a sign-in works, and what ended stays ended.
        assert_eq!(store.set_disabled(&user_id("ada"), Some(NOW + DAY), NOW + DAY).await.unwrap(), Some(vec![]));
        assert_eq!(store.user(&user_id("ada")).await.unwrap().unwrap().disabled_at, Some(NOW + HOUR));
        assert_eq!(store.set_disabled(&user_id("ada"), None, NOW + DAY).await.unwrap(), Some(vec![]));
        assert_eq!(store.start_session(refused).await.unwrap(), Some(vec![]));
        assert_eq!(reason(&*store, "one").await, Some("operator"));
        assert_eq!(store.set_disabled(&user_id("bob"), Some(NOW), NOW).await.unwrap(), None);
    }

    async fn a_deleted_user_leaves_nothing(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        for id in ["one", "two"] {
            start(&*store, &session(id, "ada")).await;
        }
        start(&*store, &session("bobs", "bob")).await;
        apply(&*store, vec![SessionChange::Ended {
            id: sid("two"),
            user_id: user_id("ada"),
            reason: Reason::SignedOut,
            at: NOW,
        }])
        .await;
        let ended = store.delete_user(&user_id("ada")).await.unwrap().unwrap();
        assert_eq!(sorted(ended), ["one"], "the other had ended before");
        assert_eq!(store.user(&user_id("ada")).await.unwrap(), None);
        for id in ["one", "two"] {
            assert_eq!(store.session(&sid(id)).await.unwrap(), None);
        }
        assert_eq!(activity(&*store, "ada").await, vec![]);
        assert_eq!(load(&*store, "bobs").await.revoked, None);
        assert_eq!(store.delete_user(&user_id("ada")).await.unwrap(), None);
        // What still arrives for the user is no fault.
        store.record(&event("ada", Kind::SignInFailed)).await.unwrap();
        assert!(store.add_user(&user("ada"), None).await.unwrap(), "the name is free again");
        assert_eq!(activity(&*store, "ada").await, vec![]);
    }

    async fn users_are_read_page_by_page(world: World) {
        let store = world.open().await;
        for name in ["bob", "zoë", "ada", "Ünal"] {
            assert!(store.add_user(&user(name), None).await.unwrap());
        }
        let names = async |after: Option<&str>, limit| {
            let after = after.map(|name| Username::new(name).unwrap());
            let page = store.users(after.as_ref(), limit).await.unwrap();
            page.iter().map(|user| user.username.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(None, 3).await, ["ada", "bob", "zoë"]);
        assert_eq!(names(Some("bob"), 1).await, ["zoë"]);
        assert_eq!(names(Some("zoë"), 3).await, ["ünal"]);
        assert!(names(Some("ünal"), 3).await.is_empty());
    }

    async fn a_user_is_renamed_unless_somebody_has_the_name(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        start(&*store, &session("one", "ada")).await;
        let name = |name: &str| Username::new(name).unwrap();
        assert_eq!(store.rename_user(&user_id("ada"), &name("bob")).await.unwrap(), Some(false));
        assert_eq!(store.rename_user(&user_id("nobody"), &name("eve")).await.unwrap(), None);
        for again in 0..2 {
            assert_eq!(store.rename_user(&user_id("ada"), &name("eve")).await.unwrap(), Some(true), "{again}");
        }
        assert_eq!(store.user_by_name(&name("ada")).await.unwrap(), None);
        assert_eq!(store.user_by_name(&name("eve")).await.unwrap().unwrap(), User { username: name("eve"), ..user("ada") });
        assert_eq!(load(&*store, "one").await.revoked, None);
    }

    async fn all_sessions_are_ended_page_by_page(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.add_user(&user("bob"), None).await.unwrap());
        for (id, name) in [("a", "ada"), ("b", "bob"), ("c", "ada"), ("d", "bob")] {
            start(&*store, &session(id, name)).await;
        }
        let expired = Lifetime { idle_expires_at: NOW, ..session("e", "bob").lifetime };
        start(&*store, &Session { lifetime: expired, ..session("e", "bob") }).await;
        let later = Lifetime::start(NOW + HOUR, DAY, DAY, true);
        start(&*store, &Session { lifetime: later, ..session("f", "bob") }).await;
        let ended = Ended { id: sid("c"), at: NOW, reason: Reason::SignedOut };
        store.end_again(&[ended]).await.unwrap();
        let (at, mut after, mut pages) = (NOW + MINUTE, None, Vec::new());
        loop {
            let page = store.end_all_sessions(after.as_ref(), at, 2).await.unwrap();
            after = page.next;
            pages.push(sorted(page.ended));
            if after.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec!["a", "b"], vec!["d"], vec![]], "the expired one did not end by this");
        for (id, expected) in [("a", "operator"), ("c", "signed_out"), ("e", "operator")] {
            assert_eq!(reason(&*store, id).await, Some(expected));
        }
        assert_eq!(reason(&*store, "f").await, None, "it started later");
        let told = told(&*store, "ada").await;
        assert_eq!(told[0], (Kind::SessionEnded, Some(sid("a")), Some("operator".into())));
    }
}
