//! The client's side of a call: the layer between a server function and the network. The app installs its own
//! [`Transport`], which adds and renews the access token, so that this module does not depend on the app.

use super::problem::{Code, Problem};
use http::Method;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

/// A call to the server.
#[derive(Clone, Debug)]
pub struct Call {
    /// The HTTP method.
    pub method: Method,
    /// The path and the query.
    pub path: String,
    /// JSON, if the method has a body.
    pub body: Option<String>,
}

/// The server's answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, as it came.
    pub body: String,
}

/// A call in progress. It stays on its thread.
pub type Sending = Pin<Box<dyn Future<Output = Result<Reply, Problem>>>>;

/// Sends calls.
///
/// ```
/// use latchkey::api::transport::{Call, Reply, Sending, Transport, install, send};
/// use std::rc::Rc;
///
/// struct Echo;
///
/// impl Transport for Echo {
///     fn send(&self, call: Call) -> Sending {
///         Box::pin(async move { Ok(Reply { status: 200, body: call.path }) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), latchkey::api::problem::Problem> {
/// install(Rc::new(Echo));
/// let call = Call { method: http::Method::GET, path: "/api/me".into(), body: None };
/// assert_eq!(send(call).await?.body, "/api/me");
/// # Ok(())
/// # }
/// ```
pub trait Transport {
    /// Sends one call; an answer with any status is a success of the transport.
    fn send(&self, call: Call) -> Sending;
}

thread_local! {
    static INSTALLED: RefCell<Option<Rc<dyn Transport>>> = const { RefCell::new(None) };
}

/// Makes all calls of this thread use `transport`.
pub fn install(transport: Rc<dyn Transport>) {
    INSTALLED.set(Some(transport));
}

/// Sends a call through the installed transport.
///
/// # Errors
/// `unavailable` when no transport is installed or the network failed.
pub async fn send(call: Call) -> Result<Reply, Problem> {
    let transport = INSTALLED.with_borrow(Clone::clone).ok_or(Problem::new(Code::Unavailable))?;
    transport.send(call).await
}
