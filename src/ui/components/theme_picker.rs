//! Choosing light or dark.

use crate::ui::clock::Clock;
use crate::ui::text;
use crate::ui::theme::Theme;
use leptos::prelude::*;

/// Three radio buttons; the choice counts at once. It works with JavaScript only, and is not shown without.
#[component]
pub fn ThemePicker() -> impl IntoView {
    let clock = Clock::expect();
    let chosen = Theme::current();
    view! {
        <fieldset class="choices" hidden=move || !clock.is_alive()>
            <legend class="visually-hidden">{text::account::APPEARANCE}</legend>
            {Theme::ALL
                .map(|theme| {
                    view! {
                        <label class="choice">
                            <input
                                class="choice__box"
                                type="radio"
                                name="theme"
                                value=theme.as_str()
                                checked=theme == chosen
                                on:change=move |_| theme.choose()
                            />
                            <span>{text::account::theme(theme)}</span>
                        </label>
                    }
                })
                .into_iter()
                .collect_view()}
        </fieldset>
    }
}
