//! The page `/`: leads on. The server does so before rendering; this is for links inside the app.

use crate::ui::links;
use leptos::prelude::*;
use leptos_router::components::Redirect;

#[component]
pub fn HomePage() -> impl IntoView {
    view! { <Redirect path=links::DEVICES /> }
}
