//! The estimate itself. It is a separate WebAssembly module (`strength/`), because its lists are larger than the rest
//! of the app, and runs in a worker, because it takes a while. It loads once for the page, when somebody is about to
//! choose a password.

use js_sys::{Array, Promise};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessageEvent, Worker};

/// The worker's file. `scripts/seal-site` replaces the tildes by the hash.
const FILE: &str = "/pkg/strength.~~~~~~~~~~~~~~~~~~~~~~.js";

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// How many guesses a password takes, as a power of ten, for an attacker who tries `words` first; `None` if there is no
/// estimate.
pub(super) async fn guesses_log10(password: &str, words: &[String]) -> Option<f64> {
    let worker = worker().ok()?;
    let guesses = ask(&worker, password, words).await.ok().and_then(|answer| answer.as_f64());
    if guesses.is_none() {
        // The next call loads the worker again.
        worker.terminate();
        WORKER.with_borrow_mut(|present| drop(present.take_if(|present| *present == worker)));
    }
    guesses
}

fn worker() -> Result<Worker, JsValue> {
    if let Some(worker) = WORKER.with_borrow(Clone::clone) {
        return Ok(worker);
    }
    let worker = Worker::new(FILE)?;
    WORKER.set(Some(worker.clone()));
    Ok(worker)
}

async fn ask(worker: &Worker, password: &str, words: &[String]) -> Result<JsValue, JsValue> {
    let question: Array =
        std::iter::once(password).chain(words.iter().map(String::as_str)).map(JsValue::from).collect();
    let channel = MessageChannel::new()?;
    let answer = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
        // The worker always answers unless its file cannot be loaded. Then only the latest call is informed; the others
        // no longer matter.
        worker.set_onerror(Some(&resolve));
    });
    worker.post_message_with_transfer(&question, &Array::of1(&channel.port2()))?;
    let answer: MessageEvent = JsFuture::from(answer).await?.dyn_into()?;
    Ok(answer.data())
}
