//! The form that renames a device in its row.

use super::field;
use super::post_form::PostForm;
use crate::api::auth as calls;
use crate::api::data::SessionInfo;
use crate::domain::device::{NAME_MAX, device_name};
use crate::ui::devices::Devices;
use crate::ui::notice::{self, Notice};
use crate::ui::submission::{Next, Submission};
use crate::ui::{links, naming, text};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

/// The form in place of the name. `on_done` is called after saving or cancelling.
#[component]
pub fn RenameForm(session: SessionInfo, devices: Devices, on_done: Callback<()>) -> impl IntoView {
    let sid = session.sid.clone();
    let input_id = format!("name-{}", session.sid);
    let problem_id = format!("name-problem-{}", session.sid);
    let cancel_id = format!("cancel-{}", session.sid);
    let former = naming::title(&session);
    let mention = naming::mention(&session);
    let node = NodeRef::<html::Input>::new();
    let form = Submission::new(Notice::default(), [("name", node)])
        .explaining(|problem| Notice::field("name", notice::sentence(problem)));
    let problem = form.problem("name");
    Effect::new(move || {
        if let Some(input) = node.get() {
            let _ = input.focus();
            input.select();
        }
    });

    let save = move || {
        let Some(name) = device_name(&field::value(node)) else {
            return form.reject(Notice::field("name", text().fields().name));
        };
        if name == former {
            return on_done.run(());
        }
        let (sid, mention) = (sid.clone(), mention.clone());
        form.send(calls::rename_session(sid.clone(), name.clone()), move |()| {
            on_done.try_run(());
            devices.renamed(&sid, &mention, name);
            Next::Stay
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
        <PostForm form class="rename" action=Some(links::post::RENAME) send=save>
            <input type="hidden" name="sid" value=session.sid.to_string() />
            <label class="field__label" for=input_id.clone()>
                {text().devices().name}
            </label>
            <div class="rename__line" on:keydown=give_up>
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
        </PostForm>
    }
}

#[component]
fn RenameProblem(id: String, problem: Signal<Option<String>>) -> impl IntoView {
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
