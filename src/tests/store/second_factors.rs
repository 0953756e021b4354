//! Second factors, and the sign-ins that wait for one.

use super::*;
use latchkey::domain::id::{RecoveryCodeDigest, WaitingDigest};
use latchkey::domain::second_factor::{SET_UP_TIME, TRIES_MAX, WAIT, WaitingSignIn};
use latchkey::domain::totp::Step;
use latchkey::server::ports::{NewRecoveryCodes, NewTotp, StoredFactors, UsedFactor};
use tokio::task::JoinSet;

/// Sets up an authenticator app whose codes are used up to `step`.
async fn set_up(store: &dyn Store, step: i64) {
    assert!(store.begin_totp(&user_id("ada"), b"sealed", NOW).await.unwrap());
    let event = event("ada", Kind::TotpAdded);
    assert!(store.confirm_totp(new_totp(b"sealed", step, &sid("none"), &user_id("ada"), &event)).await.unwrap());
}

fn new_totp<'a>(
    sealed_secret: &'a [u8],
    step: i64,
    sid: &'a SessionId,
    user_id: &'a UserId,
    event: &'a Event,
) -> NewTotp<'a> {
    NewTotp { user_id, sealed_secret, step: Step::new(step), sid, event }
}

async fn add_codes(store: &dyn Store, codes: &[&str]) -> bool {
    let digests: Vec<_> = codes.iter().map(|code| RecoveryCodeDigest::new(*code)).collect();
    let event = event("ada", Kind::RecoveryCodesMade);
    let new =
        NewRecoveryCodes { user_id: &user_id("ada"), sealed_key: b"sealed key", digests: &digests, event: &event };
    store.replace_recovery_codes(new).await.unwrap()
}

fn waiting() -> WaitingSignIn {
    WaitingSignIn {
        user_id: user_id("ada"),
        client_id: ClientId::web(),
        remember: true,
        password_changed_at: NOW,
        expires_at: NOW + WAIT,
        tries: 0,
    }
}

fn digest(text: &str) -> WaitingDigest {
    WaitingDigest::new(text)
}

/// A session of a sign-in by the password alone.
fn by_password(id: &str) -> Session {
    Session { authenticated_by: AuthenticatedBy::password(), second_factor_at: None, ..session(id, "ada") }
}

async fn may_start(store: &dyn Store, session: &Session) -> bool {
    let event = event("ada", Kind::SignedIn);
    let start = StartSession { session, password_changed_at: NOW, replaces: None, max: 50, event: &event };
    store.start_session(start).await.unwrap().is_some()
}

/// How many of 50 at once succeed.
async fn successes(mut attempt: impl FnMut(usize) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send>>) -> usize {
    let mut tasks: JoinSet<bool> = JoinSet::new();
    for number in 0..50 {
        tasks.spawn(attempt(number));
    }
    tasks.join_all().await.into_iter().filter(|succeeded| *succeeded).count()
}

stories! {
    async fn an_app_counts_once_it_is_confirmed(world: World) {
        let store = world.open_with_ada().await;
        let ada = user_id("ada");
        assert_eq!(store.second_factors(&ada).await.unwrap(), StoredFactors::default());
        assert!(store.begin_totp(&ada, b"first", NOW).await.unwrap());
        assert!(store.begin_totp(&ada, b"second", NOW + MINUTE).await.unwrap(), "another try");
        let begun = store.second_factors(&ada).await.unwrap().totp.unwrap();
        assert_eq!((begun.sealed_secret.as_slice(), begun.created_at, begun.confirmed_at), (&b"second"[..], NOW + MINUTE, None));
        assert!(may_start(&*store, &by_password("before")).await, "nobody is asked for it yet");
        assert!(!add_codes(&*store, &["a"]).await, "codes replace an app");

        let added = event("ada", Kind::TotpAdded);
        assert!(!store.confirm_totp(new_totp(b"first", 7, &sid("before"), &ada, &added)).await.unwrap(), "an older secret");
        assert!(store.confirm_totp(new_totp(b"second", 7, &sid("before"), &ada, &added)).await.unwrap());
        assert!(!store.confirm_totp(new_totp(b"second", 8, &sid("before"), &ada, &added)).await.unwrap(), "twice");
        assert!(!store.begin_totp(&ada, b"third", NOW).await.unwrap(), "an app that counts is not replaced by the way");
        let totp = store.second_factors(&ada).await.unwrap().totp.unwrap();
        assert_eq!((totp.last_step, totp.confirmed_at), (Step::new(7), Some(NOW)));
        assert_eq!(load(&*store, "before").await.second_factor_at, Some(NOW));
        assert!(!store.begin_totp(&user_id("nobody"), b"x", NOW).await.unwrap());
    }

    async fn a_password_alone_starts_no_session_of_an_account_with_a_second_factor(world: World) {
        let store = world.open_with_ada().await;
        set_up(&*store, 7).await;
        assert!(!may_start(&*store, &by_password("alone")).await);
        assert!(may_start(&*store, &session("both", "ada")).await);
        assert!(store.remove_second_factors(&user_id("ada"), &event("ada", Kind::TotpRemoved)).await.unwrap());
        assert!(may_start(&*store, &by_password("later")).await);
    }

    async fn of_many_uses_of_one_code_at_once_one_succeeds(world: World) {
        let (one, two) = (world.open_with_ada().await, world.open().await);
        set_up(&*one, 7).await;
        assert!(add_codes(&*one, &["a", "b"]).await);
        for number in 0..50 {
            one.add_waiting_sign_in(&digest(&format!("w{number}")), &waiting()).await.unwrap();
        }
        let by_code = successes(|number| {
            let store = if number % 2 == 0 { one.clone() } else { two.clone() };
            Box::pin(async move {
                let used = UsedFactor::Totp(Step::new(8));
                store.finish_waiting(&digest(&format!("w{number}")), &user_id("ada"), used).await.unwrap()
            })
        });
        assert_eq!(by_code.await, 1);
        let by_recovery_code = successes(|number| {
            let store = if number % 2 == 0 { one.clone() } else { two.clone() };
            Box::pin(async move {
                let (code, used) = (RecoveryCodeDigest::new("a"), event("ada", Kind::RecoveryCodeUsed));
                let used = UsedFactor::RecoveryCode(&code, Step::new(9), &used);
                // That one of them has succeeded by the code before does not count here.
                store.finish_waiting(&digest(&format!("w{number}")), &user_id("ada"), used).await.unwrap()
            })
        });
        assert_eq!(by_recovery_code.await, 1);
        let factors = one.second_factors(&user_id("ada")).await.unwrap();
        assert_eq!(factors.recovery_codes.unwrap().left, 1);
        assert_eq!(factors.totp.unwrap().last_step, Step::new(9), "what the app showed meanwhile is used up");
        assert_eq!(told(&*one, "ada").await[0].0, Kind::RecoveryCodeUsed);
    }

    async fn of_many_uses_of_one_waiting_sign_in_one_succeeds_and_the_other_codes_stay_good(world: World) {
        let store = world.open_with_ada().await;
        set_up(&*store, 0).await;
        store.add_waiting_sign_in(&digest("w"), &waiting()).await.unwrap();
        let count = successes(|number| {
            let store = store.clone();
            Box::pin(async move {
                let used = UsedFactor::Totp(Step::new(100 - i64::try_from(number).unwrap()));
                store.finish_waiting(&digest("w"), &user_id("ada"), used).await.unwrap()
            })
        });
        assert_eq!(count.await, 1);
        assert_eq!(store.waiting_sign_in(&digest("w")).await.unwrap(), None);
    }

    async fn a_sign_in_waits_for_a_few_answers_and_not_for_long(world: World) {
        let store = world.open_with_ada().await;
        store.add_waiting_sign_in(&digest("w"), &waiting()).await.unwrap();
        assert_eq!(store.waiting_sign_in(&digest("w")).await.unwrap(), Some(waiting()));
        assert!(!store.count_answer(&digest("w"), NOW + WAIT).await.unwrap(), "too late");
        assert!(!store.count_answer(&digest("other"), NOW).await.unwrap());
        let counted = successes(|_| {
            let store = store.clone();
            Box::pin(async move { store.count_answer(&digest("w"), NOW).await.unwrap() })
        });
        assert_eq!(counted.await, TRIES_MAX as usize);
        assert_eq!(store.waiting_sign_in(&digest("w")).await.unwrap().unwrap().tries, TRIES_MAX);
    }

    async fn a_new_set_of_codes_ends_the_one_before(world: World) {
        let store = world.open_with_ada().await;
        set_up(&*store, 7).await;
        start(&*store, &session("s", "ada")).await;
        assert!(add_codes(&*store, &["a", "b"]).await && add_codes(&*store, &["c"]).await);
        let prove = async |code: &str| {
            let (code, used) = (RecoveryCodeDigest::new(code), event("ada", Kind::RecoveryCodeUsed));
            let used = UsedFactor::RecoveryCode(&code, Step::new(8), &used);
            store.prove_again(&user_id("ada"), used, &sid("s"), NOW + HOUR).await.unwrap()
        };
        assert!(!prove("a").await && prove("c").await && !prove("c").await);
        let proved = load(&*store, "s").await;
        assert_eq!((proved.authenticated_at, proved.second_factor_at), (NOW + HOUR, Some(NOW + HOUR)));
        let codes = store.second_factors(&user_id("ada")).await.unwrap().recovery_codes.unwrap();
        assert_eq!((codes.left, codes.sealed_key.as_slice(), codes.created_at), (0, &b"sealed key"[..], NOW));
    }

    async fn a_proof_for_a_session_that_has_ended_uses_nothing_up(world: World) {
        let store = world.open_with_ada().await;
        set_up(&*store, 7).await;
        let used = UsedFactor::Totp(Step::new(8));
        assert!(!store.prove_again(&user_id("ada"), used, &sid("gone"), NOW).await.unwrap());
        assert_eq!(store.second_factors(&user_id("ada")).await.unwrap().totp.unwrap().last_step, Step::new(7));
    }

    async fn a_removal_takes_the_codes_and_ends_what_waits(world: World) {
        let store = world.open_with_ada().await;
        set_up(&*store, 7).await;
        assert!(add_codes(&*store, &["a"]).await);
        store.add_waiting_sign_in(&digest("w"), &waiting()).await.unwrap();
        let removed = event("ada", Kind::TotpRemoved);
        assert!(store.remove_second_factors(&user_id("ada"), &removed).await.unwrap());
        assert!(!store.remove_second_factors(&user_id("ada"), &removed).await.unwrap());
        assert_eq!(store.second_factors(&user_id("ada")).await.unwrap(), StoredFactors::default());
        assert_eq!(store.waiting_sign_in(&digest("w")).await.unwrap(), None);
        assert_eq!(told(&*store, "ada").await.iter().filter(|(kind, ..)| *kind == Kind::TotpRemoved).count(), 1);
        set_up(&*store, 7).await;
        assert!(add_codes(&*store, &["a"]).await, "the digests are gone too");
    }

    async fn what_is_over_is_deleted_and_a_deleted_user_leaves_nothing(world: World) {
        let store = world.open_with_ada().await;
        assert!(store.begin_totp(&user_id("ada"), b"never confirmed", NOW).await.unwrap());
        store.add_waiting_sign_in(&digest("w"), &waiting()).await.unwrap();
        store.purge(NOW, NOW + WAIT - Duration::from_millis(1)).await.unwrap();
        assert!(store.waiting_sign_in(&digest("w")).await.unwrap().is_some());
        store.purge(NOW, NOW + SET_UP_TIME).await.unwrap();
        assert_eq!(store.waiting_sign_in(&digest("w")).await.unwrap(), None);
        assert_eq!(store.second_factors(&user_id("ada")).await.unwrap(), StoredFactors::default());

        set_up(&*store, 7).await;
        assert!(add_codes(&*store, &["a"]).await);
        store.add_waiting_sign_in(&digest("w"), &waiting()).await.unwrap();
        store.purge(NOW, NOW + SET_UP_TIME).await.unwrap();
        assert!(store.second_factors(&user_id("ada")).await.unwrap().totp.is_some(), "what counts stays");
        store.delete_user(&user_id("ada")).await.unwrap().unwrap();
        assert_eq!(store.second_factors(&user_id("ada")).await.unwrap(), StoredFactors::default());
        store.add_waiting_sign_in(&digest("w"), &waiting()).await.unwrap();
        assert_eq!(store.waiting_sign_in(&digest("w")).await.unwrap(), None, "nobody signs in");
    }
}
