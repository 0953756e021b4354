//! The submission of a form by the app: one call at a time, and what comes of it. The form itself is
//! [`PostForm`](super::components::post_form::PostForm).
//!
//! A form is its fields, its server function, and what happens after a success:
//!
//! ```ignore
//! let name = NodeRef::new();
//! let form = Submission::new(Notice::default(), [("name", name)]);
//! let send = move || form.send(calls::rename(field::value(name)), |()| Next::Stay);
//! view! {
//!     <Alert message=form.general() />
//!     <PostForm form action=Some(links::post::RENAME) send>
//!         <NameField node=name problem=form.problem("name") />
//!     </PostForm>
//! }
//! ```

use super::browser;
use super::components::field;
use super::notice::Notice;
use crate::api::problem::{Code, Problem};
use leptos::html;
use leptos::prelude::*;

/// What follows a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The page stays, and the form can be sent again.
    Stay,
    /// The browser leaves the page, and the form stays busy until then.
    Leave,
}

/// A field of a form: its name, and its element.
type FormField = (&'static str, NodeRef<html::Input>);

/// The state of a form's submission: whether a call is in progress, and the messages of the last one.
#[derive(Clone, Copy)]
pub struct Submission {
    busy: RwSignal<bool>,
    notice: RwSignal<Notice>,
    fields: StoredValue<Vec<FormField>>,
    explain: fn(&Problem) -> Notice,
}

impl Submission {
    /// With the messages that the page arrived with. A refusal moves the focus to the first of `fields` that it names,
    /// otherwise to the last one.
    pub fn new<const N: usize>(arrived: Notice, fields: [FormField; N]) -> Self {
        Self {
            busy: RwSignal::new(false),
            notice: RwSignal::new(arrived),
            fields: StoredValue::new(fields.to_vec()),
            explain: |problem| Notice::from(problem),
        }
    }

    /// The same, with messages of its own for a problem.
    pub fn explaining(self, explain: fn(&Problem) -> Notice) -> Self {
        Self { explain, ..self }
    }

    /// Sends the form, unless a call is in progress. After a success `after` runs; after a refusal the messages say
    /// why.
    pub fn send<T: 'static>(
        self,
        call: impl Future<Output = Result<T, Problem>> + 'static,
        after: impl FnOnce(T) -> Next + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.notice.set(Notice::default());
        browser::spawn(async move {
            match call.await {
                Ok(value) => self.finish(after(value)),
                Err(problem) => self.refuse(&problem),
            }
        });
    }

    // The page may be gone by the time of the answer.
    fn finish(self, next: Next) {
        if next == Next::Stay {
            self.busy.try_set(false);
        }
    }

    fn refuse(self, problem: &Problem) {
        self.busy.try_set(false);
        let notice = (self.explain)(problem);
        // No field is wrong if there was no answer.
        if problem.code == Code::Unavailable {
            self.notice.try_set(notice);
        } else {
            self.reject(notice);
        }
    }

    /// Shows messages, and moves the focus to the field that they are about. Also for what is found out before a call.
    pub fn reject(self, notice: Notice) {
        let named = |(name, _): &&FormField| notice.of(name).is_some();
        let node =
            self.fields.try_with_value(|fields| fields.iter().find(named).or(fields.last()).map(|(_, node)| *node));
        self.notice.try_set(notice);
        if let Some(node) = node.flatten() {
            field::focus(node);
        }
    }

    /// Removes the messages.
    pub fn clear(self) {
        self.notice.try_set(Notice::default());
    }

    /// Whether a call is in progress.
    pub fn is_busy(self) -> bool {
        self.busy.get()
    }

    /// The message that is about no field.
    pub fn general(self) -> Signal<Option<String>> {
        Signal::derive(move || self.notice.with(|notice| notice.general.clone()))
    }

    /// The link after that message.
    pub fn link(self) -> Signal<Option<String>> {
        Signal::derive(move || self.notice.with(|notice| notice.link.clone()))
    }

    /// The message beside a field.
    pub fn problem(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || self.notice.with(|notice| notice.of(field)))
    }
}
