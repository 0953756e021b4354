//! A modal dialog: the browser's own, which traps the focus, closes with Escape, and returns the focus.

use crate::ui::browser;
use crate::ui::devices::HEADING;
use leptos::html;
use leptos::prelude::*;

/// Shows its content while `open`. Escape or a button of the content closes it by calling `on_close`.
#[component]
pub fn Dialog<C: IntoView + 'static>(
    #[prop(into)] open: Signal<bool>,
    on_close: Callback<()>,
    /// The ids of the dialog's heading and text, which name and describe it.
    title_id: &'static str,
    text_id: &'static str,
    /// `alertdialog` if it needs an answer before anything else.
    #[prop(default = "dialog")]
    role: &'static str,
    children: TypedChildren<C>,
) -> impl IntoView {
    let children = children.into_inner();
    let node = NodeRef::<html::Dialog>::new();
    // The element that had the focus before. Not every browser focuses a pressed button.
    let opener = StoredValue::new_local(None::<web_sys::HtmlElement>);
    Effect::new(move || {
        let open = open.get();
        let Some(dialog) = node.get() else { return };
        if open && !dialog.open() {
            opener.set_value(browser::focused());
            let _ = dialog.show_modal();
            // In a low window the dialog scrolls, and browsers do not scroll to the focused element.
            if let Some(focused) = browser::focused() {
                focused.scroll_into_view_with_bool(false);
            }
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog
            class="dialog"
            role=role
            aria-labelledby=title_id
            aria-describedby=text_id
            node_ref=node
            on:close=move |_| {
                let former = opener.try_update_value(Option::take).flatten();
                if former.is_some_and(|former| !former.is_connected()) {
                    browser::focus_quietly(HEADING);
                }
                // The event is asynchronous, and the page may be gone by then.
                if open.try_get_untracked() == Some(true) {
                    on_close.run(());
                }
            }
        >
            {children()}
        </dialog>
    }
}
