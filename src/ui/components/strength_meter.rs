//! Shows the strength of a new password while it is typed.

use crate::ui::strength::{self, Strength};
use crate::ui::{browser, text};
use leptos::html;
use leptos::prelude::*;
use std::time::Duration;

/// How long a pause in typing starts an estimate.
const PAUSE: Duration = Duration::from_millis(200);

/// The state of a field's meter.
#[derive(Clone, Copy)]
pub struct Meter {
    password: NodeRef<html::Input>,
    shown: RwSignal<Option<Strength>>,
    /// Counts the changes of the field, so that a late estimate is dropped.
    typed: StoredValue<u32>,
}

impl Meter {
    /// For the field of a new password.
    pub fn new(password: NodeRef<html::Input>) -> Self {
        Self { password, shown: RwSignal::new(None), typed: StoredValue::new(0) }
    }

    /// Loads the estimate when the field gets the focus.
    pub fn wake(self) {
        browser::spawn(strength::prepare());
    }

    /// Judges the password after a change.
    pub fn judge(self, username: String) {
        self.typed.update_value(|typed| *typed += 1);
        let turn = self.typed.get_value();
        let is_last = move || self.typed.try_get_value() == Some(turn);
        browser::spawn(async move {
            browser::sleep(PAUSE).await;
            if is_last() {
                let judged = strength::judge(super::field::value(self.password), username).await;
                if is_last() {
                    self.shown.try_set(judged);
                }
            }
        });
    }
}

/// The meter of a field: a bar, and a text that says the same.
#[component]
pub fn StrengthMeter(meter: Meter) -> impl IntoView {
    let shown = meter.shown;
    let words = move || {
        let (text, fields) = (text().strength(), text().fields());
        shown.get().map(|strength| match strength {
            Strength::Characters => fields.password_invalid.to_owned(),
            Strength::Short(missing) => (text.missing)(missing),
            Strength::Common => text.common.to_owned(),
            Strength::Fair => text.fair.to_owned(),
            Strength::Good => text.good.to_owned(),
            Strength::Strong => text.strong.to_owned(),
        })
    };
    let lit = move |step: u8| shown.get().is_some_and(|strength| strength.steps() > step);
    view! {
        <div class="strength" class:strength--low=move || shown.get().is_some_and(|strength| strength <= Strength::Common)>
            <div class="strength__bar" aria-hidden="true">
                {(0..Strength::STEPS)
                    .map(|step| view! { <span class="strength__step" class:strength__step--lit=move || lit(step)></span> })
                    .collect_view()}
            </div>
            <p class="strength__words" role="status">
                {words}
            </p>
        </div>
    }
}
