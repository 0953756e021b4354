//! Bodies of the calls, and queries. First line: the call. Second: the media type, or `query`. The rest: the body. A refusal is one of the few
//! that there are, so it echoes nothing; what is accepted says the same again as JSON and as a form.
#![no_main]

use axum::body::Body;
use http::{Request, header::CONTENT_TYPE};
use latchkey::api::account::ListActivity;
use latchkey::api::auth::{ChangePassword, Refresh, RenameSession, RevokeSession, SignIn, SignOutAll, SignUp};
use latchkey::api::preferences::Choose;
use latchkey::api::problem::{Code, FieldError, Problem};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use server_fn::{Protocol, ServerFn, server::Server};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

const FIELDS: [&str; 7] = ["username", "password", "sid", "name", "currentPassword", "newPassword", "refreshToken"];
const JSON: &[u8] = b"application/json";
const FORM: &[u8] = b"application/x-www-form-urlencoded";
const QUERY: &[u8] = b"query";

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let (Some(call), Some(media_type), Some(body)) = (parts.next(), parts.next(), parts.next()) else { return };
    match call {
        b"login" => check::<SignIn>(media_type, body),
        b"signup" => check::<SignUp>(media_type, body),
        b"refresh" => check::<Refresh>(media_type, body),
        b"logout-all" => check::<SignOutAll>(media_type, body),
        b"revoke" => check::<RevokeSession>(media_type, body),
        b"rename" => check::<RenameSession>(media_type, body),
        b"password" => check::<ChangePassword>(media_type, body),
        b"preferences" => check::<Choose>(media_type, body),
        b"activity" if media_type == QUERY => check::<ListActivity>(media_type, body),
        _ => {}
    }
});

fn check<F>(media_type: &[u8], body: &[u8])
where
    F: ServerFn<Error = Problem, InputStreamError = Problem, OutputStreamError = Problem>
        + Serialize
        + DeserializeOwned
        + Sync,
    F::Server: Server<Problem, Request = Request<Body>>,
{
    let input = match read::<F>(media_type, body) {
        Ok(input) => input,
        Err(problem) => {
            let told = serde_json::to_string(&problem).expect("a problem is JSON");
            assert!(refusals().any(|known| serde_json::to_string(&known).expect("JSON") == told), "{told}");
            return;
        }
    };
    if media_type.starts_with(JSON) && !body.is_empty() {
        assert!(matches!(serde_json::from_slice(body), Ok(serde_json::Value::Object(_))), "no object");
    }
    let json = serde_json::to_vec(&input).expect("JSON");
    let form = serde_urlencoded::to_string(&input).expect("a form");
    let again = |media_type: &[u8], body: &[u8]| {
        read::<F>(media_type, body).map(|read| serde_json::to_vec(&read).expect("JSON"))
    };
    if media_type == QUERY {
        assert_eq!(again(QUERY, form.as_bytes()).ok(), Some(json));
        return;
    }
    assert_eq!(again(JSON, &json).ok(), Some(json.clone()));
    assert_eq!(again(FORM, form.as_bytes()).ok(), Some(json));
}

/// All that the wire may say of a body that it does not read.
fn refusals() -> impl Iterator<Item = Problem> {
    let required =
        |field: &str| FieldError { field: field.into(), code: "required".into(), detail: "This is needed.".into() };
    let unreadable = Problem::new(Code::ValidationFailed).with_detail("The body could not be read.");
    let fields = FIELDS.into_iter().map(move |field| Problem::fields(vec![required(field)]));
    fields.chain([unreadable, Problem::new(Code::UnsupportedMediaType)])
}

/// What a server function is given, or why it is not called.
fn read<F>(media_type: &[u8], body: &[u8]) -> Result<F, Problem>
where
    F: ServerFn<Error = Problem, InputStreamError = Problem, OutputStreamError = Problem> + Sync,
    F::Server: Server<Problem, Request = Request<Body>>,
{
    let request = if media_type == QUERY {
        Request::builder().uri([b"/?", body].concat()).body(Body::empty())
    } else {
        Request::builder().header(CONTENT_TYPE, media_type).body(Body::from(body.to_vec()))
    };
    let Ok(request) = request else { return Err(Code::UnsupportedMediaType.into()) };
    let given = Mutex::new(None);
    let call = F::Protocol::run_server(request, |input: F| {
        *given.lock().expect("a lock") = Some(input);
        async { Err(Problem::new(Code::NotFound)) }
    });
    let Poll::Ready(answer) = pin!(call).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("there is nothing to wait for")
    };
    match (given.into_inner().expect("a lock"), answer) {
        (Some(input), _) => Ok(input),
        (None, Err(problem)) => Err(problem),
        (None, Ok(_)) => panic!("answered without being called"),
    }
}
