//! The form that renames a device in its row.

use super::field;
use crate::api::auth as calls;
use crate::api::data::SessionInfo;
use crate::domain::device::{NAME_MAX, device_name};
use crate::ui::devices::Devices;
use crate::ui::{browser, links, naming, notice, text};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, SubmitEvent};

/// The form in place of the name. `on_done` is called after saving or cancelling.
#[component]
pub fn RenameForm(session: SessionInfo, devices: Devices, on_done: Callback<()>) -> impl IntoView {
    let sid = session.sid.clone();
    let input_id = format!("name-{}", session.sid);
    let problem_id = format!("name-problem-{}", session.sid);
    let cancel_id = format!("cancel-{}", session.sid);
    let former = naming::title(&session);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let node = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = node.get() {
            let _ = input.focus();
            input.select();
        }
    });

    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(name) = device_name(&field::value(node)) else {
            problem.set(Some(text().fields().name.to_owned()));
            return field::focus(node);
        };
        if busy.get_untracked() {
            return;
        }
        if name == former {
            return on_done.run(());
        }
        busy.set(true);
        problem.set(None);
        let sid = sid.clone();
        browser::spawn(async move {
            let result = calls::rename_session(sid.clone(), name.clone()).await;
            busy.try_set(false);
            match result {
                Ok(()) => {
                    on_done.try_run(());
                    devices.renamed(&sid, name);
                }
                Err(refused) => {
                    problem.try_set(Some(notice::sentence(&refused)));
                    field::focus(node);
                }
            }
        });
    };
    let give_up = move |event: KeyboardEvent| {
        if event.dyn_ref::<KeyboardEvent>().is_some_and(|key| key.key() == "Escape" && !key.is_composing()) {
            on_done.run(());
        }
    };

    view! {
        // Cancel without JavaScript: loads the page again.
        <form id=cancel_id.clone() method="get" action=links::DEVICES hidden on:submit=move |event| {
            event.prevent_default();
            on_done.run(());
        }></form>
        <form
            class="rename"
            method="post"
            action=links::post::RENAME
            on:submit=save
            on:keydown=give_up
            aria-busy=move || busy.get().to_string()
        >
            <input type="hidden" name="sid" value=session.sid.to_string() />
            <label class="field__label" for=input_id.clone()>
                {text().devices().name}
            </label>
            <div class="rename__line">
                <input
                    class="input"
                    id=input_id
                    name="name"
                    type="text"
                    value=naming::title(&session)
                    maxlength=NAME_MAX.to_string()
                    autocomplete="off"
                    required
                    aria-invalid=move || problem.with(Option::is_some).then_some("true")
                    aria-describedby=move || problem.with(Option::is_some).then(|| problem_id.clone())
                    node_ref=node
                />
                <button class="button button--primary" type="submit">
                    {text().devices().save}
                </button>
                <button class="button" type="submit" form=cancel_id>
                    {text().devices().cancel}
                </button>
            </div>
            <RenameProblem id=format!("name-problem-{}", session.sid) problem />
        </form>
    }
}

#[component]
fn RenameProblem(id: String, problem: RwSignal<Option<String>>) -> impl IntoView {
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
