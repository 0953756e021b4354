//! From where a request comes: the address and the device. Only labels; nothing is trusted because of them.

use crate::domain::device::{Device, DeviceKind};
use crate::server::service::Source;
use http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;
use std::net::IpAddr;
use woothee::parser::Parser;

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

/// What a request says of its device.
pub fn source(headers: &HeaderMap, address: Option<IpAddr>) -> Source {
    let sent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let user_agent: String =
        sent.unwrap_or_default().chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX).collect();
    let device = device(&user_agent, headers);
    Source { ip: address.map(|address| address.to_string()), user_agent, device }
}

/// What a User-Agent, and the hints beside it, say.
pub fn device(user_agent: &str, headers: &HeaderMap) -> Device {
    if let Some(tool) = command_line(user_agent) {
        return Device { browser: Some(tool), os: None, kind: DeviceKind::CommandLine };
    }
    let Some(parsed) = Parser::new().parse(user_agent) else { return Device::default() };
    let known = |text: &str| (text != "UNKNOWN").then(|| text.to_owned());
    let tablet = user_agent.contains("iPad") || (parsed.os == "Android" && !user_agent.contains("Mobile"));
    let kind = match parsed.category {
        _ if tablet => DeviceKind::Tablet,
        "pc" => DeviceKind::Desktop,
        "smartphone" | "mobilephone" => DeviceKind::Phone,
        _ => DeviceKind::Unknown,
    };
    let os = platform(headers).or_else(|| known(os_name(parsed.os)));
    Device { browser: known(parsed.name), os, kind }
}

/// The family only: the versions that browsers still send are frozen, so "Windows 10" or "Mac OSX 10.15.7" would be
/// false on most machines.
fn os_name(os: &str) -> &str {
    match os {
        "Mac OSX" => "macOS",
        "iPhone" | "iPod" => "iOS",
        "iPad" => "iPadOS",
        _ if os.starts_with("Windows Phone") => "Windows Phone",
        _ if os.starts_with("Windows") => "Windows",
        _ => os,
    }
}

/// `Sec-CH-UA-Platform`, a quoted string that Chromium sends without being asked.
fn platform(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("sec-ch-ua-platform")?.to_str().ok()?;
    let name = value.trim_matches('"');
    ["Android", "Chrome OS", "Fuchsia", "iOS", "Linux", "macOS", "Windows"]
        .into_iter()
        .find(|known| *known == name)
        .map(Into::into)
}

/// Programs without a window, by how their User-Agent starts.
fn command_line(user_agent: &str) -> Option<String> {
    const TOOLS: [(&str, &str); 8] = [
        ("curl/", "curl"),
        ("Wget/", "Wget"),
        ("HTTPie/", "HTTPie"),
        ("python-requests/", "Python"),
        ("Python-urllib/", "Python"),
        ("python-httpx/", "Python"),
        ("Go-http-client/", "Go"),
        ("okhttp/", "OkHttp"),
    ];
    TOOLS.iter().find(|(start, _)| user_agent.starts_with(start)).map(|(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(user_agent: &str) -> (Option<String>, Option<String>, DeviceKind) {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, user_agent.parse().unwrap());
        let Device { browser, os, kind } = source(&headers, None).device;
        (browser, os, kind)
    }

    #[test]
    fn devices_are_told_apart_and_frozen_versions_left_out() {
        let some = |text: &str| Some(text.to_owned());
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                (some("Chrome"), some("Windows"), DeviceKind::Desktop),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
                (some("Firefox"), some("macOS"), DeviceKind::Desktop),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                (some("Safari"), some("iOS"), DeviceKind::Phone),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
                (some("Chrome"), some("Android"), DeviceKind::Phone),
            ),
            ("curl/8.5.0", (some("curl"), None, DeviceKind::CommandLine)),
            ("something else", (None, None, DeviceKind::Unknown)),
        ] {
            assert_eq!(seen(user_agent), expected, "{user_agent}");
        }
    }

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
