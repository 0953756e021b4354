//! The encoding of calls. The browser app, HTML forms and JSON clients share one protocol: a request's body is read by
//! its `Content-Type`, an answer is JSON, and an answer without content is empty (and becomes 204).

use super::problem::{Code, Problem};
use super::transport::{self, Call};
use super::{form, json};
use bytes::Bytes;
use http::Method;
use send_wrapper::SendWrapper;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::Protocol;
use server_fn::client::Client;
use server_fn::request::Req;
use server_fn::response::TryRes;
use server_fn::server::Server;
use std::marker::PhantomData;

/// A call that changes something: `POST`, with a JSON or form body.
pub struct Post;
/// A call that only reads: `GET`, with its arguments in the query.
pub struct Get;

/// The HTTP method of a call.
///
/// ```
/// use latchkey::api::wire::{Get, Post, Verb};
///
/// assert_eq!((Get::METHOD, Get::IN_QUERY), (http::Method::GET, true));
/// assert_eq!((Post::METHOD, Post::IN_QUERY), (http::Method::POST, false));
/// ```
pub trait Verb {
    /// The method itself.
    const METHOD: Method;
    /// Whether the arguments are in the query. A constant, so that each call compiles only its own encoding.
    const IN_QUERY: bool;
}

impl Verb for Post {
    const METHOD: Method = Method::POST;
    const IN_QUERY: bool = false;
}

impl Verb for Get {
    const METHOD: Method = Method::GET;
    const IN_QUERY: bool = true;
}

/// The protocol of all server functions.
pub struct Wire<V>(PhantomData<V>);

impl<V, Input, Output, C, S> Protocol<Input, Output, C, S, Problem> for Wire<V>
where
    V: Verb,
    Input: Serialize + DeserializeOwned + Send,
    Output: Serialize + DeserializeOwned + Send,
    C: Client<Problem>,
    S: Server<Problem>,
{
    const METHOD: Method = V::METHOD;

    async fn run_server<F, Fut>(request: S::Request, server_fn: F) -> Result<S::Response, Problem>
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, Problem>> + Send,
    {
        let input = if V::IN_QUERY {
            from_form(request.as_query().unwrap_or_default().as_bytes())?
        } else {
            let media_type = request.to_content_type().map(|value| media_type(&value));
            let body = request.try_into_bytes().await?;
            match media_type.as_deref() {
                Some("application/json") => from_json(&body)?,
                Some("application/x-www-form-urlencoded") => from_form(&body)?,
                None if body.is_empty() => from_form(&body)?,
                _ => return Err(Code::UnsupportedMediaType.into()),
            }
        };
        let output = server_fn(input).await?;
        S::Response::try_from_bytes("application/json", encode(&output)?)
    }

    async fn run_client(path: &str, input: Input) -> Result<Output, Problem> {
        let (path, body) = if V::IN_QUERY {
            let query = serde_urlencoded::to_string(&input).map_err(|_| Problem::new(Code::Internal))?;
            (if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }, None)
        } else {
            (path.to_owned(), Some(serde_json::to_string(&input).map_err(|_| Problem::new(Code::Internal))?))
        };
        let answer = SendWrapper::new(exchange(Call { method: V::METHOD, path, body })).await?;
        json::read(if answer.is_empty() { "null" } else { &answer }).ok_or(Code::Unavailable.into())
    }
}

/// Makes a call, and returns the unparsed body of a successful answer.
///
/// ```
/// use latchkey::api::problem::Code;
/// use latchkey::api::transport::{Call, Reply, Sending, Transport, install};
/// use latchkey::api::wire::exchange;
///
/// struct Refuses;
///
/// impl Transport for Refuses {
///     fn send(&self, _: Call) -> Sending {
///         Box::pin(async { Ok(Reply { status: 502, body: "<h1>Bad Gateway</h1>".into() }) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// install(std::rc::Rc::new(Refuses));
/// let call = Call { method: http::Method::GET, path: "/api/me".into(), body: None };
/// // A proxy answered, so nothing is known of the service.
/// assert_eq!(exchange(call).await.map_err(|problem| problem.code), Err(Code::Unavailable));
/// # }
/// ```
///
/// # Errors
/// The problem in the answer, or `unavailable` if there is no readable answer.
pub async fn exchange(call: Call) -> Result<String, Problem> {
    let reply = transport::send(call).await?;
    if reply.status >= 400 {
        return Err(json::read(&reply.body).unwrap_or_else(|| Code::Unavailable.into()));
    }
    Ok(reply.body)
}

/// Serializes to JSON, and an empty result to an empty body.
fn encode<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    let json = serde_json::to_vec(value).map_err(|_| Problem::new(Code::Internal))?;
    Ok(if json == b"null" { Bytes::new() } else { Bytes::from(json) })
}

fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.is_empty() { b"{}".as_slice() } else { body };
    // serde would also accept an array, field by field.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(unreadable());
    }
    // serde does not check text that it skips, but the whole body must be UTF-8 (RFC 8259 section 8.1).
    let body = std::str::from_utf8(body).map_err(|_| unreadable())?;
    // serde's messages name fields and positions. Values of the request in them are removed.
    serde_json::from_str(body).map_err(|error| malformed(&error))
}

fn from_form<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    form::from_form(body).map_err(|error| malformed(&error))
}

/// Names the missing field, but no value of the request: an error must not echo a password.
fn malformed(error: &dyn std::fmt::Display) -> Problem {
    let text = error.to_string();
    match text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        Some(field) => Problem::fields(vec![super::problem::FieldError {
            field: field.to_owned(),
            code: "required".into(),
            detail: "This is needed.".into(),
        }]),
        None => unreadable(),
    }
}

fn unreadable() -> Problem {
    Problem::new(Code::ValidationFailed).with_detail("The body could not be read.")
}
