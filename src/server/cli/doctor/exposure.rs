//! To whom the server is open: proxies that are trusted, and registration.

use super::Finding;
use crate::server::config::{ListenAddress, Registration, Settings, parse_network};
use ipnet::IpNet;
use std::net::IpAddr;
use url::{Host, Url};

/// A trusted network with a shorter prefix is larger than proxies need.
const PROXIES_V4: u8 = 16;
const PROXIES_V6: u8 = 48;

/// What the settings say about it.
pub(super) fn judge(settings: &Settings) -> Vec<Finding> {
    let is_public = !is_loopback(&settings.server.public_url);
    let proxies: Vec<IpNet> =
        settings.server.trusted_proxies.iter().filter_map(|text| parse_network(text).ok()).collect();
    let mut findings: Vec<Finding> = proxies.iter().filter_map(too_wide).collect();
    findings.extend(untrusted(is_public && needs_proxy(settings), &proxies));
    findings.extend(settings.server.metrics_listen.as_ref().and_then(open_metrics));
    findings.extend(open_registration(is_public, settings.accounts.registration));
    findings
}

/// Whether a proxy must speak TLS for the server, and reaches it by an address.
fn needs_proxy(settings: &Settings) -> bool {
    let server = &settings.server;
    let has_address = server.listen.iter().any(|address| matches!(address, ListenAddress::Ip(_)));
    server.is_https() && server.tls_cert.is_none() && has_address
}

/// Whether a URL leads to this machine only.
pub(super) fn is_loopback(url: &str) -> bool {
    match Url::parse(url).as_ref().map(Url::host) {
        Ok(Some(Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Some(Host::Ipv4(address))) => address.is_loopback(),
        Ok(Some(Host::Ipv6(address))) => address.is_loopback(),
        Ok(None) | Err(_) => false,
    }
}

/// A trusted network in which more than proxies may be.
fn too_wide(network: &IpNet) -> Option<Finding> {
    let enough = if network.addr().is_ipv4() { PROXIES_V4 } else { PROXIES_V6 };
    let remedy = "Name only the addresses of your proxies in server.trusted_proxies.";
    if network.prefix_len() == 0 {
        let message = format!(
            "server.trusted_proxies has {network}: everybody can pretend to have any address, and so escape limits."
        );
        return Some(Finding::error("proxies_everybody", message, remedy));
    }
    (network.prefix_len() < enough).then(|| {
        let message = format!(
            "server.trusted_proxies has the large network {network}: whoever has an address in it can pretend to have any other."
        );
        Finding::warning("proxies_wide", message, remedy)
    })
}

/// Without TLS of its own, a server with an https address has a proxy before it.
fn untrusted(behind_proxy: bool, proxies: &[IpNet]) -> Option<Finding> {
    (behind_proxy && proxies.is_empty()).then(|| {
        let message = "server.public_url is https, so a proxy is in front, but server.trusted_proxies is empty: all people share \
                       the proxy's address and its limits.";
        let remedy = "Add the proxy's address to server.trusted_proxies, and let it set the header that server.forwarded_header names.";
        Finding::warning("proxies_untrusted", message, remedy)
    })
}

/// An address for metrics that others than this machine and its network may reach.
fn open_metrics(address: &ListenAddress) -> Option<Finding> {
    let ListenAddress::Ip(address) = address else { return None };
    let is_inside = match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    (!is_inside).then(|| {
        let message = format!(
            "server.metrics_listen is {address}: everybody who reaches that address can read how many people sign in, and how often that fails."
        );
        let remedy = "Use 127.0.0.1, an address of an internal network, or a Unix socket; or let a firewall keep others out.";
        Finding::warning("metrics_exposed", message, remedy)
    })
}

fn open_registration(is_public: bool, registration: Registration) -> Option<Finding> {
    (is_public && registration == Registration::Open).then(|| {
        let message = "Everybody who reaches the public address can create an account.";
        let remedy = "If that is not meant, set accounts.registration to \"invite\" or \"closed\".";
        Finding::note("registration_open", message, remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(change: impl FnOnce(&mut Settings)) -> Vec<&'static str> {
        let mut settings = Settings::default();
        settings.server.public_url = "https://id.example.org".into();
        settings.server.trusted_proxies = vec!["192.0.2.1".into()];
        settings.accounts.registration = Registration::Invite;
        change(&mut settings);
        judge(&settings).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn trust_in_more_than_proxies_is_found() {
        let trusting = |networks: &[&str]| {
            codes(|all| all.server.trusted_proxies = networks.iter().map(|one| (*one).into()).collect())
        };
        assert_eq!(trusting(&["0.0.0.0/0"]), ["proxies_everybody"]);
        assert_eq!(trusting(&["::/0", "192.0.2.1"]), ["proxies_everybody"]);
        assert_eq!(trusting(&["10.0.0.0/8"]), ["proxies_wide"]);
        assert_eq!(trusting(&["2001:db8::/32"]), ["proxies_wide"]);
        assert_eq!(trusting(&["172.17.0.0/16", "fd00::/64", "192.0.2.1"]), [""; 0]);
    }

    #[test]
    fn a_proxy_that_nobody_trusts_is_found() {
        assert_eq!(codes(|all| all.server.trusted_proxies.clear()), ["proxies_untrusted"]);
        let local = |all: &mut Settings| all.server = crate::server::config::Server::default();
        assert_eq!(codes(local), [""; 0]);
    }

    #[test]
    fn metrics_for_everybody_are_found() {
        let at = |address: &str| codes(|all| all.server.metrics_listen = Some(address.parse().unwrap()));
        for open in ["0.0.0.0:9100", "[::]:9100", "192.0.2.1:9100", "[2001:db8::1]:9100", "[::ffff:192.0.2.1]:9100"] {
            assert_eq!(at(open), ["metrics_exposed"], "{open}");
        }
        for inside in ["127.0.0.1:9100", "[::1]:9100", "10.1.2.3:9100", "[fd00::1]:9100", "unix:/run/metrics.sock"] {
            assert_eq!(at(inside), [""; 0], "{inside}");
        }
    }

    #[test]
    fn open_registration_is_noted_where_others_can_come() {
        assert_eq!(codes(|all| all.accounts.registration = Registration::Open), ["registration_open"]);
        let at = |url: &str| {
            codes(|all| {
                all.accounts.registration = Registration::Open;
                all.server.public_url = url.to_owned();
            })
        };
        for url in ["http://localhost:3000", "http://app.localhost", "http://127.0.0.1:4000", "https://[::1]"] {
            assert_eq!(at(url), [""; 0], "{url}");
        }
    }
}
