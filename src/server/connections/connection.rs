//! The state of one connection: since when it is idle, and whether a request is in progress. It can be closed from
//! outside.

use crate::server::system::monotonic;
use futures_util::task::AtomicWaker;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The state of a connection.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    /// When a byte was last read or written, in milliseconds of [`monotonic`].
    active: AtomicU64,
    /// The number of requests in progress, and of all requests so far.
    busy: AtomicUsize,
    requests: AtomicU64,
    is_closed: AtomicBool,
    waker: AtomicWaker,
}

/// A request in progress.
pub(crate) struct RequestGuard(Arc<Connection>);

/// The current time of [`monotonic`], in milliseconds.
pub(super) fn now() -> u64 {
    u64::try_from(monotonic().as_millis()).unwrap_or(u64::MAX)
}

impl Connection {
    pub(crate) fn new(now: u64) -> Self {
        Self { active: now.into(), ..Self::default() }
    }

    pub(crate) fn touch(&self, now: u64) {
        self.active.store(now, Ordering::Relaxed);
    }

    pub(crate) fn active(&self) -> u64 {
        self.active.load(Ordering::Relaxed)
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) > 0
    }

    /// Notes that the head of a request has arrived. The request lasts until the returned guard is dropped.
    pub(crate) fn begin_request(self: &Arc<Self>) -> RequestGuard {
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        RequestGuard(self.clone())
    }

    /// Closes the connection: the next read or write fails.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Completes when the connection is closed.
    pub(crate) async fn closed(&self) {
        poll_fn(|context| if self.check(context).is_err() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Fails if the connection has been closed. Otherwise `context` is woken when that happens.
    fn check(&self, context: &Context<'_>) -> io::Result<()> {
        self.waker.register(context.waker());
        if self.is_closed() { Err(ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The stream of a connection. It notes when bytes are read or written. It fails when the connection has been closed,
/// and when the head of a request takes too long, counted from its first byte.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    connection: Arc<Connection>,
    head_timeout: Duration,
    /// The deadline of the current head, and the number of requests before it.
    head: Option<(Pin<Box<Sleep>>, u64)>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, connection: Arc<Connection>, head_timeout: Duration) -> Self {
        Self { stream, connection, head_timeout, head: None }
    }

    /// Starts the deadline at the first byte of a head, and ends it once the head has become a request.
    fn read(&mut self, some: bool) {
        let requests = self.connection.requests.load(Ordering::Relaxed);
        if self.head.as_ref().is_some_and(|(_, before)| *before != requests) {
            self.head = None;
        }
        if some && self.head.is_none() && !self.connection.is_busy() {
            self.head = Some((Box::pin(sleep(self.head_timeout)), requests));
        }
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.connection.touch(now());
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.connection.check(context)?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let some = buffer.filled().len() > before;
        if some {
            self.connection.touch(now());
        }
        self.read(some);
        if read.is_pending()
            && let Some((head, _)) = &mut self.head
        {
            ready!(head.as_mut().poll(context));
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.check(context)?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.connection.check(context)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
