//! The common part of all pages for signed-in users.

use crate::ui::auth::{self, live, renewal};
use crate::ui::browser;
use crate::ui::clock::PageClock;
use crate::ui::components::message::Alert;
use crate::ui::components::sign_out_form;
use crate::ui::connection::Reachability;
use crate::ui::notice::Notice;
use crate::ui::submission::Submission;
use leptos::prelude::*;

/// A page, with the messages that any page may show.
#[component]
pub(super) fn SignedIn<C: IntoView + 'static>(children: TypedChildren<C>) -> impl IntoView {
    let children = children.into_inner();
    let clock = PageClock::provide();
    let connection = Reachability::provide();
    let signing_out = Submission::new(Notice::default(), []);
    Effect::new(move || {
        auth::follow();
        sign_out_form::hydrate(signing_out);
        // Separate tasks, so that slow devices can respond to their user in between.
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
        <Alert message=signing_out.general() />
        {children()}
        <p class="toast" role="status">
            {move || connection.words()}
        </p>
    }
}
