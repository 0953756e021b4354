//! Limits on connections: how many there are at once, and how long one may be idle, take for its TLS handshake, take to
//! send its request, or leave an answer unread.

mod connection;
mod handshake;
mod places;

use super::http::{Peer, TrustedProxies};
use super::hyper_errors::Completed;
use super::listening::Socket;
use super::telemetry::Rarely;
use super::tls::Certificates;
use crate::domain::network::Network;
use axum_server::accept::Accept;
use connection::Watched;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use handshake::HandshakeError;
use places::{Place, Places, Taking};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower::Service;

/// How long a client may take to send the head of a request: from the start of the connection, later from its first
/// byte. With TLS, from the first byte of the handshake. How long it may be silent before that.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may leave sent data unread.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum number of connections, if the system allows as many.
pub(super) const MAX: u64 = 10_000;
/// File descriptors reserved for everything else.
const OTHER_FILES: u64 = 128;

/// Accepts connections up to a limit, and up to a share of it from one source. Beyond that, an idle connection is
/// closed, or the new one.
#[derive(Clone, Debug)]
pub(super) struct Limited {
    places: Arc<Places>,
    trusted_proxies: Arc<TrustedProxies>,
    /// With them, a connection by TCP begins with a TLS handshake.
    certificates: Option<Arc<Certificates>>,
    /// The header lines that [`Completed`] adds.
    lines: Arc<[u8]>,
}

/// The stream of a connection below TLS.
type Raw = Watched<Pin<Box<TimeoutStream<Socket>>>>;

/// Limit how often the log reports a source with too many connections, and connections that could not be accepted.
static CROWDED: Rarely = Rarely::new();
static UNTAKEN: Rarely = Rarely::new();

/// The maximum number of connections, after raising the limit of open files as far as the system allows.
pub(super) fn most() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = MAX + OTHER_FILES;
    let most = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if current.is_some_and(|current| current < most)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum })
    {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    let files = getrlimit(Resource::Nofile).current.map_or(wanted, |current| current.min(wanted));
    usize::try_from(files.saturating_sub(OTHER_FILES).max(files / 2)).unwrap_or(usize::MAX)
}

/// Logs, once a minute, connections that could not be accepted: there were too many, or no file descriptor was left.
pub(super) fn not_taken(error: &io::Error) {
    if matches!(error.get_ref(), Some(cause) if cause.is::<HandshakeError>()) {
        // That is the client's affair.
        tracing::debug!(%error, "a TLS handshake failed");
        return;
    }
    if let Some(times) = UNTAKEN.count() {
        tracing::warn!(%error, times, "connections could not be taken");
    }
}

impl Limited {
    /// At most `most` connections at once, and `share` from one source (0: no share) that is not a trusted proxy.
    /// `lines` are the headers of answers that the HTTP library sends by itself.
    pub(super) fn to(most: usize, share: usize, trusted_proxies: Arc<TrustedProxies>, lines: Vec<u8>) -> Self {
        Self { places: Places::new(most, share), trusted_proxies, certificates: None, lines: lines.into() }
    }

    /// The same, with TLS.
    pub(super) fn encrypted(self, certificates: Option<Arc<Certificates>>) -> Self {
        Self { certificates, ..self }
    }

    /// How many connections there are, and since the start, how many were closed for another one and how many were
    /// refused.
    pub(super) fn counts(&self) -> (usize, u64, u64) {
        self.places.counts()
    }

    fn take(&self, socket: &Socket) -> io::Result<Place> {
        let peer = match socket {
            Either::Left(stream) => stream.peer_addr()?.ip().into(),
            Either::Right(_) => Peer::Local,
        };
        let source = peer.address().filter(|_| !self.trusted_proxies.trusts(peer)).map(Network::of);
        let taken = self.places.take(source, connection::now());
        let (place, taking) = taken.ok_or_else(|| io::Error::other("too many connections"))?;
        if let Taking::Evicted(source, connections) = taking
            && let Some(times) = CROWDED.count()
        {
            tracing::warn!(%source, connections, times, "one source holds too many connections; its longest idle one was closed");
        }
        Ok(place)
    }

    /// Prepares a connection that holds `place`.
    async fn open(&self, mut socket: Socket, place: &Place) -> io::Result<<Self as Accept<Socket, ()>>::Stream> {
        let mut certificates = None;
        if let Either::Left(stream) = &mut socket {
            stream.set_nodelay(true)?;
            certificates = self.certificates.as_deref();
            if certificates.is_some() {
                handshake::expect_tls(stream, &place.connection).await?;
            }
        }
        let mut stream = TimeoutStream::new(socket);
        stream.set_write_timeout(Some(UNREAD_TIMEOUT));
        let stream = Watched::new(Box::pin(stream), place.connection.clone(), HEAD_TIMEOUT);
        let stream = match certificates {
            Some(certificates) => Either::Right(Box::new(handshake::shake_hands(certificates, stream).await?)),
            None => Either::Left(stream),
        };
        Ok(Completed::new(stream, self.lines.clone()))
    }
}

impl<S: Send + 'static> Accept<Socket, S> for Limited {
    type Stream = Completed<Either<Raw, Box<TlsStream<Raw>>>>;
    type Service = Held<S>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, socket: Socket, service: S) -> Self::Future {
        let limited = self.clone();
        let accept = async move {
            let place = limited.take(&socket)?;
            let stream = limited.open(socket, &place).await?;
            Ok((stream, Held { service, place: Arc::new(place) }))
        };
        accept.boxed()
    }
}

/// The service of a connection. It holds the connection's place.
#[derive(Clone, Debug)]
pub(super) struct Held<S> {
    service: S,
    place: Arc<Place>,
}

impl<R, S> Service<R> for Held<S>
where
    S: Service<R, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let under_way = self.place.connection.begin_request();
        self.service.call(request).inspect(move |_| drop(under_way)).boxed()
    }
}
