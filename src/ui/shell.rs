//! The HTML document around the app. Only the server renders it.

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

/// The id of the element after all visible content.
const END: &str = "end";

/// The whole document. `result` is the result of the form before this page. Only scripts carry the nonce of the
/// answer's content security policy: a nonce elsewhere could be read by scripts and styles.
///
/// The page's content is an attribute of the body and not of the root, because the encoding must be declared within the
/// first 1,024 bytes.
pub fn shell(
    options: LeptosOptions,
    files: Arc<SiteFiles>,
    content: Content,
    result: Option<FormResult>,
) -> impl IntoView {
    let environment = PageEnvironment::current();
    let page = content.page();
    let data = content.to_attribute();
    let is_of_someone = content.is_personal();
    let remember = use_context::<RememberHint>().map(|RememberHint(sentence)| sentence);
    view! {
        <!DOCTYPE html>
        <html
            lang=environment.language.tag()
            data-theme=environment.theme.as_str()
            data-password-min=environment.password_min
            data-sign-up=environment.registration.as_str()
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
            <body data-content=data data-remember=remember>
                {app::written(content, result)}
                // A separate element: Chromium stops waiting when the expected element begins, not when it ends.
                <div id=END hidden></div>
                {is_of_someone.then(|| view! { <Leaving /> })}
            </body>
        </html>
    }
}

/// Delays painting until the whole page has arrived, so that nothing moves when the rest comes. The standard allows
/// such a link in HTML, but validators know its attribute only on style sheets.
#[component]
fn PaintWhole() -> impl IntoView {
    let script = format!(
        "document.head.append(Object.assign(document.createElement('link'),\
         {{rel:'expect',href:'#{END}',blocking:'render'}}))"
    );
    view! { <script nonce=use_nonce()>{script}</script> }
}

/// The color of the browser's own interface: the background in `style/tokens.css`.
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
