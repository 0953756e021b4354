//! The HTML document around the app, rendered on the server only.

use super::environment::{PageEnvironment, RememberHint};
use super::files::{Scripts, SiteFiles};
use super::form_result::FormResult;
use super::page::Content;
use super::pages::Leaving;
use super::{app, text, time_zone};
use crate::domain::preferences::Theme;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use std::sync::Arc;

/// The id of what stands behind everything that a page shows.
const END: &str = "end";

/// The whole document; `said`: what a form has done before it. Scripts carry the nonce of this answer's content security
/// policy; nothing else does, since what a script or a style can read is no secret.
///
/// What the page is about stands on its body: the encoding has to be named within the first 1,024 bytes.
pub fn shell(
    options: LeptosOptions,
    files: Arc<SiteFiles>,
    content: Content,
    said: Option<FormResult>,
) -> impl IntoView {
    let environment = PageEnvironment::current();
    let page = content.page();
    let told = content.to_attribute();
    let is_of_someone = told.is_some();
    let remember = use_context::<RememberHint>().map(|RememberHint(sentence)| sentence);
    view! {
        <!DOCTYPE html>
        <html
            lang=environment.language.tag()
            data-theme=environment.theme.as_str()
            data-password-min=environment.password_min
            data-sign-up=environment.sign_up()
            data-cookies=environment.checks_cookies.then_some("checked")
            data-grace=environment.grace.as_millis() as u64
            data-now=environment.now.as_millis()
            data-page=page.as_str()
            data-time-zone=time_zone::stored()
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <title>{text::page_title(content.heading())}</title>
                <ThemeColor theme=environment.theme />
                <meta name="description" content=text().frame().description />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <PaintWhole />
                <link rel="stylesheet" href=files.style.clone() />
                <AutoReload options />
                <Scripts files part=page.part() />
            </head>
            <body data-content=told data-remember=remember>
                {app::written(content, said)}
                // An element by itself: Chromium goes on when the expected one begins, not when it ends.
                <div id=END hidden></div>
                {is_of_someone.then(|| view! { <Leaving /> })}
            </body>
        </html>
    }
}

/// A page arrives whole: nothing is painted of half a page, which would move when the rest is there. Such a link may stand
/// in the HTML by the standard, but validators know the attribute of style sheets only.
#[component]
fn PaintWhole() -> impl IntoView {
    let script = format!(
        "document.head.append(Object.assign(document.createElement('link'),\
         {{rel:'expect',href:'#{END}',blocking:'render'}}))"
    );
    view! { <script nonce=use_nonce()>{script}</script> }
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
