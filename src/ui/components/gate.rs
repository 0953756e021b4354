//! The layout of pages for somebody who is not signed in: one card in the middle.

use super::brand::Brand;
use super::heading::Heading;
use super::preferences_form::PreferencesForm;
use leptos::prelude::*;

/// Brand, heading, a sentence, and what the page is for.
#[component]
pub fn Gate<C: IntoView + 'static>(
    title: &'static str,
    #[prop(optional)] lead: Option<&'static str>,
    children: TypedChildren<C>,
) -> impl IntoView {
    let children = children.into_inner();
    view! {
        <div class="gate"><main class="gate__main">
            <div class="gate__brand">
                <Brand />
            </div>
            <section class="card gate__card">
                <Heading title />
                {lead.map(|lead| view! { <p class="lead">{lead}</p> })}
                {children()}
            </section>
        </main>
        <PreferencesForm /></div>
    }
}
