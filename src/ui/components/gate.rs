//! The layout of pages for visitors who are not signed in: a card in the middle.

use super::brand::Brand;
use super::preferences_form::PreferencesForm;
use crate::ui::app::ROOT;
use crate::ui::connection::STATUS;
use leptos::prelude::*;

/// The logo, and the card with the page's content. Only the server renders `head`.
#[component]
pub fn Gate<C: IntoView + 'static>(head: AnyView, children: TypedChildren<C>) -> impl IntoView {
    let children = children.into_inner();
    view! {
        <div class="gate">
            <main class="gate__main">
                <div class="gate__brand">
                    <Brand />
                </div>
                <section class="card gate__card">
                    {head}
                    <div class="gate__content" id=ROOT>
                        {children()}
                    </div>
                </section>
            </main>
            <PreferencesForm />
            <p class="toast" role="status" id=STATUS></p>
        </div>
    }
}
