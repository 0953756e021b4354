//! Pages that are shown for a moment. They are not hydrated, and need nothing but plain HTML and scripts that run by
//! themselves.

use crate::api::problem::Problem;
use crate::ui::address::Address;
use crate::ui::auth::resuming::STATUS;
use crate::ui::components::brand::Brand;
use crate::ui::links::{post, query};
use crate::ui::page::Content;
use crate::ui::{links, notice, text};
use leptos::prelude::*;

/// The id of the element that stands in for a page which is being left.
pub const LEAVING: &str = "leaving";

/// Replaces the content of a page while the browser is leaving it. It is hidden until then.
#[component]
pub(crate) fn Leaving() -> impl IntoView {
    view! {
        <template id=LEAVING>
            <main class="waiting">
                <p role="status">{text().frame().signing_out}</p>
            </main>
        </template>
    }
}

/// The page for a visitor whom the server cannot identify, although the browser may hold a refresh token. The app
/// requests a token (see [`resuming`](crate::ui::auth::resuming)); without the app a button does, which appears after a
/// while.
pub fn resuming() -> impl IntoView {
    let address = Address::expect();
    view! {
        <main class="waiting">
            <Brand />
            <div role="status">
                <h1 class="waiting__words" id=STATUS>
                    {text().frame().resuming}
                </h1>
            </div>
            <form class="waiting__on" method="post" action=post::REFRESH>
                <input type="hidden" name="shared" value="true" />
                <input type="hidden" name=query::RETURN_TO value=address.as_str().to_owned() />
                <button class="button button--primary" type="submit">
                    {text().frame().go_on}
                </button>
            </form>
            <a href=links::LOGIN>{text().enter().sign_in}</a>
        </main>
    }
}

/// The page for a temporary problem: names it, and offers to try again.
pub fn failed(problem: &Problem) -> impl IntoView {
    let address = Address::expect();
    let heading = Content::Failed(problem.clone()).heading();
    view! {
        <main class="waiting">
            <Brand />
            <h1>{heading}</h1>
            <p role="alert">{notice::sentence(problem)}</p>
            {match problem.public_url.clone() {
                Some(url) => view! { <a class="button" href=url>{url.clone()}</a> },
                None => view! { <a class="button" href=address.as_str().to_owned()>{text().frame().retry.to_owned()}</a> },
            }}
        </main>
    }
}
