//! A form that the app sends. Without JavaScript the browser posts it to the same server function.

use crate::ui::submission::Submission;
use leptos::prelude::*;
use web_sys::SubmitEvent;

/// The form around its fields and its button.
#[component]
pub fn PostForm<C: IntoView + 'static>(
    form: Submission,
    /// The path of the server function. Without it the form works only where the app does.
    #[prop(optional_no_strip)]
    action: Option<&'static str>,
    #[prop(default = "form")] class: &'static str,
    /// Reads the fields, and passes the call to [`Submission::send`].
    send: impl Fn() + 'static,
    children: TypedChildren<C>,
) -> impl IntoView {
    let children = children.into_inner();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        send();
    };
    view! {
        <form
            class=class
            method=action.map(|_| "post")
            action=action
            on:submit=submit
            aria-busy=move || form.is_busy().to_string()
        >
            {children()}
        </form>
    }
}
