//! The logo: a key in a tile, and the product's name.

use crate::ui::text;
use leptos::prelude::*;

/// The key in its tile. `public/favicon.svg` has the same drawing.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
            <rect class="mark__tile" width="32" height="32" rx="8" />
            <g class="mark__key" fill="none" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round">
                <circle cx="16" cy="10.6" r="4.4" />
                <path d="M16 15v11M16 20.4h4.2M16 25h3" />
            </g>
        </svg>
    }
}

/// The whole logo.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <span class="brand">
            <Mark />
            <span class="brand__name">{text::PRODUCT}</span>
        </span>
    }
}
