//! The layout around the pages of signed-in users.

use super::brand::Brand;
use super::message::Messages;
use super::preferences_form::PreferencesForm;
use super::sign_out_form::SignOutForm;
use crate::ui::app::ROOT;
use crate::ui::form_result::FormResult;
use crate::ui::page::Page;
use crate::ui::{links, naming, text};
use leptos::prelude::*;

/// The id of the element that holds the page.
const MAIN: &str = "main";

/// The header, the navigation, and the page. `result` is the result of the form before this page; only the server
/// renders `head`.
#[component]
pub fn Frame<C: IntoView + 'static>(
    page: Page,
    username: String,
    result: Option<FormResult>,
    head: AnyView,
    children: TypedChildren<C>,
) -> impl IntoView {
    let children = children.into_inner();
    let who = format!("{} {}", text().frame().signed_in_as, naming::isolated(username.clone()));
    let tabs = [
        (Page::Devices, links::DEVICES, text().frame().devices),
        (Page::Activity, links::ACTIVITY, text().frame().activity),
        (Page::Account, links::ACCOUNT, text().frame().account),
    ];
    view! {
        <a class="skip" href=format!("#{MAIN}")>
            {text().frame().skip_to_content}
        </a>
        <header class="header">
            <div class="header__inner">
                <a class="header__home" href=links::DEVICES aria-label=text::PRODUCT>
                    <Brand />
                </a>
                <p class="header__user" title=who>
                    <span class="visually-hidden">{text().frame().signed_in_as} " "</span>
                    <bdi class="header__name">{username}</bdi>
                </p>
                <SignOutForm />
            </div>
        </header>
        <nav class="tabs" aria-label=text().frame().navigation>
            {tabs
                .map(|(one, path, words)| {
                    view! {
                        <a href=path aria-current=(one == page).then_some("page")>
                            {words}
                        </a>
                    }
                })
                .into_iter()
                .collect_view()}
        </nav>
        <main class="page" id=MAIN tabindex="-1">
            {result.map(|result| view! { <p class="done" role="status">{result.words()}</p> })}
            {head}
            <div class="page__content" id=ROOT>
                {children()}
            </div>
            <Messages />
        </main>
        <PreferencesForm />
    }
}
