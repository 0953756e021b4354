//! Networks as operators write them.

use ipnet::IpNet;
use std::net::IpAddr;

/// Parses an address, or a network as address/bits.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn parse(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| format!("{text:?} is neither an address nor a network"))
}
