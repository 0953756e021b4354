//! The other end of a connection.

use axum::extract::connect_info::Connected;
use std::net::IpAddr;

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An address, in its canonical form.
    Address(IpAddr),
    /// A process of this machine, through a Unix socket. It has no address. Whoever may open the socket's file is a
    /// proxy that the operator trusts.
    Local,
}

impl Peer {
    /// Its address.
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Local => None,
        }
    }
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }
}

impl Connected<Self> for Peer {
    fn connect_info(peer: Self) -> Self {
        peer
    }
}
