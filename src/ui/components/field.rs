//! Fields of forms. They are not bound to signals: what was typed before the app came alive stays.

use super::strength_meter::{Meter, StrengthMeter};
use crate::ui::text;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

/// The sentence beside a field that was refused.
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

/// The ids of what describes a field: its hint, and its problem while there is one.
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

/// A username.
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

/// For password managers, which look for whose password it is.
#[component]
pub fn WhosePassword(username: String) -> impl IntoView {
    view! { <input type="text" autocomplete="username" value=username readonly hidden /> }
}

/// A password, with a button to see it and a hint at Caps Lock. `id` is unique on the page.
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
    /// For a new password: whose it is to be, by which it is judged while it is typed.
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
        // Browsers that fill in a password send such events without a key.
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

/// An eye; the stroke through it is drawn while the password is shown (by style, from `aria-pressed`).
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

/// Puts the focus into the field, for what has to be typed again; if the page still has it.
pub fn focus(node: NodeRef<html::Input>) {
    if let Some(input) = node.try_get_untracked().flatten() {
        let _ = input.focus();
        input.select();
    }
}

/// Empties the field; what follows it is told as if by hand.
pub fn clear(node: NodeRef<html::Input>) {
    if let Some(input) = node.try_get_untracked().flatten() {
        input.set_value("");
        let _ = Event::new("input").and_then(|event| input.dispatch_event(&event));
    }
}

/// What is in the field.
pub fn value(node: NodeRef<html::Input>) -> String {
    node.try_get_untracked().flatten().map(|input| input.value()).unwrap_or_default()
}
