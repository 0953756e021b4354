//! Where a request comes from: the client's address, behind trusted proxies too, and its User-Agent.

use super::{Peer, device, forwarded};
use crate::domain::device::is_unruly;
use crate::server::config::{ForwardedHeader, parse_network};
use crate::server::service::Source;
use http::{HeaderMap, header};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The length to which a User-Agent is cut, in characters.
const USER_AGENT_MAX: usize = 256;

/// Headers in which proxies send the client's address.
const FORWARDING: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// The networks of proxies that are trusted to say who the client is, and the header in which they do.
#[derive(Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
    /// Whether the log already has the warning about an untrusted proxy, or about one that sends another header.
    has_warned: AtomicBool,
    has_warned_of_header: AtomicBool,
}

impl TrustedProxies {
    /// Parses addresses and networks. Their proxies send `X-Forwarded-For`.
    ///
    /// # Errors
    /// The first text that is neither.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let networks = list.iter().map(|text| parse_network(text)).collect::<Result<_, _>>()?;
        Ok(Self { networks, ..Self::default() })
    }

    /// The same proxies, which send `header`.
    #[must_use]
    pub fn sending(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Whether a peer is trusted: its address, in canonical form, belongs to a trusted network, or it has none.
    pub fn trusts(&self, peer: Peer) -> bool {
        peer.address().is_none_or(|address| self.networks.iter().any(|network| network.contains(&address)))
    }

    /// Warns once about a proxy that is not trusted, or that does not send the header that is read: all clients behind
    /// it share one address, and so its limits.
    pub fn warn_of_misconfiguration(&self, peer: Peer, headers: &HeaderMap) {
        if self.trusts(peer) {
            self.warn_of_other_header(headers);
        } else if let Some(address) = peer.address() {
            self.warn_of_untrusted(address, headers);
        }
    }

    fn warn_of_other_header(&self, headers: &HeaderMap) {
        let other = match self.header {
            ForwardedHeader::XForwardedFor => ForwardedHeader::Forwarded,
            ForwardedHeader::Forwarded => ForwardedHeader::XForwardedFor,
        };
        let (wanted, other) = (forwarded::name(self.header), forwarded::name(other));
        if headers.contains_key(other)
            && !headers.contains_key(wanted)
            && !self.has_warned_of_header.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                sent = other,
                wanted,
                "a trusted proxy sent one header with the client's address, and server.forwarded_header names the other \
                 one: the header that was sent is not believed, and all people behind the proxy share its limits"
            );
        }
    }

    fn warn_of_untrusted(&self, peer: IpAddr, headers: &HeaderMap) {
        if FORWARDING.iter().any(|name| headers.contains_key(*name)) && !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "a request with X-Forwarded-For came from an address that is not in server.trusted_proxies, so the header \
                 is not believed: if a proxy of yours has this address, add it, or all people behind it share its address \
                 and its limits"
            );
        }
    }

    /// The client's address: the peer's, or, as long as each hop is trusted, the one that this hop reports. `None` if
    /// the peer has no address and reports none.
    pub fn client_address(&self, peer: impl Into<Peer>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut peer = peer.into();
        for hop in forwarded::hops(self.header, headers) {
            if !self.trusts(peer) {
                break;
            }
            let Some(before) = hop else { break };
            peer = before.into();
        }
        peer.address()
    }
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
    use http::HeaderValue;

    fn address(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let trusted: Vec<String> = trusted.iter().map(|text| (*text).to_owned()).collect();
        let client = TrustedProxies::parse(&trusted).unwrap().client_address(peer.parse::<IpAddr>().unwrap(), &headers);
        client.unwrap().to_string()
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

    /// A proxy that writes one header passes the client's other one on.
    #[test]
    fn only_the_header_that_the_proxy_writes_counts() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.7"));
        headers.insert("forwarded", HeaderValue::from_static("for=203.0.113.5"));
        let proxy: IpAddr = "192.0.2.1".parse().unwrap();
        let proxies = || TrustedProxies::parse(&[proxy.to_string()]).unwrap();
        let client = |proxies: TrustedProxies, headers: &HeaderMap| proxies.client_address(proxy, headers).unwrap();
        assert_eq!(client(proxies(), &headers).to_string(), "198.51.100.7");
        assert_eq!(client(proxies().sending(ForwardedHeader::Forwarded), &headers).to_string(), "203.0.113.5");
        headers.remove("forwarded");
        assert_eq!(client(proxies().sending(ForwardedHeader::Forwarded), &headers), proxy);
    }

    #[test]
    fn a_peer_without_an_address_is_a_trusted_proxy() {
        let proxies = TrustedProxies::parse(&["192.0.2.1".to_owned()]).unwrap();
        let of = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(line));
            proxies.client_address(Peer::Local, &headers).map(|client| client.to_string())
        };
        assert_eq!(of("203.0.113.5, 198.51.100.7").as_deref(), Some("198.51.100.7"));
        assert_eq!(of("203.0.113.5, 192.0.2.1").as_deref(), Some("203.0.113.5"));
        assert_eq!(of("unix:"), None);
        assert_eq!(proxies.client_address(Peer::Local, &HeaderMap::new()), None);
    }
}
