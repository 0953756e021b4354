//! Choosing the language, and light or dark.

use crate::api::preferences as calls;
use crate::domain::preferences::{Language, Theme};
use crate::ui::environment::{self, Environment};
use crate::ui::links::{post, query};
use crate::ui::text;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_location;

/// At the foot of every page. A choice counts at once; without JavaScript, by its button.
#[component]
pub fn PreferencesForm() -> impl IntoView {
    let now = Environment::current();
    let location = use_location();
    let here = move || {
        let (path, search) = (location.pathname.get(), location.search.get());
        let search = search.trim_start_matches('?');
        if search.is_empty() { path } else { format!("{path}?{search}") }
    };
    let form = NodeRef::<html::Form>::new();
    let theme = NodeRef::<html::Select>::new();
    let choose_theme = move |_| {
        let chosen = theme.get_untracked().and_then(|select| Theme::from_text(&select.value()));
        if let Some(theme) = chosen {
            environment::show(theme);
            // If it cannot be kept it still holds for this page.
            spawn_local(async move { drop(calls::choose(Some(theme), None).await) });
        }
    };
    // Another language is another page: it comes from the server.
    let choose_language = move |_| {
        if let Some(form) = form.get_untracked() {
            let _ = form.request_submit();
        }
    };
    view! {
        // `shell` waits for it before the first paint.
        <footer class="footer" id="foot">
            <form class="preferences" method="post" action=post::PREFERENCES node_ref=form>
                <input type="hidden" name=query::RETURN_TO value=here />
                <label class="preferences__one">
                    <span class="visually-hidden">{text().preferences.language}</span>
                    <select class="select" name="language" autocomplete="off" on:change=choose_language>
                        {Language::ALL
                            .map(|language| {
                                let tag = language.tag();
                                view! {
                                    <option value=tag lang=tag selected=language == now.language>
                                        {language.own_name()}
                                    </option>
                                }
                            })
                            .into_iter()
                            .collect_view()}
                    </select>
                </label>
                <label class="preferences__one">
                    <span class="visually-hidden">{text().preferences.theme}</span>
                    <select class="select" name="theme" autocomplete="off" node_ref=theme on:change=choose_theme>
                        {Theme::ALL
                            .map(|theme| {
                                view! {
                                    <option value=theme.as_str() selected=theme == now.theme>
                                        {text().theme(theme)}
                                    </option>
                                }
                            })
                            .into_iter()
                            .collect_view()}
                    </select>
                </label>
                <button class="button button--quiet preferences__apply until-alive" type="submit">
                    {text().preferences.apply}
                </button>
            </form>
        </footer>
    }
}
