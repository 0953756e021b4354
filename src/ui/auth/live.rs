//! What happens to the user's sessions elsewhere, as the server tells it (`GET /api/live`). One tab of a browser
//! listens, since browsers open few connections to one site, and tells the others; when it is closed another takes over.

use super::renewal::{self, Outcome};
use super::{Showing, browser, memory, showing, tabs, timing, turn};
use crate::ui::links;
use js_sys::{Array, Promise, Reflect, Uint8Array};
use leptos::prelude::{RwSignal, Update as _, expect_context, provide_context, window};
use leptos::task::spawn_local;
use std::cell::Cell;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStreamDefaultReader, Request, RequestInit, Response};

/// An idle stream says something every 25 s; after this it counts as broken, as after a device has slept.
const SILENCE: Duration = Duration::from_secs(60);

/// The largest event that is read, in bytes.
const EVENT_MAX: usize = 16 * 1024;

/// Counts changes to the user's sessions, for views to follow; 0 until the first.
#[derive(Clone, Copy)]
pub struct Changes(pub RwSignal<u32>);

impl Changes {
    pub fn provide() -> Self {
        let changes = Self(RwSignal::new(0));
        provide_context(changes);
        changes
    }

    pub fn expect() -> Self {
        expect_context()
    }
}

thread_local! {
    static CHANGES: Cell<Option<Changes>> = const { Cell::new(None) };
    static BEGUN: Cell<bool> = const { Cell::new(false) };
}

/// Where changes are counted.
pub fn count_in(changes: Changes) {
    CHANGES.set(Some(changes));
}

/// Something about the user's sessions has changed, or may have.
pub fn changed() {
    if let Some(Changes(count)) = CHANGES.get() {
        count.update(|count| *count += 1);
    }
}

/// How long a tab that is just signing out by itself may take to leave.
const LEAVING: Duration = Duration::from_millis(150);

/// The session may be over: asks.
pub fn doubt() {
    spawn_local(async {
        browser::sleep(LEAVING).await;
        if showing() == Showing::Leaving {
            return;
        }
        let _ = renewal::renew().await;
    });
}

/// Begins to listen, or to wait for this tab's turn to.
pub fn begin() {
    if BEGUN.replace(true) {
        return;
    }
    spawn_local(async {
        let _turn = turn::to_listen().await;
        let mut failures = 0;
        while showing() != Showing::Leaving {
            let token = match memory::access_token() {
                Some(token) => token,
                None if renewal::renew().await == Outcome::Renewed => continue,
                None => String::new(),
            };
            let began = browser::now();
            let ended = if token.is_empty() { Ended::Broken } else { listen(&token).await.unwrap_or(Ended::Broken) };
            match ended {
                Ended::Refused => drop(renewal::renew().await),
                Ended::Broken => {}
            }
            let lasted = browser::now().since(began) > SILENCE;
            failures = if lasted { 1 } else { failures + 1 };
            browser::sleep(timing::backoff(failures, browser::chance(), None)).await;
        }
    });
}

/// How listening ended.
enum Ended {
    /// The access token is not accepted.
    Refused,
    Broken,
}

async fn listen(token: &str) -> Result<Ended, JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "text/event-stream")?;
    headers.set("Authorization", &format!("Bearer {token}"))?;
    let init = RequestInit::new();
    init.set_headers(&headers);
    let request = Request::new_with_str_and_init(links::LIVE, &init)?;
    let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    if response.status() == 401 {
        return Ok(Ended::Refused);
    }
    let Some(body) = response.body().filter(|_| response.ok()) else { return Ok(Ended::Broken) };
    let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into()?;
    // What happened before is not told.
    announce_change();
    let mut unread = Vec::new();
    loop {
        let silence = Promise::new(&mut |resolve, _| {
            let millis = i32::try_from(SILENCE.as_millis()).unwrap_or(i32::MAX);
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
        });
        let next = JsFuture::from(Promise::race(&Array::of2(&reader.read(), &silence))).await?;
        let Some(chunk) = next.is_object().then(|| Reflect::get(&next, &"value".into())).transpose()? else {
            let _ = reader.cancel();
            return Ok(Ended::Broken);
        };
        let Ok(chunk) = chunk.dyn_into::<Uint8Array>() else { return Ok(Ended::Broken) };
        unread.extend(chunk.to_vec());
        for name in events(&mut unread) {
            match name.as_str() {
                "session-created" | "session-revoked" | "session-renamed" => announce_change(),
                "signed-out" => {
                    tabs::tell(tabs::News::Doubt);
                    doubt();
                }
                _ => {}
            }
        }
        if unread.len() > EVENT_MAX {
            let _ = reader.cancel();
            return Ok(Ended::Broken);
        }
    }
}

fn announce_change() {
    tabs::tell(tabs::News::Changed);
    changed();
}

/// Takes the events that have arrived whole, by their names.
fn events(unread: &mut Vec<u8>) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
        let event: Vec<u8> = unread.drain(..end + 2).collect();
        let text = String::from_utf8_lossy(&event);
        names.extend(text.lines().find_map(|line| line.strip_prefix("event:")).map(|name| name.trim().to_owned()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let stream = "event: session-created\ndata: {\"sid\":\"é\"}\n\n:\n\nevent: signed-out\ndata: {}\n\n".as_bytes();
        for cut in 0..stream.len() {
            let (first, second) = stream.split_at(cut);
            let mut unread = first.to_vec();
            let mut names = events(&mut unread);
            unread.extend(second);
            names.extend(events(&mut unread));
            assert_eq!(names, ["session-created", "signed-out"]);
            assert!(unread.is_empty());
        }
    }
}
