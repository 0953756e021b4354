//! Renewing the access token: one renewal at a time in this tab, whoever asks for it.

use super::{browser, ended, memory, timing, turn};
use crate::api::data::Tokens;
use crate::api::problem::{Code, Problem};
use crate::api::{Flag, auth};
use crate::domain::time::Timestamp;
use crate::ui::notice;
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How a renewal went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalOutcome {
    Renewed,
    /// The session is over; the page is being left.
    Ended(Code),
    /// No answer, or not now: nothing is known to be wrong with the session.
    Unreachable,
}

/// A sign-in in another tab may have replaced our cookie while our request was under way.
const RACE_PAUSE: Duration = Duration::from_millis(300);

/// The longest that a renewal waits for its token to be good again; after that it is a later renewal's.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

thread_local! {
    /// The renewal under way, for everybody to wait for. It carries nothing; the outcome is beside it.
    static FLIGHT: RefCell<Option<Promise>> = const { RefCell::new(None) };
    static OUTCOME: Cell<RenewalOutcome> = const { Cell::new(RenewalOutcome::Unreachable) };
    /// When the next renewal is due, by this device's clock.
    static DUE: Cell<Option<Timestamp>> = const { Cell::new(None) };
    /// Counts how often that was set: what was set before does not matter any more.
    static SCHEDULES: Cell<u32> = const { Cell::new(0) };
    /// How many renewals failed in a row.
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

/// Keeps a fresh access token and sets the moment of its renewal.
pub fn store(tokens: Tokens) {
    FAILURES.set(0);
    schedule(timing::renewal(Duration::from_secs(tokens.expires_in), browser::chance()));
    memory::remember(tokens.access_token);
}

/// Sees to it that this tab has an access token, and keeps having one.
pub fn begin() {
    if memory::access_token().is_none() {
        renew_unwatched();
    }
}

/// Renews the access token, or waits for the renewal that is under way.
pub async fn renew() -> RenewalOutcome {
    let flight = FLIGHT.with_borrow(Clone::clone).unwrap_or_else(|| {
        let flight = browser::promise(async {
            let outcome = attempt().await;
            OUTCOME.set(outcome);
            FLIGHT.set(None);
            Ok(JsValue::UNDEFINED)
        });
        FLIGHT.set(Some(flight.clone()));
        flight
    });
    let _ = JsFuture::from(flight).await;
    OUTCOME.get()
}

/// Whether a renewal is under way.
pub fn is_under_way() -> bool {
    FLIGHT.with_borrow(Option::is_some)
}

/// The device woke up, is online again, or the page is looked at again: makes up for what was missed.
pub fn wake() {
    let is_due = DUE.get().is_some_and(|due| due <= browser::now());
    if is_due || FAILURES.get() > 0 {
        renew_unwatched();
    }
}

/// Renews with nobody waiting for it.
fn renew_unwatched() {
    browser::spawn(async {
        let _ = renew().await;
    });
}

async fn attempt() -> RenewalOutcome {
    let _turn = turn::to_renew().await;
    match refresh().await {
        Ok(tokens) => {
            store(tokens);
            RenewalOutcome::Renewed
        }
        Err(first) if notice::is_over(first.code) => {
            browser::sleep(RACE_PAUSE).await;
            match refresh().await {
                Ok(tokens) => {
                    store(tokens);
                    RenewalOutcome::Renewed
                }
                Err(second) if notice::is_over(second.code) => {
                    ended(first.code);
                    RenewalOutcome::Ended(first.code)
                }
                Err(second) => later(&second),
            }
        }
        Err(problem) => later(&problem),
    }
}

/// Exchanges the refresh token; once more where other tabs were faster, since theirs is in the cookie by then. Where it
/// is not, and this browser shows itself differently since an answer was lost (as a phone does that asks for the
/// desktop's page), the same token is good when the server says.
async fn refresh() -> Result<Tokens, Problem> {
    let mut pauses = Some(RACE_PAUSE);
    loop {
        let overtaken = match auth::refresh(None, Flag(true)).await {
            Err(problem) if problem.code == Code::RefreshOvertaken => problem,
            answer => return answer,
        };
        let asked = overtaken.retry_after.map(Duration::from_secs).filter(|asked| *asked <= LONGEST_PAUSE);
        let Some(pause) = pauses.take().or(asked) else { return Err(overtaken) };
        browser::sleep(pause).await;
    }
}

fn later(problem: &Problem) -> RenewalOutcome {
    let failures = FAILURES.get().saturating_add(1);
    FAILURES.set(failures);
    schedule(timing::backoff(failures, browser::chance(), problem.retry_after.map(Duration::from_secs)));
    RenewalOutcome::Unreachable
}

fn schedule(after: Duration) {
    DUE.set(Some(browser::now() + after));
    let turn = SCHEDULES.get().wrapping_add(1);
    SCHEDULES.set(turn);
    browser::spawn(async move {
        browser::sleep(after).await;
        if SCHEDULES.get() == turn {
            let _ = renew().await;
        }
    });
}
