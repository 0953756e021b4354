//! Renews the access token. A tab has one renewal at a time, which all callers share.

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

/// The outcome of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalOutcome {
    /// There is a fresh access token.
    Renewed,
    /// The session has ended, and the browser is leaving the page.
    Ended(Code),
    /// There was no answer, or the server asked to wait. The session may still be alive.
    Unreachable,
}

/// The pause before a second try: a sign-in in another tab may have replaced the cookie during the request.
const RACE_PAUSE: Duration = Duration::from_millis(300);

/// The longest pause that the server may ask for within one renewal. After a longer one, a later renewal tries again.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

thread_local! {
    /// The renewal in progress, which all callers wait for. Its outcome is stored separately.
    static FLIGHT: RefCell<Option<Promise>> = const { RefCell::new(None) };
    static OUTCOME: Cell<RenewalOutcome> = const { Cell::new(RenewalOutcome::Unreachable) };
    /// When the next renewal is due, by this device's clock.
    static DUE: Cell<Option<Timestamp>> = const { Cell::new(None) };
    /// Counts how often the time was set, so that an earlier timer does nothing.
    static SCHEDULES: Cell<u32> = const { Cell::new(0) };
    /// The number of failed renewals in a row.
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

/// Stores a new access token, and schedules its renewal.
pub fn store(tokens: Tokens) {
    FAILURES.set(0);
    schedule(timing::renewal(Duration::from_secs(tokens.expires_in), browser::chance()));
    memory::remember(tokens.access_token);
}

/// Makes sure that this tab gets an access token, and keeps a valid one.
pub fn begin() {
    if memory::access_token().is_none() {
        renew_unwatched();
    }
}

/// Renews the access token, or waits for the renewal in progress.
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

/// Whether a renewal is in progress.
pub fn is_under_way() -> bool {
    FLIGHT.with_borrow(Option::is_some)
}

/// Renews if it is due. Called when the device wakes up, is online again, or the page becomes visible.
pub fn wake() {
    let is_due = DUE.get().is_some_and(|due| due <= browser::now());
    if is_due || FAILURES.get() > 0 {
        renew_unwatched();
    }
}

/// Renews in the background.
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

/// Exchanges the refresh token. If other tabs were faster, tries once more, since the cookie then has their token. If
/// it has not, this browser has lost an answer and has changed its User-Agent since (as phones do for desktop pages);
/// then the same token is accepted after the pause that the server asks for.
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
