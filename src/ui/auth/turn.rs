//! What the tabs of one browser do one after the other. Renewals, so that tabs that are restored together do not all rotate
//! the token at once, and answers come in the order of the rotations; and listening to the server, which one tab does
//! for all. The browser's own locks (Web Locks) keep the turns; where there are none, or a renewal has waited for too
//! long, it just goes ahead: the server tells a tab that others have overtaken.

use crate::ui::browser;
use js_sys::{Function, Object, Promise, Reflect};
use leptos::prelude::window;
use std::time::Duration;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

const RENEWAL: &str = "latchkey-renewal";
const LIVE: &str = "latchkey-live";

/// The longest that a tab waits for its turn to renew.
const PATIENCE: Duration = Duration::from_secs(20);

/// A turn; the next tab's begins when this is dropped.
pub struct Turn(Option<Function>);

impl Drop for Turn {
    fn drop(&mut self) {
        fulfil(self.0.as_ref());
    }
}

/// Waits for this tab's turn to renew.
pub async fn to_renew() -> Turn {
    wait(RENEWAL, Some(PATIENCE)).await
}

/// Waits, for as long as it takes, for this tab's turn to listen.
pub async fn to_listen() -> Turn {
    wait(LIVE, None).await
}

async fn wait(name: &str, patience: Option<Duration>) -> Turn {
    let (held, release) = promise();
    let (granted, grant) = promise();
    let on_turn = Closure::once_into_js({
        let grant = grant.clone();
        move || {
            fulfil(grant.as_ref());
            held
        }
    });
    let requested = request(name, patience, on_turn.unchecked_ref());
    browser::spawn(async move {
        // Comes to its end when the turn is over or the waiting was given up; or there are no locks.
        if let Ok(requested) = requested {
            let _ = JsFuture::from(requested).await;
        }
        fulfil(grant.as_ref());
    });
    let _ = JsFuture::from(granted).await;
    Turn(release)
}

/// A promise, and what keeps it.
fn promise() -> (Promise, Option<Function>) {
    let mut resolve = None;
    let promise = Promise::new(&mut |function, _| resolve = Some(function));
    (promise, resolve)
}

fn fulfil(resolve: Option<&Function>) {
    if let Some(resolve) = resolve {
        let _ = resolve.call0(&JsValue::UNDEFINED);
    }
}

fn request(name: &str, patience: Option<Duration>, on_turn: &Function) -> Result<Promise, JsValue> {
    let locks = Reflect::get(&Reflect::get(&window(), &"navigator".into())?, &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    if let Some(patience) = patience {
        let controller = AbortController::new()?;
        Reflect::set(&options, &"signal".into(), &controller.signal())?;
        browser::abort_after(controller, patience);
    }
    request.call3(&locks, &name.into(), &options, on_turn)?.dyn_into()
}
