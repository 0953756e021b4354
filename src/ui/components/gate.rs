//! The layout of pages for somebody who is not signed in: one card in the middle.

use super::brand::Brand;
use super::preferences_form::PreferencesForm;
use crate::ui::app::ROOT;
use crate::ui::connection::STATUS;
use leptos::prelude::*;

/// Brand, and the card with what the page is for. `head` is the server's alone.
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
