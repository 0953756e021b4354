//! The network that rules treat as one source of requests.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// An IPv4 address, or an IPv6 network of 64 bits: whoever has one address in such a network has all of them.
///
/// ```
/// use latchkey::domain::network::Network;
///
/// let network = |text: &str| text.parse().map(Network::of);
/// assert_eq!(network("2001:db8:0:7::1")?, network("2001:db8:0:7:ffff::2")?);
/// assert_eq!(network("2001:db8:0:7::1")?.to_string(), "2001:db8:0:7::/64");
/// assert_eq!(network("::ffff:192.0.2.1")?.to_string(), "192.0.2.1");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// One address.
    V4(Ipv4Addr),
    /// The first 64 bits.
    V6([u16; 4]),
}

impl Network {
    /// The network of an address; an IPv4 address written as an IPv6 one counts as what it is.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6([a, b, c, d]) => write!(f, "{a:x}:{b:x}:{c:x}:{d:x}::/64"),
        }
    }
}
