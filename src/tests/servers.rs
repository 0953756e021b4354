//! Several servers on one PostgreSQL: what one of them did counts at the others at once.

use super::support::{Backend, PASSWORD, SignedIn, TestApp, Wire};
use latchkey::domain::id::UserId;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;

const GRACE: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);
/// What the statement has in it that loads the sessions of refresh tokens.
const LOAD: &[&str] = &["parent_agent", "FOR UPDATE"];

async fn two_servers() -> (TestApp, TestApp) {
    let one = TestApp::on(Backend::Postgres).start().await;
    let two = one.twin().await;
    (one, two)
}

fn at(app: &TestApp, device: &SignedIn) -> SignedIn {
    let mut device = device.clone();
    device.browser.goes_to(app);
    device
}

async fn user_id(device: &SignedIn) -> UserId {
    UserId::new(device.get("/api/me").await.expect(200).json()["sub"].as_str().unwrap())
}

/// Ends `there` by one server, in the given way.
async fn end(one: &TestApp, how: &str, here: &mut SignedIn, there: &mut SignedIn) {
    let sid = there.sid().await;
    match how {
        "signed out" => drop(there.post("/auth/logout", json!({})).await.expect(204)),
        "ended by another" => drop(here.post("/auth/sessions/revoke", json!({"sid": sid})).await.expect(204)),
        "all others" => drop(here.post("/auth/logout-all", json!({"keepCurrent": true})).await.expect(204)),
        "password" => {
            let change = json!({"currentPassword": PASSWORD, "newPassword": "an entirely new password"});
            here.post("/auth/password", change).await.expect(204);
        }
        "reused" => {
            let mut thief = there.clone();
            there.try_refresh().await.expect(200);
            there.try_refresh().await.expect(200);
            thief.try_refresh().await.expect(401);
        }
        "replaced" => drop(there.browser.clone().try_sign_in("ada", PASSWORD).await.expect(200)),
        "disabled" => drop(one.services().disable_user(&user_id(here).await).await.unwrap()),
        "deleted" => {
            here.post("/auth/account/delete", json!({"password": PASSWORD})).await.expect(204);
        }
        other => panic!("{other}"),
    }
}

/// RT9: no token of it is taken any more, though the other server had seen it alive.
#[tokio::test]
async fn an_end_at_one_server_counts_at_the_other_at_once() {
    for how in ["signed out", "ended by another", "all others", "password", "reused", "replaced", "disabled", "deleted"]
    {
        let (one, two) = two_servers().await;
        let mut here = one.signed_up("ada").await;
        let mut there = one.signed_in("ada").await;
        assert!(at(&two, &there).is_in().await);
        end(&one, how, &mut here, &mut there).await;
        let mut there = at(&two, &there);
        assert!(!there.is_in().await, "{how}");
        if !there.browser.cookies.is_empty() {
            there.try_refresh().await.expect(401);
        }
    }
}

/// RT3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_refreshes_of_one_token_at_two_servers_get_the_same_bytes() {
    let (one, two) = two_servers().await;
    let mut device = one.signed_up("ada").await;
    for _ in 0..20 {
        let mut tabs = JoinSet::new();
        for number in 0..20 {
            let mut tab = at(if number % 2 == 0 { &one } else { &two }, &device);
            tabs.spawn(async move {
                tab.try_refresh().await.expect(200);
                tab
            });
        }
        let tabs = tabs.join_all().await;
        let successors: BTreeSet<&str> = tabs.iter().map(SignedIn::refresh_token).collect();
        assert_eq!(successors.len(), 1, "all get the same bytes");
        device = tabs.into_iter().next().unwrap();
    }
    assert!(device.is_in().await);
}

/// A token that was shown at one server is known to be seen by the other as soon as it is written; before that a reuse
/// is a fork there, as after a crash, and is found out all the same.
#[tokio::test]
async fn what_one_server_has_seen_the_other_learns_with_the_next_batch() {
    for written in [true, false] {
        let (one, two) = two_servers().await;
        let mut device = one.signed_up("ada").await;
        let mut thief = at(&two, &device);
        device.try_refresh().await.expect(200);
        assert!(device.is_in().await);
        if written {
            one.services().flush().await.unwrap();
        }
        one.advance(GRACE);
        let reply = thief.try_refresh().await;
        if written {
            assert_eq!(reply.expect(401).code(), "refresh_reused");
        } else {
            reply.expect(200);
            assert_eq!(device.try_refresh().await.expect(401).code(), "refresh_reused");
        }
        assert!(!device.is_in().await && !thief.is_in().await);
    }
}

/// One server hears nothing of PostgreSQL for a while; its client gives up, and goes on at the other, twice.
async fn while_a_refresh_waits_at_one(between: Duration, status: u16, code: &str) {
    let wire = Wire::to_postgres().await;
    let one = TestApp::on(Backend::Postgres).over(&wire).start().await;
    let two = one.twin().await;
    let mut device = one.signed_up("ada").await;
    wire.hold_back(LOAD);
    let mut slow = device.clone();
    let waiting = tokio::spawn(async move { slow.try_refresh().await });
    wire.holds().await;
    device = at(&two, &device);
    for _ in 0..2 {
        one.advance(between);
        device.try_refresh().await.expect(200);
    }
    wire.heal();
    let reply = waiting.await.unwrap().expect(status);
    assert_eq!(reply.code(), code);
    assert!(reply.set_cookies().is_empty(), "a refusal touches no cookie");
    assert_eq!(reply.header("retry-after").is_some(), status == 503);
    assert!(device.is_in().await, "it raced; it was not stolen");
    device.try_refresh().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_waited_at_one_server_while_its_client_went_on_at_another_ends_nothing() {
    while_a_refresh_waits_at_one(SECOND, 409, "refresh_overtaken").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_waited_for_longer_than_anybody_waits_for_its_answer_is_not_judged() {
    while_a_refresh_waits_at_one(GRACE + SECOND, 503, "unavailable").await;
}

/// It waited, but its token had been exchanged long before: a thief gains nothing by a slow database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_waits_is_found_out_all_the_same() {
    let wire = Wire::to_postgres().await;
    let one = TestApp::on(Backend::Postgres).over(&wire).start().await;
    let two = one.twin().await;
    let mut device = at(&two, &one.signed_up("ada").await);
    let mut thief = at(&one, &device);
    device.try_refresh().await.expect(200);
    assert!(device.is_in().await);
    one.advance(GRACE);
    two.services().flush().await.unwrap();
    wire.hold_back(LOAD);
    let waiting = tokio::spawn(async move { thief.try_refresh().await });
    wire.holds().await;
    one.advance(SECOND);
    wire.heal();
    assert_eq!(waiting.await.unwrap().expect(401).code(), "refresh_reused");
    assert!(!device.is_in().await);
}
