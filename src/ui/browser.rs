//! The browser functions that the app uses. They may be called in effects and event handlers only: there is no browser
//! on the server.

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

/// Parses an HTTP date (RFC 9110 section 5.6.7).
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let float = js_sys::Date::parse(text);
    float.is_finite().then(|| Timestamp::from_millis(millis(float)))
}

/// A random number from 0 to 999. Not for secrets.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small and not negative")]
pub fn chance() -> u32 {
    (js_sys::Math::random() * 1_000.0) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "a clock's milliseconds fit")]
fn millis(float: f64) -> i64 {
    float as i64
}

/// Runs `task` in the background for the life of the page. All tasks share one copy of this code.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local(task);
}

/// Runs `task` in the background, and returns a promise of its outcome.
pub fn promise(task: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let task: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(task);
    future_to_promise(task)
}

/// A promise that is fulfilled after this time.
pub fn timer(duration: Duration) -> Promise {
    let millis = i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
    Promise::new(&mut |resolve, _| {
        // Setting a timer fails only on a page that is going away. The promise then never ends, which is right.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
    })
}

/// Waits for this time.
pub async fn sleep(duration: Duration) {
    let _ = JsFuture::from(timer(duration)).await;
}

/// Lets the browser do other work before going on.
pub async fn pause() {
    sleep(Duration::ZERO).await;
}

/// Aborts the operations of `controller` after this time. `AbortSignal.timeout` does the same, but browsers have it
/// only since 2022.
pub fn abort_after(controller: AbortController, duration: Duration) {
    spawn(async move {
        sleep(duration).await;
        controller.abort();
    });
}

/// Loads `path` in place of the current page. Everything in memory is gone.
pub fn replace(path: &str) {
    let _ = window().location().replace(path);
}

/// Reloads the current page.
pub fn reload() {
    let _ = window().location().reload();
}

/// Reloads the current page when it is restored from the browser's back/forward cache: its content may be outdated.
pub fn reload_when_back() {
    listen::<web_sys::PageTransitionEvent>(&window(), "pageshow", |event| {
        if event.persisted() {
            reload();
        }
    });
}

/// Stores a text in the current entry of the tab's history, in place of an earlier one.
pub fn set_history_state(text: &str) {
    let _ = replace_history_state(&text.into());
}

/// Takes the text that was stored.
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

/// The path and query of the current page.
pub fn here() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// The name of the page's host.
pub fn host() -> String {
    window().location().hostname().unwrap_or_default()
}

/// Whether the page is in view, not in a tab behind others.
pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Whether the device believes that it has a network.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// The value of an attribute of the document's root.
pub fn root_attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}

/// Takes the value of an attribute of the body, and removes the attribute.
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

/// Adds an empty attribute to the document's root, or removes it.
pub fn mark_root(name: &str, marked: bool) {
    if let Some(root) = document().document_element() {
        let _ = root.toggle_attribute_with_force(name, marked);
    }
}

/// Whether the event's target is an element that matches `selector`, or is within one.
pub fn closest(event: &web_sys::Event, selector: &str) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.and_then(|element| element.closest(selector).ok().flatten()).is_some()
}

/// The languages that the reader prefers, as tags (RFC 5646).
pub fn languages() -> Vec<String> {
    let list = Reflect::get(&window().navigator(), &"languages".into()).ok();
    let list = list.and_then(|list| list.dyn_into::<js_sys::Array>().ok());
    list.iter().flat_map(js_sys::Array::iter).filter_map(|tag| tag.as_string()).collect()
}

/// Sets a cookie that scripts may read. It must hold no secret.
pub fn set_cookie(cookie: &str) {
    let _ = Reflect::set(&document(), &"cookie".into(), &cookie.into());
}

/// The name of the device's time zone.
pub fn time_zone() -> Option<String> {
    let property = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let intl = property(&window(), "Intl")?;
    let constructor: js_sys::Function = property(&intl, "DateTimeFormat")?.dyn_into().ok()?;
    let format = Reflect::construct(&constructor, &js_sys::Array::new()).ok()?;
    let resolve: js_sys::Function = property(&format, "resolvedOptions")?.dyn_into().ok()?;
    property(&resolve.call0(&format).ok()?, "timeZone")?.as_string()
}

/// How many seconds the device's zone is ahead of UTC at `time`.
pub fn offset(time: Timestamp) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date are exact in a double")]
    let date = js_sys::Date::new(&JsValue::from_f64(time.as_millis() as f64));
    millis(date.get_timezone_offset() * -60.0)
}

/// JSON indented for people. Text that is not JSON stays unchanged.
pub fn spaced_json(json: String) -> String {
    let spaced = JSON::parse(&json)
        .and_then(|value| JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &JsValue::from_f64(2.0)));
    spaced.map_or(json, String::from)
}

/// Saves `text` under this file name, as a download.
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

/// Moves the focus to the element with this id, if it exists.
pub fn focus(id: &str) {
    if let Some(element) = element(id) {
        let _ = element.focus();
    }
}

/// Scrolls the element with this id into view.
pub fn show(id: &str) {
    if let Some(element) = element(id) {
        element.scroll_into_view();
    }
}

/// Moves the focus to the element with this id without scrolling.
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

/// Sets the text of the element with this id.
pub fn set_text(id: &str, words: &str) {
    if let Some(element) = element(id) {
        element.set_text_content(Some(words));
    }
}

/// Replaces the page's content with that of the `template` with this id.
pub fn show_instead(id: &str) {
    let template = document().get_element_by_id(id).and_then(|e| e.dyn_into::<web_sys::HtmlTemplateElement>().ok());
    if let (Some(template), Some(body)) = (template, document().body()) {
        body.replace_children_with_node_1(&template.content());
    }
}

/// Whether nothing has the focus, because the focused element is gone.
pub fn focus_is_lost() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// Removes a class from the element with this id.
pub fn remove_class(id: &str, class: &str) {
    if let Some(element) = element(id) {
        let _ = element.class_list().remove_1(class);
    }
}

/// The element that has the focus.
pub fn focused() -> Option<web_sys::HtmlElement> {
    document().active_element().filter(|element| element.tag_name() != "BODY")?.dyn_into().ok()
}

/// Calls `handler` for each such event of the window or the document, for the life of the page.
pub fn listen<E: JsCast + 'static>(target: &web_sys::EventTarget, event: &str, handler: impl Fn(E) + 'static) {
    let closure = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| handler(event.unchecked_into()));
    let _ = target.add_event_listener_with_callback(event, closure.into_js_value().unchecked_ref());
}

/// Calls `handler` for the first such event of the document.
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

/// Asks with the browser's own confirmation dialog.
pub fn confirms(words: &str) -> bool {
    window().confirm_with_message(words).unwrap_or(false)
}

/// The form that is being submitted.
pub fn form_of(event: &web_sys::SubmitEvent) -> Option<web_sys::HtmlFormElement> {
    event.target()?.dyn_into().ok()
}

/// Handles a panic of the app: logs the message to the browser's console, which otherwise shows only "unreachable", and
/// turns the page into plain HTML. After a panic none of the app's code runs any more, so none of it may intercept a
/// form.
pub fn survive_panics(give_up: fn()) {
    std::panic::set_hook(Box::new(move |info| {
        web_sys::console::error_1(&info.to_string().into());
        give_up();
        become_plain();
    }));
}

/// Removes all event handlers, by replacing the body with a copy, which keeps what was typed.
fn become_plain() {
    let Some(body) = document().body() else { return };
    let copy = body.clone_node_with_deep(true).ok().and_then(|copy| copy.dyn_into::<web_sys::Element>().ok());
    if let Some(copy) = copy {
        let _ = copy.remove_attribute("data-hydrated");
        let _ = body.replace_with_with_node_1(&copy);
    }
}

/// Whether an element's HTML is still in the form that hydration needs: nothing has removed the comments between texts
/// or wrapped texts, as translation extensions do.
pub fn is_as_written(element: &web_sys::Element) -> bool {
    let html = element.inner_html();
    html.contains("<!--") && !html.contains("<font")
}

/// Whether the browser has modal dialogs, which browsers have since 2022.
pub fn has_dialogs() -> bool {
    Reflect::has(&window(), &"HTMLDialogElement".into()).unwrap_or(false)
}
