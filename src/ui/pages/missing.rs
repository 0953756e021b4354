//! A page that is not there.

use crate::ui::components::gate::Gate;
use crate::ui::links;
use crate::ui::text::missing;
use leptos::prelude::*;

#[component]
pub fn MissingPage() -> impl IntoView {
    view! {
        <Gate title=missing::TITLE lead=missing::LEAD>
            <p>
                <a class="button button--primary button--wide" href=links::DEVICES rel="external">
                    {missing::HOME}
                </a>
            </p>
        </Gate>
    }
}
