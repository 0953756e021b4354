//! The form for language and theme.

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

/// Shown at the foot of every page. A choice applies immediately. The button applies a language that was chosen with
/// the keyboard, and without JavaScript every choice.
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
                <button id=APPLY class="button button--quiet preferences__apply until-hydrated" type="submit">
                    {text().preferences().apply}
                </button>
            </form>
        </footer>
    }
}

/// Adds the event handlers. For the browser only.
pub fn hydrate() {
    let Some(form) = browser::element(FORM).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else { return };
    let selects: Vec<HtmlSelectElement> =
        (0u32..).map_while(|at| form.get_with_index(at)).filter_map(|element| element.dyn_into().ok()).collect();
    let now = PageEnvironment::current();
    for select in selects {
        if select.name() == THEME {
            let chosen = select.clone();
            let choose = move || choose_theme(Theme::from_text(&chosen.value()).unwrap_or_default());
            // Chosen before hydration.
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
        // Chosen before hydration. If the focus is visible, the keyboard was used, and the button applies the choice.
        if select.value() != now.language.tag() {
            if select.matches(":focus-visible").unwrap_or(false) {
                browser::remove_class(APPLY, "until-hydrated");
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
    /// Whether a choice is being stored.
    static KEEPING: Cell<bool> = const { Cell::new(false) };
}

/// How often to check whether another choice has been stored.
const LOOK: Duration = Duration::from_millis(100);

/// Stores choices, one call at a time: all of them are in one cookie, and each answer sets it with the values that its
/// request carried.
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
    // If it cannot be stored, it still applies to this page.
    browser::spawn(async move { drop(keep(Some(theme), None).await) });
}

/// Another language needs another page from the server. Input is carried over (see [`typed`]).
fn choose_language(language: Language, form: HtmlFormElement) {
    browser::spawn(async move {
        // A theme that is chosen at the same time is stored first.
        browser::pause().await;
        match keep(Some(PageEnvironment::current().theme), Some(language)).await {
            Ok(()) => {
                typed::keep();
                browser::reload();
            }
            // While offline, the browser would show its own error page instead.
            Err(_) if connection::is_offline() => {}
            Err(_) => drop(form.submit()),
        }
    });
}

/// A language chosen with the pointer applies immediately. With the keyboard, people pass through other languages on
/// the way, so the button, which then appears, applies it (WCAG 2.2, 3.2.2).
fn listen_to_keys(select: HtmlSelectElement, choose: Rc<impl Fn() + 'static>) {
    let by_key = Rc::new(Cell::new(false));
    for (event, is_key) in [("keydown", true), ("pointerdown", false)] {
        let by_key = by_key.clone();
        browser::listen(&select, event, move |_: Event| by_key.set(is_key));
    }
    browser::listen(&select, "change", move |_: Event| {
        if by_key.get() { browser::remove_class(APPLY, "until-hydrated") } else { choose() }
    });
}
