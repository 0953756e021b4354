//! A page that is not there.

use crate::ui::components::gate::Gate;
use crate::ui::links;
use crate::ui::text;
use leptos::prelude::*;

#[component]
pub fn MissingPage() -> impl IntoView {
    let missing = &text().missing;
    view! {
        <Gate title=missing.title lead=missing.lead>
            <p>
                <a class="button button--primary button--wide" href=links::DEVICES rel="external">
                    {missing.home}
                </a>
            </p>
        </Gate>
    }
}
