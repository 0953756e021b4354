//! What happens to the user's sessions elsewhere, as the server tells it (`GET /api/live`). One tab of a browser
//! listens, since browsers open few connections to one site, and tells the others; when it is closed another takes over.

use super::renewal::{self, RenewalOutcome};
use super::{Showing, browser, memory, showing, signed_out, stays, tabs, timing, transport, turn};
use crate::api::json::read;
use crate::domain::session::Reason;
use crate::ui::{connection, links};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStreamDefaultReader, Request, RequestInit, Response};

/// An idle stream says something every 25 s; after this it counts as broken, as after a device has slept.
const SILENCE: Duration = Duration::from_secs(60);

/// A server that has not begun to answer by then counts as broken.
const PATIENCE: Duration = Duration::from_secs(4);

/// What breaks sooner after it was opened is no sign that all is well again.
const SOUND: Duration = Duration::from_secs(10);

/// The largest event that is read, in bytes.
const EVENT_MAX: usize = 16 * 1024;

thread_local! {
    static ON_CHANGE: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
    static BEGUN: Cell<bool> = const { Cell::new(false) };
    /// Ends the wait before the next attempt.
    static WAKE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Calls `look_again` whenever something about the user's sessions has changed, or may have.
pub fn on_change(look_again: impl Fn() + 'static) {
    ON_CHANGE.set(Some(Rc::new(look_again)));
}

/// Something about the user's sessions has changed, or may have.
pub fn changed() {
    if let Some(look_again) = ON_CHANGE.with_borrow(Clone::clone) {
        look_again();
    }
}

/// The session may be over: asks.
pub fn doubt() {
    browser::spawn(async {
        // If it is, and another tab did it, that tab says so.
        browser::sleep(timing::LOOK).await;
        if stays().await {
            let _ = renewal::renew().await;
        }
    });
}

/// The session is over, says the server.
async fn is_over(reason: Option<Reason>) {
    browser::sleep(timing::LOOK).await;
    if !stays().await {
        return;
    }
    if reason == Some(Reason::SignedOut) {
        // By the user, in another tab: nothing to explain.
        signed_out();
    } else {
        tabs::post(tabs::TabMessage::Doubt);
        let _ = renewal::renew().await;
    }
}

/// Begins to listen, or to wait for this tab's turn to.
pub fn begin() {
    if BEGUN.replace(true) {
        return;
    }
    browser::spawn(async {
        let _turn = turn::to_listen().await;
        let mut failures = 0;
        while showing() != Showing::Leaving {
            let token = match memory::access_token() {
                Some(token) => token,
                None if renewal::renew().await == RenewalOutcome::Renewed => continue,
                None => String::new(),
            };
            let began = browser::now();
            let ended = if token.is_empty() {
                ListeningEnd::Broken
            } else {
                listen(&token).await.unwrap_or(ListeningEnd::Broken)
            };
            match ended {
                ListeningEnd::SignedOut(reason) => is_over(reason).await,
                ListeningEnd::Refused => drop(renewal::renew().await),
                ListeningEnd::Broken => {}
            }
            failures = if browser::now().since(began) > SOUND { 0 } else { failures + 1 };
            // A server that is started anew is missed by nobody.
            if failures > 0 && !transport::is_server_there().await {
                announce_reachable(false);
            }
            let is_watched = browser::is_visible() && connection::is_unreachable();
            wait(timing::reconnection(failures, browser::chance(), is_watched)).await;
        }
    });
}

/// Waits until the next attempt, or until somebody looks at the page.
async fn wait(duration: Duration) {
    let woken = Promise::new(&mut |resolve, _| WAKE.set(Some(resolve)));
    let _ = JsFuture::from(Promise::race(&Array::of2(&woken, &browser::timer(duration)))).await;
}

/// Somebody looks at this page, or the network is back: the tab that listens waits no longer.
pub fn wake() {
    wake_if_listening();
    if connection::is_unreachable() {
        tabs::post(tabs::TabMessage::Looked);
    }
}

/// The same, where this is the tab that listens.
pub fn wake_if_listening() {
    if let Some(wake) = WAKE.take() {
        let _ = wake.call0(&JsValue::UNDEFINED);
    }
}

/// Tells this tab and the others whether the server answers.
fn announce_reachable(reachable: bool) {
    if reachable == connection::is_unreachable() {
        tabs::post(if reachable { tabs::TabMessage::Reachable } else { tabs::TabMessage::Unreachable });
    }
    connection::set_reachable(reachable);
}

/// Another tab, which listens, has lost the server: while this one is looked at, that one tries often.
pub fn lost_elsewhere() {
    connection::set_reachable(false);
    browser::spawn(async {
        while connection::is_unreachable() && showing() == Showing::Someone {
            if browser::is_visible() {
                tabs::post(tabs::TabMessage::Looked);
            }
            browser::sleep(timing::WATCHED).await;
        }
    });
}

/// How listening ended.
enum ListeningEnd {
    /// With the session, for this reason.
    SignedOut(Option<Reason>),
    /// The access token is not accepted.
    Refused,
    Broken,
}

async fn listen(token: &str) -> Result<ListeningEnd, JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "text/event-stream")?;
    headers.set("Authorization", &format!("Bearer {token}"))?;
    let init = RequestInit::new();
    init.set_headers(&headers);
    let reading = transport::Reading::begin().await?;
    init.set_signal(Some(&reading.controller().signal()));
    let request = Request::new_with_str_and_init(links::LIVE, &init)?;
    let answer = window().fetch_with_request(&request);
    let answer = JsFuture::from(Promise::race(&Array::of2(&answer, &browser::timer(PATIENCE)))).await?;
    let Ok(response) = answer.dyn_into::<Response>() else {
        reading.controller().abort();
        return Ok(ListeningEnd::Broken);
    };
    if response.status() < 500 {
        announce_reachable(true);
    }
    if response.status() == 401 {
        return Ok(ListeningEnd::Refused);
    }
    let Some(body) = response.body().filter(|_| response.ok()) else { return Ok(ListeningEnd::Broken) };
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into()?;
    // What happened before is not told.
    announce_change();
    let mut unread = Vec::new();
    loop {
        let silence = browser::timer(SILENCE);
        let next = JsFuture::from(Promise::race(&Array::of2(&reader.read(), &silence))).await?;
        let Some(chunk) = next.is_object().then(|| Reflect::get(&next, &"value".into())).transpose()? else {
            let _ = reader.cancel();
            return Ok(ListeningEnd::Broken);
        };
        let Ok(chunk) = chunk.dyn_into::<Uint8Array>() else { return Ok(ListeningEnd::Broken) };
        unread.extend(chunk.to_vec());
        for event in events(&mut unread) {
            match event {
                StreamEvent::Changed => announce_change(),
                StreamEvent::SignedOut(reason) => {
                    let _ = reader.cancel();
                    return Ok(ListeningEnd::SignedOut(reason));
                }
            }
        }
        if unread.len() > EVENT_MAX {
            let _ = reader.cancel();
            return Ok(ListeningEnd::Broken);
        }
    }
}

fn announce_change() {
    tabs::post(tabs::TabMessage::Changed);
    changed();
}

/// An event of the stream that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamEvent {
    Changed,
    SignedOut(Option<Reason>),
}

impl StreamEvent {
    /// An event as it is written (HTML standard, "server-sent events").
    fn read(event: &str) -> Option<Self> {
        let field = |name| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        match field("event:")? {
            "session-created" | "session-revoked" | "session-renamed" => Some(Self::Changed),
            "signed-out" => {
                let ending = field("data:").and_then(read::<SignedOutData>);
                Some(Self::SignedOut(ending.and_then(|SignedOutData { reason }| reason)))
            }
            _ => None,
        }
    }
}

/// What `signed-out` says.
#[derive(Deserialize)]
struct SignedOutData {
    reason: Option<Reason>,
}

/// Takes the events that have arrived whole.
fn events(unread: &mut Vec<u8>) -> Vec<StreamEvent> {
    let mut told = Vec::new();
    while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
        let event: Vec<u8> = unread.drain(..end + 2).collect();
        told.extend(std::str::from_utf8(&event).ok().and_then(StreamEvent::read));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let stream = "event: session-created\ndata: {\"sid\":\"é\"}\n\n:\n\nevent: signed-out\n\
                      data: {\"reason\":\"signed_out\"}\n\nevent: signed-out\ndata: {\"reason\":null}\n\nevent: new\n\n"
            .as_bytes();
        for cut in 0..stream.len() {
            let (first, second) = stream.split_at(cut);
            let mut unread = first.to_vec();
            let mut told = events(&mut unread);
            unread.extend(second);
            told.extend(events(&mut unread));
            assert_eq!(
                told,
                [StreamEvent::Changed, StreamEvent::SignedOut(Some(Reason::SignedOut)), StreamEvent::SignedOut(None)]
            );
            assert!(unread.is_empty());
        }
    }

    #[test]
    fn a_reason_from_a_later_server_is_none_that_is_known() {
        assert_eq!(
            StreamEvent::read("event: signed-out\ndata: {\"reason\":\"unheard_of\"}"),
            Some(StreamEvent::SignedOut(None))
        );
        assert_eq!(StreamEvent::read("event: signed-out"), Some(StreamEvent::SignedOut(None)));
        assert_eq!(StreamEvent::read("data: {}"), None);
    }
}
