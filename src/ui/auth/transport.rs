//! How calls leave the page: by `fetch`, same-origin, with the access token where one is due. On a 401 for an access
//! token that has run out, the token is renewed once and the call repeated; nobody sees it.

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

/// After this the server counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same for the question whether it is there. For a renewal it depends on the server ([`timing::patience`]).
const HEALTH_PATIENCE: Duration = Duration::from_secs(3);
/// How often it is looked whether a renewal is over, before what ends the session is sent all the same.
const LOOKS: u32 = 14;

/// For pages that anybody may see: calls go without a token.
pub struct Open;

impl Transport for Open {
    fn send(&self, call: Call) -> Sending {
        Box::pin(async move { fetch(&call, None).await })
    }
}

/// For pages of who is signed in; see the module.
pub struct Authorized;

impl Transport for Authorized {
    fn send(&self, call: Call) -> Sending {
        Box::pin(send(call))
    }
}

thread_local! {
    /// How many calls are under way that are sent alone.
    static ALONE: Cell<u32> = const { Cell::new(0) };
    /// Break off what is being read.
    static READING: RefCell<Vec<AbortController>> = const { RefCell::new(Vec::new()) };
}

/// Whether something is under way that may end this session: its answer then says so.
pub fn is_ending() -> bool {
    ALONE.get() > 0
}

/// Sends what ends this session if all goes well. What is being read meanwhile would be refused, and the page would not
/// know why: it is broken off, and what is to be read next waits for the answer. So is a renewal that is under way, for a
/// while. Other tabs are told the reason first.
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
    // Without an answer it may be over all the same.
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

/// Something that is being read: what ends the session breaks it off.
pub struct Reading(AbortController);

impl Reading {
    /// Waits until something may be read.
    ///
    /// # Errors
    /// Whatever the browser throws.
    pub async fn begin() -> Result<Self, JsValue> {
        while is_ending() || showing() == Showing::Leaving {
            browser::sleep(timing::LOOK).await;
        }
        let controller = AbortController::new()?;
        READING.with_borrow_mut(|reading| reading.push(controller.clone()));
        Ok(Self(controller))
    }

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

/// Whether the server answers at all.
pub async fn is_server_there() -> bool {
    let call = Call { method: Method::GET, path: links::HEALTH.to_owned(), body: None };
    fetch(&call, None).await.is_ok_and(|reply| reply.status < 500)
}

async fn send(call: Call) -> Result<Reply, Problem> {
    match call.path.as_str() {
        post::REFRESH | post::PREFERENCES => return fetch(&call, None).await,
        // Signing out needs no fresh token: the cookie is enough, and so is a token that has run out.
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
            // Perhaps it was renewed while the call was under way.
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

/// A fresh access token.
async fn renewed() -> Result<String, Problem> {
    match renewal::renew().await {
        RenewalOutcome::Renewed => memory::access_token().ok_or(Problem::new(Code::InvalidToken)),
        RenewalOutcome::Ended(code) => Err(code.into()),
        RenewalOutcome::Unreachable => Err(Code::Unavailable.into()),
    }
}

/// The code of a refused credential.
fn problem_code(reply: &Reply) -> Option<Code> {
    let code = (reply.status == 401).then(|| read::<Problem>(&reply.body))??.code;
    notice::is_over(code).then_some(code)
}

async fn fetch(call: &Call, token: Option<String>) -> Result<Reply, Problem> {
    // Whatever the browser throws means one thing here: there was no answer.
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
    if let Some(told) = response.headers().get("Date")? {
        clock::compare(browser::parse_time(&told).unwrap_or_else(browser::now));
    }
    let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Reply { status: response.status(), body })
}
