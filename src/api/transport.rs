//! The client's side of a call: what the hydrated app puts between a server function and the network. The app
//! installs its own [`Transport`] (which adds the access token and renews it), so that the contract knows nothing of it.

use super::problem::{Code, Problem};
use http::Method;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

/// One call to the server.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// JSON, if the method has a body.
    pub body: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

/// A call under way; it never leaves its thread.
pub type Sending = Pin<Box<dyn Future<Output = Result<Reply, Problem>>>>;

/// Sends calls.
pub trait Transport {
    fn send(&self, call: Call) -> Sending;
}

thread_local! {
    static INSTALLED: RefCell<Option<Rc<dyn Transport>>> = const { RefCell::new(None) };
}

/// Makes `transport` the one that all calls of this thread go through.
pub fn install(transport: Rc<dyn Transport>) {
    INSTALLED.set(Some(transport));
}

/// Sends by the installed transport.
///
/// # Errors
/// `unavailable` when none is installed or the network failed.
pub async fn send(call: Call) -> Result<Reply, Problem> {
    let transport = INSTALLED.with_borrow(Clone::clone).ok_or(Problem::new(Code::Unavailable))?;
    transport.send(call).await
}
