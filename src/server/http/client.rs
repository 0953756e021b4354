//! From where a request comes.

use super::device;
use crate::domain::device::is_unruly;
use crate::server::service::Source;
use http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;
use std::net::IpAddr;

/// How much of a User-Agent is kept, in characters.
const USER_AGENT_MAX: usize = 256;

/// Networks whose forwarding header is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// The first that is neither.
    pub fn parse(list: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| format!("{text:?} is neither an address nor a network"))
        };
        list.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: the peer's, or, as long as hops are trusted, what they say of the hop before them.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        // Bytes, since a line that the client began with what is no text still ends with what the proxy says of it.
        let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
            if !self.trusts(address) {
                break;
            }
            let hop = std::str::from_utf8(hop.trim_ascii()).ok().and_then(|hop| hop.parse::<IpAddr>().ok());
            let Some(before) = hop else { break };
            address = before.to_canonical();
        }
        address
    }
}

/// What a request says of where it comes from.
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

    /// HP2
    #[test]
    fn what_is_no_text_hides_no_hop() {
        let proxy = ["192.0.2.1"];
        assert_eq!(address(&proxy, "192.0.2.1", &["é, 198.51.100.7"]), "198.51.100.7");
        // A line that was skipped would leave the one before it, which the client wrote alone.
        assert_eq!(address(&proxy, "192.0.2.1", &["203.0.113.5", "é, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(address(&proxy, "192.0.2.1", &["203.0.113.5", "é"]), "192.0.2.1");
    }
}
