//! What may happen, and how often.

use proptest::prelude::*;

/// Inside the grace, at its end, past it; past an access token's life, the window of re-authentication, the short and
/// the long idle end.
pub(super) const STEPS: [u64; 10] = [1, 4, 9, 10, 11, 300, 610, 13 * 3600, 3 * 86_400, 15 * 86_400];

/// What somebody does. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub(super) enum Step {
    SignIn {
        user: usize,
        native: bool,
        remember: bool,
        replaces: Option<usize>,
    },
    Refresh {
        token: usize,
        agent: usize,
        shared: bool,
    },
    /// Shows a refresh token as a credential, for something that does not exchange it.
    Rename {
        token: usize,
        agent: usize,
    },
    Tampered {
        token: usize,
    },
    /// A token that our own key signed, of a generation and with an id that are true, but not the one that was given
    /// out.
    Forged {
        token: usize,
        shared: bool,
    },
    UseAccess {
        token: usize,
    },
    SignOut {
        token: usize,
    },
    SignOutAll {
        access: usize,
        keep: bool,
    },
    Revoke {
        access: usize,
        session: usize,
    },
    Reauthenticate {
        access: usize,
    },
    ChangePassword {
        access: usize,
    },
    Wait {
        step: usize,
    },
    Housekeeping,
    Restart,
    /// A standby has by now all that there is.
    Replicate,
    /// The standby takes over, with what it has.
    Lose,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Late numbers are chosen more often: what is new is used more often than what is old.
    let number = || prop_oneof![2 => 0..100usize, 5 => 0..4usize];
    let step = prop_oneof![
        3 => (0..2usize, any::<bool>(), any::<bool>(), proptest::option::of(number()))
            .prop_map(|(user, native, remember, replaces)| Step::SignIn { user, native, remember, replaces }),
        12 => (number(), prop_oneof![5 => Just(0usize), 1 => Just(1)], any::<bool>())
            .prop_map(|(token, agent, shared)| Step::Refresh { token, agent, shared }),
        2 => (number(), prop_oneof![5 => Just(0usize), 1 => Just(1)]).prop_map(|(token, agent)| Step::Rename { token, agent }),
        1 => number().prop_map(|token| Step::Tampered { token }),
        3 => (number(), any::<bool>()).prop_map(|(token, shared)| Step::Forged { token, shared }),
        6 => number().prop_map(|token| Step::UseAccess { token }),
        1 => number().prop_map(|token| Step::SignOut { token }),
        1 => (number(), any::<bool>()).prop_map(|(access, keep)| Step::SignOutAll { access, keep }),
        1 => (number(), number()).prop_map(|(access, session)| Step::Revoke { access, session }),
        1 => number().prop_map(|access| Step::Reauthenticate { access }),
        1 => number().prop_map(|access| Step::ChangePassword { access }),
        8 => prop_oneof![8 => 0..5usize, 2 => 5..8usize, 1 => 8..10usize].prop_map(|step| Step::Wait { step }),
        1 => Just(Step::Housekeeping),
        1 => Just(Step::Restart),
        2 => Just(Step::Replicate),
        1 => Just(Step::Lose),
    ];
    proptest::collection::vec(step, 1..70)
}
