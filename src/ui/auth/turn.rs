//! Lets the tabs of one browser take turns: for renewals, so that tabs that are restored together do not all rotate the
//! token at once, and so that answers arrive in the order of the rotations; and for listening to the server, which one
//! tab does for all. The turns are browser locks (Web Locks). Without them, or after waiting too long, a renewal starts
//! anyway: the server tells a tab when others have overtaken it.

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

/// How long a tab waits for its turn to renew.
const PATIENCE: Duration = Duration::from_secs(20);

/// A turn. The next tab's turn starts when this is dropped.
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

/// Waits without limit for this tab's turn to listen.
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
        // Ends when the turn is over or the waiting is aborted, or immediately without locks.
        if let Ok(requested) = requested {
            let _ = JsFuture::from(requested).await;
        }
        fulfil(grant.as_ref());
    });
    let _ = JsFuture::from(granted).await;
    Turn(release)
}

/// A promise, and the function that fulfils it.
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
