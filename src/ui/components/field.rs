//! Form fields. They are not bound to signals, so that input from before hydration stays.

use super::strength_meter::{Meter, StrengthMeter};
use crate::ui::text;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

/// The error beside a field.
#[component]
fn FieldProblem(id: String, problem: Signal<Option<String>>) -> impl IntoView {
    move || {
        let id = id.clone();
        problem.get().map(|sentence| {
            view! {
                <p class="field__problem" id=id role="alert">
                    {sentence}
                </p>
            }
        })
    }
}

/// The ids of the elements that describe a field: its hint, and its error if there is one.
fn described_by(
    hint: Option<String>,
    problem_id: String,
    problem: Signal<Option<String>>,
) -> impl Fn() -> Option<String> {
    move || {
        let problem_id = problem.with(Option::is_some).then(|| problem_id.clone());
        let ids: Vec<_> = [hint.clone(), problem_id].into_iter().flatten().collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// The username field.
#[component]
pub fn UsernameField(
    node: NodeRef<html::Input>,
    #[prop(into)] problem: Signal<Option<String>>,
    #[prop(optional_no_strip)] value: Option<String>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field__label" for="username">
                {text().enter().username}
            </label>
            <input
                class="input"
                id="username"
                name="username"
                type="text"
                autocomplete="username"
                autocapitalize="none"
                spellcheck="false"
                required
                value=value
                aria-invalid=move || problem.with(Option::is_some).then_some("true")
                aria-describedby=described_by(None, "username-problem".into(), problem)
                node_ref=node
            />
            <FieldProblem id="username-problem".into() problem />
        </div>
    }
}

/// The field for a code of the authenticator app, or a recovery code.
#[component]
pub fn CodeField(node: NodeRef<html::Input>) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field__label" for="code">
                {text().factors().code_or_recovery_code}
            </label>
            <input
                class="input"
                id="code"
                name="code"
                type="text"
                autocomplete="one-time-code"
                autocapitalize="none"
                spellcheck="false"
                required
                node_ref=node
            />
        </div>
    }
}

/// A hidden username field for password managers, which need to know whose password it is.
#[component]
pub fn WhosePassword(username: String) -> impl IntoView {
    view! { <input type="text" autocomplete="username" value=username readonly hidden /> }
}

/// The password field, with a button to show it and a Caps Lock hint. `id` must be unique on the page.
#[component]
pub fn PasswordField(
    id: &'static str,
    #[prop(default = "password")] name: &'static str,
    label: &'static str,
    /// `current-password` or `new-password`, for password managers.
    autocomplete: &'static str,
    node: NodeRef<html::Input>,
    #[prop(into)] problem: Signal<Option<String>>,
    #[prop(optional_no_strip)] hint: Option<String>,
    /// For a new password: its future owner's name, which the strength meter uses.
    #[prop(optional_no_strip)]
    username: Option<Callback<(), String>>,
) -> impl IntoView {
    let meter = username.map(|username| (Meter::new(node), username));
    let shown = RwSignal::new(false);
    let caps = RwSignal::new(false);
    let hint_id = format!("{id}-hint");
    let problem_id = format!("{id}-problem");
    let described = described_by(hint.as_ref().map(|_| hint_id.clone()), problem_id.clone(), problem);
    let watch_caps = move |event: KeyboardEvent| {
        // Some browsers send such events without a key when they fill in a password.
        if let Some(key) = event.dyn_ref::<KeyboardEvent>() {
            caps.set(key.get_modifier_state("CapsLock"));
        }
    };

    view! {
        <div class="field">
            <label class="field__label" for=id>
                {label}
            </label>
            <div class="password">
                <input
                    class="input password__input"
                    id=id
                    name=name
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    required
                    aria-invalid=move || problem.with(Option::is_some).then_some("true")
                    aria-describedby=described
                    node_ref=node
                    on:keydown=watch_caps
                    on:keyup=watch_caps
                    on:blur=move |_| caps.set(false)
                    on:focus=move |_| {
                        if let Some((meter, _)) = meter {
                            meter.wake();
                        }
                    }
                    on:input=move |_| {
                        if let Some((meter, username)) = meter {
                            meter.judge(username.run(()));
                        }
                    }
                />
                <button
                    class="password__toggle hydrated-only"
                    type="button"
                    aria-pressed=move || if shown.get() { "true" } else { "false" }
                    aria-controls=id
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    <span class="visually-hidden">{text().enter().show_password}</span>
                    <EyeIcon />
                </button>
            </div>
            {move || caps.get().then(|| view! { <p class="field__hint" role="status">{text().enter().caps_lock}</p> })}
            {hint.map(|hint| view! { <p class="field__hint" id=hint_id>{hint}</p> })}
            {meter.map(|(meter, _)| view! { <StrengthMeter meter /> })}
            <FieldProblem id=problem_id problem />
        </div>
    }
}

/// An eye. The style adds a stroke while the password is shown (from `aria-pressed`).
#[component]
fn EyeIcon() -> impl IntoView {
    view! {
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" class="icon">
            <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
            <circle cx="12" cy="12" r="3" />
            <path class="password__stroke" d="M4 20 20 4" />
        </svg>
    }
}

/// Moves the focus to the field, if it still exists.
pub fn focus(node: NodeRef<html::Input>) {
    if let Some(input) = node.try_get_untracked().flatten() {
        let _ = input.focus();
        input.select();
    }
}

/// Empties the field, and triggers the events that typing would.
pub fn clear(node: NodeRef<html::Input>) {
    if let Some(input) = node.try_get_untracked().flatten() {
        input.set_value("");
        let _ = Event::new("input").and_then(|event| input.dispatch_event(&event));
    }
}

/// The content of the field.
pub fn value(node: NodeRef<html::Input>) -> String {
    node.try_get_untracked().flatten().map(|input| input.value()).unwrap_or_default()
}
