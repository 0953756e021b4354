//! A modal dialog: the browser's own, with its focus trap, Escape, and the focus going back to where it came from.

use crate::ui::browser;
use crate::ui::devices::HEADING;
use leptos::html;
use leptos::prelude::*;

/// Shows its content while `open`. What closes it calls `on_close`: Escape, or a button of the content.
#[component]
pub fn Dialog<C: IntoView + 'static>(
    #[prop(into)] open: Signal<bool>,
    on_close: Callback<()>,
    /// Names the dialog; ids of its heading and of its text.
    title_id: &'static str,
    text_id: &'static str,
    /// `alertdialog` for what needs an answer before anything else.
    #[prop(default = "dialog")]
    role: &'static str,
    children: TypedChildren<C>,
) -> impl IntoView {
    let children = children.into_inner();
    let node = NodeRef::<html::Dialog>::new();
    // What had the focus before. Not every browser gives it to a button that is pressed.
    let opener = StoredValue::new_local(None::<web_sys::HtmlElement>);
    Effect::new(move || {
        let open = open.get();
        let Some(dialog) = node.get() else { return };
        if open && !dialog.open() {
            opener.set_value(browser::focused());
            let _ = dialog.show_modal();
            // In a low window it scrolls, and browsers leave it where it begins.
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
                // It comes late, and the page may be gone by then.
                if open.try_get_untracked() == Some(true) {
                    on_close.run(());
                }
            }
        >
            {children()}
        </dialog>
    }
}
