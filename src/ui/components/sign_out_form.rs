//! The form that signs out on this device.

use crate::api::auth as calls;
use crate::ui::auth::{self, transport};
use crate::ui::{browser, links, notice, text};
use leptos::prelude::*;
use web_sys::SubmitEvent;

const FORM: &str = "sign-out";

/// The button in the header.
#[component]
pub fn SignOutForm() -> impl IntoView {
    view! {
        <form method="post" action=links::post::LOGOUT id=FORM>
            <button class="button button--quiet" type="submit">
                {text().frame().sign_out}
            </button>
        </form>
    }
}

/// Adds the event handler. For the browser only. If the server cannot be reached, `failure` says so, and nobody is
/// signed out.
pub fn hydrate(failure: RwSignal<Option<String>>) {
    let Some(form) = browser::element(FORM) else { return };
    let busy = StoredValue::new(false);
    browser::listen(&form.clone(), "submit", move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_value() {
            return;
        }
        busy.set_value(true);
        failure.set(None);
        let _ = form.set_attribute("aria-busy", "true");
        let form = form.clone();
        browser::spawn(async move {
            match transport::alone(Box::pin(calls::sign_out(None))).await {
                // A session that has already ended counts as signed out.
                Ok(()) => auth::signed_out(),
                Err(problem) if notice::is_over(problem.code) => auth::signed_out(),
                Err(problem) => {
                    busy.set_value(false);
                    let _ = form.remove_attribute("aria-busy");
                    failure.set(Some(notice::sentence(&problem)));
                }
            }
        });
    });
}
