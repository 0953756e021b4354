//! The rotation table of docs/rotation.md, row by row.

use super::*;
use crate::domain::id::{AgentDigest, ClientId, KeyId, SessionId, TokenDigest, UserId};
use crate::domain::second_factor::AuthenticatedBy;
use crate::domain::session::{Exchanged, Label, Lifetime, Reason, Revocation};

const GRACE: Duration = Duration::from_secs(10);
const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// A session of generation 5 (parent 4) that was rotated at `START`.
fn session() -> Session {
    Session {
        id: SessionId::new("s"),
        user_id: UserId::new("u"),
        client_id: ClientId::web(),
        rotation: Rotation {
            generation: 5,
            digest: TokenDigest::new("d5"),
            parent: Some(Parent { generation: 4, digest: TokenDigest::new("d4"), agent: AgentDigest::new("firefox") }),
            overtaken: vec![],
            rotated_at: START,
            confirmed_at: None,
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
        shared: false,
    }
}

const SOON: Duration = Duration::from_millis(9_999);
const LATE: Duration = Duration::from_millis(10_000);

#[test]
fn the_current_token_rotates_confirmed_or_not() {
    for confirmed in [false, true] {
        assert_eq!(redeem(&session(), &presented(5, LATE), GRACE, confirmed, || true), Decision::Rotate);
    }
}

#[test]
fn a_predecessor_whose_successor_cannot_be_computed_again_displaces_nothing_within_the_grace() {
    let decide = |after, confirmed| redeem(&session(), &presented(4, after), GRACE, confirmed, || false);
    assert_eq!(decide(SOON, false), Decision::Refuse(Refusal::Unrepeatable(GRACE - SOON)));
    assert_eq!(decide(SOON, true), Decision::Refuse(Refusal::Overtaken));
    assert_eq!(decide(LATE, false), Decision::Fork);
    assert_eq!(decide(LATE, true), Decision::Reuse(Reuse::Predecessor));
}

#[test]
fn the_predecessor_is_repeated_within_the_grace_only() {
    for confirmed in [false, true] {
        assert_eq!(redeem(&session(), &presented(4, SOON), GRACE, confirmed, || true), Decision::Repeat);
    }
    assert_ne!(redeem(&session(), &presented(4, LATE), GRACE, false, || true), Decision::Repeat);
}

#[test]
fn a_grace_of_zero_repeats_nothing() {
    assert_eq!(redeem(&session(), &presented(4, Duration::ZERO), Duration::ZERO, false, || true), Decision::Fork);
}

#[test]
fn a_lost_answer_forks_as_long_as_nobody_showed_the_successor() {
    assert_eq!(redeem(&session(), &presented(4, LATE), GRACE, false, || true), Decision::Fork);
    assert_eq!(redeem(&session(), &presented(4, LATE), GRACE, true, || true), Decision::Reuse(Reuse::Predecessor));
}

#[test]
fn within_the_grace_another_agent_is_told_to_wait_and_nothing_ends() {
    let other = |after| Presented { agent: AgentDigest::new("curl"), ..presented(4, after) };
    for confirmed in [false, true] {
        for (after, rest) in [(Duration::ZERO, GRACE), (SOON, Duration::from_millis(1))] {
            let told = Decision::Refuse(Refusal::OtherAgent(rest));
            assert_eq!(redeem(&session(), &other(after), GRACE, confirmed, || true), told);
        }
    }
    // After it, as anybody: a lost answer, or a reuse.
    assert_eq!(redeem(&session(), &other(LATE), GRACE, false, || true), Decision::Fork);
    assert_eq!(redeem(&session(), &other(LATE), GRACE, true, || true), Decision::Reuse(Reuse::Predecessor));
}

#[test]
fn an_older_or_displaced_generation_is_a_reuse() {
    assert_eq!(redeem(&session(), &presented(3, SOON), GRACE, false, || true), Decision::Reuse(Reuse::Older));
    // After a fork the parent is two back, and what lies between was displaced.
    let mut forked = session();
    forked.rotation.parent =
        Some(Parent { generation: 3, digest: TokenDigest::new("d3"), agent: AgentDigest::new("firefox") });
    assert_eq!(redeem(&forked, &presented(4, SOON), GRACE, false, || true), Decision::Reuse(Reuse::Older));
    assert_eq!(redeem(&forked, &presented(3, SOON), GRACE, false, || true), Decision::Repeat);
}

#[test]
fn who_shares_a_token_is_told_that_others_were_faster_within_the_grace_of_its_own_exchange() {
    let mut session = session();
    session.rotation.overtaken = vec![Exchanged { generation: 3, at: START }];
    let shared = |generation, after| Presented { shared: true, ..presented(generation, after) };
    let overtaken = Decision::Refuse(Refusal::Overtaken);
    let reuse = Decision::Reuse(Reuse::Older);
    for confirmed in [false, true] {
        assert_eq!(redeem(&session, &shared(3, SOON), GRACE, confirmed, || true), overtaken);
        assert_eq!(redeem(&session, &shared(3, LATE), GRACE, confirmed, || true), reuse);
        assert_eq!(redeem(&session, &shared(2, SOON), GRACE, confirmed, || true), reuse);
        assert_eq!(redeem(&session, &presented(3, SOON), GRACE, confirmed, || true), reuse);
    }
}

/// A token that was exchanged while the request waited in the server was raced, not stolen.
#[test]
fn what_was_exchanged_after_the_request_had_arrived_is_no_reuse() {
    let mut session = session();
    let moment = Duration::from_millis(1);
    session.rotation.overtaken = vec![Exchanged { generation: 3, at: START }];
    let waited = |generation, at: Timestamp| Presented { at, decided_at: START + SOON, ..presented(generation, SOON) };
    for (grace, confirmed) in [(GRACE, false), (GRACE, true), (Duration::ZERO, true)] {
        let decide = |presented| redeem(&session, &presented, grace, confirmed, || true);
        let arrived = START - moment;
        assert_eq!(decide(Presented { decided_at: START, ..waited(3, arrived) }), Decision::Refuse(Refusal::Overtaken));
        assert_eq!(decide(Presented { decided_at: START, ..waited(4, arrived) }), Decision::Repeat);
        assert_eq!(decide(Presented { decided_at: START, ..waited(2, arrived) }), Decision::Reuse(Reuse::Older));
        assert_eq!(decide(presented(3, Duration::ZERO)), Decision::Reuse(Reuse::Older), "it came afterwards");
    }
    // It was the parent when the request arrived, within the grace or not, and its successor has been exchanged since.
    for (before, decision) in
        [(GRACE - moment, Decision::Refuse(Refusal::Overtaken)), (GRACE, Decision::Reuse(Reuse::Older))]
    {
        session.rotation.overtaken = vec![Exchanged { generation: 3, at: START - moment - before }];
        let came = Presented { decided_at: START, ..waited(3, START - moment) };
        assert_eq!(redeem(&session, &came, GRACE, true, || true), decision);
    }
}

#[test]
fn a_request_that_waited_for_too_long_is_not_decided() {
    for generation in 3..=5 {
        let decided = |wait| {
            redeem(
                &session(),
                &Presented { decided_at: START + wait, ..presented(generation, Duration::ZERO) },
                GRACE,
                true,
                || true,
            )
        };
        let late = Decision::Refuse(Refusal::Late);
        assert_ne!(decided(LONGEST_WAIT), late);
        assert_eq!(decided(LONGEST_WAIT + Duration::from_millis(1)), late);
    }
    // The state of the session is decided before the wait: an ended session stays ended.
    let revoked = Session { revoked: Some(Revocation { at: START, reason: Reason::SignedOut }), ..session() };
    let late = Presented { decided_at: START + 2 * LONGEST_WAIT, ..presented(5, Duration::ZERO) };
    assert_eq!(redeem(&revoked, &late, GRACE, true, || true), Decision::Refuse(Refusal::Revoked));
}

#[test]
fn a_token_of_ours_that_the_row_does_not_know_proves_that_data_were_lost() {
    for confirmed in [false, true] {
        for lost in [
            presented(6, SOON),
            presented(60, SOON),
            Presented { digest: TokenDigest::new("lost"), ..presented(5, SOON) },
        ] {
            assert_eq!(redeem(&session(), &lost, GRACE, confirmed, || true), Decision::Recover);
            let by_an_older_key = Presented { may_be_later: false, ..lost };
            assert_eq!(
                redeem(&session(), &by_an_older_key, GRACE, confirmed, || true),
                Decision::Refuse(Refusal::NotOurs)
            );
        }
        // There is another token of the parent's generation, which was used before or after the loss: the session has
        // two branches, and goes on with the parent's.
        for shared in [false, true] {
            let other = |after| Presented { digest: TokenDigest::new("lost"), shared, ..presented(4, after) };
            assert_eq!(
                redeem(&session(), &other(SOON), GRACE, confirmed, || true),
                Decision::Refuse(Refusal::Overtaken)
            );
            assert_eq!(redeem(&session(), &other(LATE), GRACE, confirmed, || true), Decision::Reuse(Reuse::Older));
        }
    }
}

#[test]
fn a_session_that_is_over_gives_nothing_whatever_is_presented() {
    let revoked = Session { revoked: Some(Revocation { at: START, reason: Reason::SignedOut }), ..session() };
    let disabled = Session { user_disabled_at: Some(START), ..session() };
    for generation in 3..=6 {
        let at = |after| presented(generation, after);
        assert_eq!(redeem(&revoked, &at(SOON), GRACE, true, || true), Decision::Refuse(Refusal::Revoked));
        assert_eq!(redeem(&disabled, &at(SOON), GRACE, true, || true), Decision::Refuse(Refusal::UserDisabled));
        let end = Duration::from_secs(3600);
        assert_eq!(redeem(&session(), &at(end), GRACE, true, || true), Decision::Refuse(Refusal::Expired));
    }
}
