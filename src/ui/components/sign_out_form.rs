//! The form that signs out on this device.

use crate::api::auth as calls;
use crate::api::problem::Problem;
use crate::ui::auth::{self, transport};
use crate::ui::submission::{Next, Submission};
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

/// Adds the event handler. For the browser only. If the server cannot be reached, `signing_out` says so, and nobody is
/// signed out.
pub fn hydrate(signing_out: Submission) {
    let Some(form) = browser::element(FORM) else { return };
    browser::listen(&form, "submit", move |event: SubmitEvent| {
        event.prevent_default();
        signing_out.send(sign_out(), |()| {
            auth::signed_out();
            Next::Leave
        });
    });
    Effect::new(move || {
        let _ = form.set_attribute("aria-busy", &signing_out.is_busy().to_string());
    });
}

async fn sign_out() -> Result<(), Problem> {
    match transport::alone(Box::pin(calls::sign_out(None))).await {
        // A session that has already ended counts as signed out.
        Err(problem) if notice::is_over(problem.code) => Ok(()),
        result => result,
    }
}
