//! What one connection may cost: how many there are at once, and how long one may keep silent, send its request, or
//! leave an answer unread.

use super::early::Completed;
use axum_server::accept::Accept;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower::Service;

/// How long a client may take to send the head of a request, from the connection's start or the last answer on.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may leave what was sent to it unread.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The most connections at a time, if the system allows as many.
const MAX: u64 = 10_000;
/// Files that are left for everything else.
const OTHER_FILES: u64 = 128;

/// Takes connections up to a number; one too many is closed at once.
#[derive(Clone, Debug)]
pub struct Limited {
    places: Arc<Semaphore>,
    /// What [`Completed`] adds.
    lines: Arc<[u8]>,
}

/// How many connections are sensible at once, after asking the system for as many open files as it allows.
pub fn most() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = MAX + OTHER_FILES;
    let most = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if current.is_some_and(|current| current < most)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum })
    {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let files = getrlimit(Resource::Nofile).current.map_or(wanted, |current| current.min(wanted));
    usize::try_from(files.saturating_sub(OTHER_FILES).max(files / 2)).unwrap_or(usize::MAX)
}

impl Limited {
    /// At most `connections` at a time; `lines` are the headers of what is answered before there is a request.
    pub fn to(connections: usize, lines: Vec<u8>) -> Self {
        Self { places: Arc::new(Semaphore::new(connections)), lines: lines.into() }
    }
}

impl<S> Accept<TcpStream, S> for Limited {
    type Stream = Completed<Pin<Box<TimeoutStream<TcpStream>>>>;
    type Service = Held<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(permit) = self.places.clone().try_acquire_owned() else {
            return ready(Err(io::Error::other("too many connections")));
        };
        let nodelay = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(UNREAD_TIMEOUT));
        let stream = Completed::new(Box::pin(stream), self.lines.clone());
        ready(nodelay.map(|()| (stream, Held { service, _permit: Arc::new(permit) })))
    }
}

/// A connection's service, which holds its place.
#[derive(Clone, Debug)]
pub struct Held<S> {
    service: S,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl<R, S: Service<R>> Service<R> for Held<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.service.call(request)
    }
}
