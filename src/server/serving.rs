//! Serves a router on listeners: the HTTP library, with the times and sizes that it keeps.

use super::connections::{self, HEAD_TIMEOUT, Limited};
use super::http::Peer;
use super::listening::Listeners;
use axum::Router;
use axum_server::Handle;
use std::io;
use std::time::Duration;

/// The maximum size of a request's head, in bytes.
const HEAD_MAX: usize = 16 * 1024;

/// Serves `router` until `handle` stops it. `idle`: how long a connection may be idle between two requests.
///
/// # Errors
/// When the listeners fail.
pub(super) async fn serve(
    listeners: Listeners,
    connections: Limited,
    handle: Handle<Peer>,
    idle: Duration,
    router: Router,
) -> io::Result<()> {
    let mut server = axum_server::Server::<Peer>::from_listener(listeners)
        .handle(handle)
        .acceptor(connections)
        .accept_error_handler(|_, error| connections::not_taken(error))
        .http1_only()
        .first_request_timeout(HEAD_TIMEOUT);
    server
        .http_builder()
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        // Counted from the last answer. `connections` counts from the first byte of a head.
        .header_read_timeout(idle + HEAD_TIMEOUT)
        .max_buf_size(HEAD_MAX);
    server.serve(router.into_make_service_with_connect_info::<Peer>()).await
}
