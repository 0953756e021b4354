use super::*;
use crate::domain::id::{AgentDigest, ClientId, SessionId, UserId};
use crate::domain::redeem::{Decision, Refusal, Reuse, redeem};
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::session::{Label, Lifetime};
use crate::domain::time::Timestamp;

const GRACE: Duration = Duration::from_secs(10);
const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn session() -> Session {
    Session {
        id: SessionId::new("s"),
        user_id: UserId::new("u"),
        client_id: ClientId::web(),
        rotation: Rotation {
            generation: 0,
            digest: TokenDigest::new("d0"),
            parent: None,
            overtaken: vec![],
            rotated_at: START,
            confirmed_at: Some(START),
            key_id: KeyId::new("k"),
            nonce: "n".into(),
        },
        lifetime: Lifetime::start(START, Duration::from_secs(3600), Duration::from_secs(7200), true),
        authenticated_at: START,
        authenticated_by: AuthenticatedBy::password(),
        second_factor_at: None,
        last_seen_at: START,
        revoked: None,
        user_disabled_at: None,
        label: Label::default(),
    }
}

fn presented(generation: u64, after: Duration) -> Presented {
    Presented {
        sid: SessionId::new("s"),
        generation,
        digest: TokenDigest::new(format!("d{generation}")),
        agent: AgentDigest::new("firefox"),
        at: START + after,
        decided_at: START + after,
        may_be_later: true,
        shared: true,
    }
}

fn exchanged(session: &Session, generation: u64, after: u64) -> Session {
    let next = session.succeeded(&presented(generation, Duration::from_secs(after)), KeyId::new("k2"), GRACE);
    let digest = format!("d{}", next.token_input().generation);
    next.minted(TokenDigest::new(digest))
}

fn generations(session: &Session) -> Vec<u64> {
    session.rotation.overtaken.iter().map(|it| it.generation).collect()
}

#[test]
fn an_exchange_moves_everything_that_belongs_to_the_token_and_the_idle_end_only() {
    let next = exchanged(&session(), 0, 60);
    let at = START + Duration::from_secs(60);
    let parent = Parent { generation: 0, digest: TokenDigest::new("d0"), agent: AgentDigest::new("firefox") };
    assert_eq!(
        next.rotation,
        Rotation {
            generation: 1,
            digest: TokenDigest::new("d1"),
            parent: Some(parent),
            overtaken: vec![],
            rotated_at: at,
            confirmed_at: None,
            key_id: KeyId::new("k2"),
            nonce: "n".into(),
        }
    );
    assert_eq!((next.lifetime.idle_expires_at, next.last_seen_at), (at + Duration::from_secs(3600), at));
    let lifetime = Lifetime { idle_expires_at: START + Duration::from_secs(3600), ..next.lifetime };
    assert_eq!(lifetime, session().lifetime);
}

#[test]
fn the_idle_end_never_passes_the_absolute_one_and_no_clock_that_steps_back_moves_the_last_use() {
    assert_eq!(exchanged(&session(), 0, 3700).lifetime.idle_expires_at, START + Duration::from_secs(7200));
    let later = Session { last_seen_at: START + Duration::from_secs(90), ..session() };
    assert_eq!(exchanged(&later, 0, 60).last_seen_at, later.last_seen_at);
}

#[test]
fn only_tokens_that_a_request_may_still_carry_are_remembered_as_overtaken() {
    let first = exchanged(&session(), 0, 100);
    let second = exchanged(&first, 1, 104);
    assert_eq!(generations(&second), [0]);
    let third = exchanged(&second, 2, 109);
    assert_eq!(generations(&third), [0, 1]);
    let fourth = exchanged(&third, 3, 110);
    assert_eq!(generations(&fourth), [0, 1, 2]);
    // The grace of the first one is over, but not for a request that arrived within it and has waited in the server
    // since.
    let waited = Presented { at: START + Duration::from_secs(109), ..presented(0, Duration::from_secs(116)) };
    for (presented, decision) in [
        (waited, Decision::Refuse(Refusal::Overtaken)),
        (presented(0, Duration::from_secs(116)), Decision::Reuse(Reuse::Older)),
    ] {
        assert_eq!(redeem(&fourth, &presented, GRACE, true, || true), decision);
    }
    let later = exchanged(&third, 3, 120);
    assert_eq!(generations(&later), [1, 2]);
    let fork = exchanged(&fourth, 3, 130);
    assert_eq!((generations(&fork), fork.rotation.generation), (vec![], 5));
    // The parent of a fork stays the parent: it was not overtaken.
    assert_eq!(generations(&exchanged(&fork, 5, 131)), [3]);
}

#[test]
fn a_recovery_goes_on_from_the_presented_token_and_spares_what_was_lost_for_a_grace() {
    let row = exchanged(&exchanged(&session(), 0, 100), 1, 103);
    let recovered = exchanged(&row, 5, 104);
    let parent = recovered.rotation.parent.clone().unwrap();
    assert_eq!((recovered.rotation.generation, parent.generation, parent.digest.as_str()), (6, 5, "d5"));
    assert_eq!(generations(&recovered), [0, 1, 2, 3, 4]);
    let decide = |presented: &Presented| redeem(&recovered, presented, GRACE, true, || true);
    for generation in 2..5 {
        let straggler = |after| presented(generation, Duration::from_secs(after));
        assert_eq!(decide(&straggler(113)), Decision::Refuse(Refusal::Overtaken));
        assert_eq!(decide(&straggler(114)), Decision::Reuse(Reuse::Older));
        let alone = Presented { shared: false, ..straggler(113) };
        assert_eq!(decide(&alone), Decision::Reuse(Reuse::Older));
    }
    // However much was lost, the number of remembered tokens is bounded.
    assert_eq!(generations(&exchanged(&row, 1_000, 104)), (968..1_000).collect::<Vec<_>>());
}

#[test]
fn of_two_tokens_of_one_generation_only_one_lives() {
    let row = exchanged(&session(), 0, 100);
    let before = Presented { digest: TokenDigest::new("before"), ..presented(1, Duration::from_secs(101)) };
    assert_eq!(redeem(&row, &before, GRACE, true, || true), Decision::Recover);
    let recovered = row.succeeded(&before, KeyId::new("k"), GRACE).minted(TokenDigest::new("d2"));
    for (after, decision) in [(102, Decision::Refuse(Refusal::Overtaken)), (111, Decision::Reuse(Reuse::Older))] {
        assert_eq!(redeem(&recovered, &presented(1, Duration::from_secs(after)), GRACE, false, || true), decision);
    }
}

#[test]
fn what_a_fork_displaced_is_never_spared() {
    let forked = exchanged(&exchanged(&session(), 0, 0), 0, 20);
    let next = exchanged(&forked, 2, 21);
    for session in [&forked, &next] {
        let decision = redeem(session, &presented(1, Duration::from_secs(22)), GRACE, false, || true);
        assert_eq!(decision, Decision::Reuse(Reuse::Older));
    }
    let overtaken = redeem(&next, &presented(0, Duration::from_secs(22)), GRACE, false, || true);
    assert_eq!(overtaken, Decision::Refuse(Refusal::Overtaken));
}

#[test]
fn the_memory_of_overtaken_tokens_is_bounded() {
    let session = (0..100).fold(session(), |session, generation| exchanged(&session, generation, 1));
    assert_eq!(generations(&session), (67..99).collect::<Vec<_>>());
}

#[test]
fn without_a_grace_only_requests_that_waited_here_are_spared() {
    let first = exchanged(&session(), 0, 100);
    let second = first.succeeded(&presented(1, Duration::from_secs(107)), KeyId::new("k"), Duration::ZERO);
    let second = second.minted(TokenDigest::new("d2"));
    assert_eq!(generations(&second), [0]);
    let decide = |presented: &Presented| redeem(&second, presented, Duration::ZERO, true, || true);
    let came =
        |after| Presented { decided_at: START + Duration::from_secs(107), ..presented(0, Duration::from_secs(after)) };
    assert_eq!(decide(&came(99)), Decision::Refuse(Refusal::Overtaken));
    assert_eq!(decide(&came(100)), Decision::Reuse(Reuse::Older));
    let third = second.succeeded(&presented(2, Duration::from_secs(108)), KeyId::new("k"), Duration::ZERO);
    let third = third.minted(TokenDigest::new("d3"));
    assert_eq!(generations(&third), [1], "no request waits for longer than that");
}

#[test]
fn what_an_exchange_brings_dates_from_the_decision_and_not_from_the_arrival() {
    let arrived = presented(0, Duration::from_secs(60));
    let decided_at = START + Duration::from_secs(67);
    let next = session().succeeded(&Presented { decided_at, ..arrived }, KeyId::new("k"), GRACE);
    let next = next.minted(TokenDigest::new("d1"));
    assert_eq!((next.rotation.rotated_at, next.last_seen_at), (decided_at, decided_at));
    assert_eq!(next.lifetime.idle_expires_at, decided_at + Duration::from_secs(3600));
}
