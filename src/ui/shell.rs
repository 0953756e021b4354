//! The HTML document around the app, rendered on the server only.

use super::environment::Environment;
use super::page::Content;
use super::pages::Leaving;
use super::{app, text};
use crate::domain::preferences::Theme;
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags};

/// The id of what stands behind everything that a page shows.
const END: &str = "end";

/// The whole document. Scripts carry the nonce of this answer's content security policy.
pub fn shell(options: LeptosOptions, content: Content) -> impl IntoView {
    let environment = Environment::current();
    let page = content.page();
    let told = content.to_attribute();
    let is_of_someone = told.is_some();
    view! {
        <!DOCTYPE html>
        <html
            lang=environment.language.tag()
            data-theme=environment.theme.as_str()
            data-password-min=environment.password_min
            data-sign-up=environment.sign_up()
            data-now=environment.now.as_millis()
            data-page=page.as_str()
            data-content=told
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <title>{text::page_title(page.heading())}</title>
                <ThemeColor theme=environment.theme />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                // A page arrives whole: nothing is painted of half a page, which would move when the rest is there.
                <link rel="expect" href=format!("#{END}") blocking="render" />
                <HashedStylesheet id="latchkey" options=options.clone() />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                {app::written(content)}
                // An element by itself: Chromium goes on when the expected one begins, not when it ends.
                <div id=END hidden></div>
                {is_of_someone.then(|| view! { <Leaving /> })}
            </body>
        </html>
    }
}

/// What browsers paint around the page: the ground of `style/tokens.css`.
#[component]
fn ThemeColor(theme: Theme) -> impl IntoView {
    use leptos::html::meta;

    let colour = |colour| meta().name("theme-color").content(colour);
    // Leptos does not know the attribute `media` of this element.
    match theme {
        Theme::System => (
            colour("#f6f4ef").attr("media", "(prefers-color-scheme: light)"),
            colour("#111412").attr("media", "(prefers-color-scheme: dark)"),
        )
            .into_any(),
        Theme::Light => colour("#f6f4ef").into_any(),
        Theme::Dark => colour("#111412").into_any(),
    }
}
