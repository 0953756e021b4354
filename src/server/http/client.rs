//! Where a request comes from: the client's address, behind trusted proxies too, and its User-Agent.

use super::device;
use crate::domain::device::is_unruly;
use crate::server::config::parse_network;
use crate::server::service::Source;
use http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The length to which a User-Agent is cut, in characters.
const USER_AGENT_MAX: usize = 256;

/// Headers in which proxies send the client's address.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// The networks of proxies whose forwarding headers are trusted.
#[derive(Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    /// Whether the log already has the warning about an untrusted proxy.
    has_warned: AtomicBool,
}

impl TrustedProxies {
    /// Parses addresses and networks.
    ///
    /// # Errors
    /// The first text that is neither.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let networks = list.iter().map(|text| parse_network(text)).collect::<Result<_, _>>()?;
        Ok(Self { networks, has_warned: AtomicBool::new(false) })
    }

    /// Whether an address, in its canonical form, belongs to a trusted network.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Warns once about a proxy that is not trusted: all clients behind it share one address, and so its limits.
    pub fn warn_of_untrusted(&self, peer: IpAddr, headers: &HeaderMap) {
        let peer = peer.to_canonical();
        if FORWARDING.iter().any(|name| headers.contains_key(*name))
            && !self.trusts(peer)
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                %peer,
                "a request with X-Forwarded-For came from an address that is not in server.trusted_proxies, so the header \
                 is not believed: if a proxy of yours has this address, add it, or all people behind it share its address \
                 and its limits"
            );
        }
    }

    /// The client's address: the peer's, or, as long as each hop is trusted, the one that this hop reports.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        // The lines are read as bytes: even if the client began a line with invalid UTF-8, the proxy's own entry at its
        // end must count.
        let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
            if !self.trusts(address) {
                break;
            }
            let Some(before) = std::str::from_utf8(hop.trim_ascii()).ok().and_then(address_of) else { break };
            address = before.to_canonical();
        }
        address
    }
}

/// The address of a hop in the forms that proxies write: alone, with a port (Azure), or IPv6 in brackets.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port).or_else(bracketed)
}

/// The source of a request, read when somebody asks for it first: to recognise a device takes longer than many an
/// answer that does not need it.
pub(crate) type SourceOnDemand = LazyLock<Source, Box<dyn FnOnce() -> Source + Send>>;

/// [`source`], on demand.
pub(crate) fn source_on_demand(headers: &HeaderMap, address: Option<IpAddr>) -> SourceOnDemand {
    let mut kept = HeaderMap::new();
    for name in std::iter::once(header::USER_AGENT).chain(device::HINTS) {
        if let Some(value) = headers.get(&name) {
            kept.insert(name, value.clone());
        }
    }
    LazyLock::new(Box::new(move || source(&kept, address)))
}

/// The source of a request, from its headers and the client's address.
pub fn source(headers: &HeaderMap, address: Option<IpAddr>) -> Source {
    let sent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let user_agent: String = sent.unwrap_or_default().chars().filter(|c| !is_unruly(*c)).take(USER_AGENT_MAX).collect();
    let device = device::of(&user_agent, &device::hints(headers));
    Source { ip: address.map(|address| address.to_string()), user_agent, device }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let trusted: Vec<String> = trusted.iter().map(|text| (*text).to_owned()).collect();
        TrustedProxies::parse(&trusted).unwrap().client_address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        assert_eq!(address(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(address(&["192.0.2.0/24"], "192.0.2.1", &["203.0.113.5, 198.51.100.7"]), "198.51.100.7");
        let both = ["192.0.2.0/24", "198.51.100.7"];
        assert_eq!(address(&both, "192.0.2.1", &["203.0.113.5, 198.51.100.7"]), "203.0.113.5");
        assert_eq!(address(&both, "192.0.2.1", &["203.0.113.5", "198.51.100.7"]), "203.0.113.5");
        assert_eq!(address(&["192.0.2.1"], "192.0.2.1", &["nonsense"]), "192.0.2.1");
        assert_eq!(address(&["192.0.2.1"], "::ffff:192.0.2.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
        assert!(TrustedProxies::parse(&["300.1.2.3".to_owned()]).is_err());
    }

    #[test]
    fn a_port_is_no_part_of_an_address() {
        for (sent, client) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[::ffff:203.0.113.9]:4711", "203.0.113.9"),
            ("198.51.100.1, 203.0.113.9:4711", "203.0.113.9"),
        ] {
            assert_eq!(address(&["192.0.2.1"], "192.0.2.1", &[sent]), client, "{sent}");
        }
        assert_eq!(address(&["192.0.2.1", "10.0.0.0/8"], "192.0.2.1", &["203.0.113.9:1, 10.1.1.1:2"]), "203.0.113.9");
        for odd in
            ["203.0.113.9:", "203.0.113.9:99999", "[203.0.113.9]", "[2001:db8::1", "unknown", "_hidden:1", ":80", ""]
        {
            assert_eq!(address(&["192.0.2.1"], "192.0.2.1", &[odd]), "192.0.2.1", "{odd}");
        }
    }

    #[test]
    fn what_is_no_text_hides_no_hop() {
        let proxy = ["192.0.2.1"];
        assert_eq!(address(&proxy, "192.0.2.1", &["é, 198.51.100.7"]), "198.51.100.7");
        // If the last line were skipped, the line before it would count, and the client alone wrote that one.
        assert_eq!(address(&proxy, "192.0.2.1", &["203.0.113.5", "é, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(address(&proxy, "192.0.2.1", &["203.0.113.5", "é"]), "192.0.2.1");
    }
}
