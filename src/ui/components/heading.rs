//! The heading of a page.

use crate::ui::text::Words;
use leptos::prelude::*;

/// The page's `h1`. It can take the focus when the focused element is gone.
#[component]
pub fn Heading(title: Words, #[prop(optional)] id: Option<&'static str>) -> impl IntoView {
    view! {
        <h1 id=id tabindex="-1">
            {title}
        </h1>
    }
}
