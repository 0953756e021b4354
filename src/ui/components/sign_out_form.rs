//! Signing out on this device.

use crate::api::auth as calls;
use crate::ui::{auth, links, notice, text};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::SubmitEvent;

/// The button in the header. If the server cannot be told, `failure` says so: then nobody is signed out.
#[component]
pub fn SignOutForm(failure: RwSignal<Option<String>>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match calls::sign_out(None).await {
                // What is over already is signed out too.
                Ok(()) => auth::signed_out(),
                Err(problem) if notice::is_over(problem.code) => auth::signed_out(),
                Err(problem) => {
                    busy.try_set(false);
                    failure.try_set(Some(notice::sentence(&problem)));
                }
            }
        });
    };
    view! {
        <form method="post" action=links::post::LOGOUT on:submit=submit aria-busy=move || busy.get().to_string()>
            <button class="button button--quiet" type="submit">
                {text().frame.sign_out}
            </button>
        </form>
    }
}
