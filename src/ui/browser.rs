//! The few things that the app asks of the browser. To be called in effects and event handlers only: there is no
//! browser on the server.

use crate::domain::time::Timestamp;
use js_sys::{JSON, Promise, Reflect};
use leptos::prelude::{document, window};
use std::pin::Pin;
use std::time::Duration;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::AbortController;

/// The device's clock, which may be wrong.
pub fn now() -> Timestamp {
    Timestamp::from_millis(millis(js_sys::Date::now()))
}

/// A time as an HTTP date (RFC 9110 section 5.6.7) says it.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let float = js_sys::Date::parse(text);
    float.is_finite().then(|| Timestamp::from_millis(millis(float)))
}

/// A number from 0 up to, but not including, 1,000. Not for secrets.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small and not negative")]
pub fn chance() -> u32 {
    (js_sys::Math::random() * 1_000.0) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "a clock's milliseconds fit")]
fn millis(float: f64) -> i64 {
    float as i64
}

/// Lets `task` run beside everything else, for the life of the page. All tasks share one piece of code.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local(task);
}

/// The same, with a promise of its outcome.
pub fn promise(task: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let task: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(task);
    future_to_promise(task)
}

/// A promise that is kept after this time.
pub fn timer(duration: Duration) -> Promise {
    let millis = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
    Promise::new(&mut |resolve, _| {
        // Only a page that is going away has no timers; then it waits for ever, which is right.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    })
}

/// Waits.
pub async fn sleep(duration: Duration) {
    let _ = JsFuture::from(timer(duration)).await;
}

/// Lets the browser do what else there is to do before going on.
pub async fn pause() {
    sleep(Duration::ZERO).await;
}

/// Breaks off what `controller` is of after this time. `AbortSignal.timeout` does the same, but is of 2022.
pub fn abort_after(controller: AbortController, duration: Duration) {
    spawn(async move {
        sleep(duration).await;
        controller.abort();
    });
}

/// Leaves for `path` by loading it anew, in place of the present page: everything in memory is gone.
pub fn replace(path: &str) {
    let _ = window().location().replace(path);
}

/// Loads the present page anew.
pub fn reload() {
    let _ = window().location().reload();
}

/// Loads the present page anew whenever it comes back by Back as it was left: what it shows may be over.
pub fn reload_when_back() {
    listen::<web_sys::PageTransitionEvent>(&window(), "pageshow", |event| {
        if event.persisted() {
            reload();
        }
    });
}

/// Keeps a text with the present entry of the tab's history, in place of the former one.
pub fn set_history_state(text: &str) {
    let _ = replace_history_state(&text.into());
}

/// The text that was kept, once.
pub fn take_history_state() -> Option<String> {
    let history = Reflect::get(&window(), &"history".into()).ok()?;
    let text = Reflect::get(&history, &"state".into()).ok()?.as_string()?;
    let _ = replace_history_state(&JsValue::NULL);
    Some(text)
}

fn replace_history_state(state: &JsValue) -> Result<(), JsValue> {
    let history = Reflect::get(&window(), &"history".into())?;
    let replace: js_sys::Function = Reflect::get(&history, &"replaceState".into())?.dyn_into()?;
    replace.call2(&history, state, &"".into()).map(drop)
}

/// Path and query of the present page.
pub fn here() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// The name of the host that the page is from.
pub fn host() -> String {
    window().location().hostname().unwrap_or_default()
}

pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Whether the device believes that it has a network.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// What an attribute of the document's root says.
pub fn root_attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}

/// What an attribute of the body says, once: it is gone afterwards.
pub fn take_body_attribute(name: &str) -> Option<String> {
    let body = document().body()?;
    let value = body.get_attribute(name)?;
    let _ = body.remove_attribute(name);
    Some(value)
}

/// Sets an attribute of the document's root.
pub fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, value);
    }
}

/// Gives the document's root an empty attribute, or takes it away.
pub fn mark_root(name: &str, marked: bool) {
    if let Some(root) = document().document_element() {
        let _ = root.toggle_attribute_with_force(name, marked);
    }
}

/// Whether the event is of an element that `selector` names, or of one within.
pub fn closest(event: &web_sys::Event, selector: &str) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.and_then(|element| element.closest(selector).ok().flatten()).is_some()
}

/// The languages that the reader prefers, as tags (RFC 5646).
pub fn languages() -> Vec<String> {
    let told = Reflect::get(&window().navigator(), &"languages".into()).ok();
    let told = told.and_then(|told| told.dyn_into::<js_sys::Array>().ok());
    told.iter().flat_map(js_sys::Array::iter).filter_map(|tag| tag.as_string()).collect()
}

/// Keeps a cookie that scripts may read: nothing secret.
pub fn set_cookie(cookie: &str) {
    let _ = Reflect::set(&document(), &"cookie".into(), &cookie.into());
}

/// The name of the time zone that the device is in.
pub fn time_zone() -> Option<String> {
    let property = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let intl = property(&window(), "Intl")?;
    let constructor: js_sys::Function = property(&intl, "DateTimeFormat")?.dyn_into().ok()?;
    let format = Reflect::construct(&constructor, &js_sys::Array::new()).ok()?;
    let resolve: js_sys::Function = property(&format, "resolvedOptions")?.dyn_into().ok()?;
    property(&resolve.call0(&format).ok()?, "timeZone")?.as_string()
}

/// How many seconds the device's time is ahead of UTC at `time`.
pub fn offset(time: Timestamp) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date are exact in a double")]
    let date = js_sys::Date::new(&JsValue::from_f64(time.as_millis() as f64));
    millis(date.get_timezone_offset() * -60.0)
}

/// JSON for people to read; what is none stays as it is.
pub fn spaced_json(json: String) -> String {
    let spaced = JSON::parse(&json)
        .and_then(|value| JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &JsValue::from_f64(2.0)));
    spaced.map_or(json, String::from)
}

/// Saves `text` as a file of this name, as the browser saves downloads.
pub fn download(name: &str, media_type: &str, text: &str) {
    let _ = try_download(name, media_type, text);
}

fn try_download(name: &str, media_type: &str, text: &str) -> Result<(), JsValue> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = js_sys::Array::of1(&text.into());
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let address = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?;
    link.set_attribute("href", &address)?;
    link.set_attribute("download", name)?;
    link.unchecked_into::<web_sys::HtmlElement>().click();
    web_sys::Url::revoke_object_url(&address)
}

/// Moves the focus to the element with this id, if it is there.
pub fn focus(id: &str) {
    if let Some(element) = element(id) {
        let _ = element.focus();
    }
}

/// Brings the element with this id into sight.
pub fn show(id: &str) {
    if let Some(element) = element(id) {
        element.scroll_into_view();
    }
}

/// Moves the focus there, and what is in sight stays in sight.
pub fn focus_quietly(id: &str) {
    let options = js_sys::Object::new();
    let _ = Reflect::set(&options, &"preventScroll".into(), &JsValue::TRUE);
    if let Some(element) = element(id) {
        let _ = element.focus_with_options(options.unchecked_ref());
    }
}

/// The element with this id.
pub fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// Says `words` in the element with this id.
pub fn set_text(id: &str, words: &str) {
    if let Some(element) = element(id) {
        element.set_text_content(Some(words));
    }
}

/// Shows what is in the `template` with this id, and nothing else any more.
pub fn show_instead(id: &str) {
    let template = document().get_element_by_id(id).and_then(|e| e.dyn_into::<web_sys::HtmlTemplateElement>().ok());
    if let (Some(template), Some(body)) = (template, document().body()) {
        body.replace_children_with_node_1(&template.content());
    }
}

/// Whether nothing has the focus: what had it is gone.
pub fn focus_is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// Takes a class from the element with this id.
pub fn remove_class(id: &str, class: &str) {
    if let Some(element) = element(id) {
        let _ = element.class_list().remove_1(class);
    }
}

/// What has the focus.
pub fn focused() -> Option<web_sys::HtmlElement> {
    document().active_element().filter(|element| element.tag_name() != "BODY")?.dyn_into().ok()
}

/// Calls `handler` on each such event of the window, or of the document, for the life of the page.
pub fn listen<E: JsCast + 'static>(target: &web_sys::EventTarget, event: &str, handler: impl Fn(E) + 'static) {
    let closure = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| handler(event.unchecked_into()));
    let _ = target.add_event_listener_with_callback(event, closure.into_js_value().unchecked_ref());
}

/// The same for the first such event of the document only.
pub fn listen_once(event: &str, handler: impl FnOnce() + 'static) {
    let options = web_sys::AddEventListenerOptions::new();
    options.set_once(true);
    let closure = Closure::once_into_js(handler);
    let _ = document().add_event_listener_with_callback_and_add_event_listener_options(
        event,
        closure.unchecked_ref(),
        &options,
    );
}

/// Lets the browser itself ask.
pub fn confirms(words: &str) -> bool {
    window().confirm_with_message(words).unwrap_or(false)
}

/// The form that is being submitted.
pub fn form_of(event: &web_sys::SubmitEvent) -> Option<web_sys::HtmlFormElement> {
    event.target()?.dyn_into().ok()
}

/// When the app panics: says in the browser's console what went wrong, which is only "unreachable" otherwise, and leaves
/// the page as plain HTML. Nothing of the app goes on after a panic, so nothing of it may stand between a form and the
/// server.
pub fn survive_panics(give_up: fn()) {
    std::panic::set_hook(Box::new(move |info| {
        web_sys::console::error_1(&info.to_string().into());
        give_up();
        become_plain();
    }));
}

/// Takes all handlers of events from the page: a copy has what was typed, and none of them.
fn become_plain() {
    let Some(body) = document().body() else { return };
    let copy = body.clone_node_with_deep(true).ok().and_then(|copy| copy.dyn_into::<web_sys::Element>().ok());
    if let Some(copy) = copy {
        let _ = copy.remove_attribute("data-hydrated");
        let _ = body.replace_with_with_node_1(&copy);
    }
}

/// Whether `html` is as the server wrote it, as far as the app has to know before it comes alive there: nobody dropped
/// the comments that tell texts apart, or wrapped the texts, as translators do.
pub fn is_as_written(element: &web_sys::Element) -> bool {
    let html = element.inner_html();
    html.contains("<!--") && !html.contains("<font")
}

/// Whether the browser has modal dialogs of its own, which are of 2022.
pub fn has_dialogs() -> bool {
    Reflect::has(&window(), &"HTMLDialogElement".into()).unwrap_or(false)
}
