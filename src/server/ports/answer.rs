//! The answer of a decision that is made inside a transaction.

use tokio::sync::oneshot;

/// The answer, once the decision was made.
#[derive(Debug)]
pub struct Answer<T>(oneshot::Receiver<T>);

impl<T> Answer<T> {
    /// `None` if no decision was made: the transaction failed before it.
    pub fn take(mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

/// Splits a decision that returns changes and an answer. The transaction runs the first part, which returns the
/// changes; the caller takes the answer from the second part after the commit.
pub fn answering<Rows, Changes, T: Send + 'static>(
    decide: impl FnOnce(Rows) -> (Changes, T) + Send + 'static,
) -> (Box<dyn FnOnce(Rows) -> Changes + Send>, Answer<T>)
where
    Rows: 'static,
    Changes: 'static,
{
    let (sender, receiver) = oneshot::channel();
    let decide = move |rows| {
        let (changes, answer) = decide(rows);
        // Fails only if the caller has given up.
        drop(sender.send(answer));
        changes
    };
    (Box::new(decide), Answer(receiver))
}
