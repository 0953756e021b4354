//! The estimate itself: a WebAssembly module apart (`strength/`), since its lists are larger than the rest of the app. It
//! loads when somebody is about to choose a password, once for the page.

use crate::ui::browser;
use js_sys::{BigInt, Function, Object, Promise, Reflect, WebAssembly};
use std::cell::RefCell;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Its file. `scripts/seal-site` puts the hash in the place of the tildes.
const FILE: &str = "/pkg/strength.~~~~~~~~~~~~~~~~~~~~~~.wasm";

thread_local! {
    static LOADING: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// Its exports; loads it the first time. What failed is tried again.
async fn load() -> Option<JsValue> {
    let begun = LOADING.with_borrow(Clone::clone).unwrap_or_else(|| {
        let begun = browser::promise(instantiate());
        LOADING.set(Some(begun.clone()));
        begun
    });
    let loaded = JsFuture::from(begun).await;
    if loaded.is_err() {
        LOADING.set(None);
    }
    loaded.ok()
}

/// How many guesses a password takes, as a power of ten, for whoever tries `words` first; `None` where it cannot be had.
pub async fn guesses_log10(password: &str, words: &[String]) -> Option<f64> {
    let exports = load().await?;
    let exported = |name: &str| Reflect::get(&exports, &name.into()).ok()?.dyn_into::<Function>().ok();
    let (character, word, guesses) = (exported("character")?, exported("word")?, exported("guesses_log10")?);
    let say =
        |text: &str| text.chars().try_for_each(|c| character.call1(&JsValue::NULL, &u32::from(c).into()).map(drop));
    for text in words {
        say(text).and_then(|()| word.call0(&JsValue::NULL)).ok()?;
    }
    say(password).and_then(|()| guesses.call0(&JsValue::NULL)).ok()?.as_f64()
}

/// The exports of a new instance.
async fn instantiate() -> Result<JsValue, JsValue> {
    let module = JsFuture::from(WebAssembly::compile_streaming(&browser::fetch(FILE))).await?;
    let module: WebAssembly::Module = module.dyn_into()?;
    let clock = Closure::<dyn Fn() -> BigInt>::new(|| BigInt::from(browser::now().as_millis())).into_js_value();
    let nothing = Closure::<dyn Fn()>::new(|| ()).into_js_value();
    let imports = Object::new();
    for import in WebAssembly::Module::imports(&module).iter() {
        let (from, name) = (Reflect::get(&import, &"module".into())?, Reflect::get(&import, &"name".into())?);
        if !Reflect::has(&imports, &from)? {
            Reflect::set(&imports, &from, &Object::new())?;
        }
        // Years in passwords are measured from today. Whatever else is named there is never called.
        let is_clock = from == "zxcvbn";
        Reflect::set(&Reflect::get(&imports, &from)?, &name, if is_clock { &clock } else { &nothing })?;
    }
    Ok(WebAssembly::Instance::new(&module, &imports)?.exports().into())
}
