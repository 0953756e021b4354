//! The sockets that a server listens on: those of its settings, or those that systemd passes to it. All of them feed
//! one server.

mod passed;
mod unix;

pub(super) use passed::{PassedSocket, passed};

use super::config::ListenAddress;
use super::http::Peer;
use axum_server::{AddrListener, Address};
use rustix::net::sockopt::set_ipv6_v6only;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};
use tokio_util::either::Either;
use unix::SocketFile;

/// How many connections of one listener may wait until they are accepted. The system has a limit of its own
/// (`net.core.somaxconn`).
const BACKLOG: u32 = 4_096;

/// An accepted connection.
pub(super) type Socket = Either<TcpStream, UnixStream>;

/// All sockets that a server listens on.
#[derive(Debug)]
pub struct Listeners {
    listeners: Vec<Listener>,
    /// The listener that is asked first next time: a busy one must not keep the others waiting.
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Listener {
    socket: ListenerSocket,
    address: ListenAddress,
    /// The file that goes with the socket.
    _file: Option<SocketFile>,
}

#[derive(Debug)]
enum ListenerSocket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// An address is taken, or the system refuses it.
    #[error("cannot listen on {0}: {1}")]
    Bind(ListenAddress, io::Error),
    /// Something else than listening sockets was passed.
    #[error("cannot listen on the sockets that were passed: {0}")]
    Passed(String),
}

impl Listeners {
    /// Listens on the sockets that were passed, or, if none were, on `addresses`.
    ///
    /// # Errors
    /// [`ListenError`] with the first address that cannot be listened on, and the reason.
    pub(super) fn open(passed: Vec<PassedSocket>, addresses: &[ListenAddress]) -> Result<Self, ListenError> {
        if passed.is_empty() {
            return Self::bind(addresses);
        }
        Self::take(passed).map_err(|error| ListenError::Passed(error.to_string()))
    }

    fn bind(addresses: &[ListenAddress]) -> Result<Self, ListenError> {
        let bind = |address: &ListenAddress| {
            let bound = match address {
                ListenAddress::Ip(ip) => bind_tcp(*ip, addresses),
                ListenAddress::Unix(path) => unix::bind(path).map(|(socket, file)| Listener {
                    socket: ListenerSocket::Unix(socket),
                    address: address.clone(),
                    _file: Some(file),
                }),
            };
            bound.map_err(|error| ListenError::Bind(address.clone(), error))
        };
        Ok(Self::of(addresses.iter().map(bind).collect::<Result<_, _>>()?))
    }

    fn take(passed: Vec<PassedSocket>) -> io::Result<Self> {
        let take = |socket| -> io::Result<Listener> {
            match socket {
                PassedSocket::Tcp(socket) => Listener::tcp(TcpListener::from_std(socket)?),
                PassedSocket::Unix(socket) => {
                    let path = socket.local_addr()?.as_pathname().map(ToOwned::to_owned).unwrap_or_default();
                    let socket = ListenerSocket::Unix(UnixListener::from_std(socket)?);
                    Ok(Listener { socket, address: ListenAddress::Unix(path), _file: None })
                }
            }
        };
        Ok(Self::of(passed.into_iter().map(take).collect::<Result<_, _>>()?))
    }

    const fn of(listeners: Vec<Listener>) -> Self {
        Self { listeners, turn: AtomicUsize::new(0) }
    }

    /// Where it listens: with the ports that the system chose.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &ListenAddress> {
        self.listeners.iter().map(|listener| &listener.address)
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
        let number = self.listeners.len();
        let first = self.turn.load(Ordering::Relaxed);
        let in_turn = self.listeners.iter().enumerate().cycle().skip(first).take(number);
        for (at, listener) in in_turn {
            if let Poll::Ready(accepted) = listener.poll_accept(context) {
                self.turn.store((at + 1) % number, Ordering::Relaxed);
                return Poll::Ready(accepted);
            }
        }
        Poll::Pending
    }
}

impl Listener {
    fn tcp(socket: TcpListener) -> io::Result<Self> {
        let address = socket.local_addr()?.into();
        Ok(Self { socket: ListenerSocket::Tcp(socket), address, _file: None })
    }

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
        match &self.socket {
            ListenerSocket::Tcp(socket) => {
                socket.poll_accept(context).map_ok(|(stream, peer)| (Either::Left(stream), peer.ip().into()))
            }
            ListenerSocket::Unix(socket) => {
                socket.poll_accept(context).map_ok(|(stream, _)| (Either::Right(stream), Peer::Local))
            }
        }
    }
}

/// Listens on an address and port. `[::]` takes IPv4 as well, unless IPv4 has a listener of its own on the same port.
fn bind_tcp(address: SocketAddr, all: &[ListenAddress]) -> io::Result<Listener> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        let is_v4 = |other: &ListenAddress| matches!(other, ListenAddress::Ip(SocketAddr::V4(v4)) if v4.port() == address.port());
        set_ipv6_v6only(&socket, all.iter().any(is_v4))?;
    }
    // A server that starts again need not wait for the connections of the one before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Listener::tcp(socket.listen(BACKLOG)?)
}

impl AddrListener<Socket, Peer> for Listeners {
    async fn bind_to(_: Peer) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept_stream(&self) -> io::Result<(Socket, Peer)> {
        poll_fn(|context| self.poll_accept(context)).await
    }

    fn get_local_addr(&self) -> io::Result<Peer> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Address for Peer {
    type Stream = Socket;
    type Listener = Listeners;
}
