//! The page for unknown addresses. It needs no hydration.

use crate::ui::components::heading::Heading;
use crate::ui::links;
use crate::ui::text;
use leptos::prelude::*;

/// What stands where there is no page.
pub fn missing() -> impl IntoView {
    view! {
        <Heading title=text().missing().title />
        <p class="lead">{text().missing().lead}</p>
        <p>
            <a class="button button--primary button--wide" href=links::DEVICES>
                {text().missing().home}
            </a>
        </p>
    }
}
