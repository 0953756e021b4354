//! The heading of a page.

use crate::ui::clock::Clock;
use crate::ui::text;
use leptos::html;
use leptos::prelude::*;
use leptos_meta::Title;

/// The page's `h1` and title. After a navigation inside the app it takes the focus, as a page that was loaded would.
#[component]
pub fn Heading(title: &'static str, #[prop(optional)] id: Option<&'static str>) -> impl IntoView {
    let node = NodeRef::<html::H1>::new();
    if Clock::expect().was_alive() {
        Effect::new(move || {
            if let Some(heading) = node.get() {
                let _ = heading.focus();
            }
        });
    }
    view! {
        <Title text=text::page_title(title) />
        <h1 id=id tabindex="-1" node_ref=node>
            {title}
        </h1>
    }
}
