//! What all pages of somebody who is signed in do.

use crate::ui::auth::{self, live, renewal};
use crate::ui::browser;
use crate::ui::clock::Clock;
use crate::ui::components::message::Alert;
use crate::ui::components::sign_out_form;
use crate::ui::connection::Connection;
use leptos::prelude::*;

/// A page, with what may have to be said on any of them.
#[component]
pub fn SignedIn<C: IntoView + 'static>(children: TypedChildren<C>) -> impl IntoView {
    let children = children.into_inner();
    let clock = Clock::provide();
    let connection = Connection::provide();
    let failure = RwSignal::new(None);
    Effect::new(move || {
        auth::follow();
        sign_out_form::come_alive(failure);
        // Tasks of their own: a slow device answers its user in between.
        browser::spawn(async move {
            browser::pause().await;
            connection.follow();
            renewal::begin();
            live::begin();
            browser::pause().await;
            clock.start();
        });
    });
    view! {
        <Alert message=failure />
        {children()}
        <p class="toast" role="status">
            {move || connection.words()}
        </p>
    }
}
