//! What stands around the pages of somebody who is signed in.

use super::brand::Brand;
use super::preferences_form::PreferencesForm;
use super::sign_out_form::SignOutForm;
use crate::ui::app::ROOT;
use crate::ui::page::Page;
use crate::ui::{links, text};
use leptos::prelude::*;

/// Header, the way to the other pages, and the page itself.
#[component]
pub fn Frame<C: IntoView + 'static>(page: Page, username: String, children: TypedChildren<C>) -> impl IntoView {
    let children = children.into_inner();
    let who = format!("{} {username}", text().frame().signed_in_as);
    let tabs = [
        (Page::Devices, links::DEVICES, text().frame().devices),
        (Page::Activity, links::ACTIVITY, text().frame().activity),
        (Page::Account, links::ACCOUNT, text().frame().account),
    ];
    view! {
        <a class="skip" href=format!("#{ROOT}")>
            {text().frame().skip_to_content}
        </a>
        <header class="header">
            <div class="header__inner">
                <a class="header__home" href=links::DEVICES aria-label=text::PRODUCT>
                    <Brand />
                </a>
                <p class="header__user" title=who>
                    <span class="visually-hidden">{text().frame().signed_in_as} " "</span>
                    <span class="header__name">{username}</span>
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
        <main class="page" id=ROOT tabindex="-1">
            {children()}
        </main>
        <PreferencesForm />
    }
}
