//! Choosing the language, and light or dark.

use crate::api::preferences as calls;
use crate::domain::preferences::{Language, Theme};
use crate::ui::address::Address;
use crate::ui::environment::{self, Environment};
use crate::ui::links::{post, query};
use crate::ui::{browser, text};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlFormElement, HtmlSelectElement};

const FORM: &str = "preferences";
const THEME: &str = "theme";

/// At the foot of every page. A choice counts at once; without JavaScript, by its button.
#[component]
pub fn PreferencesForm() -> impl IntoView {
    let now = Environment::current();
    let here = Address::expect().as_str().to_owned();
    view! {
        <footer class="footer">
            <form class="preferences" method="post" action=post::PREFERENCES id=FORM>
                <input type="hidden" name=query::RETURN_TO value=here />
                <label class="preferences__one">
                    <span class="visually-hidden">{text().preferences().language}</span>
                    <select class="select" name="language" autocomplete="off">
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
                    <span class="visually-hidden">{text().preferences().theme}</span>
                    <select class="select" name=THEME autocomplete="off">
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
                    {text().preferences().apply}
                </button>
            </form>
        </footer>
    }
}

/// Brings it to life; in the browser only.
pub fn come_alive() {
    let Some(form) = browser::element(FORM).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
    let selects: Vec<HtmlSelectElement> =
        (0u32..).map_while(|at| form.get_with_index(at)).filter_map(|element| element.dyn_into().ok()).collect();
    for select in selects {
        let (form, chosen) = (form.clone(), select.clone());
        let choose = move || match Theme::from_text(&chosen.value()).filter(|_| chosen.name() == THEME) {
            Some(theme) => {
                environment::show(theme);
                // If it cannot be kept it still holds for this page.
                browser::spawn(async move { drop(calls::choose(Some(theme), None).await) });
            }
            // Another language is another page: it comes from the server.
            None => drop(form.request_submit()),
        };
        let now = Environment::current();
        let shown = if select.name() == THEME { now.theme.as_str() } else { now.language.tag() };
        if select.value() != shown {
            // Chosen while nothing was listening yet.
            choose();
        }
        browser::listen(&select, "change", move |_: Event| choose());
    }
}
