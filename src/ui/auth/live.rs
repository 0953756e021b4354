//! Follows the changes to the user's sessions that the server streams (`GET /api/live`). Browsers open few connections
//! to a site, so one tab listens and informs the others. When it is closed, another one takes over.

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

/// The time without data after which a stream counts as broken, for example after the device has slept. The server
/// sends something every 25 s.
const SILENCE: Duration = Duration::from_secs(60);

/// The time after which a server that has not started to answer counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(4);

/// A stream that ends sooner than this after its start counts as another failure.
const SOUND: Duration = Duration::from_secs(10);

/// The maximum size of an event, in bytes.
const EVENT_MAX: usize = 16 * 1024;

thread_local! {
    static ON_CHANGE: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
    /// The version of the sessions that the page shows as the server rendered them, until they may have changed.
    static SHOWN: RefCell<Option<String>> = const { RefCell::new(None) };
    static BEGUN: Cell<bool> = const { Cell::new(false) };
    /// Ends the wait before the next attempt.
    static WAKE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Sets the function that is called when the user's sessions have changed, or may have.
pub fn on_change(look_again: impl Fn() + 'static) {
    ON_CHANGE.set(Some(Rc::new(look_again)));
}

/// Notes the version of the sessions that the page was rendered with.
pub fn shows(version: Option<String>) {
    SHOWN.set(version);
}

/// Calls the function of [`on_change`].
pub fn changed() {
    SHOWN.set(None);
    if let Some(look_again) = ON_CHANGE.with_borrow(Clone::clone) {
        look_again();
    }
}

/// The session may have ended: finds out by a renewal.
pub fn doubt() {
    browser::spawn(async {
        // If another tab ended it, that tab announces it first.
        browser::sleep(timing::LOOK).await;
        if stays().await {
            let _ = renewal::renew().await;
        }
    });
}

/// Handles the server's message that the session has ended.
async fn is_over(reason: Option<Reason>) {
    browser::sleep(timing::LOOK).await;
    if !stays().await {
        return;
    }
    if reason == Some(Reason::SignedOut) {
        // The user signed out in another tab. No reason needs to be shown.
        signed_out();
    } else {
        tabs::post(tabs::TabMessage::Doubt);
        let _ = renewal::renew().await;
    }
}

/// Starts to listen, or waits for this tab's turn to listen.
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
            // A short restart of the server is not reported.
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

/// Somebody looks at this page, or the network is back: the listening tab tries again immediately.
pub fn wake() {
    wake_if_listening();
    if connection::is_unreachable() {
        tabs::post(tabs::TabMessage::Looked);
    }
}

/// The same, if this tab is the listening one.
pub fn wake_if_listening() {
    if let Some(wake) = WAKE.take() {
        let _ = wake.call0(&JsValue::UNDEFINED);
    }
}

/// Notes whether the server answers, and tells the other tabs.
fn announce_reachable(reachable: bool) {
    if reachable == connection::is_unreachable() {
        tabs::post(if reachable { tabs::TabMessage::Reachable } else { tabs::TabMessage::Unreachable });
    }
    connection::set_reachable(reachable);
}

/// The listening tab has lost the server. While somebody looks at this tab, it makes the other one try often.
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

/// How the stream ended.
enum ListeningEnd {
    /// The session has ended, for this reason.
    SignedOut(Option<Reason>),
    /// The server does not accept the access token.
    Refused,
    Broken,
}

async fn listen(token: &str) -> Result<ListeningEnd, JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "text/event-stream")?;
    headers.set("Authorization", &format!("Bearer {token}"))?;
    if let Some(version) = SHOWN.take() {
        headers.set("Last-Event-ID", &version)?;
    }
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
    let mut unread = Vec::new();
    let mut is_first = true;
    loop {
        let silence = browser::timer(SILENCE);
        let next = JsFuture::from(Promise::race(&Array::of2(&reader.read(), &silence))).await?;
        let Some(chunk) = next.is_object().then(|| Reflect::get(&next, &"value".into())).transpose()? else {
            let _ = reader.cancel();
            return Ok(ListeningEnd::Broken);
        };
        let Ok(chunk) = chunk.dyn_into::<Uint8Array>() else { return Ok(ListeningEnd::Broken) };
        unread.extend(chunk.to_vec());
        let events = events(&mut unread);
        if std::mem::take(&mut is_first) {
            // The stream does not repeat earlier changes. Other tabs show what they were told until now, so they look
            // again in any case.
            tabs::post(tabs::TabMessage::Changed);
            if !events.contains(&StreamEvent::Unchanged) {
                changed();
            }
        }
        for event in events {
            match event {
                StreamEvent::Unchanged => {}
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

/// A known event of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamEvent {
    /// First of a stream: the page shows the sessions as they are.
    Unchanged,
    Changed,
    SignedOut(Option<Reason>),
}

impl StreamEvent {
    /// Parses an event (HTML standard, "server-sent events").
    fn read(event: &str) -> Option<Self> {
        let field = |name| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        match field("event:")? {
            "unchanged" => Some(Self::Unchanged),
            "session-created" | "session-revoked" | "session-renamed" => Some(Self::Changed),
            "signed-out" => {
                let ending = field("data:").and_then(read::<SignedOutData>);
                Some(Self::SignedOut(ending.and_then(|SignedOutData { reason }| reason)))
            }
            _ => None,
        }
    }
}

/// The data of the event `signed-out`.
#[derive(Deserialize)]
struct SignedOutData {
    reason: Option<Reason>,
}

/// Takes the complete events out of the received bytes.
fn events(unread: &mut Vec<u8>) -> Vec<StreamEvent> {
    let mut complete = Vec::new();
    while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
        let event: Vec<u8> = unread.drain(..end + 2).collect();
        complete.extend(std::str::from_utf8(&event).ok().and_then(StreamEvent::read));
    }
    complete
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
            let mut complete = events(&mut unread);
            unread.extend(second);
            complete.extend(events(&mut unread));
            assert_eq!(
                complete,
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
