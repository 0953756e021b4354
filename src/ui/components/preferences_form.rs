//! Choosing the language, and light or dark.

use crate::api::preferences as calls;
use crate::api::problem::Problem;
use crate::domain::preferences::{Language, Theme};
use crate::ui::address::Address;
use crate::ui::environment::{self, PageEnvironment};
use crate::ui::links::{post, query};
use crate::ui::{browser, connection, text, typed};
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlFormElement, HtmlSelectElement};

const FORM: &str = "preferences";
const THEME: &str = "theme";
const APPLY: &str = "apply";

/// At the foot of every page. A choice counts at once; a language that is chosen with keys, and everything without
/// JavaScript, by the button.
#[component]
pub fn PreferencesForm() -> impl IntoView {
    let now = PageEnvironment::current();
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
                <button id=APPLY class="button button--quiet preferences__apply until-alive" type="submit">
                    {text().preferences().apply}
                </button>
            </form>
        </footer>
    }
}

/// Brings it to life; in the browser only.
pub fn hydrate() {
    let Some(form) = browser::element(FORM).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
    let selects: Vec<HtmlSelectElement> =
        (0u32..).map_while(|at| form.get_with_index(at)).filter_map(|element| element.dyn_into().ok()).collect();
    let now = PageEnvironment::current();
    for select in selects {
        if select.name() == THEME {
            let chosen = select.clone();
            let choose = move || choose_theme(Theme::from_text(&chosen.value()).unwrap_or_default());
            // Chosen while nothing was listening yet.
            if select.value() != now.theme.as_str() {
                choose();
            }
            browser::listen(&select, "change", move |_: Event| choose());
            continue;
        }
        let (form, chosen) = (form.clone(), select.clone());
        let choose = Rc::new(move || {
            if let Some(language) = Language::from_tag(&chosen.value()) {
                choose_language(language, form.clone());
            }
        });
        // Chosen while nothing was listening yet; with keys, if it looks as if it had the focus by them.
        if select.value() != now.language.tag() {
            if select.matches(":focus-visible").unwrap_or(false) {
                browser::remove_class(APPLY, "until-alive");
            } else {
                choose();
            }
        }
        listen_to_keys(select, choose.clone());
        let form = browser::element(FORM);
        if let Some(form) = form {
            browser::listen(&form, "submit", move |event: Event| {
                event.prevent_default();
                choose();
            });
        }
    }
}

thread_local! {
    /// Whether a choice is being kept.
    static KEEPING: Cell<bool> = const { Cell::new(false) };
}

/// How often it is looked whether another choice has been kept.
const LOOK: Duration = Duration::from_millis(100);

/// Keeps choices, one call after the other: all stand in one cookie, and an answer sets it as its request knew the rest.
async fn keep(theme: Option<Theme>, language: Option<Language>) -> Result<(), Problem> {
    while KEEPING.replace(true) {
        browser::sleep(LOOK).await;
    }
    let kept = calls::choose(theme, language).await;
    KEEPING.set(false);
    kept
}

fn choose_theme(theme: Theme) {
    environment::show(theme);
    // If it cannot be kept it still holds for this page.
    browser::spawn(async move { drop(keep(Some(theme), None).await) });
}

/// Another language is another page: it comes from the server. What was typed comes along (see [`typed`]).
fn choose_language(language: Language, form: HtmlFormElement) {
    browser::spawn(async move {
        // Until it is known which theme was chosen beside it.
        browser::pause().await;
        match keep(Some(PageEnvironment::current().theme), Some(language)).await {
            Ok(()) => {
                typed::keep();
                browser::reload();
            }
            // Offline the browser's own error would take the place of the page.
            Err(_) if connection::is_offline() => {}
            Err(_) => drop(form.submit()),
        }
    });
}

/// A language that is pointed at counts at once. With keys one passes through others on the way: it counts by the button,
/// which is there then (WCAG 2.2, 3.2.2).
fn listen_to_keys(select: HtmlSelectElement, choose: Rc<impl Fn() + 'static>) {
    let by_key = Rc::new(Cell::new(false));
    for (event, is_key) in [("keydown", true), ("pointerdown", false)] {
        let by_key = by_key.clone();
        browser::listen(&select, event, move |_: Event| by_key.set(is_key));
    }
    browser::listen(&select, "change", move |_: Event| {
        if by_key.get() { browser::remove_class(APPLY, "until-alive") } else { choose() }
    });
}
