//! Sends the app's calls with `fetch`, same-origin, with the access token where it is needed. If the answer is 401
//! because the access token has expired, renews it once and repeats the call.

use super::renewal::{self, RenewalOutcome};
use super::tabs::{self, TabMessage};
use super::{Showing, ended, memory, showing, timing};
use crate::api::json::read;
use crate::api::problem::{Code, Problem};
use crate::api::transport::{Call, Reply, Sending, Transport};
use crate::ui::environment::PageEnvironment;
use crate::ui::links::post;
use crate::ui::{browser, clock, links, notice};
use http::Method;
use leptos::prelude::window;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, Request, RequestCredentials, RequestInit, Response};

/// The time after which the server counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for health checks. For renewals it depends on the server's settings ([`timing::patience`]).
const HEALTH_PATIENCE: Duration = Duration::from_secs(3);
/// How often to check whether a renewal has finished. After that, a call that ends the session is sent anyway.
const LOOKS: u32 = 14;

/// The transport of pages that anybody may see: calls have no token.
pub struct Open;

impl Transport for Open {
    fn send(&self, call: Call) -> Sending {
        Box::pin(async move { fetch(&call, None).await })
    }
}

/// The transport of pages for signed-in users; see the module.
pub struct Authorized;

impl Transport for Authorized {
    fn send(&self, call: Call) -> Sending {
        Box::pin(send(call))
    }
}

thread_local! {
    /// The number of calls from [`alone`] in progress.
    static ALONE: Cell<u32> = const { Cell::new(0) };
    /// The controllers that abort the reads in progress.
    static READING: RefCell<Vec<AbortController>> = const { RefCell::new(Vec::new()) };
}

/// Whether a call that may end this session is in progress. Its answer gives the reason.
pub fn is_ending() -> bool {
    ALONE.get() > 0
}

/// Sends a call that ends this session if it succeeds. Reads in progress would be refused without a known reason: they
/// are aborted, and later reads wait for the answer. If a renewal is in progress, the call waits for it, but only for a
/// while. Other tabs are told in advance.
pub async fn alone(call: Pin<Box<dyn Future<Output = Result<(), Problem>>>>) -> Result<(), Problem> {
    for _ in 0..LOOKS {
        if !renewal::is_under_way() {
            break;
        }
        browser::sleep(timing::LOOK).await;
    }
    let _alone = Alone::begin();
    tabs::post(TabMessage::Ending);
    let result = call.await;
    // Without an answer the session may have ended too.
    if result.as_ref().is_err_and(|problem| problem.code != Code::Unavailable) {
        tabs::post(TabMessage::NotEnded);
    }
    result
}

struct Alone;

impl Alone {
    fn begin() -> Self {
        ALONE.set(ALONE.get() + 1);
        for reading in READING.take() {
            reading.abort();
        }
        Self
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        ALONE.set(ALONE.get() - 1);
    }
}

/// A read in progress. A call that ends the session aborts it.
pub struct Reading(AbortController);

impl Reading {
    /// Waits until reading is possible.
    ///
    /// # Errors
    /// Any exception of the browser.
    pub async fn begin() -> Result<Self, JsValue> {
        while is_ending() || showing() == Showing::Leaving {
            browser::sleep(timing::LOOK).await;
        }
        let controller = AbortController::new()?;
        READING.with_borrow_mut(|reading| reading.push(controller.clone()));
        Ok(Self(controller))
    }

    /// What breaks off the request, for `fetch`.
    pub fn controller(&self) -> &AbortController {
        let Self(controller) = self;
        controller
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        READING.with_borrow_mut(|reading| reading.retain(|other| other != self.controller()));
    }
}

/// Whether the server answers.
pub async fn is_server_there() -> bool {
    let call = Call { method: Method::GET, path: links::HEALTH.to_owned(), body: None };
    fetch(&call, None).await.is_ok_and(|reply| reply.status < 500)
}

async fn send(call: Call) -> Result<Reply, Problem> {
    match call.path.as_str() {
        post::REFRESH | post::PREFERENCES => return fetch(&call, None).await,
        // Signing out needs no valid access token: the cookie or an expired token is enough.
        post::LOGOUT => return fetch(&call, memory::access_token()).await,
        _ => {}
    }
    let token = match memory::access_token() {
        Some(token) => token,
        None => renewed().await?,
    };
    let reply = fetch(&call, Some(token.clone())).await?;
    match problem_code(&reply) {
        Some(Code::InvalidToken) => {
            // Another call may have renewed it in the meantime.
            let fresh = match memory::access_token().filter(|current| *current != token) {
                Some(current) => current,
                None => renewed().await?,
            };
            let reply = fetch(&call, Some(fresh)).await?;
            if let Some(code @ (Code::SessionRevoked | Code::RefreshReused)) = problem_code(&reply) {
                ended(code);
            }
            Ok(reply)
        }
        Some(code @ (Code::SessionRevoked | Code::RefreshReused)) => {
            ended(code);
            Ok(reply)
        }
        _ => Ok(reply),
    }
}

/// Renews the access token, and returns it.
async fn renewed() -> Result<String, Problem> {
    match renewal::renew().await {
        RenewalOutcome::Renewed => memory::access_token().ok_or(Problem::new(Code::InvalidToken)),
        RenewalOutcome::Ended(code) => Err(code.into()),
        RenewalOutcome::Unreachable => Err(Code::Unavailable.into()),
    }
}

/// The code of an answer that refuses the credential.
fn problem_code(reply: &Reply) -> Option<Code> {
    let code = (reply.status == 401).then(|| read::<Problem>(&reply.body))??.code;
    notice::is_over(code).then_some(code)
}

async fn fetch(call: &Call, token: Option<String>) -> Result<Reply, Problem> {
    // Any exception of the browser means that there was no answer.
    exchange(call, token).await.map_err(|_| Code::Unavailable.into())
}

async fn exchange(call: &Call, token: Option<String>) -> Result<Reply, JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "application/json")?;
    if let Some(token) = token {
        headers.set("Authorization", &format!("Bearer {token}"))?;
    }
    let init = RequestInit::new();
    init.set_method(call.method.as_str());
    init.set_credentials(RequestCredentials::SameOrigin);
    let reading = if call.method == Method::GET { Some(Reading::begin().await?) } else { None };
    let controller = match &reading {
        Some(reading) => reading.controller().clone(),
        None => AbortController::new()?,
    };
    init.set_signal(Some(&controller.signal()));
    let patience = match call.path.as_str() {
        post::REFRESH => timing::patience(PageEnvironment::current().grace),
        links::HEALTH => HEALTH_PATIENCE,
        _ => PATIENCE,
    };
    browser::abort_after(controller, patience);
    if let Some(body) = &call.body {
        headers.set("Content-Type", "application/json")?;
        init.set_body(&JsValue::from_str(body));
    }
    init.set_headers(&headers);
    let request = Request::new_with_str_and_init(&call.path, &init)?;
    let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    if let Some(date) = response.headers().get("Date")? {
        clock::compare(browser::parse_time(&date).unwrap_or_else(browser::now));
    }
    let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Reply { status: response.status(), body })
}
