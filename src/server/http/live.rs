//! `GET /api/live`: server-sent events (HTML Living Standard, section 9.2) for callers with a bearer token.

use super::context::RequestContext;
use super::problem;
use crate::api::problem::Code;
use crate::domain::session::Reason;
use crate::server::service::{LiveEvent, ServiceError, Watch};
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{FutureExt as _, StreamExt as _, future, stream};
use http::{HeaderName, HeaderValue, Response, header};
use serde_json::json;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tracing::{Instrument as _, Span};

/// The interval of the messages that keep an idle stream open. They keep proxies from closing it, and reveal that a
/// client has gone away.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// The version of the list that the page shows: the last that it heard of the sessions, here by being rendered.
const LAST_EVENT_ID: &str = "last-event-id";

/// Streams the changes to the caller's sessions until the access token expires, the session ends, or the server stops.
pub(super) async fn live(request: Request) -> Response<Body> {
    let Some(context) = request.extensions().get::<RequestContext>() else {
        return problem::answer(&Code::Internal.into());
    };
    let shown = request.headers().get(LAST_EVENT_ID).and_then(|version| version.to_str().ok());
    match begin(context, shown).await {
        Ok(watch) => answer(watch, context.span.clone()),
        Err(error) => problem::answer(&error.into()),
    }
}

async fn begin(context: &RequestContext, shown: Option<&str>) -> Result<Watch, ServiceError> {
    let token = context.bearer.as_ref().ok_or(ServiceError::InvalidToken)?;
    context.services().watch(token, context.needs()?, shown, &context.source).await
}

fn answer(watch: Watch, span: Span) -> Response<Body> {
    // Some proxies send the head of an answer only with the first bytes of its body.
    let first = match watch.is_unchanged() {
        true => Event::default().event("unchanged").data("{}"),
        false => Event::default().comment(""),
    };
    let events = stream::unfold((watch, span), |(mut watch, span)| async {
        // A panic ends the stream like any other end: the page connects again.
        let next = AssertUnwindSafe(watch.next()).catch_unwind().instrument(span.clone()).await;
        match next.ok()? {
            Ok(event) => Some((Ok::<_, Infallible>(written(event?)), (watch, span))),
            Err(error) => {
                span.in_scope(|| tracing::warn!(%error, "a stream of live events failed"));
                None
            }
        }
    });
    let first = stream::once(future::ready(Ok(first)));
    let mut response = Sse::new(first.chain(events)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx and others do not buffer an answer with this header.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

fn written(event: LiveEvent) -> Event {
    let (name, data) = match event {
        LiveEvent::SessionCreated(sid) => ("session-created", json!({ "sid": sid })),
        LiveEvent::SessionRevoked(sid) => ("session-revoked", json!({ "sid": sid })),
        LiveEvent::SessionRenamed(sid, name) => ("session-renamed", json!({ "sid": sid, "name": name })),
        LiveEvent::SignedOut(reason) => ("signed-out", json!({ "reason": reason.map(Reason::as_str) })),
    };
    Event::default().event(name).data(data.to_string())
}
