//! Sockets that systemd, or another supervisor, opened and passes to this process (`sd_listen_fds(3)`).

use super::ListenError;
use listenfd::ListenFd;
use rustix::io::ioctl_fionbio;
use rustix::net::sockopt::socket_acceptconn;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// The descriptor of the first socket.
const FIRST: usize = 3;

/// A listening socket that was passed.
#[derive(Debug)]
pub(crate) enum PassedSocket {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

impl AsFd for PassedSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

/// The sockets that were passed to this process (`LISTEN_FDS`, `LISTEN_PID`); none, if none were. This removes the two
/// variables from the environment, so call it first, and once.
///
/// # Errors
/// [`ListenError::Passed`], if something else than a listening stream socket was passed.
pub(crate) fn passed() -> Result<Vec<PassedSocket>, ListenError> {
    let mut passed = ListenFd::from_env();
    (0..passed.len()).map(|at| take(&mut passed, at).map_err(ListenError::Passed)).collect()
}

fn take(passed: &mut ListenFd, at: usize) -> Result<PassedSocket, String> {
    let number = FIRST + at;
    let odd = || format!("LISTEN_FDS: file descriptor {number} is no stream socket of IP or Unix");
    let socket = match passed.take_tcp_listener(at) {
        Ok(socket) => PassedSocket::Tcp(socket.ok_or_else(odd)?),
        // It is left in its place then.
        Err(_) => PassedSocket::Unix(passed.take_unix_listener(at).ok().flatten().ok_or_else(odd)?),
    };
    match prepare(&socket) {
        Ok(true) => Ok(socket),
        Ok(false) => Err(format!(
            "LISTEN_FDS: file descriptor {number} is a connection (Accept=yes), where a listening socket is needed"
        )),
        Err(error) => Err(format!("LISTEN_FDS: file descriptor {number}: {error}")),
    }
}

/// Makes a socket ready for tokio. Returns whether it listens.
fn prepare(socket: &PassedSocket) -> io::Result<bool> {
    ioctl_fionbio(socket, true)?;
    Ok(socket_acceptconn(socket)?)
}
